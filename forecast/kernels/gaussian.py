"""Gaussian linear models with diffuse coefficients and a covariance known up to a few parameters: exact inference.

    y = X b + u,   u ~ N(0, s2 * V(p)),   b diffuse (flat prior),   s2 ~ 1 / s2

The marginal likelihood over b and s2 is the restricted likelihood (Harville 1974, Biometrika 61:383, eq. 2; it is the exact
diffuse likelihood of Durbin and Koopman 2012, sec. 7.2.2, up to a constant):

    -2 l(p) = (n - k) log(RSS(p)) + log|V| + log|X' V^-1 X| + const.

A state-space model of a hundred months is such a model with a dense V, so no Kalman filter is needed: every parameter value is
one Cholesky factor, a whole grid is factored at once, a missing month is a missing row, and the grid gives the posterior of the
parameters, so predictive draws include parameter uncertainty. Shapes: y (n,), X (N, k), V (N, N) over an axis of N steps, of
which n are observed and any others may be predicted.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.kernels.grid_search import LOGLIKE_CUTOFF, search_grid
from forecast.kernels.resample import multinomial_counts

CovarianceFunction = Callable[[Floats], Floats]  # parameters (g, p) -> covariance matrices (g, N, N)
LogPrior = Callable[[Floats], Floats]  # parameters (g, p) -> log prior density (g,), up to a constant

MAX_NUMBERS = 8e6  # elements of the covariance matrices held in memory at once
ENOUGH_NODES = 30  # likely points that describe a posterior, where the grid follows the prior


@dataclass(frozen=True)
class CovarianceFamily:
    """A parametric covariance: the function `covariance`, its parameter box, and grid points per side (`coarse`).

    fixed_scale : the matrices are absolute (s2 = 1) rather than up to a factor
    log_prior : of the parameters; None is flat over the box
    structure : what the matrices are made of, where that gives the likelihood without forming them
    """

    covariance: CovarianceFunction
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    coarse: tuple[int, ...]
    fixed_scale: bool = False
    log_prior: LogPrior | None = None
    structure: Structure | None = None


class Structure(Protocol):
    """What is known of a covariance family beyond its matrices."""

    def likelihood(self, rows: Ints, x: Floats, y: Floats, *, fixed_scale: bool) -> Likelihood | None:
        """The likelihood of y (n,) at `rows`, with regressors x (N, k); None where the structure does not help."""
        ...

    def with_sums(self, sums: Floats) -> Structure | None:
        """The structure with linear combinations of the steps, (m, N), as further rows; None if it is lost."""
        ...


class Likelihood(Protocol):
    """What a fit and its predictions ask of a model with given y, X and covariance family."""

    def loglike(self, nodes: Floats) -> Floats:
        """Restricted log-likelihood (g,) at parameters (g, p)."""
        ...

    def estimates(self, node: Floats) -> tuple[Floats, Floats, float, float]:
        """Coefficients (k,), their covariance (k, k), s2 and the log-likelihood at one parameter value (p,)."""
        ...

    def coefficients(self, nodes: Floats) -> tuple[Floats, Floats, Floats]:
        """Coefficients (g, k) at parameters (g, p), their covariances per s2 (g, k, k), residual sums of squares (g,)."""
        ...

    def predictions(self, nodes: Floats, rows: Ints) -> tuple[Floats, Floats, Floats]:
        """Means (g, h) and covariances per s2 (g, h, h) at other rows, and residual sums of squares (g,)."""
        ...


class DenseLikelihood:
    """Every parameter value by a Cholesky factor of V: works for any covariance, and holds the faster forms to account."""

    def __init__(self, family: CovarianceFamily, rows: Ints, x: Floats, y: Floats) -> None:
        self.family, self.rows, self.x, self.y = family, rows, x, y
        self.observed = (slice(None), rows[:, None], rows[None, :])

    def loglike(self, nodes: Floats) -> Floats:
        """Restricted log-likelihood (g,) at parameters (g, p)."""
        v = self.family.covariance(nodes)[self.observed]
        return restricted_loglike(self.y, self.x[self.rows], v, fixed_scale=self.family.fixed_scale)[0]

    def estimates(self, node: Floats) -> tuple[Floats, Floats, float, float]:
        """Coefficients (k,), their covariance (k, k), s2 and the log-likelihood at one parameter value (p,)."""
        v = self.family.covariance(node[None])[self.observed]
        top, beta, sigma2 = restricted_loglike(self.y, self.x[self.rows], v, fixed_scale=self.family.fixed_scale)
        whitened, _, _ = whiten(self.x[self.rows], v)
        information = whitened[0].T @ whitened[0]
        covariance = float(sigma2[0]) * np.linalg.inv(information) if self.x.shape[1] else np.empty((0, 0))
        return beta[0], covariance, float(sigma2[0]), float(top[0])

    def coefficients(self, nodes: Floats) -> tuple[Floats, Floats, Floats]:
        """Coefficients (g, k) at parameters (g, p), their covariances per s2 (g, k, k), residual sums of squares (g,)."""
        v, x = self.family.covariance(nodes)[self.observed], self.x[self.rows]
        white = whiten(np.column_stack([x, self.y]), v)[0]
        upper = np.linalg.qr(white)[1]  # the last column holds the figures and what is left of them
        inverse = np.linalg.inv(upper[:, :-1, :-1])
        found = (inverse @ upper[:, :-1, -1:])[..., 0]
        return found, inverse @ inverse.swapaxes(1, 2), np.asarray(upper[:, -1, -1] ** 2, dtype=np.float64)

    def predictions(self, nodes: Floats, rows: Ints) -> tuple[Floats, Floats, Floats]:
        """Means (g, h) and covariances per s2 (g, h, h) at other rows, and residual sums of squares (g,)."""
        most = max(1, int(MAX_NUMBERS / self.x.shape[0] ** 2))
        parts = [
            gls_predictions(self.y, self.rows, self.x, self.family.covariance(some), rows)
            for some in np.split(nodes, range(most, len(nodes), most))
        ]
        means, covariances, squares = (np.concatenate(part) for part in zip(*parts, strict=True))
        return means, covariances, squares


def likelihood_of(family: CovarianceFamily, rows: Ints, x: Floats, y: Floats) -> Likelihood:
    """The fastest form of the likelihood that the family allows."""
    found = None
    if family.structure is not None:
        found = family.structure.likelihood(rows, x, y, fixed_scale=family.fixed_scale)
    return DenseLikelihood(family, rows, x, y) if found is None else found


@dataclass(frozen=True)
class GaussianFit:
    """A fitted model: grid points `nodes` with posterior weights, and the most likely parameters `best` (p,).

    own : the most likely parameters of these figures, at which coefficients and s2 are estimated when they are asked for; None
        where the others are an earlier fit's: they are looked for then
    """

    family: CovarianceFamily
    y: Floats
    rows: Ints
    x: Floats
    nodes: Floats
    weights: Floats
    best: Floats
    own: Floats | None = None

    @functools.cached_property
    def likelihood(self) -> Likelihood:
        """The likelihood of the figures, to predict from."""
        return likelihood_of(self.family, self.rows, self.x, self.y)

    @functools.cached_property
    def _estimates(self) -> tuple[Floats, Floats, float, float]:
        own = fit(self.y, self.rows, self.x, self.family, polish=False).best if self.own is None else self.own
        return self.likelihood.estimates(own)

    @property
    def beta(self) -> Floats:
        """Coefficients (k,)."""
        return self._estimates[0]

    @property
    def covariance(self) -> Floats:
        """Covariance of the coefficients (k, k)."""
        return self._estimates[1]

    @property
    def sigma2(self) -> float:
        """The estimate of s2."""
        return self._estimates[2]

    @property
    def loglike(self) -> float:
        """Restricted log-likelihood, s2 concentrated out (all constants kept), without the prior."""
        return self._estimates[3]

    @property
    def se(self) -> Floats:
        """Standard errors of the coefficients."""
        root: Floats = np.sqrt(np.clip(np.diag(self.covariance), 0.0, None))
        return root


def independent_columns(x: Floats, base: Floats | None = None, tolerance: float = 1e-8) -> Ints:
    """Indices of the columns of `x` that are linearly independent of `base` and of earlier columns (Gram-Schmidt)."""
    n = len(x)
    if not x.shape[1]:
        return np.empty(0, dtype=np.int64)
    basis = np.empty((n, 0))
    if base is not None and base.shape[1]:
        basis = np.linalg.qr(base)[0]
    kept = []
    for j in range(x.shape[1]):
        column = x[:, j]
        size = float(np.linalg.norm(column))
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)  # once more: a single pass loses orthogonality to rounding
        if size > 0 and np.linalg.norm(rest) > tolerance * max(size, 1.0):
            kept.append(j)
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return np.array(kept, dtype=np.int64)


def restricted_loglike(y: Floats, x: Floats, v: Floats, *, fixed_scale: bool = False) -> tuple[Floats, Floats, Floats]:
    """Restricted log-likelihood for a stack of covariances.

    y (n,), x (n, k), v (g, n, n) -> log-likelihood (g,), coefficients (g, k), s2 (g,); -inf where V is not positive definite.
    """
    n, k = x.shape
    whitened, log_det, ok = whiten(np.column_stack([x, y]), v)
    q, r = np.linalg.qr(whitened[..., :k]) if k else (np.empty((len(v), n, 0)), np.empty((len(v), 0, 0)))
    target = whitened[..., k]
    projected = np.einsum("gnk,gn->gk", q, target)
    rss = np.clip(np.einsum("gn,gn->g", target, target) - np.einsum("gk,gk->g", projected, projected), 1e-300, None)
    beta = np.linalg.solve(r, projected[..., None])[..., 0] if k else np.empty((len(v), 0))
    log_info = 2.0 * np.log(np.abs(np.diagonal(r, axis1=1, axis2=2))).sum(axis=1) if k else np.zeros(len(v))
    freedom = n - k
    sigma2 = np.ones(len(v)) if fixed_scale else rss / freedom
    loglike = -0.5 * (freedom * np.log(2 * np.pi * sigma2) + rss / sigma2 + log_det + log_info)
    return np.where(ok, loglike, -np.inf), beta, sigma2


def whiten(block: Floats, v: Floats) -> tuple[Floats, Floats, Bools]:
    """L^-1 block (g, n, c), log|V| (g,) and whether V is positive definite, for a stack of V = L L'; block (n, c)."""
    from scipy.linalg.lapack import dtrtrs

    try:
        chol = np.linalg.cholesky(v)
        ok = np.ones(len(v), dtype=bool)
    except np.linalg.LinAlgError:
        chol = np.empty_like(v)
        ok = np.zeros(len(v), dtype=bool)
        for g in range(len(v)):
            try:
                chol[g] = np.linalg.cholesky(v[g])
                ok[g] = True
            except np.linalg.LinAlgError:
                chol[g] = np.eye(v.shape[1])
    log_det = 2.0 * np.log(np.diagonal(chol, axis1=1, axis2=2)).sum(axis=1)
    white = np.empty((len(v), *block.shape))
    columns = np.asfortranarray(block)
    for g in range(len(v)):  # the transpose of a row-ordered factor is what LAPACK reads without a copy
        white[g] = dtrtrs(chol[g].T, columns, lower=0, trans=1)[0] if columns.size else columns
    return white, log_det, ok


