"""The highest hill of a likelihood with several, and points about its top that stand for the whole of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from forecast.arrays import Floats
from forecast.estimators.regression.standard_errors import inverse_information
from forecast.kernels.gaussian import LOGLIKE_CUTOFF, climb_to_maximum, parameter_grid, settle_maximum
from forecast.kernels.resample import moment_matched_normals

Likelihood = Callable[[Floats], Floats]  # points (g, p) -> (g,)
MAX_MODES = 3  # climbed from a coarse grid
NODES = 64  # about the top, where there are too many parameters for a grid
WIDENING = 1.1  # than the normal distribution the top is like


def find_global_mode(loglike: Likelihood, low: Floats, high: Floats, counts: tuple[int, ...]) -> Floats:
    """The highest point (p,) of a box: its middle and the hills of a coarse grid are climbed, roughly, the best to its top."""
    coarse = parameter_grid(low, high, counts)
    starts = np.vstack([coarse[_local_maxima(loglike(coarse), counts)], (low + high) / 2])
    rough = np.stack([climb_to_mode(loglike, start, low, high, 12) for start in starts])
    return climb_to_mode(loglike, rough[loglike(rough).argmax()], low, high, 200)


def climb_to_mode(loglike: Likelihood, start: Floats, low: Floats, high: Floats, steps: int) -> Floats:
    """Uphill from `start` inside the box: neighbours and parabolas for few parameters, L-BFGS-B for more.

    Byrd, Lu, Nocedal and Zhu (1995, SIAM J. Sci. Comput. 16:1190); gradients by centred differences, all at once.
    """
    if len(start) < 3:
        return climb_to_maximum(loglike, start, (high - low) / 20, low, high, 1e-6 if steps > 50 else 0.02)
    from scipy.optimize import minimize

    width = 1e-5 * (high - low)
    sides = np.vstack([np.zeros(len(start)), np.diag(width), -np.diag(width)])

    def downhill(x: Floats) -> tuple[float, Floats]:
        points = np.clip(x + sides, low, high)
        values = loglike(points)
        size = len(x)
        run = points[1 : size + 1].diagonal() - points[size + 1 :].diagonal()
        return -float(values[0]), -(values[1 : size + 1] - values[size + 1 :]) / run

    bounds = list(zip(low, high, strict=True))
    options = {"maxiter": steps, "ftol": 1e-13, "gtol": 1e-7}
    found = np.asarray(minimize(downhill, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x, float)
    return settle_maximum(loglike, found, low, high) if steps > 50 else found


def nodes_around_mode(
    loglike: Likelihood, top: Floats, low: Floats, high: Floats, counts: tuple[int, ...]
) -> tuple[Floats, Floats]:
    """Points (g, p) about a top and the log of their weight (g,), to which the log-likelihood is to be added.

    Up to two parameters: a grid over what lies less than `KEEP` below the top, all of one weight. More: points drawn once for
    all from the normal distribution of the same curvature, a little wider, each weighted by the inverse of its density
    (importance sampling: Geweke 1989, Econometrica 57:1317); what lies on a bound stays there.
    """
    if len(top) < 3:
        coarse = parameter_grid(low, high, counts)
        values, step = loglike(coarse), (high - low) / (np.array(counts) - 1)
        likely = np.vstack([coarse[values > float(loglike(top[None])[0]) - LOGLIKE_CUTOFF], top])
        near, far = np.clip(likely.min(axis=0) - step / 2, low, high), np.clip(likely.max(axis=0) + step / 2, low, high)
        nodes = parameter_grid(near, far, counts)
        return nodes, np.zeros(len(nodes))
    spread = inverse_information(loglike, top, low, high)
    free = np.flatnonzero(np.isfinite(np.diag(spread)))
    if not len(free):
        return top[None], np.zeros(1)
    normal = WIDENING * moment_matched_normals(NODES, len(free), np.random.default_rng(0))
    nodes = np.repeat(top[None], NODES, axis=0)
    nodes[:, free] += normal @ np.linalg.cholesky(spread[np.ix_(free, free)]).T
    inside = ((nodes >= low) & (nodes <= high)).all(axis=1)
    weight = 0.5 * (normal**2).sum(axis=1) / WIDENING**2
    return np.vstack([top, nodes[inside]]), np.r_[0.0, weight[inside]]


def _local_maxima(values: Floats, counts: tuple[int, ...]) -> list[int]:
    """Up to `HILLS` nodes of a grid that no neighbour overtops, the highest first."""
    shaped = np.pad(values.reshape(counts), 1, constant_values=-np.inf)
    around = np.full(counts, -np.inf)
    for offset in itertools.product((-1, 0, 1), repeat=len(counts)):
        if any(offset):
            beside = tuple(slice(1 + o, 1 + o + c) for o, c in zip(offset, counts, strict=True))
            around = np.maximum(around, shaped[beside])
    tops = np.flatnonzero(np.isfinite(values) & (values >= around.ravel()))
    return [int(i) for i in tops[np.argsort(-values[tops])][:MAX_MODES]]
