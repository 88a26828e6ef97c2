"""Resampling: bootstrap of past errors, draws by weight, and factors for the uncertainty of a spread."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats, Ints


def moving_blocks(
    errors: Floats, draws: int, horizon: int, length: int, rng: np.random.Generator, *, fair: bool = False
) -> Floats:
    """Moving-block bootstrap (Künsch 1989, Ann. Statist. 17, 1217-1241) of `errors` (n,): shape (draws, horizon).

    Blocks of `length` preserve the dependence of neighbouring errors, so sums over months have the right spread. With `fair`,
    the errors' mean is replaced by a normal draw of that size per path: median zero, spread the root mean square.
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
    """Multinomial counts (g,) of `draws` over `weights` (g,), which sum to one, by inversion.

    NumPy's sampler counts the rarer side of each split, so with two nearly equal weights a change in their last bit swaps them
    and alters all later draws. Here a draw moves only where it lies within rounding error of an edge.
    """
    at = np.searchsorted(np.cumsum(weights), rng.random(draws), side="right")
    return np.bincount(np.minimum(at, len(weights) - 1), minlength=len(weights))


def spread_inflation(freedom: float, draws: int, rng: np.random.Generator) -> Floats:
    """Factors (draws, 1) for a standard deviation estimated from `freedom` errors: sqrt(freedom / chi-square(freedom)).

    This scale mixture turns a normal into Student's t. Fewer than four degrees of freedom are treated as four.
    """
    nu = max(float(freedom), 4.0)
    factors: Floats = np.sqrt(nu / rng.chisquare(nu, size=(draws, 1)))
    return factors


def seasonal_cumulative_sum(errors: Floats, season: int) -> Floats:
    """Errors (draws, horizon) cumulated over the same month of successive years."""
    out = errors.copy()
    for h in range(season, out.shape[1]):
        out[:, h] += out[:, h - season]
    return out


def error_growth(z: Floats, window: int, horizon: int, fewest: int = 6) -> Floats:
    """Growth of the error of a `window`-month mean with the horizon, relative to one step: (horizon,), non-decreasing.

    Root mean squares of z[t + h] - mean(z[t - window + 1 .. t]) over all past origins; horizons with fewer than `fewest`
    origins keep the last known factor.
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
    """Antithetic standard normal draws (draws, size) whose sample covariance is exactly the identity.

    Moment matching (Glasserman 2003, sec. 4.5): mean and standard deviation of any sum have no sampling error. With fewer
    pairs than twice the dimensions the draws are antithetic only.
    """
    half = rng.standard_normal((draws // 2, size))
    if len(half) > 2 * size:
        second = half.T @ half * 2 / (draws - 1)
        half = np.linalg.solve(np.linalg.cholesky(second), half.T).T
    return np.vstack([half, -half, np.zeros((draws % 2, size))])


def systematic_resample(weights: Floats, draws: int) -> Ints:
    """Systematic resampling: one index per draw, each index as often as its share requires, to within one."""
    edges = np.cumsum(weights / weights.sum())
    index: Ints = np.searchsorted(edges, (np.arange(draws) + 0.5) / draws).astype(np.int64)
    return np.minimum(index, len(weights) - 1)
