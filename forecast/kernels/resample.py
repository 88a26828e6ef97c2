"""Errors of the past drawn again as errors of the future, values drawn by weight, and the spread's own uncertainty."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats, Ints


def moving_blocks(
    errors: Floats, draws: int, horizon: int, length: int, rng: np.random.Generator, *, fair: bool = False
) -> Floats:
    """Moving-block bootstrap (Künsch 1989, Ann. Statist. 17, 1217-1241) of `errors` (n,): shape (draws, horizon).

    Blocks of `length` keep the dependence of neighbouring errors, so sums over months spread as they did. Where `fair`, each
    path carries a normal share of the errors' mean in its place: median zero, spread the root mean square, bias included.
    """
    length = max(1, min(length, len(errors)))
    count = -(-horizon // length)
    starts = rng.integers(0, len(errors) - length + 1, size=(count, draws))
    index = starts[:, None, :] + np.arange(length)[None, :, None]
    path: Floats = errors[index].reshape(count * length, draws)[:horizon].T
    if fair:
        bias = errors.mean()
        path = path - bias + bias * rng.standard_normal((draws, 1))
    return path


def multinomial_counts(draws: int, weights: Floats, rng: np.random.Generator) -> Ints:
    """How often each of some values with `weights` (g,), which sum to one, is drawn: counts (g,), by inversion.

    NumPy's own counts the rarer side of each split, so two values of like weight change places with the last bit of their
    weights, and with them all draws; here a draw moves only where it lies within a rounding of an edge.
    """
    at = np.searchsorted(np.cumsum(weights), rng.random(draws), side="right")
    return np.bincount(np.minimum(at, len(weights) - 1), minlength=len(weights))


def spread_inflation(freedom: float, draws: int, rng: np.random.Generator) -> Floats:
    """Factors (draws, 1) for a spread learned from `freedom` errors: square roots of inverse chi-square over its mean.

    The scale mixture that turns a normal into Student's t; below four degrees of freedom it is held there.
    """
    nu = max(float(freedom), 4.0)
    factors: Floats = np.sqrt(nu / rng.chisquare(nu, size=(draws, 1)))
    return factors


def seasonal_cumulative_sum(errors: Floats, season: int) -> Floats:
    """Errors (draws, horizon) added up over the same month of successive years."""
    out = errors.copy()
    for h in range(season, out.shape[1]):
        out[:, h] += out[:, h - season]
    return out


def error_growth(z: Floats, window: int, horizon: int, fewest: int = 6) -> Floats:
    """How the error of a `window`-month mean grew with the horizon, relative to one step: shape (horizon,), never falling.

    Root mean squares of z[t + h] - mean(z[t - window + 1 .. t]) over all past origins; beyond the horizons with `fewest`
    origins the last known factor stands.
    """
    means = np.convolve(z, np.full(window, 1.0 / window), mode="valid")
    out = np.ones(horizon)
    first = 0.0
    for h in range(1, horizon + 1):
        misses = z[window - 1 + h :] - means[: len(means) - h] if len(means) > h else np.empty(0)
        if h == 1:
            first = float(np.sqrt(np.mean(misses**2))) if len(misses) else 0.0
        if len(misses) < fewest or first == 0.0:
            out[h - 1 :] = out[max(h - 2, 0)]
            break
        out[h - 1] = np.sqrt(np.mean(misses**2)) / first
    return np.maximum.accumulate(out)


def moment_matched_normals(draws: int, size: int, rng: np.random.Generator) -> Floats:
    """Standard normal draws (draws, size) in pairs of opposite sign, whose sample covariance is the identity exactly.

    Moments matched (Glasserman 2003, sec. 4.5): means and standard deviations of any sum carry no sampling error. With fewer
    pairs than twice the dimensions only the signs are paired.
    """
    half = rng.standard_normal((draws // 2, size))
    if len(half) > 2 * size:
        second = half.T @ half * 2 / (draws - 1)
        half = np.linalg.solve(np.linalg.cholesky(second), half.T).T
    return np.vstack([half, -half, np.zeros((draws % 2, size))])


def systematic_resample(weights: Floats, draws: int) -> Ints:
    """An index per draw, each index as often as its share says to within one (systematic resampling)."""
    edges = np.cumsum(weights / weights.sum())
    index: Ints = np.searchsorted(edges, (np.arange(draws) + 0.5) / draws).astype(np.int64)
    return np.minimum(index, len(weights) - 1)
