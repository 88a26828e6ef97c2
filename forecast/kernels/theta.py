"""The theta method: half a linear trend, half exponential smoothing, for many series in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CRITICAL = 1.6448536269514722**2  # chi-square(1), 10 per cent
_GOLDEN = (np.sqrt(5) - 1) / 2
_BOUNDS = (1e-6, 1.0 - 1e-6)


def is_seasonal(y: Floats, season: int) -> bool:
    """Whether the autocorrelation at one season stands out (Fiorucci et al. 2015; statsmodels' ThetaModel), at 10 per cent."""
    rest = y - y.mean()
    power = float(rest @ rest)
    if season < 2 or len(y) < 2 * season + 1 or power == 0.0:
        return False
    rho = np.array([float(rest[k:] @ rest[: len(rest) - k]) / power for k in range(season + 1)])
    return bool(len(y) * rho[-1] ** 2 / np.sum(rho[:-1] ** 2) > CRITICAL)


def pattern(y: Floats, season: int) -> Floats:
    """Additive season by phase, sum zero: means of the figures less their centred moving average over one season."""
    kernel = np.full(season + 1 - season % 2, 1.0 / season)
    if season % 2 == 0:
        kernel[[0, -1]] /= 2
    trend = np.convolve(y, kernel, mode="valid")
    half = len(kernel) // 2
    rest = y[half : half + len(trend)] - trend
    phase = (np.arange(len(trend)) + half) % season
    means = np.array([rest[phase == j].mean() for j in range(season)])
    out: Floats = means - means.mean()
    return out


def slope(y: Floats) -> float:
    """Least-squares slope of a straight line."""
    at = np.arange(len(y)) - (len(y) - 1) / 2
    return float(at @ y / (at @ at))


@dataclass(frozen=True)
class Fitted:
    """Simple exponential smoothing of many series: best alpha, last level (lanes,), and the likelihood over a grid of alphas.

    grid : (points,) alphas; loglike, level : (lanes, points)
    """

    alpha: Floats
    last: Floats
    grid: Floats
    loglike: Floats
    level: Floats


def smooth(y: Floats, weight: Floats, length: NDArray[np.int64], alpha: Floats) -> tuple[Floats, Floats]:
    """Sums of squared one-step errors and last levels, shape (lanes, points), for `alpha` (lanes or 1, points).

    The level starts at the first figure; `y`, `weight` (lanes, T) are padded at the end; a month of weight zero has no error.
    """
    shape = np.broadcast_shapes((len(y), 1), alpha.shape)
    level = np.repeat(y[:, :1], shape[1], axis=1)
    last, total = level.copy(), np.zeros(shape)
    for t in range(y.shape[1]):
        error = (y[:, t, None] - level) * weight[:, t, None]
        total += error * error
        level = level + alpha * error
        ends = length == t + 1
        last[ends] = level[ends]
    return total, last


def fit(y: Floats, weight: Floats, length: NDArray[np.int64], points: int = 40, rounds: int = 40) -> Fitted:
    """Alpha by least squares: a grid, then golden sections about its best point, all lanes at once."""
    grid = np.linspace(0.0, 1.0, points + 1)[1:] - 0.5 / points
    total, level = smooth(y, weight, length, grid[None, :])
    best = total.argmin(axis=1)
    low = np.clip(grid[best] - 1.0 / points, *_BOUNDS)
    high = np.clip(grid[best] + 1.0 / points, *_BOUNDS)
    for _ in range(rounds):
        inner = np.stack([high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)], axis=1)
        value, _ = smooth(y, weight, length, inner)
        left = value[:, 0] <= value[:, 1]
        low, high = np.where(left, low, inner[:, 0]), np.where(left, inner[:, 1], high)
    alpha = (low + high) / 2
    _, last = smooth(y, weight, length, alpha[:, None])
    count = weight.sum(axis=1)[:, None]
    sse = np.maximum(total, 1e-300)
    return Fitted(alpha, last[:, 0], grid, -count / 2 * np.log(sse / count), level)


def trend(b: Floats, alpha: Floats, length: Floats, ahead: Floats) -> Floats:
    """The share of half the straight line: b/2 (h - 1 + 1/alpha - (1 - alpha)^n / alpha).

    Hyndman and Billah (2003), Int. J. Forecasting 19, 287-290, eq. 9: simple exponential smoothing with drift b/2.
    """
    share: Floats = b / 2 * (ahead - 1 + 1 / alpha - (1 - alpha) ** length / alpha)
    return share


def errors(y: Floats, weight: Floats, b: float, alpha: float) -> Floats:
    """One-step errors (T - 1,) of the method itself, drift included, from the second month on."""
    level, out = float(y[0]), np.zeros(len(y))
    for t in range(len(y)):
        ahead = level + (float(trend(np.array(b), np.array(alpha), np.array(float(t)), np.array(1.0))) if t else 0.0)
        out[t] = (y[t] - ahead) * weight[t]
        level += alpha * (y[t] - level) * weight[t]
    return out[1:]
