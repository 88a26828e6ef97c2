"""The figure of a ledger: what was lost, and what it divides into on each side, with rerouting between its bounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from forecast.core.ledger import Ledger, LedgerEntry
from forecast.core.products import products
from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, add_axes, finish_panel, new_panel
from forecast.report.numbers import quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, ROW = 430, 25  # points
COLORS = {
    "L_M": "ink", "L_X": "ink", "R": "orange", "N": "blue", "S": "purple", "O": "gold", "M": "muted", "G": "green",
    "Z": "purple",
}  # fmt: skip


def ledger_panel(made: Ledger, title: str, subtitle: str, words: dict[str, str]) -> FigurePanel:
    """A line per entry: solid to the end nearer zero, open to the other one, a thin line over the 95 % limits.

    Entries without data, or with bounds that cross, keep their line and say so: no bar of length zero stands for a figure that
    is not known.
    """
    known = products().get(made.question.product)
    unit, scale = (known.display_unit, known.scale) if known else ("t", 1000.0)
    rows = [made.entry(symbol) for symbol in words]
    figure = new_panel(WIDTH, 78 + ROW * len(rows), title, f"{subtitle}; {unit} {made.content}".strip())
    ax = add_axes(figure, left=168, right=86, top=40, bottom=24)
    reach = [x / scale for one in rows if one.known for x in (one.at_lower, one.at_upper, 0.0)]
    low, high = (min(reach), max(reach)) if reach else (0.0, 1.0)
    room = 0.04 * ((high - low) or 1.0)
    frame = (low - room - 0.35 * (high - low), high + room + 0.35 * (high - low))
    for i, entry in enumerate(rows):
        _line(ax, -float(i), entry, scale, frame, bool(made.crossed) and entry.symbol in ("R", "N", "G"))
    ax.axvline(0.0, color=C["line"], lw=0.9, zorder=1)
    ax.set_xlim(*frame)
    ax.set_ylim(-len(rows) + 0.4, 0.6)
    ax.set_yticks([-float(i) for i in range(len(rows))], list(words.values()), fontsize=8.3)
    ax.tick_params(axis="y", length=0, labelcolor=C["ink"])
    ax.grid(axis="x", color=C["grid"], linewidth=0.8)
    _ticks(ax)
    return finish_panel(figure)


def _line(ax: Axes, y: float, entry: LedgerEntry, scale: float, frame: tuple[float, float], crossed: bool) -> None:
    right: dict[str, Any] = {
        "textcoords": "offset points",
        "xycoords": ("axes fraction", "data"),
        "va": "center",
        "fontsize": 8.6,
    }
    if crossed or not entry.known:
        text = "bounds cross" if entry.known else "no data"
        ax.annotate(text, (1.0, y), (6, 0), color=C["muted"], annotation_clip=False, **right)
        return
    ends = sorted((entry.at_lower / scale, entry.at_upper / scale), key=abs)
    color = C[COLORS[entry.symbol]]
    near = ends[0] if ends[0] * ends[1] > 0 else 0.0
    ax.barh(y, near, height=0.52, color=color, zorder=2)
    for end in ends:
        if end != near:
            ax.barh(y, end - near, left=near, height=0.52, facecolor=color, alpha=0.3, edgecolor=color, zorder=2)
    if math.isfinite(entry.lo95):
        low, high = (max(frame[0], min(frame[1], x / scale)) for x in (entry.lo95, entry.hi95))
        ax.plot([low, high], [y, y], color=C["ink"], lw=1.1, zorder=3, solid_capstyle="butt")
    told = [quantity(x) for x in sorted(ends)]
    text = told[0] if told[0] == told[1] else f"{told[0]} to {told[1]}"
    ax.annotate(text, (1.0, y), (6, 0), color=C["ink"], annotation_clip=False, **right)


def _ticks(ax: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: quantity(value)))
