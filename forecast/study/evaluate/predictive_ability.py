"""Tests of predictive ability on forecast losses, one value per cutoff, in order of time.

Losses of forecasts that span several cutoffs are autocorrelated, and thirty cutoffs estimate a long-run variance poorly. With
Bartlett weights the conditional test never rejects at long horizons (uncentred, as published) and the Mincer-Zarnowitz Wald
test rejects far too often. Both therefore use an orthonormal cosine series estimator with few degrees of freedom and F
quantiles, which controls size (`long_run_variance`; measured in tests/reference/test_comparison.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats, Ints

MCS_SIZE = 0.1
MCS_DRAWS = 1000


@dataclass(frozen=True)
class HypothesisTest:
    """A statistic, its p-value, and the number of observations; NaN where the losses do not determine them."""

    statistic: float
    p: float
    n: int


@dataclass(frozen=True)
class MincerZarnowitz:
    """Actual = intercept + slope x forecast; `test` of intercept 0 and slope 1 jointly, `wald` with Bartlett weights."""

    intercept: float
    slope: float
    test: HypothesisTest
    wald: HypothesisTest


def diebold_mariano(loss: Floats, other: Floats, horizon: int = 1) -> HypothesisTest:
    """Test of equal average losses of Diebold and Mariano (1995), corrected by Harvey, Leybourne and Newbold (1997).

    horizon : number of cutoffs that a forecast spans

    Computed by statsmodels: variance with Bartlett weights up to max(horizon - 1, n^(1/3)) lags, the statistic times
    sqrt((n + 1 - 2h + h(h - 1)/n) / n), Student's t with n - 1 degrees of freedom. Negative if `loss` is the smaller. Undefined
    if all differences are equal or the horizon spans all cutoffs.
    """
    n, differences = len(loss), loss - other
    if horizon >= n or np.ptp(differences) <= 1e-12 * max(float(np.abs(loss).max()), 1e-300):
        return HypothesisTest(math.nan, math.nan, n)
    from statsmodels.tsa.stattools import diebold_mariano_test

    made = diebold_mariano_test(np.zeros(n), loss, other, criterion=_as_given, harvey_adj=True, horizon=horizon)
    return HypothesisTest(float(made.statistic), float(made.pvalue), n)


def _as_given(actual: Floats, loss: Floats) -> Floats:
    """The losses as they are, because they are computed already."""
    return loss


def giacomini_white(loss: Floats, other: Floats, horizon: int = 1, *, bartlett: bool = False) -> HypothesisTest:
    """Test of equal conditional predictive ability of Giacomini and White (2006, Econometrica 74:1545).

    Instruments h_t are a constant and the last loss difference known when the forecast was made, `horizon` cutoffs before;
    Z_t = h_t d_t, n = T - horizon cutoffs. Horizon 1: T_n = n Zbar' S^-1 Zbar with S the mean of Z Z' is chi-squared with 2
    degrees of freedom (Theorem 1, n times the uncentred R^2 of a constant on Z). Longer horizons: the same form with a long-run
    variance, from cosines by default, else uncentred with Bartlett weights up to horizon - 1 lags (Theorem 3).
    """
    differences = loss - other
    n = len(differences) - horizon
    if n < 4 or np.ptp(differences) <= 1e-12 * max(float(np.abs(loss).max()), 1e-300):
        return HypothesisTest(math.nan, math.nan, max(n, 0))
    z = differences[horizon:, None] * np.column_stack([np.ones(n), differences[:-horizon]])
    if horizon > 1 and not bartlett:
        return zero_mean_test(z)
    mean, spread = z.mean(axis=0), _bartlett_sum(z, horizon - 1) / n
    if np.linalg.cond(spread) > 1e12:
        return HypothesisTest(math.nan, math.nan, n)
    statistic = float(n * mean @ np.linalg.solve(spread, mean))
    p = math.exp(-statistic / 2)  # the survival function of chi-squared with 2 degrees of freedom
    return HypothesisTest(statistic, p, n)


def zero_mean_test(scores: Floats) -> HypothesisTest:
    """Test that the means of `scores` (n, k) are jointly zero: Wald statistic divided by k, against an F distribution.

    Long-run variance from B = max(0.4 n^(2/3), k + 1) equally weighted cosine averages; (B - k + 1) / (k B) times the Wald
    statistic is F(k, B - k + 1) (Lazarus, Lewis, Stock and Watson 2018, J. Bus. Econ. Stat. 36:541, eq. 7 and sec. 4).
    """
    from scipy.stats import f

    n, k = scores.shape
    b = max(round(0.4 * n ** (2 / 3)), k + 1)
    mean, spread = scores.mean(axis=0), long_run_variance(scores, b)
    if np.linalg.cond(spread) > 1e12:
        return HypothesisTest(math.nan, math.nan, n)
    statistic = float(n * mean @ np.linalg.solve(spread, mean)) * (b - k + 1) / (k * b)
    return HypothesisTest(statistic, float(f.sf(statistic, k, b - k + 1)), n)


def long_run_variance(scores: Floats, b: int) -> Floats:
    """Long-run variance (k, k) of `scores` (n, k): the mean of `b` outer products of their type-II cosine transforms."""
    n = len(scores)
    waves = np.sqrt(2 / n) * np.cos(np.pi * np.arange(1, b + 1)[:, None] * (np.arange(n) + 0.5)[None, :] / n)
    made: Floats = (waves @ scores).T @ (waves @ scores) / b
    return made


def _bartlett_sum(scores: Floats, lags: int) -> Floats:
    """Sum over lags of Bartlett-weighted cross products of `scores` (n, k), not centred (Newey and West 1987)."""
    total: Floats = scores.T @ scores
    for lag in range(1, min(lags, len(scores) - 1) + 1):
        part = scores[lag:].T @ scores[:-lag]
        total = total + (1 - lag / (lags + 1)) * (part + part.T)
    return total


def model_confidence_set(losses: Floats, seed: int = 0, block: int = 6, size: float = MCS_SIZE) -> tuple[Bools, Floats]:
    """Model confidence set of Hansen, Lunde and Nason (2011, Econometrica 79:453).

    losses : (cutoffs, models)

    Computed by arch: range statistic, circular blocks of `block` cutoffs. Returns membership at 1 - `size` and p-values, each
    (models,). Models with identical losses are entered once. Exact ties of two differences, which arch cannot rank, are broken
    by noise of a billionth of the spread.
    """
    from arch.bootstrap import MCS

    # the difference of identical losses has no variance, so each distinct loss enters once
    _, first, same = np.unique(losses, axis=1, return_index=True, return_inverse=True)
    same = same.reshape(-1)
    if len(first) == 1:
        return np.ones(losses.shape[1], dtype=bool), np.ones(losses.shape[1])
    single = losses[:, first]
    single = single + 1e-9 * single.std() * np.random.default_rng(seed).standard_normal(single.shape)
    block = min(block, len(losses) - 1)
    made = MCS(single, size, reps=MCS_DRAWS, block_size=block, method="R", bootstrap="circular", seed=seed)
    made.compute()
    p = made.pvalues["Pvalue"].sort_index().to_numpy(dtype=float)
    return p[same] > size, p[same]


def mincer_zarnowitz(actual: Floats, forecast: Floats, when: Ints, horizon: int = 1) -> MincerZarnowitz:
    """Test of forecast rationality: actual = a + b forecast with a = 0 and b = 1 jointly (Mincer and Zarnowitz 1969).

    Least squares over all rows; `when` numbers the cutoff of each. Scores are summed by cutoff, so that errors may correlate
    across series (Driscoll and Kraay 1998). `test` imposes the null hypothesis: errors times (1, forecast less its mean) have
    mean zero (`zero_mean_test`). `wald` is the usual statistic over 2 against F(2, n - 2), with Bartlett weights up to
    max(horizon - 1, n^(1/3)) lags, and the covariance times n / (n - 2), n the number of cutoffs.
    """
    from scipy.stats import f

    at = np.unique(when, return_inverse=True)[1]
    n = int(at.max()) + 1 if len(at) else 0
    nothing = HypothesisTest(math.nan, math.nan, n)
    x = np.column_stack([np.ones(len(forecast)), forecast])
    if n < 4 or horizon >= n or np.linalg.matrix_rank(x) < 2:
        return MincerZarnowitz(math.nan, math.nan, nothing, nothing)
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ actual
    # centring does not change the statistic, only its conditioning
    centred = np.column_stack([np.ones(len(forecast)), forecast - forecast.mean()])
    imposed = zero_mean_test(_sum_by_cutoff(centred * (actual - forecast)[:, None], at, n))
    # sandwich covariance from scores summed by cutoff: correlation across series and over cutoffs
    scores = _sum_by_cutoff(x * (actual - x @ beta)[:, None], at, n)
    covariance = inverse @ _bartlett_sum(scores, max(horizon - 1, math.ceil(n ** (1 / 3)))) @ inverse * n / (n - 2)
    away = beta - np.array([0.0, 1.0])
    if np.linalg.cond(covariance) > 1e15:
        return MincerZarnowitz(float(beta[0]), float(beta[1]), imposed, nothing)
    wald = float(away @ np.linalg.solve(covariance, away)) / 2
    return MincerZarnowitz(float(beta[0]), float(beta[1]), imposed, HypothesisTest(wald, float(f.sf(wald, 2, n - 2)), n))


def _sum_by_cutoff(rows: Floats, at: Ints, n: int) -> Floats:
    """Sums of the rows (rows, k) of each cutoff, shape (n, k)."""
    out = np.zeros((n, rows.shape[1]))
    np.add.at(out, at, rows)
    return out