def fit(
    y: Floats, rows: Ints, x: Floats, family: CovarianceFamily, *, polish: bool = True, earlier: GaussianFit | None = None
) -> GaussianFit:
    """Fit by a coarse grid over the whole box, a second grid over its likely part, and the maximum (`search_grid`).

    y (n,) values at `rows` of the axis; x (N, k) regressors of the whole axis, of full rank at `rows`. Predictive draws use the
    grid alone, so a caller that needs nothing else may keep the best grid point as maximum (`polish=False`). The covariance
    parameters (grid, weights, maximum) of an `earlier` fit are taken as they are.
    """
    if earlier is not None:
        return GaussianFit(family, y, rows, x, earlier.nodes, earlier.weights, earlier.best)
    model = likelihood_of(family, rows, x, y)
    prior = family.log_prior

    def loglike(nodes: Floats) -> Floats:
        return model.loglike(nodes) if prior is None else model.loglike(nodes) + prior(nodes)

    enough = ENOUGH_NODES if prior is not None else None
    nodes, values, best = search_grid(loglike, family.lower, family.upper, family.coarse, polish=polish, enough=enough)
    keep = values > values.max() - LOGLIKE_CUTOFF
    weights = np.exp(values[keep] - values[keep].max())
    fitted = GaussianFit(family, y, rows, x, nodes[keep], weights / weights.sum(), best, best)
    fitted.__dict__["likelihood"] = model
    return fitted


