"""Shared parts of charts over time: month axis, event marks, a flow with its sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecast.arrays import Floats
from forecast.core import months as mm
from forecast.core.events import Event
from forecast.report.figures.canvas import C, width_in_points
from forecast.report.flow_history import FlowHistory
from forecast.report.numbers import month_of, quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def set_year_axis(ax: Axes, first: int, last: int) -> None:
    """Set an axis from month `first` to `last` with a tick at each January and years centred; month m fills [m, m + 1)."""
    ax.set_xlim(first, last + 1)
    ax.set_xticks([], [])
    per_year = 12 * width_in_points(ax) / max(last + 1 - first, 1)
    for year in range(first // 12, last // 12 + 1):
        start, stop = max(12 * year, first), min(12 * year + 12, last + 1)
        if start > first:
            ax.annotate(
                "", (start, 0), (0, -7), ax.get_xaxis_transform(), "offset points", annotation_clip=False,
                arrowprops={"arrowstyle": "-", "color": C["line"], "lw": 0.8, "shrinkA": 0, "shrinkB": 0},
            )  # fmt: skip
        name = f"{year}" if per_year > 34 else f"’{year % 100:02d}"
        if (stop - start) / 12 * per_year > (26 if len(name) == 4 else 15):
            ax.annotate(
                name, ((start + stop) / 2, 0), (0, -6), ax.get_xaxis_transform(), "offset points",
                ha="center", va="top", fontsize=9, color=C["muted"], annotation_clip=False,
            )  # fmt: skip


def set_month_axis(ax: Axes, first: int, last: int) -> None:
    """Set an axis for a short window: each month labelled (every third if crowded), years beneath January and the first."""
    ax.set_xlim(first, last + 1)
    ax.set_xticks([], [])
    every = 1 if last - first < 7 else 3
    for month in range(first, last + 1):
        if (month - first) % every == 0:
            new_year = month - first < every or month % 12 < every
            ax.annotate(
                _MONTHS[month % 12] + (f"\n{month // 12}" if new_year else ""), (month + 0.5, 0), (0, -6),
                ax.get_xaxis_transform(), "offset points", ha="center", va="top", fontsize=8.6, color=C["muted"],
                annotation_clip=False, linespacing=1.25,
            )  # fmt: skip


def mark_events(ax: Axes, events: Mapping[str, Event], show_names: bool = True) -> None:
    """Draw a vertical line at each event's day with its letter above the axes; crowded letters are staggered."""
    first, last = ax.get_xlim()
    per_month = width_in_points(ax) / (last - first)
    ends: list[float] = []
    for letter, event in events.items():
        at = mm.position(event.effective or event.announced)
        if not first <= at <= last:
            continue
        ax.axvline(at, color=C["muted"], lw=0.8, ls=(0, (2, 2)), zorder=1.5)
        if not show_names:
            continue
        x = (at - first) * per_month
        level = next((i for i, end in enumerate(ends) if x > end), len(ends))
        ends[level : level + 1] = [x + 9.0]
        ax.annotate(
            letter, (at, 1), (0, 2 + 9 * level), ax.get_xaxis_transform(), "offset points",
            ha="center", va="bottom", fontsize=7.8, color=C["muted"], annotation_clip=False,
        )  # fmt: skip


def mark_overflow(ax: Axes, x: Floats, upper: Floats, color: str) -> None:
    """Mark where the 95 % band exceeds the axis, and print its maximum."""
    limit = ax.get_ylim()[1]
    over = upper > limit
    if not over.any():
        return
    ax.plot(x[over], np.full(int(over.sum()), limit), lw=0, marker="^", ms=3.2, color=color, clip_on=False, zorder=4)
    ax.annotate(
        f"▲ 95 % to {float(upper.max()):,.0f}", (ax.get_xlim()[1], 1), (0, 4), ax.get_xaxis_transform(), "offset points",
        ha="right", va="bottom", fontsize=8.2, color=color, annotation_clip=False,
    )  # fmt: skip


def consecutive_runs(months: Sequence[int]) -> list[list[int]]:
    """Runs of consecutive months."""
    out: list[list[int]] = []
    for month in sorted(months):
        if out and month == out[-1][-1] + 1:
            out[-1].append(month)
        else:
            out.append([month])
    return out


def draw_flow(ax: Axes, history: FlowHistory, first: int, last: int, color: str = C["ink"], lw: float = 1.5) -> float:
    """Draw monthly figures as a line broken at gaps and sums as steps at their mean; return the largest value drawn."""
    top = 0.0
    inside = [m for m in history.values if first <= m <= last]
    for run in consecutive_runs(inside):
        values = [history.values[m] for m in run]
        ax.plot(np.array(run) + 0.5, values, color=color, lw=lw, marker="o", ms=2.6 if len(run) < 3 else 1.6, zorder=3)
        top = max(top, *values)
    for months, mean in history.steps:
        for run in consecutive_runs([m for m in months if first <= m <= last]):
            ax.plot([run[0], run[-1] + 1], [mean, mean], color=color, lw=1.1, ls=(0, (1, 1.6)), zorder=2.5)
            top = max(top, mean)
    return top


def readings(ax: Axes, history: FlowHistory, first: int, last: int) -> list[tuple[Axes, float, str]]:
    """The monthly figures between two months in words, each at its place on the axes."""
    months = sorted(m for m in history.values if first <= m <= last)
    return [(ax, m + 0.5, f"{month_of(m)}: {quantity(history.values[m], history.unit)}") for m in months]
