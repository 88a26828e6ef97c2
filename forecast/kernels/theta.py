"""The theta method and the dynamic optimised theta model, for many series in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels.remembered_answers import remember_answers

CHI_SQUARE_90 = 1.6448536269514722**2  # 10 per cent critical value, one degree of freedom
_GOLDEN = (np.sqrt(5) - 1) / 2
_BOUNDS = (1e-6, 1.0 - 1e-6)
PARABOLA_WIDTH = 1e-3  # in alpha, of the parabolas that locate the optimum
MAX_W = 0.999  # w = 1 - 1 / theta at theta = 1,000


def is_seasonal(y: Floats, season: int) -> bool:
    """Whether the seasonal autocorrelation is significant at 10 per cent (Fiorucci et al. 2015; statsmodels' ThetaModel)."""
    rest = y - y.mean()
    power = float(rest @ rest)
    if season < 2 or len(y) < 2 * season + 1 or power == 0.0:
        return False
    rho = np.array([float(rest[k:] @ rest[: len(rest) - k]) / power for k in range(season + 1)])
    return bool(len(y) * rho[-1] ** 2 / np.sum(rho[:-1] ** 2) > CHI_SQUARE_90)


def seasonal_pattern(y: Floats, season: int) -> Floats:
    """Additive seasonal pattern by phase, sum zero: means of the figures less their 2 x m centred moving average."""
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


def linear_slope(y: Floats) -> float:
    """Least-squares slope of a straight line."""
    at = np.arange(len(y)) - (len(y) - 1) / 2
    return float(at @ y / (at @ at))


@dataclass(frozen=True)
class ThetaFit:
    """Simple exponential smoothing of many series: best alpha and last level (series,), and the likelihood over a grid.

    grid : (points,) alphas; loglike, level : (series, points)
    """

    alpha: Floats
    last: Floats
    grid: Floats
    loglike: Floats
    level: Floats


def smooth(y: Floats, weight: Floats, length: Ints, alpha: Floats) -> tuple[Floats, Floats]:
    """Sums of squared one-step errors and last levels, shape (series, points), for `alpha` (series or 1, points).

    The level starts at the first figure; `y`, `weight` (series, T) are padded at the end; a month of weight zero has no error.
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


def fit(y: Floats, weight: Floats, length: Ints, points: int = 40, rounds: int = 40) -> ThetaFit:
    """Alpha by least squares: a grid, golden sections around its best point, then parabolas, all series at once."""
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
    alpha = _settle_alpha(y, weight, length, (low + high) / 2)
    _, last = smooth(y, weight, length, alpha[:, None])
    count = weight.sum(axis=1)[:, None]
    sse = np.maximum(total, 1e-300)
    return ThetaFit(alpha, last[:, 0], grid, -count / 2 * np.log(sse / count), level)


def _settle_alpha(y: Floats, weight: Floats, length: Ints, alpha: Floats) -> Floats:
    """Alpha (series,) at the minimum of parabolas of `PARABOLA_WIDTH`, where it lies that far inside its bounds.

    Golden sections end anywhere within 1e-8 of the minimum, where sums of squares differ by rounding error alone and another
    processor would stop elsewhere; see `grid_search.settle_maximum`.
    """
    inside = (alpha - PARABOLA_WIDTH > _BOUNDS[0]) & (alpha + PARABOLA_WIDTH < _BOUNDS[1])
    for _ in range(3):
        left, middle, right = smooth(y, weight, length, alpha[:, None] + PARABOLA_WIDTH * np.array([-1.0, 0.0, 1.0]))[0].T
        bend = left - 2 * middle + right
        move = np.divide(PARABOLA_WIDTH * (left - right) / 2, bend, out=np.zeros_like(alpha), where=inside & (bend > 0))
        alpha = alpha + np.clip(move, -PARABOLA_WIDTH, PARABOLA_WIDTH)
    return alpha


def half_trend(b: Floats, alpha: Floats, length: Floats, ahead: Floats) -> Floats:
    """The forecast's drift from half the linear trend: b/2 (h - 1 + 1/alpha - (1 - alpha)^n / alpha).

    Hyndman and Billah (2003), Int. J. Forecasting 19, 287-290, eq. 9: simple exponential smoothing with drift b/2.
    """
    share: Floats = b / 2 * (ahead - 1 + 1 / alpha - (1 - alpha) ** length / alpha)
    return share


def one_step_errors(y: Floats, weight: Floats, b: float, alpha: float) -> Floats:
    """One-step errors (T - 1,) of the theta method, drift included, from the second month on."""
    level, out = float(y[0]), np.zeros(len(y))
    for t in range(len(y)):
        ahead = level + (float(half_trend(np.array(b), np.array(alpha), np.array(float(t)), np.array(1.0))) if t else 0.0)
        out[t] = (y[t] - ahead) * weight[t]
        level += alpha * (y[t] - level) * weight[t]
    return out[1:]


@dataclass(frozen=True)
class DynamicThetaFit:
    """The dynamic optimised theta model of many series over a grid of alphas, whose last point is each series' optimum.

    alpha, w = 1 - 1/theta, start, loglike : (series, points); level, mean, slope : (series, points) states after the last
    month; errors : (series, T) one-step errors at the last point
    """

    alpha: Floats
    w: Floats
    start: Floats
    loglike: Floats
    level: Floats
    mean: Floats
    slope: Floats
    errors: Floats


def update_line(t: int, y: Floats, mean: Floats, slope: Floats) -> tuple[Floats, Floats]:
    """Mean and slope of the least-squares line through months 1 to t, from those to t - 1 (Fiorucci et al. 2016, eq. 15-17)."""
    steeper = ((t - 2) * slope + 6.0 / t * (y - mean)) / (t + 1) if t > 1 else np.zeros_like(slope + y)
    return ((t - 1) * mean + y) / t, steeper


def line_pull(t: int, alpha: Floats, mean: Floats, slope: Floats) -> Floats:
    """Contribution of the line to the forecast of month t + 1, per unit of w: (1-a)^t A(t) + (1-(1-a)^(t+1))/a B(t)."""
    fade = (1.0 - alpha) ** t
    at: Floats = fade * (mean - (t + 1) / 2.0 * slope) + (1.0 - fade * (1.0 - alpha)) / alpha * slope
    return at


@remember_answers(8)
def fit_dynamic(y: Floats, weight: Floats, length: Ints, points: int = 40, rounds: int = 4) -> DynamicThetaFit:
    """Alpha, theta and initial level of the dynamic optimised theta model by least squares.

    Fiorucci, Pellegrini, Louzada and Petropoulos (2016), Int. J. Forecast. 32:1151-1161. For a given alpha the one-step
    forecast is linear in the initial level and in w = 1 - 1/theta, 0 <= w < 1, so both have closed forms; alpha runs over a
    grid, refined around its best point. A month of weight zero has no error.
    """
    grid = np.repeat(np.linspace(0.0, 1.0, points + 1)[None, 1:] - 0.5 / points, len(y), axis=0)
    total, w, start = _solve_least_squares(y, weight, length, grid)
    step = 0.5 / points
    rows = np.arange(len(y))
    best = grid[rows, total.argmin(axis=1)]
    for _ in range(rounds):
        near = np.clip(best[:, None] + step * np.array([-1.0, -0.5, 0.0, 0.5, 1.0]), *_BOUNDS)
        best = near[rows, _solve_least_squares(y, weight, length, near)[0].argmin(axis=1)]
        step /= 2.5
    alpha = np.concatenate([grid, best[:, None]], axis=1)
    total, w, start = _solve_least_squares(y, weight, length, alpha)
    level, mean, slope, errors = dynamic_final_states(y, weight, length, alpha, w, start)
    count = weight.sum(axis=1)[:, None]
    loglike = -count / 2 * np.log(np.maximum(total, 1e-300) / count)
    return DynamicThetaFit(alpha, w, start, loglike, level, mean, slope, errors)


def _solve_least_squares(y: Floats, weight: Floats, length: Ints, alpha: Floats) -> tuple[Floats, Floats, Floats]:
    """Least squares (total, w, start), each (series, points), of the figures on the fading initial level and `line_pull`."""
    level, mean, slope = np.zeros_like(alpha), y[:, :1] * 0.0, y[:, :1] * 0.0
    sums = np.zeros((6, *alpha.shape))
    fade = np.ones_like(alpha)
    # one-step error = rest - fade * start - g * w: accumulate the six products of its normal equations
    for t in range(y.shape[1]):
        now = y[:, t, None]
        g = line_pull(t, alpha, mean, slope) if t else np.zeros_like(alpha)
        rest, on = now - level, weight[:, t, None] * (t < length)[:, None]
        for k, term in enumerate((rest * rest, fade * fade, g * g, fade * g, fade * rest, g * rest)):
            sums[k] += on * term
        # in a month without a figure the level does not move; the line takes the interpolated value
        moved = np.where(weight[:, t, None] > 0, alpha, 0.0)
        level = level + moved * (now - level)
        fade = fade * (1.0 - moved)
        mean, slope = update_line(t + 1, now, mean, slope)
    yy, ff, gg, fg, fy, gy = sums
    det = ff * gg - fg * fg
    with np.errstate(invalid="ignore", divide="ignore"):
        w = np.where(det > 1e-12 * np.maximum(ff * gg, 1e-300), (ff * gy - fg * fy) / det, 0.0)
    w = np.clip(w, 0.0, MAX_W)  # the start below is then the optimum given the clipped w
    start = (fy - w * fg) / ff
    total = yy - 2 * start * fy - 2 * w * gy + start**2 * ff + w**2 * gg + 2 * start * w * fg
    return np.maximum(total, 0.0), w, start


def dynamic_final_states(
    y: Floats, weight: Floats, length: Ints, alpha: Floats, w: Floats, start: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """States (level, mean, slope) after the last month, (series, points), and errors (series, T) at the last point."""
    level, mean, slope = start.copy(), np.zeros_like(start), np.zeros_like(start)
    ends = [start.copy() for _ in range(3)]
    errors = np.zeros_like(y)
    for t in range(y.shape[1]):
        now = y[:, t, None]
        ahead = level[:, -1] + (w[:, -1] * line_pull(t, alpha, mean, slope)[:, -1] if t else 0.0)
        errors[:, t] = (y[:, t] - ahead) * weight[:, t]
        level = level + np.where(weight[:, t, None] > 0, alpha, 0.0) * (now - level)
        mean, slope = update_line(t + 1, now, mean, slope)
        last = length == t + 1
        for kept, state in zip(ends, (level, mean, slope), strict=True):
            kept[last] = state[last]
    return ends[0], ends[1], ends[2], errors


def simulate_dynamic(count: int, alpha: Floats, w: Floats, level: Floats, mean: Floats, slope: Floats, noise: Floats) -> Floats:
    """Simulated paths (draws, horizon) from states (draws,) after `count` months; each draw updates the level and the line."""
    out = np.empty_like(noise)
    for h in range(noise.shape[1]):
        t = count + h
        out[:, h] = level + w * line_pull(t, alpha, mean, slope) + noise[:, h]
        level = level + alpha * (out[:, h] - level)
        mean, slope = update_line(t + 1, out[:, h], mean, slope)
    return out


def reference_dynamic_errors(y: Floats, weight: Floats, alpha: float, w: float, start: float) -> Floats:
    """One-step errors (T,) of the dynamic model of one series by the recursion printed in Fiorucci et al. (2016, eq. 12-17)."""
    level, mean, a, b = start, 0.0, 0.0, 0.0
    out = np.zeros(len(y))
    for t in range(1, len(y) + 1):
        line_ahead = (1 - alpha) ** (t - 1) * a + (1 - (1 - alpha) ** t) / alpha * b if t > 1 else 0.0
        out[t - 1] = (y[t - 1] - level - w * line_ahead) * weight[t - 1]
        level = alpha * y[t - 1] + (1 - alpha) * level if weight[t - 1] > 0 else level
        b = ((t - 2) * b + 6 / t * (y[t - 1] - mean)) / (t + 1) if t > 1 else 0.0
        mean = ((t - 1) * mean + y[t - 1]) / t
        a = mean - (t + 1) / 2 * b
    return out
