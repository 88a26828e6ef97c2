"""Dynamic factor model by statsmodels' DynamicFactorMQ: expectation-maximisation and its outcome, smoothed joint moments."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.arrays import Floats, Ints

MOST = 30  # series; the cost grows faster than their number squared


@dataclass(frozen=True)
class EMFit:
    """Parameters, initial state, and how the search ended: `converged`, `stopped` (out of steps) or `reverted`."""

    params: Floats
    start: Any
    steps: int
    status: str


@dataclass(frozen=True)
class SmoothedMoments:
    """Given all observations: log-likelihood, means (cells,) and covariance (cells, cells) of the asked cells."""

    loglike: float
    mean: Floats
    covariance: Floats


def build_model(y: Floats, factors: int, order: int, persistent: bool) -> Any:
    """The model of `y` (T, N), NaN where unknown, on its standard scale already (Bańbura and Modugno 2014, eqs. 1-3).

    One block of `factors` that follow a vector autoregression of `order`; `persistent`: idiosyncratic components follow an
    autoregression of order one, else they are white noise.

    Series enter the filter one at a time (Koopman and Durbin 2000, J. Time Ser. Anal. 21:281). The expectation step sets the
    initial state to its smoothed value, which without white noise is known exactly: the first figure's prediction error then
    has variance zero. The univariate filter skips it; a joint inversion would leave the likelihood to rounding.
    """
    from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

    if y.shape[1] > MOST:
        raise ValueError(f"{y.shape[1]} series where at most {MOST} are taken")
    block = {tuple(str(i) for i in range(factors)): order}
    model = DynamicFactorMQ(y, factors=factors, factor_orders=block, idiosyncratic_ar1=persistent, standardize=False)
    model.ssm.filter_univariate = True  # series by series, it skips what is known exactly (see above)
    return model


def fit_em(model: Any, steps: int = 200, tolerance: float = 1e-5) -> EMFit:
    """Expectation-maximisation, and whether it converged, ran out of steps or was reverted at a fall of the likelihood.

    When reverted, the library still returns the parameters at which the likelihood fell; here the ones before are returned.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its warnings are replaced by the status below
        result = model.fit_em(maxiter=steps, tolerance=tolerance, disp=False)
    found = result.mle_retvals
    path = np.asarray(found.llf)[:-1]  # the last belongs to one more step
    change = 2 * abs(path[-1] - path[-2]) / (abs(path[-1]) + abs(path[-2])) if len(path) > 1 else np.inf
    status = "converged" if change <= tolerance else ("stopped" if found.iter >= steps else "reverted")
    place = -2 if status == "reverted" else -1
    return EMFit(np.asarray(found.params)[place], found.inits[place], int(found.iter), status)


def smoothed_moments(model: Any, params: Floats, rows: Ints, columns: Ints) -> SmoothedMoments:
    """Smoothed means and joint covariance of the cells (rows[i], columns[i]), measurement noise included.

    They condition on all observations of all months: predictions of the filter would leave out what other series say about the
    asked month. Covariances of states at different months follow de Jong and Mackinnon (1988).
    """
    result = model.smooth(params, transformed=True, cov_type="none")
    states, space = result.filter_results, result.model.ssm
    design = np.asarray(space["design"])[columns]
    noise = np.diag(np.asarray(space["obs_cov"]))[columns]
    constant = np.asarray(space["obs_intercept"])
    shift = constant[columns, rows if constant.shape[-1] > 1 else 0] if constant.ndim > 1 else constant[columns]
    mean = (design * np.asarray(states.smoothed_state)[:, rows].T).sum(axis=1) + shift
    months = np.unique(rows)
    between: dict[tuple[int, int], Floats] = {}
    for i, early in enumerate(months.tolist()):
        between[early, early] = np.asarray(states.smoothed_state_cov)[..., early]
        for late in months[i + 1 :].tolist():
            apart = states.smoothed_state_autocovariance(lag=-(late - early), t=early)
            between[early, late] = np.asarray(apart).reshape(design.shape[1], design.shape[1])
    out = np.empty((len(rows), len(rows)))
    for i in range(len(rows)):
        for j in range(i, len(rows)):
            one, two = (i, j) if rows[i] <= rows[j] else (j, i)
            out[i, j] = out[j, i] = design[one] @ between[int(rows[one]), int(rows[two])] @ design[two]
    return SmoothedMoments(float(result.llf), mean, out + np.diag(noise))
