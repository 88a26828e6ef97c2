"""The gap between two records of one trade: its change in time, and its slope on an incentive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from forecast.arrays import Bools, Floats

FEWEST = 3  # months on each side, and points of a slope


@dataclass(frozen=True)
class GapEstimate:
    """An estimate with its bounds at a level; NaN where the figures do not determine them."""

    estimate: float
    low: float
    high: float


def log_gap(exports: Floats, imports: Floats) -> Floats:
    """The log of the exporter's record less that of the importer's, shape (months,); NaN where either is unknown or zero.

    Fisman, R. and Wei, S.-J. (2004). Tax rates and tax evasion: evidence from "missing imports" in China. Journal of Political
    Economy 112(2), 471-500: their evasion gap, of Hong Kong's exports to China and China's imports from there.
    """
    known = np.isfinite(exports) & np.isfinite(imports) & (exports > 0) & (imports > 0)
    gap = np.full(len(exports), np.nan)
    gap[known] = np.log(exports[known]) - np.log(imports[known])
    return gap


def change_in_time(gap: Floats, after: Bools, level: float = 0.95) -> GapEstimate:
    """Mean gap after a day less the mean before it, with a t interval that allows for serial correlation.

    Each mean has the variance of its own months with Bartlett weights up to lag L = floor(4 (n / 100)^(2/9)) (Newey, W. K. and
    West, K. D. 1987, Econometrica 55(3), 703-708), of which months without a gap are no neighbours; n - 2 degrees of freedom.

    gap : (months,) with NaN where unknown; after : (months,)
    """
    parts = [np.where(after == late, gap, np.nan) for late in (False, True)]
    counts = [int(np.isfinite(part).sum()) for part in parts]
    if min(counts) < FEWEST:
        return GapEstimate(np.nan, np.nan, np.nan)
    estimate = float(np.nanmean(parts[1]) - np.nanmean(parts[0]))
    variance = sum(_variance_of_mean(part) for part in parts)
    half = float(stdtrit(sum(counts) - 2, 0.5 + level / 2)) * variance**0.5
    return GapEstimate(estimate, estimate - half, estimate + half)


def _variance_of_mean(part: Floats) -> float:
    """Variance of the mean of a series with holes; never below that of independent months."""
    known = np.isfinite(part)
    n = int(known.sum())
    left = np.where(known, part - np.nanmean(part), 0.0)
    lags = int(4 * (n / 100) ** (2 / 9))
    total = float(left @ left)
    more = sum(2 * (1 - k / (lags + 1)) * float(left[k:] @ left[:-k]) for k in range(1, lags + 1))
    return max(total, total + more) / (n * (n - 1))


def variance_of_change(low: Floats, high: Floats, months: Floats, level: float = 0.95) -> Floats:
    """The variance of changes in time from their t intervals; low, high, months : (goods,), months known before and after."""
    return np.asarray(((high - low) / 2 / stdtrit(months - 2, 0.5 + level / 2)) ** 2, float)


def slope_on_incentive(gap: Floats, incentive: Floats, level: float = 0.95, variance: Floats | None = None) -> GapEstimate:
    """Least squares of gaps (or their changes) of several goods on an incentive, with its t interval.

    gap = a + b incentive + error, one point for a good: a tariff rate (Fisman and Wei 2004), or 1 for a controlled good and 0
    for another. With changes in time on such a mark, b is the difference in differences, and the interval that of two samples
    of equal variance; months are collapsed before and after, so that their serial correlation does not count as evidence
    (Bertrand, M., Duflo, E. and Mullainathan, S. 2004, Quarterly Journal of Economics 119(1), 249-275).

    A single good under control leaves no residual, so that its noise would be taken from the others alone, which fails where
    it is larger (Ferman, B. and Pinto, C. 2019, Review of Economics and Statistics 101(3), 452-467). With the `variance` of
    each gap, known from its own months, the error of a good has that and a part common to all goods, the residual variance less
    what their own variances explain of it, zero at least. Equal variances give the usual interval.

    gap, incentive, variance : (goods,); without `variance` all goods have the same
    """
    use = np.isfinite(gap) & np.isfinite(incentive)
    y, x = gap[use], incentive[use]
    own = np.zeros(len(y)) if variance is None else variance[use]
    if len(y) < FEWEST or not np.ptp(x) > 0:
        return GapEstimate(np.nan, np.nan, np.nan)
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    errors = y - y.mean() - slope * centred
    left = 1 - 1 / len(y) - centred**2 / (centred @ centred)  # of the own variance of a good in its squared residual
    common = max(0.0, float(errors @ errors - own @ left) / (len(y) - 2))
    se = float(np.sqrt(centred**2 @ (own + common))) / float(centred @ centred)
    half = float(stdtrit(len(y) - 2, 0.5 + level / 2)) * se
    return GapEstimate(slope, slope - half, slope + half)
