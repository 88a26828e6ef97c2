"""Months with a figure of their own beside sums of months: what a model that takes a sum as an observation is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.vintage import ObservedSeries
from forecast.prep.transform import LONGEST_SPLIT, measured_months, reduced_spans


@dataclass(frozen=True)
class MonthsAndSums:
    """A series as known on a day.

    months, values (n,) : months with a figure of their own, and the figures
    spans, totals (m,) : the months of each sum that are not known singly, and what they add up to, always more than zero
    split : how many of `months` were split off a sum
    """

    months: Ints
    values: Floats
    spans: tuple[Ints, ...]
    totals: Floats
    split: int = 0

    @property
    def count(self) -> int:
        """Number of observations, a sum counted once."""
        return len(self.months) + len(self.spans)

    @property
    def first(self) -> int:
        """The first month that a figure covers."""
        return int(min((*self.months[:1], *(span[0] for span in self.spans))))

    @property
    def last(self) -> int:
        """The last month that a figure covers."""
        return int(max((*self.months[-1:], *(span[-1] for span in self.spans))))


def split_sums(observed: ObservedSeries) -> MonthsAndSums:
    """Known of months alone, short sums split by the one rule (`transform.measured`)."""
    months, values, split = measured_months(observed)
    return MonthsAndSums(months, values, (), np.empty(0), split)


def keep_sums(observed: ObservedSeries, longest: int = LONGEST_SPLIT) -> MonthsAndSums:
    """Known of months, and sums of at most `longest` months, no month in two of them; longer sums are left out.

    What is known of a sum's months is taken off first (`reduced_spans`). A remainder of one month is that month's figure, and a
    remainder of nothing over a quantity is nothing in each month. Where sums overlap the shorter is taken.
    """
    known = {int(m): float(v) for m, v in zip(observed.months, observed.values, strict=True) if np.isfinite(v)}
    spans: list[Ints] = []
    totals: list[float] = []
    taken = set(known)
    for unknown, total, _ in reduced_spans(observed):
        if len(unknown) > longest or taken & set(unknown):
            continue
        taken |= set(unknown)
        if len(unknown) == 1 or total == 0.0:
            known |= dict.fromkeys(unknown, total)
        else:
            spans.append(np.array(unknown, dtype=np.int64))
            totals.append(total)
    months = np.array(sorted(known), dtype=np.int64)
    return MonthsAndSums(months, np.array([known[int(m)] for m in months]), tuple(spans), np.array(totals))
