"""Hierarchies over partners and over time, as vintages whose aggregates a forecaster can be asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.core.errors import DataError
from forecast.core.events import EventCalendar
from forecast.core.series import SeriesKey
from forecast.core.time_axis import Steps
from forecast.core.vintage import NO_END, Cell, Vintage
from forecast.prep.partners import FEWEST, REST, SLACK, single_partners, total_of
from forecast.prep.spans_and_gaps import count_months, split_spans, window_total


@dataclass(frozen=True)
class PartnerTree:
    """A total over partners and its parts: single countries, and the rest of the world where they are not all."""

    total: str
    parts: tuple[str, ...]
    rest: str = ""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The total, then its parts."""
        return (self.total, *self.parts, *([self.rest] if self.rest else []))


def partner_tree(vintage: Vintage, series: str) -> PartnerTree | None:
    """The tree that a flow belongs to; None where no total, or no part of it, is known.

    Groups of partners overlap with single ones, so only countries are parts; those with few figures belong to the rest.
    DataError where the parts exceed the total: they do not measure the same thing.
    """
    key = SeriesKey.maybe(series)
    if key is None or key.measure == "usd_per_kg":
        return None
    total = str(total_of(key))
    if not vintage.knows(total):
        return None
    others = single_partners(vintage, key)
    parts = tuple(s for s in others if s == series or count_months(vintage.observed(s)) >= FEWEST)
    if not parts:
        return None
    left = _remainders(vintage, total, parts)
    if not left:
        raise DataError(f"no month in which {total} and all its parts are known", where=series, hint='hierarchy = "temporal"')
    worst = min(left, key=lambda m: left[m][0] / left[m][1] if left[m][1] > 0 else left[m][0])
    if left[worst][0] < -SLACK * max(left[worst][1], 1e-300):
        over = f"{-left[worst][0]:,.6g} more than the total of {left[worst][1]:,.6g}"
        raise DataError(
            f"the parts of {total} add up to {over} in {vintage.steps.label(worst)}", where=series,
            hint='another publisher or a revision: leave it out, or hierarchy = "temporal"',
        )  # fmt: skip
    whole = all(amount <= SLACK * size for amount, size in left.values())
    return PartnerTree(total, parts, "" if whole else str(replace(key, partner=REST)))


def _remainders(vintage: Vintage, total: str, parts: Sequence[str]) -> dict[int, tuple[float, float]]:
    """The total less its parts, and the total, by month for which figures or what sums leave of them determine them all."""
    if not all(vintage.knows(s) for s in (total, *parts)):
        return {}
    whole, *those = (_determined_months(vintage, s) for s in (total, *parts))
    months = [month for month in whole if all(month in part for part in those)]
    return {month: (whole[month] - sum(part[month] for part in those), whole[month]) for month in months}


def _determined_months(vintage: Vintage, series: str) -> dict[int, float]:
    """Figures by month: its own, or the one that a sum leaves for it beside known months, as sums to date do."""
    seen = split_spans(vintage.observed(series), 1)
    return {int(m): float(v) for m, v in zip(seen.months, seen.values, strict=True) if np.isfinite(v)}


def add_rest(vintage: Vintage, tree: PartnerTree) -> Vintage:
    """The vintage with the rest of a tree as a series; so do its earlier vintages, from what was known then.

    The rest is unknown in months in which a part or the total is unknown.
    """
    if not tree.rest:
        return vintage
    made = []
    for month, (amount, size) in _remainders(vintage, tree.total, tree.parts).items():
        amount = max(amount, 0.0) if amount >= -SLACK * size else amount  # rounding; a true excess has been refused
        # a month that sums determine is known since the figure that ends in it, at the latest on the day of the vintage
        days = [
            max((c.released for c in vintage.cells[s] if c.last == month), default=vintage.day)
            for s in (tree.total, *tree.parts)
        ]
        made.append(Cell(month, month, amount, "zero" if amount == 0 else "value", "derived", released=max(days)))
    past = None if vintage.past is None else lambda day: add_rest(vintage.earlier(day), tree)
    cells = {**vintage.cells, tree.rest: tuple(made)} if made else vintage.cells
    # an empty hole distinguishes this vintage from the one it was made from, in keys of answers
    return replace(vintage, cells=cells, past=past, holes=(*vintage.holes, (tree.rest, NO_END, NO_END)))


def sum_over_blocks(vintage: Vintage, series: str, last: int, size: int) -> Vintage:
    """One series summed over blocks of `size` months that end in month `last`, the block after it being step 0.

    The series is called `<series> by <size>`; it has no events. A block is known where its months and published sums determine
    it.
    """
    name = f"{series} by {size}"
    season = vintage.season
    steps = Steps("step", season // size if season and season > size else None)
    past = None if vintage.past is None else lambda day: sum_over_blocks(vintage.earlier(day), series, last, size)
    cells: dict[str, tuple[Cell, ...]] = {}
    if vintage.knows(series):
        seen, made = vintage.observed(series), []
        for block in range(-((last + 1 - seen.first) // size), 0):
            begin = last + 1 + block * size
            if begin + size - 1 > seen.last:
                continue
            amount = window_total(seen, begin, begin + size - 1)
            if np.isfinite(amount):
                inside = [c.released for c in vintage.cells[series] if c.last >= begin and c.first < begin + size]
                made.append(Cell(block, block, amount, "zero" if amount == 0 else "value", "derived", released=max(inside)))
        cells = {name: tuple(made)} if made else {}
    holes = (*vintage.holes, (name, NO_END, last))  # an empty hole distinguishes blocks that end in other months
    return replace(vintage, cells=cells, events=EventCalendar(), past=past, steps=steps, controls={}, holes=holes)
