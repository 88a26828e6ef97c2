"""Fan chart: history, median forecast, 80 and 95 % bands, marked events, and elapsed months shaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecast.core import months as mm
from forecast.core.events import Event
from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, add_axes, finish_panel, new_panel, set_value_axis
from forecast.report.figures.timeline import draw_flow, mark_events, mark_overflow, set_year_axis
from forecast.report.numbers import flow_name, product_name
from forecast.report.run_data import ObservedSeries

if TYPE_CHECKING:
    import pandas as pd

HISTORY_MONTHS = 38  # months of history shown


def fan_panel(
    history: ObservedSeries, ahead: pd.DataFrame, as_of: str, events: Sequence[Event], letters: Mapping[str, str]
) -> FigurePanel:
    """One series; `ahead` has one row per single month with q025, q10, q50, q90, q975 in display units."""
    ahead = ahead.sort_values("month")
    when = np.array([mm.ordinal(m) for m in ahead["month"]])
    first, last = max(history.first, int(when[0]) - HISTORY_MONTHS), int(when[-1])
    figure = new_panel(344, 232, _title(history.series), f"{flow_name(history.series, most=48)}; {history.unit} a month")
    ax = add_axes(figure, top=54)
    past = min(mm.ordinal(as_of[:7]), last + 1)
    if past > history.last + 1:
        ax.axvspan(history.last + 1, past, color=C["shade"], lw=0, zorder=0)
    x = when + 0.5
    ax.fill_between(x, ahead["q025"], ahead["q975"], color=C["blue"], alpha=0.16, lw=0, zorder=2)
    ax.fill_between(x, ahead["q10"], ahead["q90"], color=C["blue"], alpha=0.28, lw=0, zorder=2.1)
    ax.plot(x, ahead["q50"], color=C["blue"], lw=1.8, zorder=3.2)
    top = draw_flow(ax, history, first, last)
    # an exploding band must not flatten the history: the axis always holds the 80 % band, the 95 % band up to a limit
    high = max(top, float(ahead["q90"].max()), min(float(ahead["q975"].max()), 2.2 * max(top, float(ahead["q90"].max()))))
    set_value_axis(ax, 1.06 * high)
    set_year_axis(ax, first, last)
    mark_events(ax, events, letters)
    mark_overflow(ax, x, ahead["q975"].to_numpy(float), C["blue"])
    return finish_panel(figure)


def _title(series: str) -> str:
    name = product_name(series.partition(":")[0].rsplit(".", 1)[-1])
    name = name if name[:2].isupper() else name[:1].upper() + name[1:]
    return name if len(name) <= 46 else name[:45].rstrip(" ,") + "…"
