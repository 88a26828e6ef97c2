"""Regression with correlated noise in which some regressors hang on rates that are estimated with the rest.

    y = F a + X(r) b + u,   u ~ N(0, s2 V(p)),   r in a box, the first columns of F diffuse

(Box and Tiao 1975, JASA 70:70, sec. 2: X(r) b is omega / (1 - delta B) of a pulse or a step). For given (p, r) coefficients and
s2 have closed forms. Rates are found by the profile likelihood of (p, r), coefficients and s2 concentrated out:

    -2 l(p, r) = (n - d) log(RSS / (n - d)) + log|V| + log|D' V^-1 D| + const,   D the d diffuse columns,

which is comparable between rates (the restricted likelihood is not: it changes with the scale of X). Standard errors come from
its curvature. Draws are made over nodes of (p, r), weighted by the likelihood with b and s2 integrated out under a flat prior,
for r the one that |X' M X|^(1/2) makes indifferent to the scale of X; given a node they are Student t with n - k degrees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.estimators.regression import likelihood_modes
from forecast.estimators.regression.standard_errors import inverse_information
from forecast.kernels import gaussian
from forecast.kernels.gaussian import CovarianceFamily
from forecast.kernels.resample import multinomial_counts

RATE_GRID = {1: 41, 2: 13, 3: 7}  # grid values a side by number of rates
MAX_NUMBERS = 8e6  # numbers in the covariances held at once
NOISE_NODES = 24  # noise parameters combined with every rate


@dataclass(frozen=True)
class TransferFunctionModel:
    """y (n,) at `rows` of N steps; fixed (N, c), its first `diffuse` columns diffuse; own(rates (m, r)) -> (m, N, k).

    ranges : bounds of each rate; restricted : whether the noise's parameters maximise the restricted likelihood
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


def difference_model(problem: TransferFunctionModel, delta: Floats, family: CovarianceFamily) -> TransferFunctionModel:
    """The same problem in differences delta(B), `family` theirs; for figures without gaps, where it is the faster way.

    The diffuse columns are gone with the first values; the likelihood is the same, because the change of variables has
    determinant one.
    """
    lost = len(delta) - 1

    def taken(block: Floats) -> Floats:
        size = block.shape[-2] - lost
        out: Floats = sum((w * block[..., lost - j : lost - j + size, :] for j, w in enumerate(delta)), np.zeros(1))
        return out

    rows, begin = np.arange(len(problem.y) - lost), int(problem.rows[0])
    return replace(
        problem,
        y=taken(problem.y[:, None])[:, 0],
        rows=rows,
        fixed=taken(problem.fixed[begin:, problem.diffuse :]),
        diffuse=0,
        own=lambda rates: taken(problem.own(rates)[:, begin:]),
        family=family,
    )


@dataclass(frozen=True)
class LikelihoodTable:
    """Every combination of g noise parameters and m rates: likelihoods (g, m) and what the draws of b need.

    beta (g, m, k), root (g, m, k, k) with root root' the covariance of b per s2, rss (g, m), log|X' M X| (g, m)
    """

    profile: Floats
    restricted: Floats
    beta: Floats
    root: Floats
    rss: Floats
    information: Floats


@dataclass(frozen=True)
class NodePosterior:
    """Nodes of (p, r): weights (m,), rates (m, r), and per node the Student t distribution of b with `freedom` degrees."""

    weights: Floats
    rates: Floats
    beta: Floats
    root: Floats
    rss: Floats
    freedom: int

    def draws(self, count: int, rng: np.random.Generator) -> tuple[Floats, Ints]:
        """Draws of b (count, k), and the node of each (count,)."""
        node = np.repeat(np.arange(len(self.weights)), multinomial_counts(count, self.weights, rng))
        scale = np.sqrt(self.rss[node] / rng.chisquare(self.freedom, size=count))
        normal = rng.standard_normal((count, self.beta.shape[1]))
        moved: Floats = self.beta[node] + scale[:, None] * np.einsum("bij,bj->bi", self.root[node], normal)
        return moved, node


