"""Data coverage: one row per series, one cell per month, coloured by status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecast.core.cells import UNHELD
from forecast.core.control_characters import one_line
from forecast.core.series import SeriesKey
from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, add_axes, finish_panel, new_panel
from forecast.report.figures.timeline import set_year_axis
from forecast.report.flow_history import FlowHistory
from forecast.report.numbers import country_name, good_name

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
    ("suppressed", "ink", 0.8, "suppressed"),
    (UNHELD, "grid", 0.9, UNHELD),
    ("not released", "green", 0.35, "not released yet"),
)


def coverage_panel(histories: Sequence[FlowHistory], first: int, last: int, unheld: str = UNHELD) -> FigurePanel:
    """Status of every month of every series between two months; `unheld` names months without a row."""
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
            for start, length in _stretches(history, state, first, last):
                lengths.append((start, length))
                rows.append(i)
        _boxes(ax, lengths, rows, C[color], alpha)
    set_year_axis(ax, first, last)
    x = LABELS / width
    for state, color, alpha, words in STATES:
        if not any(_stretches(h, state, first, last) for h in histories):
            continue
        figure.text(x, 1 - 27 / height, "■", color=C[color], alpha=alpha, fontsize=10)
        words = unheld if state == UNHELD else words
        figure.text(x + 13 / width, 1 - 27 / height, words, fontsize=9, color=C["muted"])
        x += (22 + 5.3 * len(words)) / width
    return finish_panel(figure)


def states_in_words(histories: Sequence[FlowHistory], first: int, last: int, unheld: str = UNHELD) -> str:
    """How many cells of the picture are in each state, such as '812 monthly figures, 45 true zeros, 3 missing'."""
    found = Counter(h.status.get(m, UNHELD) for h in histories for m in range(first, last + 1))
    plural = {"value": "monthly figures", "zero": "true zeros"}
    words = {state: unheld if state == UNHELD else text for state, _, _, text in STATES}
    counted = [f"{found[s]:,} {plural.get(s, words[s]) if found[s] > 1 else words[s]}" for s in words if found[s]]
    return ", ".join(counted)


def _boxes(ax: Axes, lengths: list[tuple[float, float]], rows: list[int], color: str, alpha: float) -> None:
    from matplotlib.collections import PolyCollection

    boxes = [
        [(x, i + 0.12), (x + w, i + 0.12), (x + w, i + 0.88), (x, i + 0.88)] for (x, w), i in zip(lengths, rows, strict=True)
    ]
    if boxes:
        ax.add_collection(PolyCollection(boxes, facecolors=color, alpha=alpha, linewidths=0))


def _stretches(history: FlowHistory, state: str, first: int, last: int) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    m = first
    while m <= last:
        seen = history.status.get(m, UNHELD)
        end = m
        while end < last and history.status.get(end + 1, UNHELD) == seen:
            end += 1
        if seen == state:
            out.append((m + 0.06, end - m + 0.88))
        m = end + 1
    return out


def _row_label(series: str) -> str:
    """Row label, short enough for the margin."""
    key = SeriesKey.maybe(series)
    if key is None:
        return series[:56]
    origin = "all" if key.origin == "WLD" else country_name(key.origin)
    name = good_name(series)
    good = name if len(name) < 31 else name[:30].rstrip(" ,") + "…"
    label = f"{good} · {origin} → {country_name(key.destination)}"
    return label if len(label) <= LONGEST else f"{good} · {key.origin} → {key.destination}"
