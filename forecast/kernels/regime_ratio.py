"""Paths of a regime that scales the old one, the ratio to the old level learned from very few months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.kernels.remembered_answers import remember_answers
from forecast.kernels.resample import systematic_resample

ZERO = (0.02, 0.98)  # Beta prior of an empty month in a scaled regime
MOST_REMEMBERED = 16  # a device and its past origins, on a few histories
# standard deviations of the log ratio's monthly step, of noise beyond that of the old regime, of a constant monthly growth;
# and prior weight
NODES = (
    (0.0, 0.0, 0.0, 0.94),
    (0.0, 0.0, 0.12, 0.02),
    (0.1, 0.0, 0.0, 0.015),
    (0.1, 0.4, 0.0, 0.005),
    (0.35, 0.0, 0.0, 0.005),
    (0.35, 1.0, 0.0, 0.0025),
    (0.0, 0.4, 0.0, 0.01),
    (0.0, 1.0, 0.0, 0.0025),
)


@dataclass(frozen=True)
class RatioPrior:
    """Prior of the log ratio in its first month, N(mean, sd^2); `zero`: Beta parameters of the chance of an empty month."""

    mean: float
    sd: float
    zero: tuple[float, float] = ZERO


class _Position:
    """A random number generator, equal to others from which the same numbers come next."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.state = repr(rng.bit_generator.state)

    def __hash__(self) -> int:
        return hash(self.state)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Position) and self.state == other.state


@dataclass(frozen=True)
class _Moves:
    """What the paths have in common under every prior of the first month's ratio: random numbers and the old regime.

    moves : (nodes, draws, months) log paths of each node without the ratio of the first month
    starts : (nodes, draws) standard normal draws of that ratio
    middle, spread : (nodes, months + 1) and (nodes, months + 1, months + 1), mean and covariance over draws of both together
    order : (draws,) a permutation; empty : (draws, h) which months ahead are empty; after : state of the generator
    """

    moves: Floats
    starts: Floats
    middle: Floats
    spread: Floats
    order: Ints
    empty: Bools
    after: Mapping[str, Any]


def ratio_paths(
    base: Floats, seen: Floats, at: Ints, prior: RatioPrior, tiny: float, rng: np.random.Generator,
    how_it_moves: tuple[tuple[float, float, float, float], ...] = NODES,
) -> Floats:  # fmt: skip
    """Simulated months (draws, h) of a regime that scales the old one.

    base : (draws, k + h) joint draws of the old regime for the k months seen and the h ahead; seen : (k,) figures of the
    former, zeros included; at : (k + h,) months since the regime began; tiny : figures up to this count as zero;
    how_it_moves : the nodes of the grid below.

    log y_t = log base_t + d_t + e_t: d starts from the prior and follows a random walk with constant drift, e is noise beyond
    that of the old regime; their standard deviations are nodes of a small grid, weighted by prior and likelihood. Each node's
    draws are conditioned on the positive figures by Matheron's rule, x + C_xy C_yy^-1 (y - y*) with covariances of the draws
    (Evensen 2003, Ocean Dyn. 53:343, eq. 20, without its noise on y). An intercept correction (Clements and Hendry 1998, ch. 8;
    Castle, Clements and Hendry 2016) with its own uncertainty. Empty months: a Beta prior on their share, updated by the zeros.

    News ask the same with a hundred priors: random numbers, and their covariances, are remembered, and a prior N(m, s^2) of the
    first month shifts each node's draws by m + s z, so that means are linear and covariances quadratic in s.
    """
    k, count = len(seen), int((seen <= tiny).sum())
    made = _moves(base, at, k, tiny, (prior.zero[0] + count, prior.zero[1] + k - count), how_it_moves, _Position(rng))
    rng.bit_generator.state = made.after
    rows = np.flatnonzero(seen > tiny)
    loading = np.column_stack([np.eye(len(at)), np.full(len(at), prior.sd)])
    middle = prior.mean + made.middle @ loading.T
    gain, loglike = _matheron_gains(middle, loading @ made.spread @ loading.T, rows, np.log(seen[rows]))
    posterior = np.array(how_it_moves)[:, 3] * np.exp(loglike - loglike.max())
    posterior /= posterior.sum()
    node, draw = systematic_resample(posterior, len(base))[made.order], np.arange(len(base))
    x = made.moves[node, draw] + (prior.mean + prior.sd * made.starts[node, draw])[:, None]
    # x + (y - y*) gain, as one linear map of x for each node
    linear = np.zeros((len(gain), *x.shape[1:], x.shape[1] - k))
    linear[:, rows] = -gain[:, :, k:]
    linear[:, np.arange(k, x.shape[1]), np.arange(x.shape[1] - k)] = 1.0
    paths = np.exp((np.log(seen[rows]) @ gain[:, :, k:])[node] + np.einsum("ij,ijh->ih", x, linear[node]))
    return np.where(made.empty, 0.0, paths)


