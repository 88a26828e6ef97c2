"""Data coverage: one row per series, one cell per month, coloured by status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecast.core.control_characters import one_line
from forecast.core.series import SeriesKey
from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, add_axes, finish_panel, new_panel
from forecast.report.figures.timeline import set_year_axis
from forecast.report.numbers import country_name, product_name
from forecast.report.run_data import FlowHistory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS = 264  # points reserved for the rows' labels
LONGEST = 64  # characters of a label; countries in a longer one are given by their codes
STATES = (
    ("value", "blue", 0.85, "monthly figure"),
    ("provisional", "purple", 0.8, "provisional"),
    ("zero", "gold", 0.9, "true zero"),
    ("span", "blue", 0.45, "only inside a sum"),
    ("missing", "orange", 0.9, "missing"),
    ("suppressed", "green", 0.85, "suppressed"),
    ("not bundled", "grid", 0.9, "not bundled"),
    ("not released", "line", 0.6, "not released by then"),
)


def coverage_panel(
    histories: Sequence[FlowHistory],
    first: int,
    last: int,
    unheld: str = "not bundled",
    due: Mapping[str, int | None] | None = None,
) -> FigurePanel:
    """Status of every month of every series between two months; `unheld` names months without a row.

    due : by series, the first month whose release was still to come on the day of the run
    """
    due = due or {}
    row = 13
    width, height = 1000, 62 + row * len(histories)
    figure = new_panel(width, height, "What is known of each month")
    ax = add_axes(figure, left=LABELS, right=8, top=38, bottom=22)
    ax.grid(False)
    ax.set_ylim(len(histories), 0)
    ax.set_yticks(np.arange(len(histories)) + 0.5, [one_line(_row_label(h.series)) for h in histories])
    for state, color, alpha, _ in STATES:
        lengths: list[tuple[float, float]] = []
        rows: list[int] = []
        for i, history in enumerate(histories):
            for start, length in _stretches(history, state, first, last, due.get(history.series)):
                lengths.append((start, length))
                rows.append(i)
        _boxes(ax, lengths, rows, C[color], alpha)
    set_year_axis(ax, first, last)
    x = LABELS / width
    for state, color, alpha, words in STATES:
        if not any(_stretches(h, state, first, last, due.get(h.series)) for h in histories):
            continue
        figure.text(x, 1 - 27 / height, "■", color=C[color], alpha=alpha, fontsize=10)
        words = unheld if state == "not bundled" else words
        figure.text(x + 13 / width, 1 - 27 / height, words, fontsize=9, color=C["muted"])
        x += (26 + 6.0 * len(words)) / width
    return finish_panel(figure)


def _boxes(ax: Axes, lengths: list[tuple[float, float]], rows: list[int], color: str, alpha: float) -> None:
    from matplotlib.collections import PolyCollection

    boxes = [
        [(x, i + 0.12), (x + w, i + 0.12), (x + w, i + 0.88), (x, i + 0.88)] for (x, w), i in zip(lengths, rows, strict=True)
    ]
    if boxes:
        ax.add_collection(PolyCollection(boxes, facecolors=color, alpha=alpha, linewidths=0))


def _stretches(history: FlowHistory, state: str, first: int, last: int, due: int | None) -> list[tuple[float, float]]:
    def seen(month: int) -> str:
        unheld = "not bundled" if due is None or month < due else "not released"
        return history.status.get(month, unheld)

    out: list[tuple[float, float]] = []
    m = first
    while m <= last:
        end = m
        while end < last and seen(end + 1) == seen(m):
            end += 1
        if seen(m) == state:
            out.append((m + 0.06, end - m + 0.88))
        m = end + 1
    return out


def _row_label(series: str) -> str:
    """Row label, short enough for the margin."""
    key = SeriesKey.maybe(series)
    if key is None:
        return series[:56]
    origin = "all" if key.origin == "WLD" else country_name(key.origin)
    name = product_name(key.product)
    good = name if len(name) < 31 else name[:30].rstrip(" ,") + "…"
    label = f"{good} · {origin} → {country_name(key.destination)}"
    return label if len(label) <= LONGEST else f"{good} · {key.origin} → {key.destination}"
