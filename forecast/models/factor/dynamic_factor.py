"""Dynamic factor model by statsmodels' DynamicFactorMQ: expectation-maximisation with its outcome on record, joint moments."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.arrays import Floats, Ints

MOST = 30  # series; the cost grows faster than their number squared


@dataclass(frozen=True)
class EMFit:
    """Parameters, where the state starts, and how the search ended: `converged`, `stopped` (no more steps) or `reverted`."""

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

    One block of `factors` that follow a vector autoregression of `order`; `persistent`: what a series has of its own follows an
    autoregression of order one, else it is white noise.

    Series enter the filter one at a time (Koopman and Durbin 2000, J. Time Ser. Anal. 21:281). The expectation step sets the
    first state to what all figures say of it, and without white noise that is known exactly: the first figure's error has
    variance zero. Entered one at a time it is left out; inverted with the others, rounding would decide on the likelihood.
    """
    from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

    if y.shape[1] > MOST:
        raise ValueError(f"{y.shape[1]} series where at most {MOST} are taken")
    block = {tuple(str(i) for i in range(factors)): order}
    model = DynamicFactorMQ(y, factors=factors, factor_orders=block, idiosyncratic_ar1=persistent, standardize=False)
    model.ssm.filter_univariate = True  # series by series, it leaves out what is known already (below)
    return model


def fit_em(model: Any, steps: int = 200, tolerance: float = 1e-5) -> EMFit:
    """Expectation-maximisation; whether it converged, ran out of steps or was turned back at a fall of the likelihood.

    Where it was turned back the library still returns the parameters at which the likelihood fell; here it is those before.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the search's own words are read off its likelihoods below
        result = model.fit_em(maxiter=steps, tolerance=tolerance, disp=False)
    found = result.mle_retvals
    path = np.asarray(found.llf)[:-1]  # the last is that of one more step
    change = 2 * abs(path[-1] - path[-2]) / (abs(path[-1]) + abs(path[-2])) if len(path) > 1 else np.inf
    status = "converged" if change <= tolerance else ("stopped" if found.iter >= steps else "reverted")
    place = -2 if status == "reverted" else -1
    return EMFit(np.asarray(found.params)[place], found.inits[place], int(found.iter), status)


def smoothed_moments(model: Any, params: Floats, rows: Ints, columns: Ints) -> SmoothedMoments:
    """Smoothed means and joint covariance of the cells (rows[i], columns[i]) as if they were observed without missing ones.

    The information set is that of the smoother, all observations of all months: the filter's own predictions would leave out
    what other series say of the asked month. Covariances of states months apart are de Jong and Mackinnon's (1988).
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
