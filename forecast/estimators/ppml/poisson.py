"""Poisson pseudo-maximum likelihood (PPML) with absorbed fixed effects, and detection of separation before the fit.

    E[y] = exp(x' b + sum_g a_g),   score  X'(y - mu) = 0

(Santos Silva and Tenreyro 2006, Rev. Econ. Stat. 88:641, eq. 8; Gourieroux, Monfort and Trognon 1984: consistent for any
y >= 0 with a correctly specified mean, counts or not). Iteratively reweighted least squares with the effects projected out in
each step (Correia, Guimaraes and Zylkin 2020, Stata J. 20:95). Arrays: y (n,), x (n, k), groups: one array (n,) of codes
0 .. G - 1 per effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from forecast.arrays import Floats, Ints

Groups = Sequence[Ints]

RIDGE = 1e-9  # added to the scaled Gram matrix of the dummies, which is singular; iterative refinement removes its effect
MAX_STEPS = 200


@dataclass(frozen=True)
class PoissonFit:
    """A fitted mean: coefficients `beta` (k,), mu (n,), and one value per group of each effect, on the log scale.

    effects : only their sum in each observed cell is identified, not their levels
    information : X' W X with the effects projected out, (k, k); deviance : twice the log-likelihood ratio to mu = y
    """

    beta: Floats
    mu: Floats
    effects: tuple[Floats, ...]
    information: Floats
    deviance: float


def fit_poisson(y: Floats, x: Floats, groups: Groups) -> PoissonFit:
    """The maximum of the Poisson pseudo-likelihood; separated cells must have been dropped (`separation_certificate`).

    Raises LinAlgError where a column of x lies in the span of the effects, or the iteration does not converge.
    """
    n, k = x.shape
    # in units of the mean, so that a change of units changes the constant alone
    unit = float(y.mean()) if n else 0.0
    if not unit > 0:
        raise np.linalg.LinAlgError("nothing but zeros")
    target = y / unit
    eta = np.log((target + 1.0) / 2.0)
    before = np.inf
    for _ in range(MAX_STEPS):
        mu = np.exp(eta)
        gram = _DummyProjection(mu, groups)
        working = eta + (target - mu) / mu
        rest = gram.residual(np.column_stack([working, x]))
        tilted = rest[:, 1:] * mu[:, None]
        information = rest[:, 1:].T @ tilted
        if k and np.linalg.cond(information) > 1e13:
            raise np.linalg.LinAlgError("a regressor is a combination of the fixed effects")
        beta: Floats = np.asarray(np.linalg.solve(information, tilted.T @ rest[:, 0]), float) if k else np.empty(0)
        proposed = working - (rest[:, 0] - rest[:, 1:] @ beta)
        accepted, deviance = _halve_step(target, eta, proposed, before)
        change = float(np.abs(accepted - eta).max())
        eta, before = accepted, deviance
        if change < 1e-10:
            break
    else:
        raise np.linalg.LinAlgError(f"the Poisson likelihood has no maximum found in {MAX_STEPS} steps")
    mu = np.exp(eta)
    effects = _DummyProjection(mu, groups).coefficients(eta - x @ beta)
    effects = tuple(e + (np.log(unit) if i == 0 else 0.0) for i, e in enumerate(effects))
    return PoissonFit(beta, mu * unit, effects, information * unit, deviance * unit)


def _halve_step(y: Floats, eta: Floats, proposed: Floats, before: float) -> tuple[Floats, float]:
    """The proposed linear predictor and its deviance, halving the step from `eta` while the deviance rises."""
    for _ in range(30):
        with np.errstate(over="ignore", invalid="ignore"):
            deviance = _deviance(y, proposed)
        if np.isfinite(deviance) and deviance <= before + 1e-12 * (1.0 + abs(before)):
            break
        proposed = (proposed + eta) / 2.0
    return proposed, deviance


def _deviance(y: Floats, eta: Floats) -> float:
    mu = np.exp(eta)
    positive = y > 0
    return float(2.0 * ((y[positive] * (np.log(y[positive]) - eta[positive])).sum() - (y - mu).sum()))


class _DummyProjection:
    """Weighted projection on group dummies D: D' W D is scaled to a unit diagonal and inverted once per IRLS step."""

    def __init__(self, weights: Floats, groups: Groups) -> None:
        self.weights, self.groups = weights, groups
        self.sizes = [int(g.max()) + 1 for g in groups]
        starts = np.concatenate([[0], np.cumsum(self.sizes)]).astype(int)
        self.slices = [slice(int(a), int(b)) for a, b in pairwise(starts)]
        gram = np.zeros((starts[-1], starts[-1]))
        for i, (a, at) in enumerate(zip(groups, self.slices, strict=True)):
            for b, to, size in list(zip(groups, self.slices, self.sizes, strict=True))[i:]:
                block = np.bincount(a * size + b, weights, self.sizes[i] * size).reshape(self.sizes[i], size)
                gram[at, to] = block
                gram[to, at] = block.T
        self.root = np.sqrt(np.clip(np.diag(gram), 1e-300, None))
        self.scaled = gram / np.outer(self.root, self.root)
        self.inverse = np.linalg.inv(self.scaled + RIDGE * np.eye(len(gram)))

    def coefficients(self, values: Floats) -> tuple[Floats, ...]:
        """Coefficients of the dummies for one column of values, one array per effect."""
        return tuple(self._solve(values[:, None])[at, 0] for at in self.slices)

    def residual(self, block: Floats) -> Floats:
        """The columns of `block` (n, c) less their weighted projection on the dummies."""
        coefficients = self._solve(block)
        return block - sum((coefficients[at][g] for g, at in zip(self.groups, self.slices, strict=True)), np.zeros(1))

    def _solve(self, block: Floats) -> Floats:
        weighted = block * self.weights[:, None]
        sums = [
            np.column_stack([np.bincount(g, column, size) for column in weighted.T])
            for g, size in zip(self.groups, self.sizes, strict=True)
        ]
        right = np.concatenate(sums) / self.root[:, None]
        found = self.inverse @ right
        for _ in range(3):  # iterative refinement: the ridge in the inverse leaves no trace
            found = found + self.inverse @ (right - self.scaled @ found)
        coefficients: Floats = found / self.root[:, None]
        return coefficients