def predict(fitted: GaussianFit, rows: Ints, draws: int, rng: np.random.Generator) -> Floats:
    """Joint predictive draws of y at other rows of the axis, (draws, len(rows)), with parameters, s2, b and noise all drawn."""
    n, k = len(fitted.y), fitted.x.shape[1]
    counts = multinomial_counts(draws, fitted.weights, rng)
    used = np.flatnonzero(counts)
    means, covariances, squares = fitted.likelihood.predictions(fitted.nodes[used], rows)
    counts, freedom, fixed = counts[used], n - k, fitted.family.fixed_scale
    out, normal, chi = np.empty((draws, len(rows))), np.empty((draws, len(rows))), np.empty(draws)
    ends = np.cumsum(counts)
    for begin, end, root in zip((ends - counts).tolist(), ends.tolist(), symmetric_root(covariances), strict=True):
        if not fixed:
            chi[begin:end] = rng.chisquare(freedom, end - begin)
        some = rng.standard_normal(out=normal[begin:end])
        np.dot(some, root, out=out[begin:end])  # the root is symmetric
    if not fixed:
        out *= np.sqrt(np.repeat(squares, counts) / chi)[:, None]
    out += np.repeat(means, counts, axis=0)
    return out


def plug_in_forecast(fitted: GaussianFit, rows: Ints) -> tuple[Floats, Floats]:
    """Predictive mean (h,) and covariance (h, h) at other rows, given the most likely parameters and the estimate of s2."""
    means, covariances, _ = fitted.likelihood.predictions(fitted.best[None], rows)
    return means[0], fitted.sigma2 * covariances[0]


