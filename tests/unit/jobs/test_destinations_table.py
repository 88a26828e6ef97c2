"""The table of destinations: which flows of a run are divided, what is told of the others, and the words of a config."""

import math

import pytest

from forecast.core.archive import bundled_archive
from forecast.core.errors import ConfigError
from forecast.jobs import destinations
from forecast.jobs.config import Config
from forecast.jobs.load import load
from forecast.jobs.plan import make_plan

SERIES = ["CHN.export.USA.re_magnets", "CHN.export.WLD.rare_earths_total", "USA.import.WLD.gallium"]
ASKED = {"name": "own", "draws": 100, "models": [{"use": "mean12"}], "forecast": {"series": SERIES, "months": 2}}


def plan(**words):
    return make_plan(Config(**ASKED, **words), bundled_archive())


def flows(rows):
    return {(row.reporter, row.product) for row in rows}


def test_flows_of_asked_series_are_divided_where_partners_are_known():
    found = destinations.destination_rows(plan())
    assert flows(found) == {("CHN", "re_magnets"), ("USA", "gallium")}
    assert not [row for row in found if row.measure.endswith("ahead")]
    assert destinations.destination_findings(plan()) == []


def test_named_series_are_divided_instead_over_the_months_asked():
    words = {"series": ["CHN.export.WLD.germanium", "CHN.export.WLD.rare_earths_total"], "from": "2025-01", "to": "2025-06"}
    made = plan(destinations=words)
    rows = destinations.destination_rows(made)
    assert flows(rows) == {("CHN", "germanium")}
    totals = {row.month: row for row in rows if row.measure == "volume" and row.partner == "WLD"}
    assert sorted(m for m in totals if "/" not in m) == [f"2025-0{i}" for i in range(1, 7)]
    assert math.isnan(totals["2025-01"].value), "a month of which nothing is known is a gap"
    assert totals["2025-01"].status in ("not in the data", "span")
    assert totals["2025-01/2025-06"].value == pytest.approx(5068)
    (finding,) = destinations.destination_findings(made)
    assert (finding.where, finding.text.partition(":")[0]) == (
        "CHN.export.WLD.rare_earths_total",
        "no single partner of this flow has a figure",
    )


def test_forecasts_by_a_model_of_the_config_add_up():
    rows = destinations.destination_rows(plan(destinations={"model": "mean12"}))
    ahead = [row for row in rows if row.measure == "volume ahead"]
    assert flows(ahead) == {("CHN", "re_magnets"), ("USA", "gallium")}
    for month in {row.month for row in ahead}:
        for reporter in ("CHN", "USA"):
            own = {row.partner: row.value for row in ahead if (row.month, row.reporter) == (month, reporter)}
            if own:
                whole = own.pop("WLD")
                assert sum(own.values()) == pytest.approx(whole, rel=1e-9)
                assert len(own) == 2


def test_too_many_flows_are_left_out_and_told(monkeypatch):
    monkeypatch.setattr(destinations, "MANY", 1)
    assert len(flows(destinations.destination_rows(plan()))) == 1
    (finding,) = destinations.destination_findings(plan())
    assert finding.text.startswith("1 more flow than 1 with known partners")


def test_a_model_that_the_config_lacks_is_refused(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('[[models]]\nuse = "ets"\n[destinations]\nmodel = "etz"\n', "utf-8")
    with pytest.raises(ConfigError, match="no model of this config is called 'etz'"):
        load(path)
