"""Test of no effect from predictive draws: mean difference of scores with Student t tails, beside the total with empty months.

The score is a monotone scale on which the flow's noise is roughly even (logarithm, power, none), so that units, growth and
decline do not matter. With weights w (sum one) over the periods and predictive draws c of the figures y,

    d = sum_m w_m (g(y_m) - E g(c_m)),   T = d / s,   s^2 = w' Cov(g(c)) w (f - 2) / f,   T ~ t_v,

where the draws' spread contains that of a variance estimated with f degrees of freedom. v are the degrees of freedom of the
variance of the clean months, in the manner of Satterthwaite (1946, Biometrics Bull. 2:110): with first autocorrelation r,
v = f (1 - r^2) / (1 + r^2) (Bayley and Hammersley 1946, Suppl. J. R. Stat. Soc. 8:184). Shapes: observed (p,), draws (d, p).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from forecast.arrays import Bools, Floats, Ints
from forecast.kernels.rounding import ROUNDING, beyond_rounding, largest

FEWEST_FREEDOM = 3.0
AMOUNT_WEIGHT = 0.7  # of the amounts, beside the total, where some months are empty
FEWEST_DRAWS = 20  # with trade, for the moments of a period
POWER, LEVEL = 0.8, 0.05


@dataclass(frozen=True)
class MeanScore:
    """Mean score of the periods compared: observed minus predicted, its standard error and degrees of freedom."""

    difference: float
    scale: float
    freedom: float

    @property
    def p_values(self) -> tuple[float, float]:
        """One-sided p-values of a fall and of a rise."""
        if not self.scale > 0:
            return (1.0, 1.0) if self.difference == 0 else (float(self.difference > 0), float(self.difference < 0))
        below = float(stdtr(self.freedom, self.difference / self.scale))
        return below, 1.0 - below


def mean_score(
    observed: Floats, draws: Floats, weights: Floats, forward: Callable[[Floats], Floats], draws_freedom: float, freedom: float,
    *, positive: bool,
) -> MeanScore | None:  # fmt: skip
    """The mean score over the periods with trade; None where there is none.

    positive : compare only periods and draws with trade (two-part); moments are then those of the draws with trade.
    """
    compared = observed > 0 if positive else np.ones(len(observed), dtype=bool)
    if positive:
        compared &= (draws > 0).sum(axis=0) >= FEWEST_DRAWS
    if not compared.any():
        return None
    moments = score_moments(draws[:, compared], weights[compared], forward, positive=positive)
    if moments is None:
        return None
    mean, variance = moments
    w = weights[compared] / weights[compared].sum()
    shrink = (draws_freedom - 2.0) / draws_freedom if draws_freedom > 4.0 else 0.5
    scale = float(np.sqrt(variance * shrink))
    own = float(w @ forward(observed[compared]))
    apart = 0.0 if abs(own - mean) <= ROUNDING * max(abs(own), abs(mean)) else own - mean
    return MeanScore(apart, scale, max(freedom, FEWEST_FREEDOM))


def score_moments(
    draws: Floats, weights: Floats, forward: Callable[[Floats], Floats], *, positive: bool
) -> tuple[float, float] | None:
    """Mean and variance of the weighted mean score of the draws; with `positive`, pairwise over draws with trade."""
    w = weights / weights.sum()
    if not positive:
        scores = forward(draws) @ w
        varies = beyond_rounding(scores - scores.mean(), largest(scores)).any()
        return float(scores.mean()), float(scores.var(ddof=1)) if varies else 0.0
    traded: Bools = draws > 0
    if traded.all() and len(draws) >= FEWEST_DRAWS:
        return score_moments(draws, weights, forward, positive=False)
    scores = np.where(traded, forward(np.where(traded, draws, 1.0)), 0.0)
    count = traded.sum(axis=0)
    if (count < FEWEST_DRAWS).any():
        return None
    means = scores.sum(axis=0) / count
    centred = np.where(traded, scores - means, 0.0)
    pairs = traded.astype(float).T @ traded
    covariance = (centred.T @ centred) / np.maximum(pairs - 1.0, 1.0)
    return float(w @ means), max(float(w @ covariance @ w), 0.0)


def total_p_values(
    total: float, totals: Floats, empty: tuple[float, float], draws_freedom: float, calibration: float = 1.0
) -> tuple[float, float]:
    """One-sided p-values (fall, rise) of a total among predictive totals (draws,) of a flow with empty months.

    A total above zero: P(S <= s) = P0 + (1 - P0) T((log s - m) / d), P0 = empty[0] the probability of no trade at all, m and d
    the moments of the logarithms of the draws above zero, T Student t; the share of draws if that is larger. A total of zero:
    empty[1], the probability of so many empty months (mid-p).
    """
    traded = np.log(totals[totals > 0])
    if not total > 0:
        return empty[1], 1.0
    if len(traded) < FEWEST_DRAWS:
        return 1.0, empty[0]
    shrink = (draws_freedom - 2.0) / draws_freedom if draws_freedom > 4.0 else 0.5
    scale = calibration * float(np.sqrt(traded.var(ddof=1) * shrink))
    below = (
        float(stdtr(draws_freedom, (np.log(total) - traded.mean()) / scale)) if scale > 0 else float(np.log(total) >= traded[0])
    )
    fall, rise = empty[0] + (1.0 - empty[0]) * below, (1.0 - empty[0]) * (1.0 - below)
    return max(fall, float((totals <= total).mean())), max(rise, float((totals >= total).mean()))


def two_part_p_value(
    amounts: tuple[float, float] | None, total: tuple[float, float] | None, traded: float = 1.0, towards: int = 0
) -> tuple[float, int]:
    """Two-sided p-value and direction from one-sided p-values (fall, rise) of the amounts, and of the total.

    Cauchy combination (Liu and Xie 2020, J. Am. Stat. Assoc. 115:393): 1/2 - arctan(sum_i w_i tan((1/2 - p_i) pi)) / pi, which
    keeps its level whatever the dependence, with weight `AMOUNT_WEIGHT` on the amounts, and less where they are few: times
    twice the share of periods `traded`, at most one. Twice the p of the direction `towards` (-1 or 1:
    larger shipments are no sign of a sum that fell for want of some), or the smaller of both.
    """
    weight = AMOUNT_WEIGHT * min(1.0, 2.0 * traded)
    if amounts is None and total is None:
        return float("nan"), 0
    sides = []
    for side in (0, 1):
        if amounts is None or total is None:
            sides.append((amounts or total or (1.0, 1.0))[side])
            continue
        p = np.clip([amounts[side], total[side]], 1e-15, 0.5)  # a part against the direction counts as nothing
        mixed = np.array([weight, 1.0 - weight]) @ np.tan((0.5 - p) * np.pi)
        sides.append(float(0.5 - np.arctan(mixed) / np.pi))
    options = [(min(1.0, 2.0 * p), sign) for p, sign in zip(sides, (-1, 1), strict=True) if sign != -towards]
    return min(options)


def detectable_shift(scale: float, freedom: float) -> float:
    """Shift of the mean score found with power 80 % at 5 %: (t_{.975} + t_{.8}) s (Bloom 1995, Evaluation Review 19:547)."""
    return float(stdtrit(freedom, 1.0 - LEVEL / 2) + stdtrit(freedom, POWER)) * scale


def residual_freedom(scores: Floats, months: Ints, season: int) -> float:
    """Degrees of freedom v of the residual variance of clean scores (n,), less a trend and shrunken month means."""
    n = len(scores)
    if n < 4:
        return FEWEST_FREEDOM
    at = months - months.mean()
    left = scores - scores.mean() - at * float(at @ scores) / max(float(at @ at), 1e-300)
    if season and n >= 2 * season:
        phase = months % season
        left = left - (np.bincount(phase, left, season) / (np.bincount(phase, minlength=season) + 1.0))[phase]
    left = beyond_rounding(left, largest(scores))
    neighbours = np.flatnonzero(np.diff(months) == 1)
    total = float(left @ left)
    r = float(left[neighbours] @ left[neighbours + 1]) / total if total > 0 else 0.0
    r = min(max(r, 0.0), 0.95)
    return max((n - 1.0) * (1.0 - r * r) / (1.0 + r * r), FEWEST_FREEDOM)
