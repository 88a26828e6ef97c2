"""Stacks of small normal equations: free coefficients, random coefficients with a ridge of one, and one target.

    A = [X, F]' [X, F] + diag(0, I),    rss = y'y - g' A^-1 g,   g = [X, F]' y

for whitened X (n, k), F (n, q), y (n,) of which only the Gram matrix is given. With V = S + F F' in units where S is the
identity, log|V| + log|X' V^-1 X| = log|A|, and rss is the generalised residual sum of squares (Henderson 1975, Biometrics
31:423).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats

SMALLEST = 1e-300  # a sum of squares below any rounding


def orthonormal(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Orthonormal basis Q of x (n, k) with triangle R, x = Q R, the least-squares coefficients of y (n,), and what they leave.

    The restricted likelihood changes with neither but for log|R|; both cost digits in normal equations otherwise.
    """
    if not x.shape[1]:
        return x, np.empty((0, 0)), np.empty(0), y
    basis, triangle = np.linalg.qr(x)
    plain = np.linalg.solve(triangle, basis.T @ y)
    return basis, triangle, plain, y - x @ plain


@dataclass(frozen=True)
class SmallSystems:
    """g solved systems: A = root root' (g, k + q, k + q), right = root^-1 (right-hand side), rss (g,), log|A| (g,).

    ok (g,) : whether A is positive definite; free : the number k of free coefficients, which come first
    """

    root: Floats
    right: Floats
    rss: Floats
    log_det: Floats
    ok: Bools
    free: int

    @classmethod
    def of(cls, gram: Floats, free: int) -> SmallSystems:
        """From Gram matrices (g, k + q + 1, k + q + 1) of free columns, random columns and target, which are overwritten."""
        random, square = np.arange(free, gram.shape[1] - 1), gram[:, -1, -1].copy()
        gram[:, random, random] += 1.0
        # the target as a last row of the factor needs no system of its own; its corner does not enter the rest
        gram[:, -1, -1] += 1.0 + square
        factor, ok = cholesky_factors(gram)
        root, right = factor[:, :-1, :-1], factor[:, -1, :-1]
        rss = np.asarray(np.maximum(square - (right**2).sum(axis=1), SMALLEST), dtype=np.float64)
        diagonal = np.diagonal(root, axis1=1, axis2=2)
        return cls(root, right, rss, np.asarray(2.0 * np.log(diagonal).sum(axis=1), dtype=np.float64), ok, free)

    def loglike(self, log_det: Floats | float, triangle: Floats, freedom: int, *, fixed_scale: bool) -> tuple[Floats, Floats]:
        """Restricted log-likelihood (g,) and s2 (g,); log_det of S, the triangle of `orthonormal`, freedom n - k."""
        sigma2 = np.ones(len(self.rss)) if fixed_scale else self.rss / freedom
        whole = log_det + self.log_det + 2.0 * float(np.log(np.abs(np.diag(triangle))).sum())
        found = -0.5 * (freedom * np.log(2 * np.pi * sigma2) + self.rss / sigma2 + whole)
        return np.where(self.ok & np.isfinite(found), found, -np.inf), sigma2

    def coefficients(self, triangle: Floats) -> tuple[Floats, Floats]:
        """Free coefficients (g, k) of the columns before `orthonormal`, and their covariance per s2 (g, k, k)."""
        inverse = np.linalg.inv(self.root)[..., : self.free]  # columns of root^-1
        back = np.linalg.inv(triangle)
        found = (inverse.swapaxes(1, 2) @ self.right[..., None])[..., 0] @ back.T
        return found, back @ (inverse.swapaxes(1, 2) @ inverse) @ back.T


def cholesky_factors(matrices: Floats) -> tuple[Floats, Bools]:
    """Lower factors of a stack (g, m, m), and which matrices have one; the identity stands for the others."""
    ok: Bools = np.asarray(np.isfinite(matrices).all(axis=(1, 2)))
    if ok.all():
        try:
            return np.asarray(np.linalg.cholesky(matrices), dtype=np.float64), ok
        except np.linalg.LinAlgError:
            pass
    out = np.broadcast_to(np.eye(matrices.shape[1]), matrices.shape).copy()
    for g in np.flatnonzero(ok):
        try:
            out[g] = np.linalg.cholesky(matrices[g])
        except np.linalg.LinAlgError:
            ok[g] = False
    return out, ok
