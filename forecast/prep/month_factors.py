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
        return np.array([self.of_months(months).mean() for months in periods])


def month_factors(months: Ints, values: Floats, length: int | None, *, multiplies: bool) -> MonthFactors:
    """The month effects of clean figures (n,), NaN where unknown: from logarithms of months with trade, or from the figures.

    No effects (factors of one, amounts of zero) without a season of some `length`, or with fewer than two cycles of figures.
    """
    usable = np.isfinite(values) & (values > 0) if multiplies else np.isfinite(values)
    effects, pattern = np.zeros(len(months)), np.zeros(1)
    if length and usable.sum() >= season.CYCLES * length:
        fitted = season.fit_season(np.log(values[usable]) if multiplies else values[usable], months[usable], length)
        effects[usable], pattern = fitted.effects, fitted.pattern
    return MonthFactors(np.exp(effects) if multiplies else effects, np.exp(pattern) if multiplies else pattern, multiplies)
