"""Intermittent series: filters for occurrence and size separately, their likelihoods, and simulated paths; many series at once.

Arrays are (S, T) with NaN where a month is unknown or a shorter series has not begun. All series share one small parameter
grid, and each weights it by its own one-step predictive likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats

DISCOUNTS = np.array([1.0, 0.98, 0.95, 0.9, 0.8, 0.65])  # monthly discount factors of the accumulated information
RATES = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.5])  # smoothing constants of TSB
PRIOR_SIZES = 0.5  # weight of the prior on the level, in observed sizes
PRIOR_FREEDOM = 2.0
MIN_SIZES = 3  # with fewer sizes their variance is a guess


@dataclass(frozen=True)
class OccurrenceStates:
    """Occurrence after the last month: Beta(a, b) for each discount and its log-likelihood, all (S, G)."""

    a: Floats
    b: Floats
    loglike: Floats


@dataclass(frozen=True)
class SizeStates:
    """Size of non-empty months: normal-inverse-gamma of log (or plain) sizes per discount with log-likelihood, all (S, G)."""

    mean: Floats
    weight: Floats
    freedom: Floats
    square: Floats
    loglike: Floats


@dataclass(frozen=True)
class TsbStates:
    """TSB states after the last month: probability p (S, B) and level z (S, A) per rate, with their log-likelihoods.

    ratios : for each series the months with trade divided by the level before them, at its most likely rate
    """

    p: Floats
    z: Floats
    p_loglike: Floats
    z_loglike: Floats
    ratios: list[Floats]


def pad_at_start(parts: Sequence[tuple[Floats, Bools]]) -> Floats:
    """Series (values, known) of different lengths as (S, T): all end in the last column, NaN before they begin and in gaps."""
    longest = max((len(values) for values, _ in parts), default=0)
    out = np.full((len(parts), longest), np.nan)
    for i, (values, known) in enumerate(parts):
        out[i, longest - len(values) :] = np.where(known, values, np.nan)
    return out


def filter_occurrence(y: Floats, prior: float = 0.5) -> OccurrenceStates:
    """Discounted beta-Bernoulli filter (the power steady model: Smith 1979, J. R. Stat. Soc. B 41:375).

    p ~ Beta(a, b), starting from (`prior`, `prior`); each month a <- d a + [y > 0], b <- d b + [y = 0]. The one-step predictive
    probability of trade is d a / (d a + d b) = a / (a + b).
    """
    shape = (len(y), len(DISCOUNTS))
    a, b, loglike = np.full(shape, prior), np.full(shape, prior), np.zeros(shape)
    for column in y.T:
        known = np.isfinite(column)
        hit = (np.nan_to_num(column) != 0.0).astype(float)[:, None]
        p = a / (a + b)
        step = np.log(np.where(hit > 0, p, 1.0 - p))
        loglike += np.where(known[:, None], step, 0.0)
        a = np.where(known[:, None], DISCOUNTS * a + hit, a)
        b = np.where(known[:, None], DISCOUNTS * b + 1.0 - hit, b)
    return OccurrenceStates(a, b, loglike)


def filter_sizes(x: Floats) -> SizeStates:
    """Discounted normal-inverse-gamma local level (West and Harrison 1997, sec. 10.8) of sizes x (S, T), NaN in empty months.

    The weight of the level is multiplied by d every month, and each size updates it with weight one. The one-step predictive is
    Student's t. The prior is centred on the series' own median and variance, with the weight of half a size.
    """
    shape = (len(x), len(DISCOUNTS))
    centre = np.array([float(np.median(row[np.isfinite(row)])) if np.isfinite(row).any() else 0.0 for row in x])
    spread = np.array([_size_variance(row[np.isfinite(row)]) for row in x])
    mean = np.repeat(centre[:, None], shape[1], axis=1)
    weight, freedom = np.full(shape, PRIOR_SIZES), np.full(shape, PRIOR_FREEDOM)
    square = np.repeat(PRIOR_FREEDOM * spread[:, None], shape[1], axis=1)
    loglike = np.zeros(shape)
    # no discounting before a series' first size: padding at the start must not weaken its prior
    begun = np.maximum.accumulate(np.isfinite(x), axis=1)
    for column, on in zip(x.T, begun.T, strict=True):
        weight = np.where(on[:, None], DISCOUNTS * weight, weight)
        known = np.isfinite(column)[:, None]
        miss = np.where(known, np.nan_to_num(column)[:, None] - mean, 0.0)
        wide = 1.0 + 1.0 / np.maximum(weight, 1e-6)
        step = _student_log_density(miss, freedom, square / freedom * wide)
        loglike += np.where(known, step, 0.0)
        gain = 1.0 / (weight + 1.0)
        mean = np.where(known, mean + gain * miss, mean)
        square = np.where(known, square + miss**2 / wide, square)
        freedom = np.where(known, freedom + 1.0, freedom)
        weight = np.where(known, weight + 1.0, weight)
    return SizeStates(mean, weight, freedom, square, loglike)


def _size_variance(sizes: Floats) -> float:
    """Variance of the sizes, at least a small share of their mean square (a constant series); a guess where they are few."""
    if len(sizes) < MIN_SIZES:
        return 0.25
    return max(float(np.var(sizes)), 1e-8 * max(float(np.mean(sizes**2)), 1e-12))


def _student_log_density(miss: Floats, freedom: Floats, variance: Floats) -> Floats:
    from scipy.special import gammaln

    half = 0.5 * (freedom + 1.0)
    density: Floats = (
        gammaln(half) - gammaln(0.5 * freedom) - 0.5 * np.log(np.pi * freedom * variance)
        - half * np.log1p(miss**2 / (freedom * variance))
    )  # fmt: skip
    return density


def posterior_weights(loglike: Floats) -> Floats:
    """Posterior weights over the grid (last axis) under a uniform prior."""
    w = np.exp(loglike - loglike.max(axis=-1, keepdims=True))
    shares: Floats = w / w.sum(axis=-1, keepdims=True)
    return shares


def simulate_hurdle(
    now: tuple[OccurrenceStates, SizeStates],
    trained: tuple[OccurrenceStates, SizeStates],
    row: int,
    horizon: int,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Simulated occurrence and size of the months ahead, each (draws, horizon): states of `now`, grid weights of `trained`.

    Month by month the level moves by the variance that discounting adds, and the probability of trade is drawn from the
    discounted beta distribution, which each path updates with its own months.
    """
    chances, sizes = now
    one = rng.choice(len(DISCOUNTS), size=draws, p=posterior_weights(trained[0].loglike[row]))
    two = rng.choice(len(DISCOUNTS), size=draws, p=posterior_weights(trained[1].loglike[row]))
    a, b, d = chances.a[row, one], chances.b[row, one], DISCOUNTS[one]
    variance = 0.5 * sizes.square[row, two] / rng.gamma(0.5 * sizes.freedom[row, two])
    weight = np.maximum(sizes.weight[row, two], 1e-3)
    level = sizes.mean[row, two] + np.sqrt(variance / weight) * rng.standard_normal(draws)
    occurs, out = np.empty((draws, horizon)), np.empty((draws, horizon))
    for h in range(horizon):
        hit = rng.random(draws) < rng.beta(np.maximum(d * a, 1e-3), np.maximum(d * b, 1e-3))
        a, b = d * a + hit, d * b + ~hit
        out[:, h] = level + np.sqrt(variance) * rng.standard_normal(draws)
        occurs[:, h] = hit
        # a weight that falls from w to d w means a level with v (1 / (d w) - 1 / w) more variance
        level = level + np.sqrt(variance * (1.0 / DISCOUNTS[two] - 1.0) / weight) * rng.standard_normal(draws)
    return occurs, out