@remember_answers(MOST_REMEMBERED)
def _moves(
    base: Floats, at: Ints, k: int, tiny: float, shares: tuple[float, float],
    how_it_moves: tuple[tuple[float, float, float, float], ...], position: _Position,
) -> _Moves:  # fmt: skip
    """Random numbers from the position on, in the order in which they are drawn; `shares`: Beta of an empty month."""
    rng, draws = position.rng, len(base)
    logs = _logs_of_amounts(base, tiny, rng)
    starts, moves = np.empty((len(how_it_moves), draws)), np.empty((len(how_it_moves), *base.shape))
    for i, (step, noise, growth, _) in enumerate(how_it_moves):
        starts[i] = rng.standard_normal(draws)
        moves[i] = logs + _log_ratio_moves(at, step, growth, draws, rng) + noise * rng.standard_normal(base.shape)
    both = np.concatenate([moves, starts[:, :, None]], axis=2)
    middle = both.mean(axis=1)
    both -= middle[:, None, :]
    order = rng.permutation(draws)
    share = rng.beta(*shares, size=(draws, 1))
    already = float((base[:, k:] <= tiny).mean())
    # the old regime has empty months of its own: only the rest of the share is added
    extra = np.clip(1.0 - (1.0 - share) / max(1.0 - already, 1e-9), 0.0, 1.0)
    empty = (base[:, k:] <= tiny) | (rng.random(base[:, k:].shape) < extra)
    return _Moves(moves, starts, middle, both.transpose(0, 2, 1) @ both / draws, order, empty, rng.bit_generator.state)


def _logs_of_amounts(base: Floats, tiny: float, rng: np.random.Generator) -> Floats:
    """Logarithms of the old regime's draws; in an empty month what it would have been with trade, as in another draw.

    The logarithm of next to nothing is no amount: it would stretch the covariance on which the draws are conditioned.
    """
    logs = np.log(np.maximum(base, tiny))
    for month in np.flatnonzero((base <= tiny).any(axis=0) & (base > tiny).any(axis=0)):
        empty = base[:, month] <= tiny
        logs[empty, month] = rng.choice(logs[~empty, month], size=int(empty.sum()))
    return logs


def _log_ratio_moves(at: Ints, step: float, growth: float, draws: int, rng: np.random.Generator) -> Floats:
    """Draws (draws, months) of how the log ratio moves, `at` months after the regime began: random walk and growth."""
    apart = np.maximum(np.diff(at, prepend=at[0]), 0)
    walk: Floats = np.cumsum(step * np.sqrt(apart) * rng.standard_normal((draws, len(at))), axis=1)
    return walk + growth * rng.standard_normal((draws, 1)) * at


def _matheron_gains(middle: Floats, spread: Floats, rows: Ints, target: Floats) -> tuple[Floats, Floats]:
    """For each of n normal distributions the gains (n, rows, months) of Matheron's rule, and the target's log density (n,).

    middle, spread : (n, months) and (n, months, months); target : (rows,) values of the months at `rows`.
    """
    cov = spread[:, rows[:, None], rows]
    # a jitter keeps the covariance of collinear draws invertible
    own = np.arange(len(rows))
    cov[:, own, own] += 1e-9 + 1e-6 * cov[:, own, own]
    miss = target - middle[:, rows]
    solved = np.linalg.solve(cov, np.concatenate([spread[:, rows], miss[:, :, None]], axis=2))
    square = (miss * solved[:, :, -1]).sum(axis=1)
    loglike: Floats = -0.5 * (square + np.linalg.slogdet(cov)[1] + len(rows) * np.log(2 * np.pi))
    return solved[:, :, :-1], loglike
