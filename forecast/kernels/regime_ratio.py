"""Paths of a regime that scales the old one, the ratio to the old level learned from very few months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels.resample import systematic_resample

ZERO = (0.02, 0.98)  # Beta prior of an empty month in a scaled regime
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
    """
    draws, k = len(base), len(seen)
    logs = _logs_of_amounts(base, tiny, rng)
    rows = np.flatnonzero(seen > tiny)
    nodes = np.array(how_it_moves)
    # each node: paths of base + ratio + noise, conditioned on the log figures seen, and the likelihood of these
    made, evidence = [], []
    for step, noise, growth, _ in nodes:
        shift = _log_ratio_draws(at, prior, float(step), float(growth), draws, rng)
        x = logs + shift + noise * rng.standard_normal(base.shape)
        score, x = _condition_draws(x, rows, np.log(seen[rows])) if len(rows) else (0.0, x)
        made.append(x[:, k:])
        evidence.append(score)
    loglike = np.array(evidence)
    posterior = nodes[:, 3] * np.exp(loglike - loglike.max())
    posterior /= posterior.sum()
    node = rng.permutation(systematic_resample(posterior, draws))
    stacked = np.stack(made)
    paths = np.exp(stacked[node, np.arange(draws)])
    a, b = prior.zero
    empty = int((seen <= tiny).sum())
    share = rng.beta(a + empty, b + k - empty, size=(draws, 1))
    already = float((base[:, k:] <= tiny).mean())
    # the old regime has empty months of its own: only the rest of the share is added
    extra = np.clip(1.0 - (1.0 - share) / max(1.0 - already, 1e-9), 0.0, 1.0)
    empty_month = (base[:, k:] <= tiny) | (rng.random(paths.shape) < extra)
    return np.where(empty_month, 0.0, paths)


def _logs_of_amounts(base: Floats, tiny: float, rng: np.random.Generator) -> Floats:
    """Logarithms of the old regime's draws; in an empty month what it would have been with trade, as in another draw.

    The logarithm of next to nothing is no amount: it would stretch the covariance on which the draws are conditioned.
    """
    logs = np.log(np.maximum(base, tiny))
    for month in np.flatnonzero((base <= tiny).any(axis=0) & (base > tiny).any(axis=0)):
        empty = base[:, month] <= tiny
        logs[empty, month] = rng.choice(logs[~empty, month], size=int(empty.sum()))
    return logs


def _log_ratio_draws(at: Ints, prior: RatioPrior, step: float, growth: float, draws: int, rng: np.random.Generator) -> Floats:
    """Draws (draws, months) of the log ratio: start, random walk and growth, `at` months after the regime began."""
    start = prior.mean + prior.sd * rng.standard_normal((draws, 1))
    apart = np.maximum(np.diff(at, prepend=at[0]), 0)
    walk = np.cumsum(step * np.sqrt(apart) * rng.standard_normal((draws, len(at))), axis=1)
    drift = growth * rng.standard_normal((draws, 1)) * at
    ratio: Floats = start + walk + drift
    return ratio


def _condition_draws(x: Floats, rows: Ints, target: Floats) -> tuple[float, Floats]:
    """Log density of the target under the draws (taken as normal), and the draws conditioned on it (Matheron's rule)."""
    centred = x - x.mean(axis=0)
    own = centred[:, rows]
    cov = own.T @ own / len(x)
    # a jitter keeps the covariance of collinear draws invertible
    cov[np.diag_indices_from(cov)] += 1e-9 + 1e-6 * np.diag(cov)
    cross = centred.T @ own / len(x)
    gain = np.linalg.solve(cov, cross.T)
    miss = target - x[:, rows].mean(axis=0)
    logdet = np.linalg.slogdet(cov)[1]
    score = -0.5 * float(miss @ np.linalg.solve(cov, miss) + logdet + len(rows) * np.log(2 * np.pi))
    return score, x + (target - x[:, rows]) @ gain
