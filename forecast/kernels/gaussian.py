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

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.kernels.resample import multinomial_counts

CovarianceFunction = Callable[[Floats], Floats]  # parameters (g, p) -> covariance matrices (g, N, N)
LogPrior = Callable[[Floats], Floats]  # parameters (g, p) -> log prior density (g,), up to a constant

SETTLING_WIDTH = 1e-3  # width of the final finite differences, as a share of the parameter box
MAX_NUMBERS = 8e6  # elements of the covariance matrices held in memory at once
ENOUGH_NODES = 30  # likely points that describe a posterior, where the grid follows the prior
LOGLIKE_CUTOFF = 6.0  # grid points whose log-likelihood is this far below the best get no draws


@dataclass(frozen=True)
class CovarianceFamily:
    """A parametric covariance: the function `covariance`, its parameter box, and grid points per side (`coarse`).

    fixed_scale : the matrices are absolute (s2 = 1) rather than up to a factor
    log_prior : of the parameters; None is flat over the box
    """

    covariance: CovarianceFunction
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    coarse: tuple[int, ...]
    fixed_scale: bool = False
    log_prior: LogPrior | None = None


@dataclass(frozen=True)
class GaussianFit:
    """A fitted model: grid points `nodes` with posterior weights, and the estimates at the most likely parameters.

    beta, se : (k,) coefficients and standard errors at `best`; covariance : (k, k) of the coefficients
    loglike : restricted log-likelihood at `best`, s2 concentrated out (all constants kept), without the prior
    """

    family: CovarianceFamily
    y: Floats
    rows: Ints
    x: Floats
    nodes: Floats
    weights: Floats
    best: Floats
    beta: Floats
    covariance: Floats
    sigma2: float
    loglike: float

    @property
    def se(self) -> Floats:
        """Standard errors of the coefficients."""
        root: Floats = np.sqrt(np.clip(np.diag(self.covariance), 0.0, None))
        return root


def independent_columns(x: Floats, base: Floats | None = None, tolerance: float = 1e-8) -> Ints:
    """Indices of the columns of `x` that are linearly independent of `base` and of earlier columns (Gram-Schmidt)."""
    n = len(x)
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


def fit(y: Floats, rows: Ints, x: Floats, family: CovarianceFamily, *, polish: bool = True) -> GaussianFit:
    """Fit by a coarse grid over the whole box, a second grid over its likely part, and the maximum (`search_grid`).

    y (n,) values at `rows` of the axis; x (N, k) regressors of the whole axis, of full rank at `rows`. Predictive draws use the
    grid alone, so a caller that needs nothing else may keep the best grid point as maximum (`polish=False`).
    """
    observed = (slice(None), rows[:, None], rows[None, :])

    def loglike(nodes: Floats) -> Floats:
        matrices = family.covariance(nodes)[observed]
        likelihood = restricted_loglike(y, x[rows], matrices, fixed_scale=family.fixed_scale)[0]
        return likelihood if family.log_prior is None else likelihood + family.log_prior(nodes)

    enough = ENOUGH_NODES if family.log_prior is not None else None
    nodes, values, best = search_grid(loglike, family.lower, family.upper, family.coarse, polish=polish, enough=enough)
    keep = values > values.max() - LOGLIKE_CUTOFF
    weights = np.exp(values[keep] - values[keep].max())
    v = family.covariance(best[None])[observed]
    top, beta, sigma2 = restricted_loglike(y, x[rows], v, fixed_scale=family.fixed_scale)
    whitened, _, _ = whiten(x[rows], v)
    information = whitened[0].T @ whitened[0]
    covariance = float(sigma2[0]) * np.linalg.inv(information) if x.shape[1] else np.empty((0, 0))
    return GaussianFit(
        family, y, rows, x, nodes[keep], weights / weights.sum(), best, beta[0], covariance, float(sigma2[0]), float(top[0])
    )  # fmt: skip


