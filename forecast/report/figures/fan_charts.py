"""Fan chart: history, median forecast, 80 and 95 % bands, marked events, and elapsed months shaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecast.core import months as mm
from forecast.core.events import Event
from forecast.core.schema import ForecastRow
from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, add_axes, finish_panel, new_panel, set_value_axis
from forecast.report.figures.timeline import draw_flow, mark_events, mark_overflow, readings, set_year_axis
from forecast.report.flow_history import FlowHistory
from forecast.report.numbers import NBSP, capitalize, flow_name, good_name, month, quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HISTORY_MONTHS = 38  # months of history shown


def fan_panel(history: FlowHistory, ahead: Sequence[ForecastRow], as_of: str, events: Mapping[str, Event]) -> FigurePanel:
    """One series; `ahead` has one row per single month in display units."""
    ahead = sorted(ahead, key=lambda r: r.month)
    when = np.array([mm.ordinal(r.month) for r in ahead])
    q025, q10, q50, q90, q975 = np.array([(r.q025, r.q10, r.q50, r.q90, r.q975) for r in ahead]).T
    first, last = max(history.first, int(when[0]) - HISTORY_MONTHS), int(when[-1])
    figure, ax = open_fan(history, last, as_of, 232)
    x = when + 0.5
    ax.fill_between(x, q025, q975, color=C["blue"], alpha=0.16, lw=0, zorder=2)
    ax.fill_between(x, q10, q90, color=C["blue"], alpha=0.28, lw=0, zorder=2.1)
    ax.plot(x, q50, color=C["blue"], lw=1.8, zorder=3.2)
    top = draw_flow(ax, history, first, last)
    # an exploding band must not flatten the history: the axis always holds the 80 % band, the 95 % band up to a limit
    high = max(top, float(q90.max()), min(float(q975.max()), 2.2 * max(top, float(q90.max()))))
    set_value_axis(ax, 1.06 * high)
    set_year_axis(ax, first, last)
    mark_events(ax, events)
    mark_overflow(ax, x, q975, C["blue"])
    told = [
        (ax, mm.ordinal(r.month) + 0.5,
         f"{month(r.month)}: {quantity(r.q50, history.unit)}; 80{NBSP}% {quantity(r.q10)} to {quantity(r.q90, history.unit)}")
        for r in ahead
    ]  # fmt: skip
    return finish_panel(figure, [*readings(ax, history, first, int(when[0]) - 1), *told])


def open_fan(history: FlowHistory, last: int, as_of: str, height: int, right: float = 10) -> tuple[Figure, Axes]:
    """The titled panel of a series whose fan ends in month `last`, with the elapsed months without a figure shaded."""
    title = capitalize(good_name(history.series))
    title = title if len(title) <= 46 else title[:45].rstrip(" ,") + "…"
    figure = new_panel(344, height, title, f"{flow_name(history.series, most=48)}; {history.unit} a month")
    ax = add_axes(figure, top=54, right=right)
    past = min(mm.ordinal(as_of[:7]), last + 1)
    if past > history.last + 1:
        ax.axvspan(history.last + 1, past, color=C["shade"], lw=0, zorder=0)
    return figure, ax