def separation_certificate(y: Floats, x: Floats, groups: Groups) -> Floats:
    """The separation certificate z (n,), all zeros where a maximum exists.

    z is a linear combination of regressors and dummies that is zero in every cell with y > 0 and non-negative elsewhere: moving
    the linear predictor along -z increases the likelihood without bound, so cells with z > 0 are fitted as exactly zero and
    every coefficient in z diverges (Correia, Guimaraes and Zylkin 2021, arXiv:1903.01633). A linear programme finds the z with
    the most positive cells.
    """
    zero = y == 0
    if not zero.any():
        return np.zeros(len(y))
    from scipy.optimize import linprog
    from scipy.sparse import bmat, csr_matrix, hstack, identity

    at = np.arange(len(y))
    dummies = [csr_matrix((np.ones(len(y)), (at, g)), shape=(len(y), int(g.max()) + 1)) for g in groups]
    design = hstack([csr_matrix(x), *dummies]).tocsr()
    zeros, positive = design[zero], design[~zero]
    count, width = zeros.shape
    # t <= z, t <= 1 counts each cell once however large its z, so that a single solution shows all separated cells
    solution = linprog(
        np.concatenate([np.zeros(width), -np.ones(count)]),
        A_ub=bmat([[-zeros, identity(count)]]).tocsr(),
        b_ub=np.zeros(count),
        A_eq=hstack([positive, csr_matrix((positive.shape[0], count))]).tocsr() if positive.shape[0] else None,
        b_eq=np.zeros(positive.shape[0]) if positive.shape[0] else None,
        bounds=[(None, None)] * width + [(0.0, 1.0)] * count,
        method="highs",
    )
    if solution.status != 0:
        raise np.linalg.LinAlgError(f"the separation programme was not solved: {solution.message}")
    z: Floats = np.zeros(len(y))
    z[zero] = zeros @ solution.x[:width]
    return np.where(z > 1e-7, z, 0.0)
