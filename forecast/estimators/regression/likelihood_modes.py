"""Global mode of a multimodal likelihood, with weighted points that represent the posterior around it."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from forecast.arrays import Floats
from forecast.estimators.regression.standard_errors import inverse_information
from forecast.kernels.grid_search import LOGLIKE_CUTOFF, climb_to_maximum, parameter_grid, settle_maximum
from forecast.kernels.resample import moment_matched_normals

Likelihood = Callable[[Floats], Floats]  # points (g, p) -> (g,)
MAX_MODES = 3  # local maxima of a coarse grid from which the search starts
NODES = 64  # importance-sampling points, for more parameters than a grid can hold
WIDENING = 1.1  # standard deviation of the sampling distribution over that of the Laplace approximation


def find_global_mode(loglike: Likelihood, low: Floats, high: Floats, counts: tuple[int, ...]) -> Floats:
    """Global maximum (p,) over a box: rough ascents from its midpoint and the local maxima of a grid, the best refined."""
    coarse = parameter_grid(low, high, counts)
    starts = np.vstack([coarse[_local_maxima(loglike(coarse), counts)], (low + high) / 2])
    rough = np.stack([climb_to_mode(loglike, start, low, high, 12) for start in starts])
    return climb_to_mode(loglike, rough[loglike(rough).argmax()], low, high, 200)


def climb_to_mode(loglike: Likelihood, start: Floats, low: Floats, high: Floats, steps: int) -> Floats:
    """Local maximum (p,) reached from `start` inside the box: pattern search for up to two parameters, else L-BFGS-B.

    Byrd, Lu, Nocedal and Zhu (1995, SIAM J. Sci. Comput. 16:1190); central-difference gradients in one batched evaluation.
    """
    if len(start) < 3:
        return climb_to_maximum(loglike, start, (high - low) / 20, low, high, 1e-6 if steps > 50 else 0.02)
    from scipy.optimize import minimize

    width = 1e-5 * (high - low)
    sides = np.vstack([np.zeros(len(start)), np.diag(width), -np.diag(width)])

    def negative_loglike(x: Floats) -> tuple[float, Floats]:
        points = np.clip(x + sides, low, high)
        values = loglike(points)
        size = len(x)
        run = points[1 : size + 1].diagonal() - points[size + 1 :].diagonal()
        return -float(values[0]), -(values[1 : size + 1] - values[size + 1 :]) / run

    bounds = list(zip(low, high, strict=True))
    options = {"maxiter": steps, "ftol": 1e-13, "gtol": 1e-7}
    found = np.asarray(minimize(negative_loglike, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x, float)
    return settle_maximum(loglike, found, low, high) if steps > 50 else found


def nodes_around_mode(
    loglike: Likelihood, mode: Floats, low: Floats, high: Floats, counts: tuple[int, ...]
) -> tuple[Floats, Floats]:
    """Points (g, p) around a mode and their log weights (g,), to which the log-likelihood is to be added.

    Up to two parameters: an equally weighted grid over the region less than `LOGLIKE_CUTOFF` below the mode. More: fixed points
    from a normal distribution with the curvature of the mode, slightly widened, weighted by the inverse of its density
    (importance sampling: Geweke 1989, Econometrica 57:1317); parameters on a bound stay there.
    """
    if len(mode) < 3:
        coarse = parameter_grid(low, high, counts)
        values, step = loglike(coarse), (high - low) / (np.array(counts) - 1)
        likely = np.vstack([coarse[values > float(loglike(mode[None])[0]) - LOGLIKE_CUTOFF], mode])
        near, far = np.clip(likely.min(axis=0) - step / 2, low, high), np.clip(likely.max(axis=0) + step / 2, low, high)
        nodes = parameter_grid(near, far, counts)
        return nodes, np.zeros(len(nodes))
    spread = inverse_information(loglike, mode, low, high)
    free = np.flatnonzero(np.isfinite(np.diag(spread)))
    if not len(free):
        return mode[None], np.zeros(1)
    normal = WIDENING * moment_matched_normals(NODES, len(free), np.random.default_rng(0))
    nodes = np.repeat(mode[None], NODES, axis=0)
    nodes[:, free] += normal @ np.linalg.cholesky(spread[np.ix_(free, free)]).T
    inside = ((nodes >= low) & (nodes <= high)).all(axis=1)
    weight = 0.5 * (normal**2).sum(axis=1) / WIDENING**2
    return np.vstack([mode, nodes[inside]]), np.r_[0.0, weight[inside]]


def _local_maxima(values: Floats, counts: tuple[int, ...]) -> list[int]:
    """Indices of up to `MAX_MODES` grid nodes that no neighbour exceeds, the highest first."""
    # padded by minus infinity, so that nodes on the edge of the grid are compared with existing neighbours only
    shaped = np.pad(values.reshape(counts), 1, constant_values=-np.inf)
    highest_neighbour = np.full(counts, -np.inf)
    for offset in itertools.product((-1, 0, 1), repeat=len(counts)):
        if any(offset):
            neighbour = tuple(slice(1 + o, 1 + o + c) for o, c in zip(offset, counts, strict=True))
            highest_neighbour = np.maximum(highest_neighbour, shaped[neighbour])
    peaks = np.flatnonzero(np.isfinite(values) & (values >= highest_neighbour.ravel()))
    return [int(i) for i in peaks[np.argsort(-values[peaks])][:MAX_MODES]]
