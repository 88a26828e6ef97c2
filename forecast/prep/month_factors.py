"""The season of each series of a comparison: month effects removed before treated and donors are compared, then put back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels import season


@dataclass(frozen=True)
class MonthFactors:
    """Month effects of one series: factors of a quantity, or amounts of what may be negative.

    before (n,) : effects in the months before the event, such that figures before and after it, less their effects, are equally
    noisy (`season.SeasonalFit`); pattern (S,) : effects of the months of the cycle
    """

    before: Floats
    pattern: Floats
    multiplies: bool

    def remove(self, values: Floats, effects: Floats) -> Floats:
        """Figures without the given effects."""
        return np.asarray(values / effects if self.multiplies else values - effects)

    def of_months(self, months: Ints) -> Floats:
        """Effects of other months than those they were estimated from."""
        return np.asarray(self.pattern[months % len(self.pattern)])

    def of_periods(self, periods: tuple[Ints, ...]) -> Floats:
        """Mean effects of periods of some months each."""
        if all(len(months) == 1 for months in periods):
            return self.of_months(np.array([months[0] for months in periods], dtype=np.int64))
        return np.array([self.of_months(months).mean() for months in periods])


def month_factors(months: Ints, values: Floats, length: int | None, *, multiplies: bool) -> MonthFactors:
    """The month effects of clean figures (n,), NaN where unknown: from logarithms of months with trade, or from the figures.

    No effects (factors of one, amounts of zero) without a season of some `length`, or with fewer than two cycles of figures.
    """
    return factors_of_series(months, values[:, None], length, multiplies=multiplies)[0]


def factors_of_series(months: Ints, table: Floats, length: int | None, *, multiplies: bool) -> list[MonthFactors]:
    """The month effects of each series of a table (n, m), as `month_factors`; those known in the same months together."""
    usable = np.isfinite(table) & (table > 0) if multiplies else np.isfinite(table)
    effects, patterns = np.zeros(table.shape), [np.zeros(1)] * table.shape[1]
    alike: dict[bytes, list[int]] = {}
    for j, rows in enumerate(usable.T):
        if length and rows.sum() >= season.CYCLES * length:
            alike.setdefault(rows.tobytes(), []).append(j)
    for own in alike.values():
        rows = np.flatnonzero(usable[:, own[0]])
        known = table[rows][:, own]
        made = season.fit_seasons(np.log(known) if multiplies else known, months[rows], length or 0)
        for j, fitted in zip(own, made, strict=True):
            effects[rows, j], patterns[j] = fitted.effects, fitted.pattern
    if multiplies:
        return [MonthFactors(np.exp(own), np.exp(pattern), True) for own, pattern in zip(effects.T, patterns, strict=True)]
    return [MonthFactors(own, pattern, False) for own, pattern in zip(effects.T, patterns, strict=True)]
