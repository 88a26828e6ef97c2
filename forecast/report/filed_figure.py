"""The figure of a filed run: bands as they were filed, and the figures that came later as points on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.core.filed_run import FiledRun
from forecast.core.products import display_unit
from forecast.report.blocks import Block, FigureBlock, FigurePanel
from forecast.report.numbers import NBSP, capitalize, day, flow_name, good_name, month, quantity, series_name

if TYPE_CHECKING:
    import pandas as pd


def filed_figure(filed: FiledRun, found: Mapping[str, Any]) -> list[Block]:
    """A panel for each series, by the model that is told; nothing where it answered none."""
    table = filed.forecasts
    own = table[table.model == filed.info["told"]]
    panels = []
    for series, rows in own.groupby("series", sort=False):
        came = {r["month"]: float(r["figure"]) for r in found["scored"] if r["series"] == series and "/" not in r["month"]}
        panels.append(_panel(str(series), rows, came))
    if not panels:
        return []
    caption = (
        f"Blue: median, 80 and 95 % bands as filed on {day(filed.day)} by {filed.info['told']}. Points: the first figures "
        "published since; a month without a point is open, or was published in a sum only."
    )
    names = "; ".join(series_name(str(one)) for one in own.series.unique())
    return [FigureBlock("filed", "What was filed, and what came", tuple(panels), 3, caption, f"Filed bands of {names}")]


def _panel(series: str, rows: pd.DataFrame, came: Mapping[str, float]) -> FigurePanel:
    from forecast.report.figures.canvas import C, add_axes, finish_panel, new_panel, set_value_axis

    unit, scale = display_unit(series)
    labels = [str(one) for one in rows.month]
    x = np.arange(len(labels)) + 0.5
    q025, q10, q50, q90, q975 = (rows[name].to_numpy(float) / scale for name in ("q025", "q10", "q50", "q90", "q975"))
    points = {labels.index(m): value / scale for m, value in came.items() if m in labels}
    title = capitalize(good_name(series))
    figure = new_panel(344, 210, title[:46], f"{flow_name(series, most=48)}; {unit} a month")
    ax = add_axes(figure, top=54)
    for low, high, alpha in ((q025, q975, 0.16), (q10, q90, 0.28)):
        ax.bar(x, high - low, bottom=low, width=0.7, color=C["blue"], alpha=alpha, lw=0, zorder=2)
    ax.hlines(q50, x - 0.35, x + 0.35, color=C["blue"], lw=1.8, zorder=3)
    if points:
        at = sorted(points)
        ax.plot(x[at], [points[i] for i in at], "o", color=C["ink"], ms=5, zorder=4)
    top = max([float(q90.max()), *points.values()])
    set_value_axis(ax, 1.06 * max(top, min(float(q975.max()), 2.2 * top)) or 1.0)
    ax.set_xlim(0, len(labels))
    ax.set_xticks(x[:: max(1, len(x) // 5)], [month(m)[:3] + "\n" + m[:4] for m in labels[:: max(1, len(x) // 5)]])
    told = [
        (ax, float(at), f"{month(m)}: {quantity(mid, unit)}; 80{NBSP}% {quantity(lo)} to {quantity(hi, unit)}"
         + (f"; came {quantity(points[i], unit)}" if i in points else ""))
        for i, (at, m, mid, lo, hi) in enumerate(zip(x, labels, q50, q10, q90, strict=True))
    ]  # fmt: skip
    return finish_panel(figure, told)
