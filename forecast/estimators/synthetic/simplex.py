"""Weights on the simplex: least squares over non-negative weights that sum to one."""

from __future__ import annotations

import math

import numpy as np

from forecast.arrays import Floats
from forecast.kernels.rounding import beyond_rounding, largest

REFRESH = 200  # steps after which the running products are recomputed, so that rounding errors do not accumulate


def least_squares_weights(a: Floats, b: Floats, penalty: float = 0.0) -> Floats:
    """The weights w (k,) that minimise |a w - b|^2 + penalty |w|^2 over w >= 0, sum w = 1; `a` (n, k), `b` (n,).

    On the simplex a w - b = (a - b 1') w. Of several optima, one with few donors, of which those that are alike weigh the same.
    """
    vertices = beyond_rounding(a - b[:, None], largest(a, b))
    if penalty > 0 or not _may_be_alike(a):  # a ridge gives them equal weights
        return nearest_point(vertices, penalty)
    same = [int(np.argmax(~beyond_rounding(a - column[:, None], largest(a)).any(axis=0))) for column in a.T]
    first, group = np.unique(same, return_inverse=True)
    shared: Floats = (nearest_point(vertices[:, first]) / np.bincount(group))[group]
    return shared


def _may_be_alike(a: Floats) -> bool:
    """Whether two columns have one sum, as columns that are alike have."""
    sums = np.sort(a.sum(axis=0))
    return not beyond_rounding(np.diff(sums), len(a) * largest(a)).all()


def nearest_point(vertices: Floats, penalty: float = 0.0) -> Floats:
    """The weights w (k,) that minimise |D w|^2 + penalty |w|^2 over w >= 0, sum w = 1, the columns of D (n, k) `vertices`.

    That is the point of a convex hull nearest to the origin (Wolfe 1976, Math. Programming 11: 128-149), whose direction
    non-negative least squares finds exactly: minimising s^2 |D w|^2 + (s - 1)^2 over the scale s leaves
    |D w|^2 / (1 + |D w|^2), which increases in |D w|. Solved by active sets (Lawson and Hanson 1974, ch. 23).
    """
    from scipy.optimize import nnls

    n, k = vertices.shape
    if k == 1:
        return np.ones(1)
    sizes = np.einsum("nk,nk->k", vertices, vertices) + penalty
    size = math.sqrt(sizes.min())
    if size == 0.0:  # a donor equal to the target
        hit: Floats = (sizes == 0.0) / (sizes == 0.0).sum()
        return hit
    ridge = k if penalty > 0 else 0
    system = np.zeros((n + ridge + 1, k))
    np.divide(vertices, size, out=system[:n])
    if ridge:
        system[n:-1].flat[:: k + 1] = math.sqrt(penalty) / size
    system[-1] = 1.0
    target = np.zeros(len(system))
    target[-1] = 1.0
    found = nnls(system, target, maxiter=100 * k)[0]
    weights: Floats = found / found.sum()
    return weights


def frank_wolfe_weights(a: Floats, b: Floats, penalty: float, start: Floats, decrease: float, most: int) -> Floats:
    """The same problem by Frank-Wolfe steps with exact line search and the stopping rule of the R package synthdid.

    `penalty` is zeta^2 n; the search ends after `most` steps, or once a step lowers zeta^2 |w|^2 + |a w - b|^2 / n by no more
    than `decrease`^2 (synthdid 0.0.9, `sc.weight.fw`). Not the optimum: it reproduces that package. On the simplex the
    objective is w' M w with M = (a - b 1')'(a - b 1') + penalty I, so a step of length s to vertex i takes the gradient
    g = M w to (1 - s) g + s M_i and the objective f to (1 - s)^2 f + 2 s (1 - s) g_i + s^2 M_ii.
    """
    n, w = len(a), start.copy()
    rows = a - b[:, None]
    matrix = rows.T @ rows + penalty * np.eye(a.shape[1])
    vertices = np.diag(matrix).tolist()
    gradient = matrix @ w
    value = float(w @ gradient)
    for step in range(most):
        if step % REFRESH == 0:
            gradient = matrix @ w
            value = float(w @ gradient)
        i = int(gradient.argmin())
        towards = float(gradient[i])
        curve = vertices[i] - 2.0 * towards + value
        length = min(1.0, max(0.0, (value - towards) / curve)) if curve > 0 else 0.0
        left = 1.0 - length
        w *= left
        w[i] += length
        gradient *= left
        gradient += length * matrix[i]
        before, value = value, left**2 * value + 2.0 * length * left * towards + length**2 * vertices[i]
        if step > 0 and before - value <= n * decrease**2:
            break
    return w


def sparsify(weights: Floats) -> Floats:
    """Weights of at most a quarter of the largest set to zero, the rest rescaled (synthdid's `sparsify_function`)."""
    kept = np.where(weights <= weights.max() / 4.0, 0.0, weights)
    return np.asarray(kept / kept.sum())


def synthdid_weights(a: Floats, b: Floats, penalty: float, decrease: float) -> Floats:
    """Frank-Wolfe with synthdid's defaults: 100 steps from equal weights, `sparsify`, and up to 10,000 further steps."""
    first = frank_wolfe_weights(a, b, penalty, np.full(a.shape[1], 1.0 / a.shape[1]), decrease, 100)
    return frank_wolfe_weights(a, b, penalty, sparsify(first), decrease, 10_000)
