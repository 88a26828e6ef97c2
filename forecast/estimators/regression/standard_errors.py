"""Standard errors from the observed information: the inverse of the negative Hessian of a log-likelihood at its maximum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecast.arrays import Floats
from forecast.kernels.grid_search import parameter_grid


def inverse_information(loglike: Callable[[Floats], Floats], at: Floats, low: Floats, high: Floats) -> Floats:
    """Inverse observed information of `loglike` (points (g, p) -> (g,)) at its maximum, shape (p, p), by second differences.

    Computed twice: with steps of 0.4 % of the box, then of a fifth of a standard error. Parameters on a bound of the box are
    held fixed and get NaN; all is NaN where the Hessian is not negative definite.
    """
    step = 0.004 * (high - low)
    out = _all_nan(len(at))
    for _ in range(2):
        # all points of the central differences at once, because one batched call of the likelihood is much cheaper than many
        free = np.flatnonzero((at - step > low) & (at + step < high))
        offsets = parameter_grid(-np.ones(len(free)), np.ones(len(free)), (3,) * len(free))
        offsets = offsets[(offsets != 0).sum(axis=1) <= 2]
        points = np.repeat(at[None], len(offsets), axis=0)
        points[:, free] += offsets * step[free]
        values = {tuple(o): float(v) for o, v in zip(offsets.astype(int).tolist(), loglike(points), strict=True)}
        second = np.array([[_second_difference(values, i, j, len(free)) for j in range(len(free))] for i in range(len(free))])
        second = second.reshape(len(free), len(free)) / np.outer(step[free], step[free])
        if not np.isfinite(second).all() or (len(free) and np.linalg.eigvalsh(second).max() >= 0):
            return _all_nan(len(at))
        out = _all_nan(len(at))
        out[np.ix_(free, free)] = np.linalg.inv(-second)
        step[free] = np.minimum(0.2 * np.sqrt(np.diag(out)[free]), 0.01 * (high - low)[free])
    return out


def _second_difference(values: dict[tuple[int, ...], float], i: int, j: int, size: int) -> float:
    """Central second difference in directions i and j, per step squared."""

    def at(a: int, b: int) -> float:
        offset = [0] * size
        offset[i] += a
        offset[j] += b
        return values[tuple(offset)]

    if i == j:
        return at(1, 0) - 2 * at(0, 0) + at(-1, 0)
    return (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 4


def _all_nan(size: int) -> Floats:
    return np.full((size, size), np.nan)