def search_grid(
    loglike: Callable[[Floats], Floats],
    lower: tuple[float, ...],
    upper: tuple[float, ...],
    counts: tuple[int, ...],
    *,
    polish: bool = True,
    enough: int | None = None,
) -> tuple[Floats, Floats, Floats]:
    """The likely part of a box as a grid (g, p) with its log-likelihoods (g,), and the maximum (p,).

    Two grids of `counts` points a side: the whole box, then the part within `LOGLIKE_CUTOFF` of its best. Without `polish` the
    maximum is the best point of the second grid. With `enough` likely points in the first grid there is no second one.
    """
    low, high = np.array(lower, float), np.array(upper, float)
    nodes = parameter_grid(low, high, counts)
    values = loglike(nodes)
    if not np.isfinite(values).any():
        raise np.linalg.LinAlgError("no parameter value gives a positive definite covariance")
    if not len(counts):
        return nodes, values, nodes[0]
    step = (high - low) / np.maximum(np.array(counts) - 1, 1)
    likely = nodes[values > values.max() - LOGLIKE_CUTOFF]
    if enough is not None and len(likely) >= enough and not polish:
        return nodes, values, nodes[values.argmax()]
    nearest, furthest = np.clip(likely.min(axis=0) - step, low, high), np.clip(likely.max(axis=0) + step, low, high)
    nodes = parameter_grid(nearest, furthest, counts)
    values = loglike(nodes)
    best = nodes[values.argmax()]
    if polish:
        step = (furthest - nearest) / np.maximum(np.array(counts) - 1, 1)
        best = climb_to_maximum(loglike, best, step, low, high)
    return nodes, values, best


