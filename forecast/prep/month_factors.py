"""The season of each series of a comparison: month effects removed before treated and donors are compared, then put back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels import season


@dataclass(frozen=True)
class MonthFactors:
    """Month effects of one series, or of m in columns: factors of a quantity, or amounts of what may be negative.

    before (n, ...) : effects in the months before the event, such that figures before and after it, less their effects, are
    equally noisy (`season.SeasonalFit`); pattern (S, ...) : effects of the months of the cycle
    """

    before: Floats
    pattern: Floats
    multiplies: bool

    def remove(self, values: Floats, effects: Floats) -> Floats:
        """Figures without the given effects."""
        return np.asarray(values / effects if self.multiplies else values - effects)

    def of_months(self, months: Ints) -> Floats:
        """Effects of other months than those they were estimated from, (months, ...)."""
        return np.asarray(self.pattern[months % len(self.pattern)])

    def of_periods(self, periods: tuple[Ints, ...]) -> Floats:
        """Mean effects of periods of some months each, (periods, ...)."""
        effects = self.of_months(np.concatenate(periods))
        if len(effects) == len(periods):
            return effects
        return np.array([own.mean(axis=0) for own in np.split(effects, np.cumsum([len(months) for months in periods])[:-1])])


def month_factors(months: Ints, values: Floats, length: int | None, *, multiplies: bool) -> MonthFactors:
    """The month effects of clean figures (n,), or (n, m) of series in columns, NaN where unknown.

    They are those of logarithms of months with trade, or of the figures; series known in the same months are fitted together.
    No effects (factors of one, amounts of zero) without a season of some `length`, or with fewer than two cycles of figures.
    """
    table = values if values.ndim > 1 else values[:, None]
    usable = np.isfinite(table) & (table > 0) if multiplies else np.isfinite(table)
    effects, pattern = np.zeros(table.shape), np.zeros((length or 1, table.shape[1]))
    alike: dict[bytes, list[int]] = {}
    for j, rows in enumerate(np.packbits(usable, axis=0).T if length else ()):
        alike.setdefault(rows.tobytes(), []).append(j)
    for own in map(np.array, alike.values()):
        rows = np.flatnonzero(usable[:, own[0]])
        if len(rows) >= season.CYCLES * (length or 1):
            known = table[np.ix_(rows, own)]
            made = season.fit_seasons(np.log(known) if multiplies else known, months[rows], length or 0)
            effects[np.ix_(rows, own)], pattern[:, own] = made.effects, made.pattern
    if multiplies:
        effects, pattern = np.exp(effects), np.exp(pattern)
    if values.ndim == 1:
        effects, pattern = effects[:, 0], pattern[:, 0]
    return MonthFactors(effects, pattern, multiplies)
