"""Synthetic control on predictors: weights of donors that match them, and predictor weights that make the outcomes fit.

Abadie and Gardeazabal (2003, Am. Econ. Rev. 93: 113-132, appendix B); Abadie, Diamond and Hainmueller (2010, J. Am. Stat.
Assoc. 105: 493-505, sec. 2.3). With X1 (p,) and X0 (p, k) the predictors of treated and donors, each divided by its standard
deviation over all units,

    w(v) = argmin sum_m v_m (X1_m - X0_m w)^2 over the simplex,   v* = argmin mean of (y_t - x_t w(v))^2 over the fitted months
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecast.arrays import Floats
from forecast.estimators.synthetic import simplex
from forecast.estimators.synthetic.sample import WeightingSample

SMALLEST = -14.0  # log of the smallest predictor weight over the largest: 1e-6
ROUNDS, STEPS = 6, 500  # of the search: fresh starts, and evaluations in each
FIRST_STEP = 2.0  # of a fresh start, on the logarithm of a weight
SETTLED = 1e-4  # a round that lowers the error by a smaller share ends the search


def match_predictors(sample: WeightingSample, given: tuple[float, ...] | None) -> tuple[Floats, Floats]:
    """Weights of the donors (k,) and of the predictors (p,), which sum to one; the latter searched for where not `given`."""
    rows = sample.predictors

    def donor_weights(v: Floats) -> Floats:
        root = np.sqrt(v)
        return simplex.least_squares_weights(rows[:, 1:] * root[:, None], rows[:, 0] * root)

    v = np.array(given) if given is not None else _best_predictor_weights(sample, donor_weights)
    v = v / v.sum()
    return donor_weights(v), v


def _best_predictor_weights(sample: WeightingSample, donor_weights: Callable[[Floats], Floats]) -> Floats:
    """The predictor weights of smallest mean squared error over the fitted months, from two starts.

    The error is neither convex nor smooth in v, so the search is that of Nelder and Mead on log v, begun afresh from its own
    result until that helps no more. It starts, as the R package Synth does, from equal weights and from the squared
    coefficients of a regression of the outcomes on the predictors.
    """
    from scipy.optimize import minimize

    y, x, count = sample.y[sample.fitted], sample.x[sample.fitted], len(sample.predictors)
    if count == 1:
        return np.ones(1)

    def relative(log_v: Floats) -> Floats:
        return np.asarray(np.clip(log_v - log_v.max(), SMALLEST, 0.0))

    def error(log_v: Floats) -> float:
        return float(((y - x @ donor_weights(np.exp(relative(log_v)))) ** 2).mean())

    design = np.column_stack([np.ones(1 + x.shape[1]), sample.predictors.T])
    slopes = np.linalg.lstsq(design, np.column_stack([y, x]).T, rcond=None)[0][1:]
    best, least = np.zeros(count), np.inf
    for start in (np.ones(count), (slopes**2).sum(axis=1)):
        at = relative(np.log(np.maximum(start / start.max(), 1e-12)))
        value = error(at)
        for _ in range(ROUNDS):
            away = np.diag(np.where(at < -FIRST_STEP, FIRST_STEP, -FIRST_STEP))
            words = {"initial_simplex": np.vstack([at, at + away]), "maxfev": STEPS, "adaptive": True, "xatol": 1e-4,
                     "fatol": 1e-8 * value}  # fmt: skip
            found = minimize(error, at, method="Nelder-Mead", options=words)
            settled = found.fun > value * (1 - SETTLED)
            if found.fun < value:
                at, value = relative(found.x), float(found.fun)
            if settled:
                break
        if value < least:
            best, least = at, value
    weights: Floats = np.exp(best)
    return weights
