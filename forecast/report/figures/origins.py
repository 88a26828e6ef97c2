"""US imports by declared origin: stacked bars of Chinese and other origins above the unit value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecast.core.events import Event
from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, add_axes, finish_panel, light_frame, new_panel, set_value_axis
from forecast.report.figures.timeline import mark_events, set_year_axis
from forecast.report.flow_history import FlowHistory

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def origins_panel(
    title: str, chinese: FlowHistory | None, total: FlowHistory, value: FlowHistory | None, kilograms: float,
    events: Mapping[str, Event],
) -> FigurePanel:  # fmt: skip
    """Bars by origin, and USD per kg as a ratio of three-month sums; `kilograms` is the size of one display unit."""
    first, last = min(total.values), max(total.values)
    figure = new_panel(344, 330, title, f"{total.unit} a month")
    _legend(figure, chinese is not None)
    upper = add_axes(figure, top=50, bottom=142)
    months = [m for m in range(first, last + 1) if m in total.values]
    whole = np.array([total.values[m] for m in months])
    own = np.array([chinese.values.get(m, 0.0) if chinese else 0.0 for m in months])
    x = np.array(months) + 0.5
    upper.bar(x, own, width=0.86, color=C["orange"], lw=0)
    upper.bar(x, np.maximum(whole - own, 0), bottom=own, width=0.86, color=C["line"], lw=0, alpha=0.75)
    set_value_axis(upper, 1.1 * float(whole.max(initial=0.0)))
    set_year_axis(upper, first, last)
    mark_events(upper, events)
    box = upper.get_position()
    height = figure.get_size_inches()[1] * 72
    lower = figure.add_axes((box.x0, 22 / height, box.width, 82 / height))
    light_frame(lower)
    figure.text(2 / 344, 110 / height, "unit value, USD per kg", fontsize=8.8, color=C["muted"], va="baseline")
    top = 0.0
    if value:
        ratio = {m: value.values[m] / (total.values[m] * kilograms) for m in months if m in value.values and total.values[m]}
        smooth = _trailing_unit_values(value, total, months, kilograms)
        lower.plot([m + 0.5 for m in ratio], list(ratio.values()), lw=0, marker="o", ms=1.8, color=C["line"])
        lower.plot([m + 0.5 for m in smooth], list(smooth.values()), lw=1.7, color=C["blue"])
        top = max([*smooth.values(), float(np.quantile(list(ratio.values()) or [0.0], 0.97))], default=0.0)
    set_value_axis(lower, 1.12 * top, ticks=3)
    set_year_axis(lower, first, last)
    mark_events(lower, events, show_names=False)
    return finish_panel(figure)


def _legend(figure: Figure, split: bool) -> None:
    height = figure.get_size_inches()[1] * 72
    words = (
        (("Chinese origin", C["orange"], 132), ("other origins", C["line"], 236))
        if split
        else (("all origins", C["line"], 236),)
    )
    for text, color, x in words:
        figure.text(x / 344, 1 - 25 / height, "■", fontsize=9, color=color, va="baseline")
        figure.text((x + 12) / 344, 1 - 25 / height, text, fontsize=8.8, color=C["muted"], va="baseline")


def _trailing_unit_values(value: FlowHistory, total: FlowHistory, months: Sequence[int], kilograms: float) -> dict[int, float]:
    out = {}
    for m in months:
        last = [m - 2, m - 1, m]
        if all(k in value.values and k in total.values for k in last) and sum(total.values[k] for k in last) > 0:
            out[m] = sum(value.values[k] for k in last) / (sum(total.values[k] for k in last) * kilograms)
    return out
