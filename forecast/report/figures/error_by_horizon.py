"""Error by horizon: one line per model, highlighted ones in colour, labelled at the lines' ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, add_axes, finish_panel, new_panel, set_value_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_HIGHLIGHTS = ("blue", "orange", "green")


def horizon_panel(title: str, metric: str, wide: pd.DataFrame, loud: tuple[str, ...]) -> FigurePanel:
    """`wide` has a row for each horizon and a column for each model: means over the questions that all answered."""
    figure = new_panel(344, 250, title, metric)
    ax = add_axes(figure, top=40, bottom=36, left=34, right=92)
    colors = {m: C[_HIGHLIGHTS[i]] for i, m in enumerate([m for m in loud if m in wide][: len(_HIGHLIGHTS)])}
    for name in wide.columns:
        color = colors.get(name, C["line"])
        strong = name in colors
        width, size, order = (2.0, 3.0, 3) if strong else (0.9, 1.6, 2)
        ax.plot(wide.index, wide[name], color=color, lw=width, marker="o", ms=size, zorder=order)
    values = wide.to_numpy(float)
    top, low = (float(np.nanmax(values)), float(np.nanmin(values))) if np.isfinite(values).any() else (1.0, 0.0)
    room = 0.12 * max(top - low, 1e-9)
    set_value_axis(ax, top + room, max(low - room, 0.0) if low >= 0 else low - room)
    ax.set_xlim(float(wide.index.min()) - 0.3, float(wide.index.max()) + 0.3)
    ax.set_xticks([int(h) for h in wide.index] if len(wide) < 8 else [int(h) for h in wide.index if h % 3 == 0 or h == 1])
    figure.text(0.42, 4 / 250, "months ahead of the last known month", ha="center", fontsize=8.8, color=C["muted"])
    _name_lines(ax, wide, colors)
    return finish_panel(figure)


def _name_lines(ax: Axes, wide: pd.DataFrame, colors: dict[str, str]) -> None:
    """Labels at the lines' ends: highlighted models always, moved apart; others only where there is room."""
    low, high = ax.get_ylim()
    step = (high - low) * 11 / (ax.get_position().height * 250)
    ends = {str(m): min(float(wide[m].dropna().iloc[-1]), high) for m in wide.columns if wide[m].notna().any()}
    placed: dict[str, float] = {}
    for name in sorted((n for n in ends if n in colors), key=lambda n: ends[n]):
        placed[name] = max([ends[name], *(y + step for y in placed.values())])
    for name in sorted((n for n in ends if n not in colors), key=lambda n: -ends[n]):
        if all(abs(ends[name] - y) >= step for y in placed.values()):
            placed[name] = ends[name]
    for name, y in placed.items():
        ax.annotate(
            name if len(name) < 17 else name[:16] + "…", (ax.get_xlim()[1], y), (4, 0), textcoords="offset points", va="center",
            fontsize=8.4, color=colors.get(name, C["muted"]), fontweight="bold" if name in colors else "normal",
            annotation_clip=False,
        )  # fmt: skip