def gls_predictions(y: Floats, seen: Ints, x: Floats, v: Floats, rows: Ints) -> tuple[Floats, Floats, Floats]:
    """Generalised least squares predictions (Goldberger 1962) of y (n,) seen at rows, for a stack of covariances v (g, N, N).

    Means (g, h), covariances per s2 (g, h, h), and residual sums of squares (g,).
    """
    k = x.shape[1]
    across = v[:, seen[:, None], rows[None, :]]
    fixed = np.broadcast_to(np.column_stack([x[seen], y]), (len(v), len(seen), k + 1))
    chol = np.linalg.cholesky(v[:, seen[:, None], seen[None, :]])
    white = np.linalg.solve(chol, np.concatenate([fixed, across], axis=2))
    wx, wy, wc = white[..., :k], white[..., k], white[..., k + 1 :]
    q, r = np.linalg.qr(wx)
    beta = np.linalg.solve(r, (q.swapaxes(1, 2) @ wy[..., None]))[..., 0]
    residual = wy - (wx @ beta[..., None])[..., 0]
    # `leverage` adds the uncertainty of the coefficients to the conditional covariance
    back = wc.swapaxes(1, 2)
    means = beta @ x[rows].T + (back @ residual[..., None])[..., 0]
    leverage = np.linalg.solve(r.swapaxes(1, 2), (x[rows] - back @ wx).swapaxes(1, 2))
    covariance = v[:, rows[:, None], rows[None, :]] - back @ wc + leverage.swapaxes(1, 2) @ leverage
    return means, covariance, (residual**2).sum(axis=1)


def symmetric_root(covariance: Floats) -> Floats:
    """Symmetric root R of covariances (..., h, h), R R = covariance, which may be singular (no Cholesky factor).

    It is the only root determined by the matrix: eigenvectors are unique only up to sign, and those of equal eigenvalues up to
    rotation, so draws from eigenvectors alone would differ between processors. Variances below rounding (1e-13 of the largest)
    are set to zero, because their square roots would not be small.
    """
    values, vectors = np.linalg.eigh((covariance + covariance.swapaxes(-1, -2)) / 2)
    sizes = np.sqrt(np.where(values > 1e-13 * values[..., -1:], values, 0.0))
    root: Floats = (vectors * sizes[..., None, :]) @ vectors.swapaxes(-1, -2)
    return root