def filter_tsb(y: Floats) -> TsbStates:
    """Filter of Teunter, Syntetos and Babai (2011, Eur. J. Oper. Res. 214:606, eq. 4) for every rate of the grid.

    p <- p + b ([y > 0] - p) each month, z <- z + a (y - z) in months with trade, both starting at the means of the first twelve
    known months. Likelihood: Bernoulli for p; for z, log(y / z) is normal with its sample mean and variance.
    """
    s, grid = len(y), len(RATES)
    first = [row[np.isfinite(row)][:12] for row in y]
    p = np.repeat([[np.clip(np.mean(f != 0) if len(f) else 0.5, 0.02, 0.98)] for f in first], grid, axis=1)
    z = np.repeat([[np.mean(np.abs(f[f != 0])) if (f != 0).any() else 1.0] for f in first], grid, axis=1)
    chances, errors, counts = np.zeros((s, grid)), np.zeros((s, grid)), np.zeros((s, 1))
    squares = np.zeros((s, grid))
    levels = []
    # one pass over the months, all series and rates at once; likelihoods use the states before each month's update
    for column in y.T:
        known, value = np.isfinite(column)[:, None], np.nan_to_num(column)[:, None]
        hit = known & (value != 0.0)
        safe = np.clip(p, 0.005, 0.995)
        chances += np.where(known, np.log(np.where(value != 0.0, safe, 1.0 - safe)), 0.0)
        log = np.where(hit, np.log(np.where(hit, np.abs(value), 1.0) / z), 0.0)
        errors, squares, counts = errors + log, squares + log**2, counts + hit
        levels.append(z)
        p = np.where(known, p + RATES * ((value != 0.0) - p), p)
        z = np.where(hit, z + RATES * (np.abs(value) - z), z)
    n = np.maximum(counts, 1.0)
    variance = np.maximum(squares / n - (errors / n) ** 2, 1e-8)
    sizes = -0.5 * n * np.log(variance)
    return TsbStates(p, z, chances, sizes, _size_ratios(y, np.stack(levels, axis=-1), sizes))


