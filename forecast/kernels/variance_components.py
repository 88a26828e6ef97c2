"""Noise, a random walk and a few random effects: one eigendecomposition serves every value of the variances.

    V(p) = a(p) I + b(p) W + F diag(c(p)) F'

W is the covariance of a random walk, F (N, q) the columns of the random effects (months of the year, growth). Observed are rows
R z: months, and sums of months. With R R' = L L' and the eigenvectors Q and eigenvalues d of L^-1 R W R' L^-T, the rotation
Q' L^-1 turns noise and walk into independent figures with variances a + b d, whatever a and b are, so every point of a grid
costs one product of small matrices (Patterson and Thompson 1971, Biometrika 58:545; for a grid of ratios Lippert et al. 2011,
Nature Methods 8:833). The random effects are coefficients with a ridge of one (Henderson 1975, Biometrics 31:423):

    A = [X, F sqrt(c)]' S^-1 [X, F sqrt(c)] + diag(0, I),    log|V| + log|X' V^-1 X| = log|S| + log|A|,

S being noise and walk alone. The dense form of `gaussian` gives the same numbers; tests hold both together.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels.small_systems import SmallSystems, orthonormal

LONGEST_REMEMBERED = 240  # months; decompositions of longer samples are made anew


@dataclass(frozen=True)
class VarianceComponents:
    """The parts of V(p) over an axis of `size` steps.

    effects (N, q) : the columns F; variances : parameters (g, p) -> a (g,), b (g,), c (g, q)
    sums (m, N) : linear combinations of the steps, observed as rows N, N + 1, ... of the axis
    """

    size: int
    variances: Callable[[Floats], tuple[Floats, Floats, Floats]]
    effects: Floats
    sums: Floats = field(default_factory=lambda: np.empty((0, 0)))

    def with_sums(self, sums: Floats) -> VarianceComponents:
        """The same components with linear combinations of the steps, (m, N), as further rows of the axis."""
        return replace(self, sums=sums)

    def likelihood(self, rows: Ints, x: Floats, y: Floats, *, fixed_scale: bool) -> ComponentsLikelihood:
        """The likelihood of y (n,) at `rows`, with regressors x (N + m, k)."""
        return ComponentsLikelihood(self, rows, x, y, fixed_scale=fixed_scale)

    def selection(self, rows: Ints) -> Floats:
        """The matrix R (len(rows), N) that picks steps, or forms their combinations."""
        out = np.zeros((len(rows), self.size))
        single = rows < self.size
        out[np.flatnonzero(single), rows[single]] = 1.0
        if not single.all():
            out[~single] = self.sums[rows[~single] - self.size]
        return out

    def effects_at(self, rows: Ints) -> Floats:
        """The columns F at rows of the axis, (len(rows), q)."""
        return self.effects[rows] if (rows < self.size).all() else np.asarray(self.selection(rows) @ self.effects)

    def links(self, first: Ints, second: Ints) -> tuple[Floats, Floats]:
        """Covariances of the noise and of the walk between two sets of rows, each (len(first), len(second))."""
        if (first < self.size).all() and (second < self.size).all():
            one, two = first[:, None].astype(float), second[None, :].astype(float)
            return np.asarray(one == two, dtype=np.float64), np.minimum(one, two) + 1.0
        left, right = self.selection(first), self.selection(second)
        return left @ right.T, left @ _walk_times(right)


@dataclass(frozen=True)
class Rotation:
    """Q' L^-1 (n, n), the eigenvalues d (n,), and log|L L'|."""

    turn: Floats
    spread: Floats
    log_det: float


def rotation(components: VarianceComponents, rows: Ints) -> Rotation:
    """The rotation that makes noise and walk independent at `rows`."""
    if len(rows) <= LONGEST_REMEMBERED and (not len(rows) or int(rows[-1]) < components.size):
        return _remembered_rotation(rows.astype(np.int64).tobytes())
    return _rotation(components.selection(rows))


@functools.lru_cache(maxsize=256)
def _remembered_rotation(rows: bytes) -> Rotation:
    at = np.frombuffer(rows, np.int64).astype(float) + 1.0
    spread, vectors = np.linalg.eigh(np.minimum(at[:, None], at[None, :]))
    return Rotation(np.ascontiguousarray(vectors.T), np.clip(spread, 0.0, None), 0.0)


def _rotation(chosen: Floats) -> Rotation:
    root = np.linalg.cholesky(chosen @ chosen.T)
    half = np.linalg.solve(root, _walk_times(chosen).T)  # L^-1 R W
    spread, vectors = np.linalg.eigh(_symmetric(np.linalg.solve(root, chosen @ half.T)))
    turn = np.linalg.solve(root.T, vectors).T
    return Rotation(np.ascontiguousarray(turn), np.clip(spread, 0.0, None), float(2.0 * np.log(np.diag(root)).sum()))


def _symmetric(square: Floats) -> Floats:
    out: Floats = (square + square.T) / 2
    return out


def _walk_times(chosen: Floats) -> Floats:
    """W R' (N, n) for R (n, N) and W = min(i, j): two running sums, since W = D D' with D the matrix of running sums."""
    out: Floats = np.cumsum(np.cumsum(chosen[:, ::-1], axis=1)[:, ::-1], axis=1).T
    return out


@functools.cache
def _pairs_of(width: int) -> tuple[tuple[Ints, Ints], Ints]:
    """Rows and columns of the pairs of columns i <= j, and the place of each pair in the square (width, width)."""
    rows, columns = np.triu_indices(width)
    at = np.empty((width, width), np.int64)
    at[rows, columns] = at[columns, rows] = np.arange(len(rows))
    return (rows, columns), at


class ComponentsLikelihood:
    """Restricted likelihood, estimates and predictions of y (n,) at `rows`, with regressors x (N + m, k) of the whole axis."""

    def __init__(self, components: VarianceComponents, rows: Ints, x: Floats, y: Floats, *, fixed_scale: bool) -> None:
        self.components, self.rows, self.x, self.fixed_scale = components, rows, x, fixed_scale
        self.k, self.freedom = x.shape[1], len(y) - x.shape[1]
        basis, self.triangle, self.plain, left = orthonormal(x[rows], y)
        self.rotation = rotation(components, rows)
        self.block = self.rotation.turn @ np.column_stack([basis, components.effects_at(rows), left])
        self.upper, self.at = _pairs_of(self.block.shape[1])
        # (n, pairs): a Gram matrix is a weighted sum of these
        self.pairs = self.block[:, self.upper[0]] * self.block[:, self.upper[1]]

    def _solve(self, nodes: Floats) -> tuple[SmallSystems, Floats, Floats, Floats, Floats]:
        """The small systems; the variances a and b (g,) and roots of c (g, k + q); variances of the rotated figures (g, n)."""
        a, b, c = self.components.variances(nodes)
        sizes = a[:, None] + b[:, None] * self.rotation.spread
        scale = np.ones((len(nodes), self.block.shape[1]))
        scale[:, self.k : -1] = np.sqrt(c)
        with np.errstate(divide="ignore", invalid="ignore"):
            products = (1.0 / sizes) @ self.pairs
            products *= scale[:, self.upper[0]]
            products *= scale[:, self.upper[1]]
        return SmallSystems.of(products[:, self.at], self.k), a, b, scale[:, :-1], sizes

    def _loglike(self, systems: SmallSystems, sizes: Floats) -> tuple[Floats, Floats]:
        with np.errstate(divide="ignore"):
            log_det = np.log(sizes).sum(axis=1) + self.rotation.log_det
        return systems.loglike(log_det, self.triangle, self.freedom, fixed_scale=self.fixed_scale)

    def loglike(self, nodes: Floats) -> Floats:
        """Restricted log-likelihood (g,) at parameters (g, p); -inf where V is not positive definite."""
        systems, *_, sizes = self._solve(nodes)
        return self._loglike(systems, sizes)[0]

    def estimates(self, node: Floats) -> tuple[Floats, Floats, float, float]:
        """Coefficients (k,), their covariance (k, k), s2 and the log-likelihood at one parameter value (p,)."""
        systems, *_, sizes = self._solve(node[None])
        loglike, sigma2 = self._loglike(systems, sizes)
        found, spread = systems.coefficients(self.triangle)
        return self.plain + found[0], float(sigma2[0]) * spread[0], float(sigma2[0]), float(loglike[0])

    def coefficients(self, nodes: Floats) -> tuple[Floats, Floats, Floats]:
        """Coefficients (g, k) at parameters (g, p), their covariances per s2 (g, k, k), residual sums of squares (g,)."""
        systems = self._solve(nodes)[0]
        found, spread = systems.coefficients(self.triangle)
        return self.plain + found, spread, systems.rss

    def predictions(self, nodes: Floats, rows: Ints) -> tuple[Floats, Floats, Floats]:
        """Means (g, h) and covariances per s2 (g, h, h) at other rows of the axis, and residual sums of squares (g,)."""
        systems, a, b, scale, sizes = self._solve(nodes)
        noise, walk = self.components.links(rows, self.rows)
        across = walk @ self.rotation.turn.T  # of the walk, with the rotated figures (h, n)
        shared = noise @ self.rotation.turn.T if noise.any() else None  # of months asked that lie in an observed sum
        # gains (g, h, n) of the asked months on the rotated figures; in one row a node and month, products are single ones
        gain = across * (b[:, None] / sizes)[:, None, :]
        if shared is not None:
            gain += shared * (a[:, None] / sizes)[:, None, :]
        flat, shape = gain.reshape(-1, gain.shape[2]), (*gain.shape[:2], -1)
        a, b = a[:, None, None], b[:, None, None]
        moved, told = (flat @ self.block).reshape(shape), b * (flat @ across.T).reshape(shape)
        if shared is not None:
            told += a * (flat @ shared.T).reshape(shape)
        basis = np.linalg.solve(self.triangle.T, self.x[rows].T).T if self.k else self.x[rows]
        columns = np.column_stack([basis, self.components.effects_at(rows)])
        spread = np.linalg.solve(systems.root, ((columns - moved[..., :-1]) * scale[:, None, :]).swapaxes(1, 2))
        means = (systems.right[:, None, :] @ spread)[:, 0] + moved[..., -1] + self.x[rows] @ self.plain
        noise, walk = self.components.links(rows, rows)
        return means, a * noise + b * walk - told + spread.swapaxes(1, 2) @ spread, systems.rss
