"""Error by horizon: one line per model, the shown model in colour, the rest quiet; names stand at the lines' ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.report.blocks import Panel
from forecast.report.figures.canvas import C, axes, finish, scale, sheet

if TYPE_CHECKING:
    import pandas as pd

_LOUD = ("blue", "orange", "green")


def horizons(title: str, metric: str, table: pd.DataFrame, loud: tuple[str, ...], reference: float | None = None) -> Panel:
    """`table` has model, h_info, value: means over the questions that every model answered."""
    figure = sheet(344, 250, title, metric)
    ax = axes(figure, top=40, bottom=36, left=34, right=92)
    wide = table.pivot_table(index="h_info", columns="model", values="value").sort_index()
    colors = {m: C[_LOUD[i]] for i, m in enumerate([m for m in loud if m in wide][: len(_LOUD)])}
    for name in wide.columns:
        color = colors.get(name, C["line"])
        strong = name in colors
        width, size, order = (2.0, 3.0, 3) if strong else (0.9, 1.6, 2)
        ax.plot(wide.index, wide[name], color=color, lw=width, marker="o", ms=size, zorder=order)
    values = wide.to_numpy(float)
    top = float(np.nanquantile(values, 0.98)) if np.isfinite(values).any() else 1.0
    bottom = min(0.0, float(np.nanmin(values))) if np.isfinite(values).any() else 0.0
    if reference is not None:
        ax.axhline(reference, color=C["muted"], lw=0.8, ls=(0, (3, 2)))
        top = max(top, 1.05 * reference)
    scale(ax, 1.08 * top, bottom)
    ax.set_xlim(float(wide.index.min()) - 0.3, float(wide.index.max()) + 0.3)
    ax.set_xticks([int(h) for h in wide.index] if len(wide) < 8 else [int(h) for h in wide.index if h % 3 == 0 or h == 1])
    figure.text(0.5, 4 / 250, "months ahead of the last known month", ha="center", fontsize=8.8, color=C["muted"])
    _names(ax, wide, colors, 1.08 * top)
    return finish(figure)


def _names(ax: object, wide: pd.DataFrame, colors: dict[str, str], top: float) -> None:
    from matplotlib.axes import Axes

    assert isinstance(ax, Axes)
    ends = sorted((min(float(wide[m].dropna().iloc[-1]), top), m) for m in wide.columns if wide[m].notna().any())
    if not ends:
        return
    low, high = ax.get_ylim()
    step = (high - low) * 11 / (ax.get_position().height * 250)
    at = [e[0] for e in ends]
    for i in range(1, len(at)):
        at[i] = max(at[i], at[i - 1] + step)
    over = max(at[-1] - high, 0.0)
    at = [min(a, high) if len(at) == 1 else a - over for a in at]
    for i in range(len(at) - 2, -1, -1):
        at[i] = min(at[i], at[i + 1] - step)
    for y, (_, name) in zip(at, ends, strict=True):
        ax.annotate(
            name if len(name) < 17 else name[:16] + "…", (ax.get_xlim()[1], y), (4, 0), textcoords="offset points", va="center",
            fontsize=8.4, color=colors.get(name, C["muted"]), fontweight="bold" if name in colors else "normal",
            annotation_clip=False,
        )  # fmt: skip