def parameter_grid(lower: Floats, upper: Floats, counts: tuple[int, ...]) -> Floats:
    """All combinations of equally spaced values, shape (g, p); one empty row where there is no parameter."""
    if not len(counts):
        return np.zeros((1, 0))
    axes = [np.linspace(a, b, c) for a, b, c in zip(lower, upper, counts, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(counts))


def climb_to_maximum(
    loglike: Callable[[Floats], Floats], start: Floats, step: Floats, lower: Floats, upper: Floats, until: float = 1e-6
) -> Floats:
    """Maximum near `start` inside the box, by pattern search over the 3^p neighbours and Newton steps.

    While a neighbour is higher the search moves there. Otherwise it takes a Newton step on centred differences (parameters at
    a bound stay there) and divides the distance to the neighbours by eight, down to `until`.
    """
    size = len(start)
    offsets = parameter_grid(-np.ones(size), np.ones(size), (3,) * size)
    best, at, step = start.copy(), -np.inf, step.copy()
    while step.max() > until:
        trial = np.clip(best + offsets * step, lower, upper)
        values = loglike(trial)
        middle = float(values[len(values) // 2])
        if values.max() > max(at, middle) + 1e-12:
            best, at = trial[values.argmax()], float(values.max())
            continue
        at = middle
        top = _parabola_maximum(values, offsets, best, step, lower, upper)
        if top is not None and (value := float(loglike(top[None])[0])) > at:
            best, at = top, value
        step = step / 8
    return settle_maximum(loglike, best, lower, upper) if until < SETTLING_WIDTH else best


def settle_maximum(loglike: Callable[[Floats], Floats], near: Floats, lower: Floats, upper: Floats) -> Floats:
    """Maximum `near` a point by Newton steps on differences wide enough that rounding does not move it.

    The log-likelihood of a hundred figures is rounded at its twelfth decimal. At the maximum, points 1e-6 apart differ by less
    than that, so a fine search ends anywhere within 1e-6, depending on the processor. Differences over a thousandth of the box
    fix the maximum to 1e-10, less than a thousandth of a standard error from where exact derivatives would put it.
    """
    offsets = parameter_grid(-np.ones(len(near)), np.ones(len(near)), (3,) * len(near))
    offsets = offsets[(offsets != 0).sum(axis=1) <= 2]
    best, step = near, SETTLING_WIDTH * (upper - lower)
    for _ in range(8):
        top = _parabola_maximum(loglike(np.clip(best + offsets * step, lower, upper)), offsets, best, step, lower, upper)
        if top is None:
            break
        moved, best = float(np.abs((top - best) / step).max()), top
        if moved < 1e-6:
            break
    return best


def _parabola_maximum(
    values: Floats, offsets: Floats, middle: Floats, step: Floats, lower: Floats, upper: Floats
) -> Floats | None:
    """Maximum of the quadratic through the 3^p neighbours (at most one step away); None where it is not concave."""
    free = np.flatnonzero((middle - step >= lower) & (middle + step <= upper))
    if not len(free):
        return None
    slope, bend = np.zeros(len(free)), np.zeros((len(free), len(free)))
    for a, i in enumerate(free):
        for b, j in enumerate(free[: a + 1]):
            plain = (np.delete(offsets, [i, j], axis=1) == 0).all(axis=1)
            seen = {tuple(o): float(v) for o, v in zip(offsets[plain][:, [i, j]], values[plain], strict=True)}
            if i == j:
                slope[a] = (seen[1, 1] - seen[-1, -1]) / 2
                bend[a, a] = seen[1, 1] - 2 * seen[0, 0] + seen[-1, -1]
            else:
                bend[a, b] = bend[b, a] = (seen[1, 1] - seen[1, -1] - seen[-1, 1] + seen[-1, -1]) / 4
    if not np.isfinite(bend).all() or np.linalg.eigvalsh(bend).max() >= 0:
        return None
    out = middle.copy()
    out[free] += np.clip(-np.linalg.solve(bend, slope), -1.0, 1.0) * step[free]
    return out


def hold_parameters(fitted: GaussianFit, earlier: GaussianFit) -> GaussianFit:
    """A fit to today's figures with the covariance parameters (grid, weights, maximum) of an earlier fit."""
    return replace(fitted, nodes=earlier.nodes, weights=earlier.weights, best=earlier.best)


def predict(fitted: GaussianFit, rows: Ints, draws: int, rng: np.random.Generator) -> Floats:
    """Joint predictive draws of y at other rows of the axis, (draws, len(rows)), with parameters, s2, b and noise all drawn."""
    n, k = len(fitted.y), fitted.x.shape[1]
    counts = multinomial_counts(draws, fitted.weights, rng)
    used = np.flatnonzero(counts)
    most = max(1, int(MAX_NUMBERS / fitted.x.shape[0] ** 2))
    out = np.empty((draws, len(rows)))
    start = 0
    for some in np.split(used, range(most, len(used), most)):
        means, roots, squares = _gls_predictions(fitted, fitted.family.covariance(fitted.nodes[some]), rows)
        for mean, root, rss, count in zip(means, roots, squares, counts[some], strict=True):
            if fitted.family.fixed_scale:
                scale = np.ones(count)
            else:
                scale = np.sqrt(rss / rng.chisquare(n - k, size=count))
            out[start : start + count] = mean + scale[:, None] * (rng.standard_normal((count, len(rows))) @ root.T)
            start += count
    return out


def plug_in_forecast(fitted: GaussianFit, rows: Ints) -> tuple[Floats, Floats]:
    """Predictive mean (h,) and covariance (h, h) at other rows, given the most likely parameters and the estimate of s2."""
    means, roots, _ = _gls_predictions(fitted, fitted.family.covariance(fitted.best[None]), rows)
    return means[0], fitted.sigma2 * (roots[0] @ roots[0].T)


def _gls_predictions(fitted: GaussianFit, v: Floats, rows: Ints) -> tuple[Floats, Floats, Floats]:
    """Generalised least squares predictions (Goldberger 1962) for a stack of covariances v (g, N, N).

    Means (g, h), symmetric roots of the covariances per s2 (g, h, h), and residual sums of squares (g,).
    """
    seen, x, k = fitted.rows, fitted.x, fitted.x.shape[1]
    across = v[:, seen[:, None], rows[None, :]]
    fixed = np.broadcast_to(np.column_stack([x[seen], fitted.y]), (len(v), len(seen), k + 1))
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
    return means, symmetric_root(covariance), (residual**2).sum(axis=1)


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
