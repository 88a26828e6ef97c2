"""The known months of a panel and how they follow each other, and own parts over any number of months."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.models.factor.start_values import FactorParameters


@dataclass(frozen=True)
class Panel:
    """Figures `y` (T, N) on their standard scale, NaN where unknown, and how the known months of each series follow each other.

    before, after (T, N): the nearest known months, the month itself where it is known; the first month counts as known, and T
    stands where nothing follows.
    """

    y: Floats

    @functools.cached_property
    def known(self) -> Bools:
        """Where there are figures."""
        return np.isfinite(self.y)

    @functools.cached_property
    def before(self) -> Ints:
        """The last known month up to each month."""
        month = np.arange(len(self.y))[:, None]
        return np.maximum.accumulate(np.where(self.known, month, 0), axis=0)

    @functools.cached_property
    def after(self) -> Ints:
        """The next known month from each month on."""
        size = len(self.y)
        month = np.arange(size)[:, None]
        turned = np.where(self.known, month, size)[::-1]
        out = np.minimum.accumulate(turned, axis=0)[::-1].copy()
        out[0] = 0
        return out

    @functools.cached_property
    def neighbours(self) -> Bools:
        """Where a month from the third on and the one before it are known, shape (T - 1, N) from the second month on."""
        out = self.known[1:] & self.known[:-1]
        out[0] = False  # the first month's own part is a part of the first state
        return out

    @functools.cached_property
    def jumps(self) -> tuple[Ints, Ints, Ints]:
        """Series, month and known month before it of the figures from the second month on that are no `neighbours`."""
        until, series = np.nonzero(self.known[1:] & ~self.neighbours)
        return series, self.before[until, series], until + 1

    @functools.cached_property
    def open_months(self) -> OpenMonths:
        """The months whose own parts are no figure less its common part."""
        open_ones = ~self.known
        open_ones[0] = True
        month, series = np.nonzero(open_ones)
        late, pair_series = np.nonzero(open_ones[1:] | open_ones[:-1])
        late += 1
        alone, pairs = len(month), len(late)
        month = np.concatenate([month, late - 1, late])
        series = np.concatenate([series, pair_series, pair_series])
        before, after = self.before[month, series], self.after[month, series]
        early, last = slice(alone, alone + pairs), slice(alone + pairs, None)
        same = (before[early] == before[last]) & (after[early] == after[last])
        # two months between the same figures, else a month with itself
        second = month.copy()
        second[early] = np.where(same, late, late - 1)
        return OpenMonths(
            series, month, before, after, np.where(after < len(self.y), after, before), month, second, slice(0, alone), early,
            last, same,
        )  # fmt: skip

    @functools.cached_property
    def reach(self) -> int:
        """Most months between neighbouring figures, or from the last one on; at least one."""
        month = np.arange(len(self.y))[:, None]
        after = np.where(self.after < len(self.y), self.after, month)
        return max(int((after - self.before).max()), 1)

    @functools.cached_property
    def values(self) -> Floats:
        """The figures, zero where unknown."""
        return np.where(self.known, self.y, 0.0)


@dataclass(frozen=True)
class OpenMonths:
    """Months without a figure of their own, and pairs of neighbouring months that hold one, in three stretches of one list.

    series, month, before, after, ahead: of every entry, with the known months around it; first, second: the months whose
    covariance beyond what these explain is asked; alone, early, late: the stretches of single months, of the earlier and of the
    later month of each pair; same: whether a pair lies between the same figures.
    """

    series: Ints
    month: Ints
    before: Ints
    after: Ints
    ahead: Ints
    first: Ints
    second: Ints
    alone: slice
    early: slice
    late: slice
    same: Bools


@dataclass(frozen=True)
class OwnDynamics:
    """Own parts as first-order autoregressions over any number of months: powers and variances (N, T + 1) by distance."""

    power: Floats
    variance: Floats

    @classmethod
    def of(cls, found: FactorParameters, size: int) -> OwnDynamics:
        """Tables up to `size` months apart."""
        assert found.persistence is not None
        power = found.persistence[:, None] ** np.arange(size + 1)
        squares = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power[:, :-1] ** 2, axis=1)], axis=1)
        return cls(power, found.variances[:, None] * squares)
