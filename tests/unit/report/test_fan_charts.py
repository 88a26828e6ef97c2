"""Fan charts."""

from __future__ import annotations

from dataclasses import replace

from contracts.report_run import AS_OF

from forecast.core import months as mm
from forecast.core.schema import ForecastRow
from forecast.report.figures.canvas import style
from forecast.report.figures.fan_charts import fan_panel
from forecast.report.flow_history import FlowHistory


def test_a_band_that_leaves_the_frame_is_marked() -> None:
    first = mm.ordinal("2025-01")
    history = FlowHistory("CHN.export.WLD.re_magnets", "t", {first + i: 10.0 + i for i in range(12)}, (), {})
    rows = [ForecastRow(month=f"2026-{m:02d}", q025=1, q10=5, q50=20, q90=30, q975=900) for m in (1, 2, 3)]
    low = [replace(r, q975=31) for r in rows]
    with style():
        assert "▲ 95 % to 900" in fan_panel(history, rows, AS_OF, {}).svg
        assert "▲" not in fan_panel(history, low, AS_OF, {}).svg
