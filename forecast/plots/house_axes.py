"""Axes for a single picture: the report's colours, frame and number marks, a time axis in any steps, labels at lines' ends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.core.products import display_unit
from forecast.core.series import SeriesKey
from forecast.core.time_axis import Steps
from forecast.core.vintage import Vintage
from forecast.report.figures.canvas import C, light_frame, set_value_axis, style
from forecast.report.figures.timeline import consecutive_runs, draw_flow
from forecast.report.flow_history import FlowHistory
from forecast.report.numbers import capitalize, flow_name, good_name, month_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (7.2, 3.6)  # inches
TICKS = 9  # labels on a time axis, about
ROOM = 0.19  # of the width, for labels at the ends of lines
MARKERS = {"o": "○", "s": "□", "^": "△", "D": "◇", "v": "▽"}  # each with the sign that stands for it beside a name


@dataclass(frozen=True)
class EndLabel:
    """What stands at the end of a line: its words, its height, and its colour in the palette."""

    text: str
    at: float
    color: str


def house_axes(ax: Axes | None, title: str, subtitle: str, unit: str) -> Axes:
    """The axes given, or new ones, with the light frame, the title and its line beneath, and the unit of the values."""
    if ax is None:
        import matplotlib.pyplot as plt

        # outside the style: a notebook chooses its backend now, and must not forget so when the style ends
        figure = plt.figure(figsize=SIZE, layout="constrained")
        with style():
            ax = figure.subplots()
    light_frame(ax)
    ax.set_title(_dollars(title), loc="left", fontsize=10.5, fontweight="bold", color=C["ink"], pad=19 if subtitle else 7)
    if subtitle:
        ax.annotate(
            _dollars(subtitle), (0, 1), (0, 6), ax.transAxes, "offset points",
            fontsize=8.8, color=C["muted"], va="bottom", annotation_clip=False,
        )  # fmt: skip
    ax.set_ylabel(unit, fontsize=9, color=C["muted"])
    ax.spines["bottom"].set_color(C["line"])
    ax.tick_params(colors=C["muted"])
    return ax


def _dollars(text: str) -> str:
    """Text in which a dollar is a dollar: formulae are switched off by the style of new axes alone."""
    return text.replace("$", r"\$")


def set_time_axis(ax: Axes, first: int, last: int, steps: Steps, room: float = 0.0) -> None:
    """Set an axis from step `first` to `last`, each labelled or few of them; step s fills [s, s + 1).

    room : share of the width kept free on the right for labels
    """
    span = last + 1 - first
    ax.set_xlim(first, last + 1 + span * room / (1 - room))
    if steps.unit == "month" and span > 20:
        years = range(math.ceil(first / 12), last // 12 + 1)
        every = max(1, math.ceil(len(years) / TICKS))
        shown = [year for year in years if year % every == 0]
        ax.set_xticks([12.0 * year for year in shown], [str(year) for year in shown])
    else:
        every = max(1, math.ceil(span / TICKS))
        at = list(range(first, last + 1, every))
        ax.set_xticks([s + 0.5 for s in at], [_label(s, first, every, steps) for s in at])
    ax.tick_params(axis="x", length=3, color=C["line"], labelsize=9)


def _label(step: int, first: int, every: int, steps: Steps) -> str:
    """A step's label; of months the year only once."""
    if steps.unit != "month":
        return steps.label(step)
    name = month_of(step)[:3]
    return f"{name}\n{step // 12}" if step - first < every or step % 12 < every else name


def label_ends(ax: Axes, labels: Iterable[EndLabel], last: int) -> None:
    """Write labels to the right of step `last`, moved apart where they would overlap."""
    low, high = ax.get_ylim()
    height = ax.get_position().height * ax.figure.get_figheight() * 72  # type: ignore[union-attr]
    step = (high - low) * 11.5 / max(height, 1.0)
    ordered = sorted(labels, key=lambda one: one.at)
    y = -math.inf
    for one in ordered:
        y = max(min(max(one.at, low), high), y + step)
        ax.annotate(
            _dollars(one.text), (last + 1, y), (5, 0), textcoords="offset points", va="center", fontsize=8.6,
            color=C[one.color], annotation_clip=False,
        )  # fmt: skip


def set_values(ax: Axes, values: Sequence[float]) -> None:
    """Set the value axis to hold all values, from zero where none is negative, with number marks."""
    finite = [v for v in values if math.isfinite(v)]
    top, bottom = max(finite, default=1.0), min(finite, default=0.0)
    if bottom >= 0 and bottom < 0.6 * top:
        bottom = 0.0
    room = 0.06 * (top - bottom)
    set_value_axis(ax, top + room, bottom if bottom == 0 else bottom - room)


def history_of(known: Vintage, series: str, unit: str, scale: float) -> FlowHistory:
    """A series as known to a vintage, in a unit of the size `scale`."""
    seen = known.observed(series)
    finite = np.isfinite(seen.values)
    values = {int(m): float(v) / scale for m, v in zip(seen.months[finite], seen.values[finite], strict=True)}
    sums = tuple((c.first, c.last, c.value / scale) for c in seen.spans if c.status not in ("missing", "suppressed", "zero"))
    return FlowHistory(series, unit, values, sums, {})


def shown_unit(series: str, own: str = "") -> tuple[str, float]:
    """The unit in which a series is drawn, and its size in archive units."""
    return display_unit(series) if SeriesKey.maybe(series) else (own, 1.0)


def per_step(unit: str, steps: Steps) -> str:
    """The unit of a flow in one step: t a month."""
    return f"{unit} a {steps.noun}" if unit else ""


def draw_history(ax: Axes, history: FlowHistory, first: int, last: int) -> list[float]:
    """Draw figures in black, broken at gaps, sums as dotted steps at their mean where all are positive; return the values."""
    if min(history.values.values(), default=0.0) >= 0:
        draw_flow(ax, history, first, last)
    else:
        for run in consecutive_runs([m for m in history.values if first <= m <= last]):
            ax.plot(np.array(run) + 0.5, [history.values[m] for m in run], color=C["ink"], lw=1.5, marker="o", ms=1.6, zorder=3)
    inside = [v for m, v in history.values.items() if first <= m <= last]
    return [*inside, *(mean for months, mean in history.steps if first <= months[-1] and months[0] <= last)]


def titles(series: str) -> tuple[str, str]:
    """A good with a capital, and its flow; a series of one's own has its name and no flow."""
    if SeriesKey.maybe(series) is None:
        return series, ""
    return capitalize(good_name(series)), flow_name(series)


def mark_start(ax: Axes, at: float, words: str) -> None:
    """A vertical dashed line with its words on top, read upwards."""
    ax.axvline(at, color=C["muted"], lw=0.9, ls=(0, (2, 2)), zorder=1.5)
    ax.annotate(
        _dollars(words), (at, 1), (-3, -3), ax.get_xaxis_transform(), "offset points", rotation=90, ha="right", va="top",
        fontsize=7.8, color=C["muted"],
    )  # fmt: skip
