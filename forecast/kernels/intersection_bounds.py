"""Bounds that are minima of estimates: their one-sided limits, those of their sums, and intervals of a set.

The minimum of noisy estimates lies below the minimum of what they estimate, and its positive part above zero where nothing
is there; so limits are taken of the estimates as they are, and clipped last.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

from forecast.arrays import Floats

TWO_SIGMA = 0.97725  # probability below two standard deviations of a normal distribution


def upper_limit_of_minimum(points: Floats, draws: Floats, level: float) -> float:
    """Upper limit of min_j theta_j at a level; with 0.5 the estimate that is as often too low as too high, or less.

    The limit is min_j (point_j + c s_j), with c the `level` quantile of the largest standardised error over the estimates
    that may be the smallest (Chernozhukov, Lee and Rosen 2013, Econometrica 81:667, for finitely many bounds): those that do
    not exceed the smallest by more than 2 c' s_j, c' at the level 1 - 0.1 / log n, with n the number of draws. That constant
    is recalled; the paper's text was not at hand to check it.

    Parameters
    ----------
    points : array of float, shape (j,)
        estimates
    draws : array of float, shape (n, j)
        of what is estimated, jointly
    level : float
        probability that the limit is not below the minimum

    Returns
    -------
    float
        infinite where there is no estimate
    """
    if not len(points):
        return math.inf
    above = (np.quantile(draws, TWO_SIGMA, axis=0) - points) / 2  # draws of logarithms are skewed: the upper half counts
    below = (points - np.quantile(draws, 1.0 - TWO_SIGMA, axis=0)) / 2
    spread = np.maximum(above if level >= 0.5 else below, 0.0)
    errors = np.divide(draws - points, spread, out=np.zeros_like(draws), where=spread > 0)
    strict = 1.0 - 0.1 / math.log(max(len(draws), 3))
    wide = float(np.quantile(errors.max(axis=1), strict))
    smallest = float((points + wide * spread).min())
    close = points <= smallest + 2.0 * wide * spread
    reach = float(np.quantile(errors[:, close].max(axis=1), level))
    return float((points + reach * spread)[close].min())


def sum_of_clipped_minima(points: Floats, draws: Floats, level: float) -> tuple[float, float]:
    """Estimate and upper limit of sum_k max(0, min_j theta_kj).

    Each term has its own estimate e_k and limit u_k (`upper_limit_of_minimum`), clipped at zero; the limit of the sum is
    sum e_k + sqrt(sum_kl r_kl (u_k - e_k)(u_l - e_l)), with r the correlation of the smaller estimates, where positive: the
    variance of the sum is recovered from the limits (Zou and Donner 2008, Statistics in Medicine 27:1693).

    Parameters
    ----------
    points : array of float, shape (k, j)
        estimates; infinite where there is none
    draws : array of float, shape (n, k, j)
        joint draws; infinite where there is no estimate
    level : float
        probability of the limit, 0.5 or more

    Returns
    -------
    (float, float)
        infinite where a term has no estimate
    """
    if not len(points):
        return 0.0, 0.0
    estimates, limits = [], []
    for k in range(len(points)):
        there = np.isfinite(points[k])
        estimates.append(max(upper_limit_of_minimum(points[k][there], draws[:, k, there], 0.5), 0.0))
        limits.append(max(upper_limit_of_minimum(points[k][there], draws[:, k, there], level), 0.0))
    total = sum(estimates)
    if not math.isfinite(total):
        return math.inf, math.inf
    reach = np.maximum(np.array(limits) - np.array(estimates), 0.0)
    smaller = draws[:, np.arange(len(points)), points.argmin(axis=1)]
    return total, total + math.sqrt(float(reach @ _positive_correlation(smaller) @ reach))


def lower_limit_of_clipped_sum(points: Floats, draws: Floats, level: float) -> float:
    """Lower limit of sum_k max(0, theta_k): that of each term, at a level at which all of them hold together, clipped at zero.

    Terms chosen because their estimates are above zero would be too high together.

    Parameters
    ----------
    points : array of float, shape (k,)
        estimates
    draws : array of float, shape (n, k)
        of what is estimated, jointly
    level : float
        probability that the limit is not above the sum
    """
    if not len(points):
        return 0.0
    spread = np.maximum((points - np.quantile(draws, 1.0 - TWO_SIGMA, axis=0)) / 2, 0.0)
    errors = np.divide(points - draws, spread, out=np.zeros_like(draws), where=spread > 0)
    reach = float(np.quantile(errors.max(axis=1), level))
    return float(np.maximum(points - reach * spread, 0.0).sum())


def _positive_correlation(draws: Floats) -> Floats:
    """Correlation matrix of columns, without what is below zero."""
    spread = draws.std(axis=0)
    scaled = np.divide(draws - draws.mean(axis=0), spread, out=np.zeros_like(draws), where=spread > 0)
    found: Floats = np.maximum(scaled.T @ scaled / len(draws), 0.0)
    np.fill_diagonal(found, 1.0)
    return found


def level_of_set(width: float, spread: float, level: float = 0.95) -> float:
    """Probability of each one-sided limit with which the interval contains every point of a set of that width.

    The c with Phi(c + width / spread) - Phi(-c) = level (Imbens and Manski 2004, Econometrica 72:1845), as Phi(c): `level` for
    a wide set, as of one side, and (1 + level) / 2 for a point. It is right where the width is estimated better than the
    bounds are, as where it cannot be estimated below zero (Stoye 2009, Econometrica 77:1299).

    >>> round(level_of_set(0.0, 1.0), 4), round(level_of_set(100.0, 1.0), 4)
    (0.975, 0.95)
    """
    if not spread > 0:
        return level
    low, high = float(ndtri(level)), float(ndtri((1.0 + level) / 2))
    for _ in range(60):
        middle = (low + high) / 2
        if ndtr(middle + max(width, 0.0) / spread) - ndtr(-middle) < level:
            low = middle
        else:
            high = middle
    return float(ndtr(high))
