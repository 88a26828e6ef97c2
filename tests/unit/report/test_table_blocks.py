"""Tables that sections share."""

from __future__ import annotations

from contracts.report_run import AS_OF

from forecast.core import months as mm
from forecast.core.run import Run
from forecast.core.schema import ForecastRow, SumRow
from forecast.report import blocks as b
from forecast.report.flow_history import FlowHistory
from forecast.report.run_data import RunData
from forecast.report.table_blocks import latest_figures_table, months_ahead_table


def test_a_later_sum_is_the_last_figure(small: Run) -> None:
    rows = latest_figures_table([RunData(small).histories["CHN.export.WLD.rare_earths_total"]]).rows
    assert [c.text for c in rows[0][1:]] == ["Jan–Feb\u00a02026", "10,460\u00a0t", "+23\u00a0%", b.MISSING]
    assert rows[0][3].sub == "from 8,511\u00a0t"
    assert "last single month Dec\u00a02025: 4,392\u00a0t" in rows[0][1].sub


def test_china_s_january_is_compared_only_as_a_sum() -> None:
    before = mm.ordinal("2025-01")
    history = FlowHistory("CHN.export.WLD.re_magnets", "t", {before + 11: 5.0}, ((before, before + 1, 10.0),), {})
    rows = [ForecastRow(month=m, q025=q, q10=q, q50=q, q90=q, q975=q) for m, q in (("2026-01", 6.0), ("2026-02", 5.0))]
    sums = [SumRow(month="2026-01/2026-02", q025=11.0, q10=11.0, q50=11.0, q90=11.0, q975=11.0)]
    table = months_ahead_table(history, rows, sums, AS_OF)
    heads = [row[0].text for row in table.rows]
    yearly = [row[4] for row in table.rows]
    assert heads == ["Jan\u00a02026", "Feb\u00a02026", "Jan+Feb 2026"]
    assert [c.text for c in yearly] == [b.MISSING, b.MISSING, "+10\u00a0%"]
    assert yearly[0].sub == "on Jan+Feb only"
