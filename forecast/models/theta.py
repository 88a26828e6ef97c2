"""Theta method: half a straight line, half exponential smoothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.arrays import Floats
from forecast.core.registry import model
from forecast.kernels import theta as kernel
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.prep.batches import Paths, PathsOrErrors, batch_model
from forecast.prep.histories import SeriesHistory, align_pattern, pad_series

FEWEST = 8  # months


@model
@batch_model
@dataclass(frozen=True)
class Theta:
    """The standard theta method on the working scale, deseasonalised where the season passes a test.

    Simple exponential smoothing with half the slope of a straight line (Hyndman and Billah 2003). The additive season is
    removed where its autocorrelation is significant at 10 per cent. Paths draw alpha by likelihood, the slope by its standard
    error under the method's own noise, and past one-step errors.

    Parameters
    ----------
    season : {"auto", "always", "none"}, default "auto"
        "auto" tests for it; "always" removes it; "none" leaves it
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros
    engine : {"fast", "reference"}, default "fast"
        "reference" takes alpha, slope and season from statsmodels' ThetaModel

    References
    ----------
    * Assimakopoulos, V. and Nikolopoulos, K. (2000). The theta model: a decomposition approach to forecasting. International
      Journal of Forecasting 16(4), 521-530.
    * Hyndman, R. J. and Billah, B. (2003). Unmasking the Theta method. International Journal of Forecasting 19(2), 287-290.
    """

    season: Literal["auto", "always", "none"] = "auto"
    transform: Literal["auto", "log", "asinh", "none"] = "auto"
    engine: Literal["fast", "reference"] = "fast"

    def fewest_months(self, season: int | None) -> int:
        """Eight months."""
        return FEWEST

    def simulate_batch(self, histories: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> PathsOrErrors:
        """All histories smoothed in one pass over the months."""
        patterns = [self._pattern(history.training.z, history.season or 1) for history in histories]
        past = [_deseasonalise(history.training.z, p) for history, p in zip(histories, patterns, strict=True)]
        now = [
            _deseasonalise(history.latest.z, align_pattern(history, p)) for history, p in zip(histories, patterns, strict=True)
        ]
        fitted = kernel.fit(*pad_series(past, [history.training.known for history in histories]))
        if self.engine == "reference":
            fitted = _alpha_of_statsmodels(fitted, past)
        y, weight, length = pad_series(now, [history.latest.known for history in histories])
        _, level = kernel.smooth(y, weight, length, fitted.grid[None, :])
        _, last = kernel.smooth(y, weight, length, fitted.alpha[:, None])
        return [
            _simulate_paths(
                history, now[i], past[i], align_pattern(history, patterns[i]), fitted, i, (float(last[i, 0]), level[i]), rng
            )
            for i, (history, rng) in enumerate(zip(histories, rngs, strict=True))
        ]

    def _pattern(self, z: Floats, season: int) -> Floats:
        """Seasonal pattern by phase from the first month on; zeros without one."""
        long_enough = season > 1 and len(z) > 2 * season
        if not long_enough or self.season == "none" or (self.season == "auto" and not kernel.is_seasonal(z, season)):
            return np.zeros(season)
        if self.engine == "reference":
            from statsmodels.tsa.seasonal import seasonal_decompose

            return np.asarray(seasonal_decompose(z, model="add", period=season).seasonal[:season], dtype=float)
        return kernel.seasonal_pattern(z, season)


def _deseasonalise(z: Floats, pattern: Floats) -> Floats:
    return z - np.resize(pattern, len(z))


def _simulate_paths(
    history: SeriesHistory, y: Floats, past: Floats, pattern: Floats, fitted: kernel.ThetaFit, i: int,
    levels: tuple[float, Floats], rng: np.random.Generator,
) -> Paths:  # fmt: skip
    """Paths of one history: the theta forecast with alpha and slope drawn, and errors carried on through the level."""
    alpha, b = float(fitted.alpha[i]), kernel.linear_slope(past)
    errors = kernel.one_step_errors(past, history.training.known.astype(float), b, alpha)[history.training.known[1:]]
    n = len(errors)
    freedom = max(n - 2 - (len(pattern) - 1 if np.any(pattern) else 0), n / 3)
    scatter = spread_inflation(freedom, history.draws, rng)
    noise = moving_blocks((errors - errors.mean()) * np.sqrt(n / freedom), history.draws, history.horizon, 1, rng) * scatter
    # variance of a least-squares slope: 6/5 s^2/n where the level is a random walk (Durlauf and Phillips 1988), 12 s^2/n^3
    # where it is constant
    slope_se = float(errors.std()) * np.sqrt(n / freedom * (1.2 * alpha**2 / n + 12.0 / n**3))
    slopes = b + scatter * slope_se * rng.standard_normal((history.draws, 1))
    a, level = _draw_alpha_and_level(fitted, i, alpha, levels, history.draws, rng)
    ahead = np.arange(1.0, history.horizon + 1)
    carried = a * (np.cumsum(noise, axis=1) - noise)  # each error moves the level by alpha of it
    z = level + kernel.half_trend(slopes, a, np.array(float(len(y))), ahead) + carried + noise
    z = z + pattern[(len(y) + np.arange(history.horizon)) % len(pattern)]
    name = "theta, season removed" if np.any(pattern) else "theta"
    return Paths(z, name, parameters=(("alpha", alpha), ("slope", b)))


def _draw_alpha_and_level(
    fitted: kernel.ThetaFit, i: int, alpha: float, levels: tuple[float, Floats], draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draws of alpha by likelihood and the last level under each, both (draws, 1).

    The best alpha replaces the grid point of highest likelihood, so the middle of the draws is the method's own forecast.
    """
    share = np.exp(fitted.loglike[i] - fitted.loglike[i].max())
    pick = np.searchsorted(np.cumsum(share / share.sum()), rng.random(draws)).clip(max=len(share) - 1)
    grid, level = fitted.grid.copy(), levels[1].copy()
    grid[share.argmax()], level[share.argmax()] = alpha, levels[0]
    return grid[pick][:, None], level[pick][:, None]


def _alpha_of_statsmodels(fitted: kernel.ThetaFit, past: list[Floats]) -> kernel.ThetaFit:
    """The fit with alpha of statsmodels' ThetaModel on the deseasonalised figures."""
    from dataclasses import replace

    from statsmodels.tsa.forecasting.theta import ThetaModel

    alpha = np.array([float(ThetaModel(y, deseasonalize=False).fit().params["alpha"]) for y in past])
    return replace(fitted, alpha=alpha)
