"""The picture of a ledger: the loss by each record, and what it divides into with rerouting at both of its bounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from forecast.core.ledger import Ledger
from forecast.core.products import products
from forecast.plots.house_axes import house_axes
from forecast.report.figures.canvas import C
from forecast.report.ledger_amounts import months_text
from forecast.report.numbers import country_name, product_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = {
    "L_X": "lost, by the exporter", "L_M": "lost, by the importer", "R": "rerouted, at most", "O": "declared origin",
    "N": "other origins", "S": "shortfall", "M": "records differ", "G": "other exports", "Z": "not exported",
}  # fmt: skip


def plot_ledger(made: Ledger, ax: Axes | None = None) -> Axes:
    """A bar per entry, from its value at the lower to that at the upper bound of rerouting, and a line for its limits."""
    known = products().get(made.question.product)
    unit, size = (known.display_unit, known.scale) if known else ("t", 1000.0)
    q = made.question
    title = f"{product_name(q.product)}: where {country_name(q.exporter)}'s trade with {country_name(q.destination)} went"
    axes = house_axes(ax, title, months_text(made), f"{unit} {made.content}".strip())
    for at, entry in enumerate(made.entries):
        if not entry.known:
            axes.annotate("no data", (at, 0), ha="center", va="bottom", fontsize=8, color=C["muted"])
            continue
        ends = [0.0 if entry.symbol == "R" else entry.at_lower, entry.at_upper]
        low, high = min(0.0, *ends) / size, max(0.0, *ends) / size
        sure = min(ends, key=abs) / size if ends[0] * ends[1] > 0 else 0.0
        axes.bar(at, high - low, bottom=low, width=0.6, facecolor="none", edgecolor=C["ink"], linestyle=":")
        axes.bar(at, sure, width=0.6, color=C["ink"], alpha=0.75)
        if math.isfinite(entry.lo95):
            axes.plot([at, at], [entry.lo95 / size, entry.hi95 / size], color=C["muted"], linewidth=1.5)
    axes.axhline(0.0, color=C["line"], linewidth=0.8)
    axes.set_xticks(range(len(made.entries)), [NAMES[entry.symbol] for entry in made.entries], rotation=25, ha="right")
    return axes
