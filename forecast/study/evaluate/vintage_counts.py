"""How many of the figures that past cutoffs stood on are real vintages, and how many pseudo ones."""

from __future__ import annotations

import bisect
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping

from forecast.core.cells import Cell
from forecast.core.series_states import REAL
from forecast.core.vintage import Vintage
from forecast.study.data.real_time import RealTimeView, declared_lag

KINDS = ("real", "pseudo")


def figure_kind(cell: Cell, pseudo: bool) -> str:
    """The kind of a figure: `real`, kept as it came out on the day its source says; `pseudo`, one value dated by a rule.

    pseudo : whether the archive holds one vintage per figure, which is then the latest value whatever its day
    """
    return "real" if cell.basis == REAL and not pseudo else "pseudo"


def figures_of(vintage: Vintage) -> dict[str, int]:
    """The numbers of figures of a vintage by kind."""
    found = Counter(figure_kind(cell, vintage.pseudo) for name in vintage.series for cell in vintage.cells[name])
    return {kind: found[kind] for kind in KINDS}


def figures_stood_on(view: RealTimeView, days: Mapping[str, Iterable[dt.date]]) -> dict[str, int]:
    """The numbers of different figures, by kind, that were known on any of some days, by series; each version is one figure."""
    found: Counter[str] = Counter()
    for series, own in days.items():
        ordered = sorted(set(own))
        pseudo = view.latest.pseudo or isinstance(view.source, Vintage) or declared_lag(series, view.lags) is not None
        for cell in view.states(series):
            at = bisect.bisect_left(ordered, cell.released)
            if at < len(ordered) and (ordered[at] < cell.until or cell.until == dt.date.max):
                found[figure_kind(cell, pseudo)] += 1
    return {kind: found[kind] for kind in KINDS}
