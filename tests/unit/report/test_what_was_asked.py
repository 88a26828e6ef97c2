"""Pages of runs that ask one thing alone: no warning about what was not asked, no pointer to a chapter that tells nothing."""

import numpy as np
import pandas as pd
import pytest

import forecast as fc

FLOWS = ("CHN.export.WLD", "CHN.export.USA", "CHN.export.THA", "THA.export.USA", "USA.import.THA")
SERIES = [f"{flow}.antimony_oxide" for flow in FLOWS]
HEAD = f"""
name = "small"
models = ["drift", "mean12"]
default_model = "drift"
draws = 100

[data]
use = "table"
path = "own.csv"
period = "month"
unit = "t"
values = {{ {", ".join(f'"{name}" = "{name}"' for name in SERIES)} }}

[[events]]
id = "ban"
title = "China bans antimony"
announced = 2024-12-03
effective = 2024-12-03
imposed_by = ["CHN"]
products = ["antimony"]
instrument = "ban"
role = "default"
"""
LEDGER = """
[[ledger]]
id = "L"
event = ["ban"]
exporter = "CHN"
destination = "USA"
product = "antimony_oxide"
through = ["THA"]
from = "2025-01"
to = "2025-09"
"""
DESTINATIONS = """
[destinations]
series = ["CHN.export.*.antimony_oxide"]
"""
FORECAST = """
[forecast]
series = ["CHN.export.WLD.antimony_oxide"]
months = 2
"""
BACKTEST = """
[[backtest]]
name = "oxide"
series = ["CHN.export.WLD.antimony_oxide"]
models = ["MODEL"]
first = "2025-09"
horizons = [1]
"""
TOLD = "how far it was off in the past is told under Backtest"


@pytest.fixture
def page(tmp_path):
    """`page(config)` runs a config and returns the text of its report."""

    def text(config):
        months = fc.months("2021-01", "2025-12")
        figures = 100 + 10 * np.random.default_rng(0).standard_normal((len(months), len(SERIES)))
        pd.DataFrame(figures, columns=SERIES).assign(month=months).to_csv(tmp_path / "own.csv", index=False)
        (tmp_path / "small.toml").write_text(HEAD + config, "utf-8")
        run = fc.run(tmp_path / "small.toml", out=tmp_path / "runs", progress=False)
        return (run.folder / "report.md").read_text("utf-8")

    return text


@pytest.mark.parametrize("config", [LEDGER, DESTINATIONS, LEDGER + DESTINATIONS], ids=["ledger", "destinations", "both"])
def test_what_was_not_asked_is_no_warning(page, config):
    text = page(config)
    assert "**Warning.**" not in text
    assert "What comes next" not in text
    assert "What the events changed" not in text
    assert ("## Who was served" in text) == ("[destinations]" in config)
    assert ("## Where did it go?" in text) == ("[[ledger]]" in config)


def test_a_page_without_a_backtest_does_not_point_to_one(page):
    text = page(FORECAST)
    assert TOLD not in text
    assert "no backtest of this run says how far it was off in the past" in text
    assert "No backtest was asked" in text
    assert "**Warning.**" not in text
    assert TOLD not in page(FORECAST + BACKTEST.replace("MODEL", "mean12"))  # of another model than the one shown
    assert TOLD in page(FORECAST + BACKTEST.replace("MODEL", "drift"))
