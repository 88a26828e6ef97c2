"""Which releases a model may be told of as arriving figures, so that one look answers for every set of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from forecast.core.arrivals import Arrival
from forecast.core.step_figures import StepFigures
from forecast.core.vintage import Cell, Vintage
from forecast.study.nowcast.vintage_diff import Release


def arrivals_of(release: Release, targets: Collection[str], before: Vintage, after: Vintage) -> list[Arrival] | None:
    """The single months of other series that a release consists of; None where it is more than these.

    Figures of a target move the end of its history, events and regressors are no figures, and a sum over months, or a month
    inside a sum of zero, tells of more than one month.
    """
    if not release.changes or release.series in targets:
        return None
    out = []
    for change in release.changes:
        series, first, last = change.place
        if series in targets or first != last or any(_in_a_sum_of_zero(vintage, series, first) for vintage in (before, after)):
            return None
        out.append(Arrival(series, first, _figure(change.before), _figure(change.after)))
    return out


def split_groups(
    groups: Sequence[Sequence[Release]], targets: Collection[str], before: Vintage, after: Vintage
) -> dict[int, list[Arrival]]:
    """The arrivals of each group of releases that consists of nothing else, by the group's place."""
    out: dict[int, list[Arrival]] = {}
    for place, group in enumerate(groups):
        own = [arrivals_of(release, targets, before, after) for release in group]
        if all(one is not None for one in own):
            out[place] = [arrival for one in own if one is not None for arrival in one]
    return out


def _figure(cell: Cell | None) -> float:
    return math.nan if cell is None or cell.status in ("missing", "suppressed") else float(cell.value)


def _in_a_sum_of_zero(vintage: Vintage, series: str, month: int) -> bool:
    """Whether a sum of zero holds the month."""
    cells = vintage.cells.get(series, ())
    if isinstance(cells, StepFigures):  # of single months only
        return False
    return any(cell.is_span and cell.status == "zero" and cell.overlaps(month, month) for cell in cells)
