"""Power of a two-sided z test, and the minimum detectable effect."""

from __future__ import annotations

from math import nan
from statistics import NormalDist

STANDARD_NORMAL = NormalDist()


def power(effect: float, spread: float, level: float = 0.05) -> float:
    """Power of a two-sided test at `level` for a normal estimate with mean `effect` and standard deviation `spread`.

    Phi(d - z) + Phi(-d - z) with d = effect / spread and z the 1 - level / 2 quantile; equals `level` at an effect of zero.
    """
    if not spread > 0:
        return nan
    z, size = STANDARD_NORMAL.inv_cdf(1 - level / 2), abs(effect) / spread
    return STANDARD_NORMAL.cdf(size - z) + STANDARD_NORMAL.cdf(-size - z)


def detectable_effect(spread: float, chance: float = 0.8, level: float = 0.05) -> float:
    """Minimum detectable effect with power `chance`: (z_{1 - level/2} + z_chance) spread.

    Bloom (1995, Evaluation Review 19:547); the opposite tail, which adds less than 1e-6 to the power, is ignored.
    """
    return (STANDARD_NORMAL.inv_cdf(1 - level / 2) + STANDARD_NORMAL.inv_cdf(chance)) * spread if spread > 0 else nan