def _size_ratios(y: Floats, levels: Floats, sizes: Floats) -> list[Floats]:
    """Months with trade divided by the level before them, at each series' most likely rate, scaled to mean one."""
    out = []
    for row, own, score in zip(y, levels, sizes, strict=True):
        hit = np.isfinite(row) & (np.nan_to_num(row) != 0.0)
        ratio = row[hit] / own[int(score.argmax())][hit]
        out.append(ratio / max(float(np.mean(np.abs(ratio))), 1e-300) if len(ratio) else np.ones(1))
    return out


def simulate_tsb(now: TsbStates, trained: TsbStates, row: int, horizon: int, draws: int, rng: np.random.Generator) -> Floats:
    """Simulated months ahead, (draws, horizon): Bernoulli times resampled sizes, each path updating its own states.

    Rates are drawn from their posterior. The probability is drawn from the beta distribution with mean p and the effective
    sample size of exponential smoothing at rate b, (2 - b) / b months; the level gets the sampling error of that many ratios.
    """
    beta = RATES[rng.choice(len(RATES), size=draws, p=posterior_weights(trained.p_loglike[row]))]
    pick = rng.choice(len(RATES), size=draws, p=posterior_weights(trained.z_loglike[row]))
    # the smoothed states are estimates: draw them around their values before simulating
    p = now.p[row, np.searchsorted(RATES, beta)]
    memory = (2.0 - beta) / beta
    p = rng.beta(p * memory + 0.05, (1.0 - p) * memory + 0.05)
    alpha, ratios = RATES[pick], trained.ratios[row]
    kept = np.maximum(np.minimum((2.0 - alpha) / alpha, len(ratios)), 1.0)
    spread = float(np.std(np.log(np.maximum(np.abs(ratios), 1e-6)))) if len(ratios) >= MIN_SIZES else 0.5
    z = now.z[row, pick] * np.exp(spread / np.sqrt(kept) * rng.standard_normal(draws) - 0.5 * spread**2 / kept)
    out = np.empty((draws, horizon))
    for h in range(horizon):
        hit = rng.random(draws) < p
        value = z * ratios[rng.integers(0, len(ratios), draws)]
        out[:, h] = np.where(hit, value, 0.0)
        p = p + beta * (hit - p)
        z = np.where(hit, z + alpha * (np.abs(value) - z), z)
    return out
