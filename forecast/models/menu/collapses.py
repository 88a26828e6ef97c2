"""Collapses of a level, and what is left of it: detection month by month, and a ratio learned from very few months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.kernels.resample import systematic_resample

NORMAL = 12  # open months needed before a collapse can be told
MEMORY = 36  # open months remembered
ZERO = (0.02, 0.98)  # Beta prior of an empty month in a scaled regime
FLOOR = 1e-3  # of the median positive figure: what counts as next to nothing in a logarithm
# spreads of the log ratio: its monthly step, noise beyond that of the old regime, a lasting monthly growth; and prior weight
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


def detect_collapses(when: Ints, y: Floats, season: int | None, drop: float = 0.5, spread: float = 5.0) -> Bools:
    """Which months of y (n,) at `when` (n,) lie in a collapsed stretch, told without looking ahead of any of them.

    A month collapses where its log ratio to the median of the last open months (of the same season where two years of them
    are known) falls below log(`drop`) and `spread` robust standard deviations; the stretch ends with the first month back
    above half that distance on the logarithmic scale. Only open months are remembered, so a long collapse does not become the
    norm. Series with fewer than `NORMAL` open months, or negative ones, show none.
    """
    out = np.zeros(len(y), dtype=bool)
    positive = y[y > 0]
    if not len(positive) or (y < 0).any():
        return out
    z = np.log(np.maximum(y, FLOOR * float(np.median(positive))))
    open_when: list[int] = []
    open_z: list[float] = []
    errors: list[float] = []
    shut = False
    for i, (month, value) in enumerate(zip(when.tolist(), z.tolist(), strict=True)):
        if len(open_z) >= NORMAL:
            usual = _expected_log(np.array(open_when[-MEMORY:]), np.array(open_z[-MEMORY:]), month, season)
            gap = value - usual
            usual_errors = np.array(errors[-MEMORY:]) if len(errors) >= NORMAL else np.array(open_z) - np.median(open_z)
            limit = max(-np.log(drop), spread * max(1.4826 * float(np.median(np.abs(usual_errors))), 0.05))
            shut = gap < (-0.5 * limit if shut else -limit)  # ends nearer to the old level than it began
            if not shut:
                errors.append(gap)
        if shut:
            out[i] = True
        else:
            open_when.append(month)
            open_z.append(value)
    return out


def _expected_log(when: Ints, z: Floats, month: int, season: int | None) -> float:
    """The expected log figure: the level of the last year, plus half of what the same months of earlier years were above it."""
    level = float(np.median(z[-NORMAL:]))
    if not season or len(z) < 2 * season:
        return level
    same = z[(when % season) == month % season]
    return level + 0.5 * float(np.mean(same) - np.mean(z)) if len(same) else level


@dataclass(frozen=True)
class RatioPrior:
    """What is thought of the log ratio before its first month: normal, with `mean` and `sd`; zero: chance of an empty month."""

    mean: float
    sd: float
    zero: tuple[float, float] = ZERO


def ratio_paths(base: Floats, seen: Floats, at: Ints, prior: RatioPrior, tiny: float, rng: np.random.Generator) -> Floats:
    """Paths of the months to come in a regime that scales the old one, shape (draws, h).

    base : (draws, k + h) joint draws of the old regime for the k months seen and the h to come; seen : (k,) their figures,
    zeros among them; at : (k + h,) months since the regime began; tiny : figures below count as zero in logarithms.

    log y_t = log base_t + d_t + e_t: d begins at the prior and moves as a random walk with a lasting slope, e is noise beyond
    that of the old regime; their spreads are nodes of a small grid, weighted by prior and likelihood. Each node's draws are
    conditioned on the positive figures by Matheron's rule, x + C_xy C_yy^-1 (y - y*) with covariances of the draws (Evensen
    2003, Ocean Dyn. 53:343, eq. 20, without its noise on y). An intercept correction (Clements and Hendry 1998, ch. 8; Castle,
    Clements and Hendry 2016) with its own uncertainty. Empty months: a Beta prior on their share, updated by the zeros seen.
    """
    draws, k = len(base), len(seen)
    logs = np.log(np.maximum(base, tiny))
    rows = np.flatnonzero(seen > tiny)
    nodes = np.array(NODES)
    made, evidence = [], []
    for loose, noise, slope, _ in nodes:
        shift = _log_ratio_draws(at, prior, float(loose), float(slope), draws, rng)
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
    extra = np.clip(1.0 - (1.0 - share) / max(1.0 - already, 1e-9), 0.0, 1.0)
    gone = (base[:, k:] <= tiny) | (rng.random(paths.shape) < extra)
    return np.where(gone, 0.0, paths)


def _log_ratio_draws(at: Ints, prior: RatioPrior, loose: float, slope: float, draws: int, rng: np.random.Generator) -> Floats:
    """Draws (draws, months) of the log ratio: start, walk and slope, `at` months after the regime began."""
    start = prior.mean + prior.sd * rng.standard_normal((draws, 1))
    steps = np.maximum(np.diff(at, prepend=at[0]), 0)
    walk = np.cumsum(loose * np.sqrt(steps) * rng.standard_normal((draws, len(at))), axis=1)
    lasting = slope * rng.standard_normal((draws, 1)) * at
    moved: Floats = start + walk + lasting
    return moved


def _condition_draws(x: Floats, rows: Ints, target: Floats) -> tuple[float, Floats]:
    """Log density of the target under the draws (as a normal), and the draws moved to it."""
    centred = x - x.mean(axis=0)
    own = centred[:, rows]
    cov = own.T @ own / len(x)
    cov[np.diag_indices_from(cov)] += 1e-9 + 1e-6 * np.diag(cov)
    cross = centred.T @ own / len(x)
    gain = np.linalg.solve(cov, cross.T)
    miss = target - x[:, rows].mean(axis=0)
    logdet = np.linalg.slogdet(cov)[1]
    score = -0.5 * float(miss @ np.linalg.solve(cov, miss) + logdet + len(rows) * np.log(2 * np.pi))
    return score, x + (target - x[:, rows]) @ gain


def weights_by_score(prior: Floats, scores: Floats, origins: int, least: float = 0.05) -> Floats:
    """Weights of devices from their mean scores (lower is better; NaN: not scored, so left out) over `origins` days.

    w ~ prior * score^-origins, the likelihood of `origins` errors whose spread is each device's own; weights below `least` are
    dropped.
    """
    known = np.isfinite(scores)
    if not known.any():
        return np.zeros(len(prior))
    best = max(float(np.nanmin(scores)), 1e-300)
    raw = np.where(known, prior * (np.where(known, scores, 1.0) / best) ** -float(origins), 0.0)
    raw = raw / raw.sum()
    raw = np.where(raw < least, 0.0, raw)
    shares: Floats = raw / raw.sum()
    return shares


def positions_of(months: Ints, wanted: Ints) -> Ints:
    """Where each of the wanted months stands among the others, in whatever order."""
    order = np.argsort(months)
    return order[np.searchsorted(months[order], wanted)]


def trimmed_mean(draws: Floats) -> Floats:
    """Mean of the middle nine tenths of the draws (n, h), month by month."""
    n = len(draws)
    middle: Floats = np.sort(draws, axis=0)[n // 20 : n - n // 20].mean(axis=0)
    return middle


def mean_crps(draws: Floats, truth: Floats) -> float:
    """Mean continuous ranked probability score over months, draws (n, h)."""
    ordered = np.sort(draws, axis=0)
    n = len(ordered)
    spread = (2.0 * np.arange(1, n + 1) - n - 1.0) @ ordered / n**2
    return float(np.mean(np.abs(draws - truth).mean(axis=0) - spread))
