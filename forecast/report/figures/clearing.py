"""Clearing of a backlog: what was missing under a measure, added up month by month, and what came back of it since."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecast.core import months as mm
from forecast.core.schema import RecoveredRow
from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, add_axes, finish_panel, new_panel, set_value_axis
from forecast.report.figures.timeline import set_month_axis, set_year_axis
from forecast.report.numbers import quantity

SIZE = (430, 250)


def clearing_panel(title: str, unit: str, path: Sequence[RecoveredRow]) -> FigurePanel:
    """Observed less expected, added up: loss first, then loss and excess together, with the 95 % band; rows in display units.

    The dashed line is the end of the last month of the loss.
    """
    during = np.array([not np.isfinite(r.back) for r in path])
    middle = np.where(during, [-r.lost for r in path], [r.left for r in path])
    low = np.where(during, [-r.lost_hi95 for r in path], [r.left_lo95 for r in path])
    high = np.where(during, [-r.lost_lo95 for r in path], [r.left_hi95 for r in path])
    first, last = mm.ordinal(path[0].months_from), mm.ordinal(path[-1].month)
    x = np.array([first, *(mm.ordinal(r.month) + 1 for r in path)])
    middle, low, high = (np.array([0.0, *values]) for values in (middle, low, high))
    figure = new_panel(*SIZE, title, f"{unit}; observed less expected, added up")
    ax = add_axes(figure, top=50, left=52, right=64, bottom=34)
    ax.axhline(0, color=C["muted"], lw=0.9)
    ax.axvline(mm.ordinal(path[0].months_to) + 1, color=C["muted"], lw=0.9, ls=(0, (4, 2.5)))
    ax.fill_between(x, low, high, color=C["orange"], alpha=0.18, lw=0)
    ax.plot(x, middle, color=C["blue"], lw=1.9, marker="o", ms=2.8, zorder=3)
    room = 0.08 * max(float(high.max() - low.min()), 1e-9)
    set_value_axis(ax, float(high.max()) + room, float(low.min()) - room)
    set_month_axis(ax, first, last) if last - first < 18 else set_year_axis(ax, first, last)
    ax.set_xlim(first, last + 1)
    ax.annotate(
        quantity(float(middle[-1]), unit, sign=True), (last + 1, middle[-1]), (4, 0), textcoords="offset points", fontsize=9,
        va="center", color=C["blue"], annotation_clip=False,
    )  # fmt: skip
    return finish_panel(figure)
