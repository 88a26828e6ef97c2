"""Mixed observations: single months and sums of months, for a model that takes a sum as an observation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.vintage import ObservedSeries
from forecast.prep.spans_and_gaps import LONGEST_SPLIT, measured_months, reduced_spans


@dataclass(frozen=True)
class MonthsAndSums:
    """A series as known on a day, in single months and sums.

    months, values (n,) : months with a figure of their own, and the figures
    spans, totals (m,) : the months of each sum that are not known singly, and their total, always positive
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
        """The first month covered by a figure."""
        return int(min((*self.months[:1], *(span[0] for span in self.spans))))

    @property
    def last(self) -> int:
        """The last month covered by a figure."""
        return int(max((*self.months[-1:], *(span[-1] for span in self.spans))))

    def with_trade(self, floor: float) -> MonthsAndSums:
        """The months with more than `floor`, and the sums."""
        traded = self.values > floor
        return replace(self, months=self.months[traded], values=self.values[traded])


def split_sums(observed: ObservedSeries) -> MonthsAndSums:
    """Single months only: short sums are split (`spans_and_gaps.measured_months`), longer ones left out."""
    months, values, split = measured_months(observed)
    return MonthsAndSums(months, values, (), np.empty(0), split)


def keep_sums(observed: ObservedSeries, longest: int = LONGEST_SPLIT) -> MonthsAndSums:
    """Single months and sums of at most `longest` months without overlap; longer sums are left out.

    Known months of a sum are subtracted first (`reduced_spans`). A remainder of one month is that month's figure, and a
    remainder of zero is zero in each month. Of overlapping sums the shorter is kept.
    """
    if not observed.spans:
        finite = np.isfinite(observed.values)
        return MonthsAndSums(observed.months[finite], observed.values[finite], (), np.empty(0))
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
