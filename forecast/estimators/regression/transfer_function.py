"""Box-Tiao transfer functions: intervention analysis by regression with correlated noise and estimated response rates.

    y = F a + X(r) b + u,   u ~ N(0, s2 V(p)),   r in a box, the first columns of F diffuse

(Box and Tiao 1975, J. Am. Stat. Assoc. 70:70, sec. 2: X(r) b is omega / (1 - delta B) applied to a pulse or a step). Given the
noise parameters p and the rates r, coefficients and s2 have closed forms. Rates are estimated by the profile likelihood of
(p, r), with coefficients and s2 concentrated out:

    -2 l(p, r) = (n - d) log(RSS / (n - d)) + log|V| + log|D' V^-1 D| + const,   D the d diffuse columns,

which is comparable between rates (the restricted likelihood is not: it changes with the scale of X). Standard errors come from
its Hessian. Coefficients are drawn from a mixture over nodes of (p, r), weighted by the likelihood with b and s2 integrated out
under a flat prior, which for r is multiplied by |X' M X|^(1/2) to be invariant to the scale of X; given a node they are Student
t with n - k degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.estimators.regression import likelihood_modes
from forecast.estimators.regression.standard_errors import inverse_information
from forecast.kernels import gaussian, grid_search
from forecast.kernels.gaussian import CovarianceFamily
from forecast.kernels.resample import multinomial_counts

RATE_GRID = {1: 41, 2: 13, 3: 7}  # grid points per dimension, by number of rates
MAX_NUMBERS = 8e6  # elements of the covariance matrices held in memory at once
NOISE_NODES = 24  # noise parameters combined with every rate of the grid


@dataclass(frozen=True)
class TransferFunctionModel:
    """The model and its data: y (n,) at `rows` of N steps, regressors `fixed` and `own`.

    fixed : (N, c), its first `diffuse` columns diffuse; own : rates (m, r) -> columns (m, N, k); ranges : bounds of each rate;
    family : of noise covariances; restricted : whether noise parameters maximise the restricted likelihood
    """

    y: Floats
    rows: Ints
    fixed: Floats
    diffuse: int
    own: Callable[[Floats], Floats]
    ranges: tuple[tuple[float, float], ...]
    family: CovarianceFamily
    restricted: bool

    @property
    def low(self) -> Floats:
        """Lower bounds of (p, r)."""
        return np.array([*self.family.lower, *(a for a, _ in self.ranges)])

    @property
    def high(self) -> Floats:
        """Upper bounds of (p, r)."""
        return np.array([*self.family.upper, *(b for _, b in self.ranges)])


def difference_model(model: TransferFunctionModel, delta: Floats, family: CovarianceFamily) -> TransferFunctionModel:
    """The same model in differences delta(B), with noise `family`; faster, but only for figures without gaps.

    Differencing removes the diffuse columns and the first values; the likelihood is unchanged, because the change of variables
    has determinant one.
    """
    lost = len(delta) - 1

    def apply_difference(block: Floats) -> Floats:
        size = block.shape[-2] - lost
        out: Floats = sum((w * block[..., lost - j : lost - j + size, :] for j, w in enumerate(delta)), np.zeros(1))
        return out

    rows, begin = np.arange(len(model.y) - lost), int(model.rows[0])
    return replace(
        model,
        y=apply_difference(model.y[:, None])[:, 0],
        rows=rows,
        fixed=apply_difference(model.fixed[begin:, model.diffuse :]),
        diffuse=0,
        own=lambda rates: apply_difference(model.own(rates)[:, begin:]),
        family=family,
    )


@dataclass(frozen=True)
class LikelihoodTable:
    """Log-likelihoods and estimates of b for every combination of g noise parameters and m rates.

    profile, restricted : log-likelihoods (g, m); beta (g, m, k); root (g, m, k, k) with root root' the covariance of b over s2;
    rss (g, m); information : log|X' M X| (g, m)
    """

    profile: Floats
    restricted: Floats
    beta: Floats
    root: Floats
    rss: Floats
    information: Floats


@dataclass(frozen=True)
class NodePosterior:
    """Nodes of (p, r): weights (m,), rates (m, r), and for each the Student t distribution of b with `freedom` degrees."""

    weights: Floats
    rates: Floats
    beta: Floats
    root: Floats
    rss: Floats
    freedom: int

    def draw_coefficients(self, count: int, rng: np.random.Generator) -> tuple[Floats, Ints]:
        """Draws of b (count, k), and the node of each (count,)."""
        node = np.repeat(np.arange(len(self.weights)), multinomial_counts(count, self.weights, rng))
        scale = np.sqrt(self.rss[node] / rng.chisquare(self.freedom, size=count))
        normal = rng.standard_normal((count, self.beta.shape[1]))
        drawn: Floats = self.beta[node] + scale[:, None] * np.einsum("bij,bj->bi", self.root[node], normal)
        return drawn, node


@dataclass(frozen=True)
class TransferFunctionFit:
    """Noise parameters (q,), rates (r,), coefficients `beta` (c - diffuse + k,), covariances, s2 and log-likelihood.

    spread (q + r, q + r) : covariance of (p, r) by the inverse information, NaN for those on a bound
    cross (c - diffuse + k, q + r) : covariance of the coefficients with (p, r), zero for parameters taken as known
    """

    noise: Floats
    rates: Floats
    spread: Floats
    cross: Floats
    beta: Floats
    covariance: Floats
    sigma2: float
    loglike: float
    posterior: NodePosterior


def fit_transfer_function(model: TransferFunctionModel) -> TransferFunctionFit:
    """Maximum likelihood estimates, and the posterior over nodes from which coefficients are drawn."""
    q, rates = len(model.family.lower), _midpoints(model.ranges)
    joint = np.empty(0)
    if model.ranges:
        joint = _joint_maximum(model)
        rates = joint[q:]

    def criterion(nodes: Floats) -> Floats:
        table = tabulate_likelihood(model, nodes, rates[None])
        return (table.restricted if model.restricted else table.profile)[:, 0] + log_prior(model, nodes)

    nodes, weights, noise = noise_nodes(model, criterion)
    if model.ranges and not model.restricted:
        noise = joint[:q]
    at: Floats = np.r_[noise, rates]
    spread = np.full((q, q), np.nan)
    if model.ranges or not model.restricted:
        mode = joint if len(joint) else at
        spread = inverse_information(lambda points: _profile_likelihood(model, points), mode, model.low, model.high)
    beta, covariance, sigma2, loglike = _coefficients_at(model, at)
    moving = np.arange(len(at)) >= (q if model.restricted else 0)
    gradient = _coefficient_gradient(model, at, spread, moving)
    cross = gradient @ np.nan_to_num(spread)
    return TransferFunctionFit(
        noise, rates, spread, cross, beta, covariance + cross @ gradient.T, sigma2, loglike,
        _node_posterior(model, nodes, weights, noise, rates),
    )  # fmt: skip


def tabulate_likelihood(model: TransferFunctionModel, noise: Floats, rates: Floats) -> LikelihoodTable:
    """Log-likelihoods and coefficients for every combination of `noise` (g, q) and `rates` (m, r)."""
    most = max(1, int(MAX_NUMBERS / len(model.y) ** 2))
    if len(noise) > most:  # long series: in batches of covariance factors
        parts = [tabulate_likelihood(model, noise[i : i + most], rates) for i in range(0, len(noise), most)]
        return LikelihoodTable(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(LikelihoodTable)))
    rows, c, d = model.rows, model.fixed.shape[1], model.diffuse
    # all rates share one whitening and one projection on the fixed columns per covariance: their columns stand side by side
    own = model.own(rates)[:, rows]
    m, n, k = own.shape
    block = np.column_stack([model.fixed[rows], model.y, own.transpose(1, 0, 2).reshape(n, m * k)])
    white, log_det, ok = _whiten(model, noise, block)
    q, r = np.linalg.qr(white[..., :c])
    rest = white[..., c:] - q @ (q.transpose(0, 2, 1) @ white[..., c:])
    y = rest[..., 0]
    x = rest[..., 1:].reshape(len(noise), n, m, k).transpose(0, 2, 1, 3)
    basis, upper = np.linalg.qr(x)
    # event columns begin with zeros, so rounding alone decides the sign of QR's diagonal, and with it that of the draws
    sign = np.where(np.diagonal(upper, axis1=2, axis2=3) < 0, -1.0, 1.0)
    basis, upper = basis * sign[..., None, :], upper * sign[..., :, None]
    projected = np.einsum("gmnk,gn->gmk", basis, y)
    rss = np.clip(np.einsum("gn,gn->g", y, y)[:, None] - (projected**2).sum(axis=2), 1e-300, None)
    logs = 2 * np.log(np.clip(np.abs(np.diagonal(r, axis1=1, axis2=2)), 1e-150, None))
    information = 2 * np.log(np.clip(np.abs(np.diagonal(upper, axis1=2, axis2=3)), 1e-150, None)).sum(axis=2)
    root: Floats = np.asarray(np.linalg.solve(upper + 1e-150 * np.eye(k), np.broadcast_to(np.eye(k), upper.shape)), float)
    profile_df, reml_df = n - d, n - c - k
    profile = -0.5 * (profile_df * (np.log(2 * np.pi * rss / profile_df) + 1) + (log_det + logs[:, :d].sum(axis=1))[:, None])
    restricted = -0.5 * (
        reml_df * (np.log(2 * np.pi * rss / reml_df) + 1) + (log_det + logs.sum(axis=1))[:, None] + information
    )
    bad = ~ok[:, None]
    beta = np.einsum("gmij,gmj->gmi", root, projected)
    return LikelihoodTable(np.where(bad, -np.inf, profile), np.where(bad, -np.inf, restricted), beta, root, rss, information)


def _whiten(model: TransferFunctionModel, noise: Floats, block: Floats) -> tuple[Floats, Floats, Bools]:
    if not model.family.lower:  # independent errors: no covariance to factor
        return block[None], np.zeros(1), np.ones(1, dtype=bool)
    rows = model.rows
    return gaussian.whiten(block, model.family.covariance(noise)[:, rows[:, None], rows[None, :]])


def _midpoints(ranges: tuple[tuple[float, float], ...]) -> Floats:
    return np.array([(a + b) / 2 for a, b in ranges])


def _rate_grid(low: Floats, high: Floats) -> Floats:
    return grid_search.parameter_grid(low, high, (RATE_GRID.get(len(low), 4),) * len(low))


def _best_noise(model: TransferFunctionModel, criterion: Callable[[Floats], Floats]) -> Floats:
    """The noise parameters (q,) of highest likelihood, which for ARIMA orders may be multimodal (common factors)."""
    family = model.family
    if model.restricted or len(family.coarse) < 2:
        return grid_search.search_grid(criterion, family.lower, family.upper, family.coarse)[2]
    return likelihood_modes.find_global_mode(criterion, np.array(family.lower), np.array(family.upper), family.coarse)


def noise_nodes(model: TransferFunctionModel, criterion: Callable[[Floats], Floats]) -> tuple[Floats, Floats, Floats]:
    """Nodes of the noise parameters (g, q), their log weights (g,), and the best parameters (q,)."""
    family = model.family
    if model.restricted or len(family.coarse) < 2:
        polish = family.log_prior is None  # with a prior the nodes are what counts
        enough = None if polish else gaussian.ENOUGH_NODES
        nodes, values, best = grid_search.search_grid(
            criterion, family.lower, family.upper, family.coarse, polish=polish, enough=enough
        )
        likely = nodes[values > values.max() - grid_search.LOGLIKE_CUTOFF]
        return likely, log_prior(model, likely), best
    low, high, best = np.array(family.lower), np.array(family.upper), _best_noise(model, criterion)
    nodes, weights = likelihood_modes.nodes_around_mode(criterion, best, low, high, family.coarse)
    return nodes, weights, best


def log_prior(model: TransferFunctionModel, nodes: Floats) -> Floats:
    """Log prior of noise parameters (g, q), zero where they have none."""
    return np.zeros(len(nodes)) if model.family.log_prior is None else model.family.log_prior(nodes)


def _joint_maximum(model: TransferFunctionModel) -> Floats:
    """(p, r) of the highest profile likelihood: noise and a grid of rates in turn, twice, then jointly."""
    q, low, high = len(model.family.lower), model.low, model.high
    rates, tried = _midpoints(model.ranges), _rate_grid(low[q:], high[q:])
    noise = np.empty(0)
    for _ in range(2):

        def criterion(nodes: Floats, rates: Floats = rates) -> Floats:
            return tabulate_likelihood(model, nodes, rates[None]).profile[:, 0]

        noise = _best_noise(model, criterion)
        rates = tried[tabulate_likelihood(model, noise[None], tried).profile[0].argmax()]
    return likelihood_modes.climb_to_mode(
        lambda points: _profile_likelihood(model, points), np.r_[noise, rates], low, high, 200
    )


def _profile_likelihood(model: TransferFunctionModel, points: Floats) -> Floats:
    """Profile likelihood at points (g, q + r), factoring the covariance of each distinct p once."""
    q = len(model.family.lower)
    noise, row = np.unique(points[:, :q], axis=0, return_inverse=True)
    rates, column = np.unique(points[:, q:], axis=0, return_inverse=True)
    values: Floats = tabulate_likelihood(model, noise, rates).profile[row.ravel(), column.ravel()]
    return values


def _coefficients_at(model: TransferFunctionModel, at: Floats) -> tuple[Floats, Floats, float, float]:
    """All coefficients but the diffuse ones, their covariance given (p, r), s2, and the maximised log-likelihood."""
    q, d, rows = len(model.family.lower), model.diffuse, model.rows
    x = np.column_stack([model.fixed, model.own(at[None, q:])[0]])[rows]
    white, _, _ = _whiten(model, at[None, :q], np.column_stack([x, model.y]))
    beta, rss = np.linalg.lstsq(white[0][:, :-1], white[0][:, -1], rcond=None)[:2]
    residual = float(rss[0]) if len(rss) else 0.0
    sigma2 = residual / (len(rows) - (x.shape[1] if model.restricted else d))
    information = white[0][:, :-1].T @ white[0][:, :-1]
    table = tabulate_likelihood(model, at[None, :q], at[None, q:])
    loglike = float((table.restricted if model.restricted else table.profile)[0, 0])
    return np.asarray(beta[d:], float), (sigma2 * np.linalg.inv(information))[d:, d:], sigma2, loglike


def _coefficient_gradient(model: TransferFunctionModel, at: Floats, spread: Floats, moving: Bools) -> Floats:
    """Derivatives G of the coefficients in (p, r), shape (c - diffuse + k, q + r); zero for parameters taken as known.

    With S the covariance of (p, r), G S G' is the part of the coefficients' variance due to (p, r) (delta method).
    """
    known = np.flatnonzero(moving & np.isfinite(np.diag(spread)))
    size = model.fixed.shape[1] - model.diffuse + model.own(at[None, len(model.family.lower) :]).shape[2]
    columns = np.zeros((size, len(at)))
    for i in known:
        step = np.zeros(len(at))
        step[i] = 0.05 * np.sqrt(spread[i, i])
        columns[:, i] = (_coefficients_at(model, at + step)[0] - _coefficients_at(model, at - step)[0]) / (2 * step[i])
    return columns


def _node_posterior(
    model: TransferFunctionModel, nodes: Floats, weights: Floats, noise: Floats, rates: Floats
) -> NodePosterior:
    """Weighted nodes: those of the noise, combined with a grid of rates over the region of non-negligible likelihood."""
    points, bonus = rates[None], np.zeros(1)
    if model.ranges:
        low, high = (np.array(b) for b in zip(*model.ranges, strict=True))
        points = _rate_grid(low, high)
        values = tabulate_likelihood(model, noise[None], points).profile[0]
        step = (high - low) / (RATE_GRID.get(len(low), 4) - 1)
        likely = np.vstack([points[values > values.max() - grid_search.LOGLIKE_CUTOFF], rates])
        points = _rate_grid(np.clip(likely.min(axis=0) - step, low, high), np.clip(likely.max(axis=0) + step, low, high))
        bonus = 0.5 * tabulate_likelihood(model, noise[None], points).information[0]
        best = np.argsort(-(tabulate_likelihood(model, nodes, rates[None]).restricted[:, 0] + weights))[:NOISE_NODES]
        nodes, weights = nodes[best], weights[best]
    table = tabulate_likelihood(model, nodes, points)
    value = table.restricted + weights[:, None] + bonus
    keep = value > value.max() - grid_search.LOGLIKE_CUTOFF
    share = np.exp(value[keep] - value.max())
    node = np.nonzero(keep)[1]
    freedom = len(model.rows) - model.fixed.shape[1] - table.beta.shape[2]
    return NodePosterior(share / share.sum(), points[node], table.beta[keep], table.root[keep], table.rss[keep], freedom)
