"""Figures of one series that cannot all hold: sums of several months, and its months and other sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.core.cells import Cell
from forecast.core.observed_series import ObservedSeries
from forecast.core.series import SeriesKey
from forecast.kernels.interval_sums import Conflict, conflicts

SUM_TOLERANCE = 0.005  # relative difference between a sum and its months that is taken for rounding


@dataclass(frozen=True)
class ContradictingSum:
    """A sum of several months that the other figures of its series do not allow.

    cell : the sum
    least, most : what the others leave for its months; `most` is infinite where they set no limit
    others : those of them that it contradicts, by first month
    """

    cell: Cell
    least: float
    most: float
    others: tuple[Cell, ...]

    @property
    def left(self) -> float:
        """The nearest to the sum that the others leave."""
        return min(max(self.cell.value, self.least), self.most)


def contradicting_sums(observed: ObservedSeries, nonnegative: bool = True) -> tuple[ContradictingSum, ...]:
    """The sums that contradict months, or shorter sums, of a series, by first month; none of unit values, which do not add up.

    nonnegative : whether no month can be below zero, so that a sum is at least that of a part of its months
    """
    key = SeriesKey.maybe(observed.series)
    if key is not None and "/" in key.unit:
        return ()
    found, reached = [], observed.first - 1
    for span in _sums(observed):
        if span.first > reached:
            cells, reached = _connected_cells(observed, span.first, span.last)
            found += [
                ContradictingSum(cells[one.total], one.least, one.most, tuple(cells[i] for i in one.others))
                for one in _conflicts(cells, nonnegative)
            ]
    return tuple(sorted(found, key=lambda one: (one.cell.first, one.cell.last)))


def disputed_range(
    observed: ObservedSeries, found: Sequence[ContradictingSum], first: int, last: int, total: float, nonnegative: bool = True
) -> tuple[float, float] | None:
    """The smallest and the largest total of a window, by one side or the other of a contradiction; None where both allow it.

    found : `contradicting_sums` of the series; total : what its figures add up to. Each side is what is left without the
    figures of the other.
    """
    cells, _ = _connected_cells(observed, first, last)
    sides = [total]
    for one in found:
        for left_out in ((one.cell,), one.others) if one.cell in cells else ():
            kept = [cell for cell in cells if cell not in left_out]
            asked = _conflicts([*kept, Cell(first, last, total)], nonnegative)
            sides += [min(max(total, c.least), c.most) for c in asked if c.total == len(kept)]
    return (min(sides), max(sides)) if sides[1:] else None


def _sums(observed: ObservedSeries) -> list[Cell]:
    return sorted((c for c in observed.spans if c.status not in ("missing", "suppressed")), key=lambda cell: cell.first)


def _connected_cells(observed: ObservedSeries, first: int, last: int) -> tuple[list[Cell], int]:
    """Known months, then sums, shortest first, that share a month with a window or with sums that do; and their last month."""
    sums = _sums(observed)
    while near := [c for c in sums if c.overlaps(first, last) and (c.first < first or c.last > last)]:
        first, last = min(first, *(c.first for c in near)), max(last, *(c.last for c in near))
    values = observed.at(first, last)
    months = [Cell(first + i, first + i, float(values[i])) for i in np.flatnonzero(np.isfinite(values)).tolist()]
    inside = [c for c in sums if c.overlaps(first, last)]
    return [*months, *sorted(inside, key=lambda cell: (cell.last - cell.first, cell.first))], last


def _conflicts(cells: Sequence[Cell], nonnegative: bool) -> list[Conflict]:
    return conflicts([(c.first, c.last) for c in cells], [c.value for c in cells], SUM_TOLERANCE, not nonnegative)
