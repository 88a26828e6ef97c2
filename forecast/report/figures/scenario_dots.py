"""Dots with ranges: one flow under each scenario, the numbers beside them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from forecast.core.schema import SumRow
from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, add_axes, finish_panel, new_panel
from forecast.report.figures.scenarios import line_styles
from forecast.report.numbers import capitalize, quantity

WIDTH, ROW = 430, 27  # points
FRAME = 3.0  # the axis ends at so many times the largest middle case, or at the largest range


def dots_panel(title: str, subtitle: str, unit: str, rows: Mapping[str, SumRow]) -> FigurePanel:
    """One series; `rows` has a sum of months per scenario in display units."""
    figure = new_panel(WIDTH, 66 + ROW * len(rows), title, f"{subtitle}; {unit}")
    ax = add_axes(figure, left=8, right=14, top=40, bottom=22)
    top = max(r.q90 for r in rows.values())
    middle = max(r.q50 for r in rows.values())
    end = min(top, FRAME * middle) * 1.04 if middle > 0 else max(top, 1.0)
    looks = line_styles(list(rows))
    for i, (name, r) in enumerate(rows.items()):
        y, color = -float(i), C[looks[name][0]]
        ax.plot([r.q10, min(r.q90, end)], [y, y], color=color, lw=5, alpha=0.35, solid_capstyle="butt", zorder=2)
        if r.q90 > end:
            ax.plot([end], [y], marker=">", ms=6, color=color, lw=0, clip_on=False, zorder=3)
        ax.plot([r.q50], [y], marker="o", ms=6.5, color=color, lw=0, clip_on=False, zorder=4)
        words = f"{capitalize(name)}: {quantity(r.q50, unit)} ({quantity(r.q10) if r.q10 else 0} to {quantity(r.q90)})"
        ax.annotate(words, (0, y), (0, 7), textcoords="offset points", fontsize=8.8, color=C["ink"], va="bottom")
    ax.set_xlim(0, end)
    ax.set_ylim(-len(rows) + 0.55, 0.75)
    ax.set_yticks([])
    _round_ticks(ax, end)
    return finish_panel(figure)


def _round_ticks(ax: object, end: float) -> None:
    """Few round ticks with thousands separators on the value axis, and vertical rules at them."""
    from matplotlib.axes import Axes
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    assert isinstance(ax, Axes)
    ax.grid(axis="x", color=C["grid"], linewidth=0.8)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    decimals = 0 if end >= 8 else int(np.ceil(-np.log10(end))) + 1
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.{decimals}f}"))