@dataclass(frozen=True)
class TransferFunctionFit:
    """Estimates: noise parameters, rates with their covariance, coefficients (c - diffuse + k,) with theirs, s2, likelihood.

    spread (q + r, q + r) : covariance of (p, r) from the curvature, NaN where one lies on a bound
    cross (c - diffuse + k, q + r) : covariance of the coefficients with (p, r), zero where it is not carried
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


def fit_transfer_function(problem: TransferFunctionModel) -> TransferFunctionFit:
    """The estimates, and the nodes from which draws are made."""
    q, rates = len(problem.family.lower), _midpoints(problem.ranges)
    both = np.empty(0)
    if problem.ranges:
        both = _joint_maximum(problem)
        rates = both[q:]

    def criterion(nodes: Floats) -> Floats:
        table = tabulate_likelihood(problem, nodes, rates[None])
        return (table.restricted if problem.restricted else table.profile)[:, 0]

    nodes, weights, noise = _noise_nodes(problem, criterion)
    if problem.ranges and not problem.restricted:
        noise = both[:q]
    at: Floats = np.r_[noise, rates]
    spread = np.full((q, q), np.nan)
    if problem.ranges or not problem.restricted:
        top = both if len(both) else at
        spread = inverse_information(lambda points: _profile_likelihood(problem, points), top, problem.low, problem.high)
    beta, covariance, sigma2, loglike = _coefficients_at(problem, at)
    moving = np.arange(len(at)) >= (q if problem.restricted else 0)
    turned = _coefficient_gradient(problem, at, spread, moving)
    cross = turned @ np.nan_to_num(spread)
    return TransferFunctionFit(
        noise, rates, spread, cross, beta, covariance + cross @ turned.T, sigma2, loglike,
        _node_posterior(problem, nodes, weights, noise, rates),
    )  # fmt: skip


def tabulate_likelihood(problem: TransferFunctionModel, noise: Floats, rates: Floats) -> LikelihoodTable:
    """Likelihoods and coefficients of every combination of `noise` (g, q) and `rates` (m, r)."""
    most = max(1, int(MAX_NUMBERS / len(problem.y) ** 2))
    if len(noise) > most:  # long series: some factors at a time
        parts = [tabulate_likelihood(problem, noise[i : i + most], rates) for i in range(0, len(noise), most)]
        return LikelihoodTable(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(LikelihoodTable)))
    rows, c, d = problem.rows, problem.fixed.shape[1], problem.diffuse
    own = problem.own(rates)[:, rows]
    m, n, k = own.shape
    block = np.column_stack([problem.fixed[rows], problem.y, own.transpose(1, 0, 2).reshape(n, m * k)])
    white, log_det, ok = _whiten(problem, noise, block)
    q, r = np.linalg.qr(white[..., :c])
    rest = white[..., c:] - q @ (q.transpose(0, 2, 1) @ white[..., c:])
    y = rest[..., 0]
    x = rest[..., 1:].reshape(len(noise), n, m, k).transpose(0, 2, 1, 3)
    turned, upper = np.linalg.qr(x)
    # a column that is zero in its first rows, as an event's is, leaves the sign of its diagonal to rounding, and with it draws
    sign = np.where(np.diagonal(upper, axis1=2, axis2=3) < 0, -1.0, 1.0)
    turned, upper = turned * sign[..., None, :], upper * sign[..., :, None]
    seen = np.einsum("gmnk,gn->gmk", turned, y)
    rss = np.clip(np.einsum("gn,gn->g", y, y)[:, None] - (seen**2).sum(axis=2), 1e-300, None)
    logs = 2 * np.log(np.clip(np.abs(np.diagonal(r, axis1=1, axis2=2)), 1e-150, None))
    information = 2 * np.log(np.clip(np.abs(np.diagonal(upper, axis1=2, axis2=3)), 1e-150, None)).sum(axis=2)
    root: Floats = np.asarray(np.linalg.solve(upper + 1e-150 * np.eye(k), np.broadcast_to(np.eye(k), upper.shape)), float)
    free, left = n - d, n - c - k
    profile = -0.5 * (free * (np.log(2 * np.pi * rss / free) + 1) + (log_det + logs[:, :d].sum(axis=1))[:, None])
    restricted = -0.5 * (left * (np.log(2 * np.pi * rss / left) + 1) + (log_det + logs.sum(axis=1))[:, None] + information)
    bad = ~ok[:, None]
    beta = np.einsum("gmij,gmj->gmi", root, seen)
    return LikelihoodTable(np.where(bad, -np.inf, profile), np.where(bad, -np.inf, restricted), beta, root, rss, information)


def _whiten(problem: TransferFunctionModel, noise: Floats, block: Floats) -> tuple[Floats, Floats, Bools]:
    if not problem.family.lower:  # independent errors: any length, nothing to factor
        return block[None], np.zeros(1), np.ones(1, dtype=bool)
    rows = problem.rows
    return gaussian.whiten(block, problem.family.covariance(noise)[:, rows[:, None], rows[None, :]])


def _midpoints(ranges: tuple[tuple[float, float], ...]) -> Floats:
    return np.array([(a + b) / 2 for a, b in ranges])


def _rate_grid(low: Floats, high: Floats) -> Floats:
    return gaussian.parameter_grid(low, high, (RATE_GRID.get(len(low), 4),) * len(low))


def _best_noise(problem: TransferFunctionModel, criterion: Callable[[Floats], Floats]) -> Floats:
    """The best noise parameters (q,). The likelihood of an ARIMA order may have several hills (common factors)."""
    family = problem.family
    if problem.restricted or len(family.coarse) < 2:
        return gaussian.search_grid(criterion, family.lower, family.upper, family.coarse)[2]
    return likelihood_modes.find_global_mode(criterion, np.array(family.lower), np.array(family.upper), family.coarse)


def _noise_nodes(problem: TransferFunctionModel, criterion: Callable[[Floats], Floats]) -> tuple[Floats, Floats, Floats]:
    """Noise parameters worth a node (g, q), the log of a weight of each (g,), and the best (q,)."""
    family = problem.family
    if problem.restricted or len(family.coarse) < 2:
        nodes, values, best = gaussian.search_grid(criterion, family.lower, family.upper, family.coarse)
        return (
            nodes[values > values.max() - gaussian.LOGLIKE_CUTOFF],
            np.zeros(int((values > values.max() - gaussian.LOGLIKE_CUTOFF).sum())),
            best,
        )
    low, high, best = np.array(family.lower), np.array(family.upper), _best_noise(problem, criterion)
    nodes, weights = likelihood_modes.nodes_around_mode(criterion, best, low, high, family.coarse)
    return nodes, weights, best


def _joint_maximum(problem: TransferFunctionModel) -> Floats:
    """(p, r) of the highest profile likelihood: a grid of the rates at the best noise, twice, then all together."""
    q, low, high = len(problem.family.lower), problem.low, problem.high
    rates, tried = _midpoints(problem.ranges), _rate_grid(low[q:], high[q:])
    noise = np.empty(0)
    for _ in range(2):
        noise = _best_noise(problem, lambda nodes, r=rates: tabulate_likelihood(problem, nodes, r[None]).profile[:, 0])  # type: ignore[misc]
        rates = tried[tabulate_likelihood(problem, noise[None], tried).profile[0].argmax()]
    return likelihood_modes.climb_to_mode(
        lambda points: _profile_likelihood(problem, points), np.r_[noise, rates], low, high, 200
    )


def _profile_likelihood(problem: TransferFunctionModel, points: Floats) -> Floats:
    """Profile likelihood at points (g, q + r), each distinct p factored once."""
    q = len(problem.family.lower)
    noise, row = np.unique(points[:, :q], axis=0, return_inverse=True)
    rates, column = np.unique(points[:, q:], axis=0, return_inverse=True)
    values: Floats = tabulate_likelihood(problem, noise, rates).profile[row.ravel(), column.ravel()]
    return values


def _coefficients_at(problem: TransferFunctionModel, at: Floats) -> tuple[Floats, Floats, float, float]:
    """All coefficients but the diffuse ones, their covariance given (p, r), s2 and the log-likelihood that was maximised."""
    q, d, rows = len(problem.family.lower), problem.diffuse, problem.rows
    x = np.column_stack([problem.fixed, problem.own(at[None, q:])[0]])[rows]
    white, _, _ = _whiten(problem, at[None, :q], np.column_stack([x, problem.y]))
    beta, rss = np.linalg.lstsq(white[0][:, :-1], white[0][:, -1], rcond=None)[:2]
    residual = float(rss[0]) if len(rss) else 0.0
    sigma2 = residual / (len(rows) - (x.shape[1] if problem.restricted else d))
    information = white[0][:, :-1].T @ white[0][:, :-1]
    table = tabulate_likelihood(problem, at[None, :q], at[None, q:])
    loglike = float((table.restricted if problem.restricted else table.profile)[0, 0])
    return np.asarray(beta[d:], float), (sigma2 * np.linalg.inv(information))[d:, d:], sigma2, loglike


def _coefficient_gradient(problem: TransferFunctionModel, at: Floats, spread: Floats, moving: Bools) -> Floats:
    """Derivatives of the coefficients in (p, r), shape (c - diffuse + k, q + r); zero for what is taken as known.

    With S the covariance of (p, r) they carry its uncertainty into the coefficients: G S G'.
    """
    known = np.flatnonzero(moving & np.isfinite(np.diag(spread)))
    size = problem.fixed.shape[1] - problem.diffuse + problem.own(at[None, len(problem.family.lower) :]).shape[2]
    columns = np.zeros((size, len(at)))
    for i in known:
        step = np.zeros(len(at))
        step[i] = 0.05 * np.sqrt(spread[i, i])
        columns[:, i] = (_coefficients_at(problem, at + step)[0] - _coefficients_at(problem, at - step)[0]) / (2 * step[i])
    return columns


def _node_posterior(
    problem: TransferFunctionModel, nodes: Floats, weights: Floats, noise: Floats, rates: Floats
) -> NodePosterior:
    """Nodes by weight: those of the noise, combined with a grid of the rates over the part that matters."""
    points, bonus = rates[None], np.zeros(1)
    if problem.ranges:
        low, high = (np.array(b) for b in zip(*problem.ranges, strict=True))
        points = _rate_grid(low, high)
        values = tabulate_likelihood(problem, noise[None], points).profile[0]
        step = (high - low) / (RATE_GRID.get(len(low), 4) - 1)
        likely = np.vstack([points[values > values.max() - gaussian.LOGLIKE_CUTOFF], rates])
        points = _rate_grid(np.clip(likely.min(axis=0) - step, low, high), np.clip(likely.max(axis=0) + step, low, high))
        bonus = 0.5 * tabulate_likelihood(problem, noise[None], points).information[0]
        best = np.argsort(-(tabulate_likelihood(problem, nodes, rates[None]).restricted[:, 0] + weights))[:NOISE_NODES]
        nodes, weights = nodes[best], weights[best]
    table = tabulate_likelihood(problem, nodes, points)
    value = table.restricted + weights[:, None] + bonus
    keep = value > value.max() - gaussian.LOGLIKE_CUTOFF
    share = np.exp(value[keep] - value.max())
    node = np.nonzero(keep)[1]
    freedom = len(problem.rows) - problem.fixed.shape[1] - table.beta.shape[2]
    return NodePosterior(share / share.sum(), points[node], table.beta[keep], table.root[keep], table.rss[keep], freedom)
