"""What stands beside the record on a page: press statements, annual figures; bundled data alone."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.core import months as mm
from forecast.core.annual_figures import annual_figure, bundled_annual_figures
from forecast.core.archive import bundled_archive
from forecast.report.annual_blocks import annual_blocks
from forecast.report.flow_history import FlowHistory
from forecast.report.press_check import press_blocks
from forecast.report.table_blocks import latest_figures_table

RARE, GALLIUM = "CHN.export.WLD.rare_earths_total", "USA.import.WLD.gallium"


def history(series, unit="t", **values):
    months = {mm.ordinal(key[1:].replace("_", "-")): value for key, value in values.items()}
    return FlowHistory(series, unit, months, (), dict.fromkeys(months, "value"))


def run(as_of="2026-09-08", use="published", **histories):
    return SimpleNamespace(config={"data": {"use": use}}, as_of=as_of, histories={h.series: h for h in histories.values()})


def fan(month, q10, q50, q90):
    return SimpleNamespace(month=month, q10=q10, q50=q50, q90=q90)


def text_of(blocks):
    return " ".join(cell.text + " " + cell.sub for block in blocks for t in block.blocks for row in t.rows for cell in row)


@pytest.fixture
def rare():
    return history(RARE, m2025_06=7742.0, m2025_07=5994.0, m2026_01=5000.0)


def test_a_press_statement_stands_beside_the_forecast_of_its_month(rare):
    data, fans = run(r=rare), {RARE: [fan("2026-06", 3900.0, 5800.0, 8200.0), fan("2026-07", 4500.0, 5000.0, 6000.0)]}
    text = text_of(press_blocks(data, fans))
    assert "Jun 2026: −34 % on a year earlier" in text.replace("\u00a0", " ")
    assert "weight or value is not said" in text
    assert "secondary" in text
    assert "−25 %" in text.replace("\u00a0", " ")  # 5,800 on 7,742
    assert text.count("inside the 80 % band".replace(" %", "\u00a0%")) + text.count("inside the 80 % band") == 1
    assert "below the 80" in text.replace("\u00a0", " ")  # -30 % of July lies below 4,500 on 5,994


@pytest.mark.parametrize(
    "change", [{"use": "csv"}, {"as_of": "2026-07-01"}]
)  # own figures; a day on which no statement was out
def test_no_statement_where_it_was_not_known_or_is_of_other_figures(rare, change):
    fans = {RARE: [fan("2026-06", 3900.0, 5800.0, 8200.0)]}
    assert press_blocks(run(r=rare), fans)
    assert press_blocks(run(r=rare, **change), fans) == []


def test_annual_figures_are_told_with_status_and_the_sum_of_the_months():
    record = history(GALLIUM, "kg", **{f"m2024_{m:02d}": 915.0 for m in range(1, 13)})
    text = text_of(annual_blocks(run(g=record)))
    assert "11,000 months: 10,980" in text
    assert "25,000 provisional" in text
    assert "18\u00a0%" in text
    assert "Antimony" not in text  # no series of the run is of it
    assert annual_blocks(run(g=record, use="csv")) == []
    assert annual_blocks(run(as_of="2026-02-27", g=record)) == []  # the edition was not out
    assert annual_blocks(run(r=history(RARE, m2025_06=1.0))) == []


def test_annual_figures_agree_with_the_sums_of_the_months_to_their_rounding():
    latest = bundled_archive().latest
    for series, year in ((GALLIUM, 2023), (GALLIUM, 2024), ("USA.import.WLD.antimony_unwrought", 2023),
                         ("USA.import.WLD.antimony_unwrought", 2024)):  # fmt: skip
        figure = annual_figure(series, "quantity", f"{year}-01/{year}-12", latest.day)
        seen = latest.observed(series)
        months = (seen.months >= 12 * year) & (seen.months < 12 * year + 12)
        total = np.nansum(seen.values[months]) / (1 if figure.unit == "kg" else 1000)
        assert total == pytest.approx(figure.value, abs=max(1.5 * figure.step, 0.004 * figure.value)), (series, year)


def test_an_annual_figure_is_not_known_before_its_edition():
    day = bundled_archive().as_of("2025-12-31").day
    assert annual_figure(GALLIUM, "quantity", "2024-01/2024-12", day) is None
    old = annual_figure("USA.import.WLD.antimony_oxide", "quantity", "2018-01/2018-12", day)
    assert (old.value, old.step, old.status) == (19200, 100, "value")
    assert {f.status for f in bundled_annual_figures()} == {"value", "provisional"}
    assert all(f.value % f.step == pytest.approx(0, abs=1e-9) or f.step < 1 for f in bundled_annual_figures())


def test_a_last_figure_that_may_be_revised_is_called_provisional():
    final = history(GALLIUM, "kg", m2026_05=10.0, m2026_06=20.0)
    early = dataclasses.replace(final, status={**final.status, mm.ordinal("2026-06"): "provisional"})
    told = [" ".join(cell.sub for row in latest_figures_table([one]).rows for cell in row) for one in (final, early)]
    assert ["provisional" in text for text in told] == [False, True]
