"""Dynamic optimised theta method: a line re-estimated every month, its weight and the smoothing chosen by least squares."""

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

FEWEST = 10  # months


@model
@batch_model
@dataclass(frozen=True)
class DynamicTheta:
    """The dynamic optimised theta model on the working scale, deseasonalised where the season passes a test.

    Fiorucci, Pellegrini, Louzada and Petropoulos (2016): theta, alpha and the first level are free, and the straight line is
    that of the months seen so far. The additive season is removed where its autocorrelation is significant at 10 per cent.
    Paths draw alpha by likelihood (theta and first level with it) and past one-step errors, and update level and line.

    Parameters
    ----------
    season : {"auto", "always", "none"}, default "auto"
        "auto" tests for it; "always" removes it; "none" leaves it
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros
    engine : {"fast", "reference"}, default "fast"
        "reference" is the recursion written month by month, its three parameters found by a general optimiser

    References
    ----------
    Fiorucci, J. A., Pellegrini, T. R., Louzada, F., Petropoulos, F. and Koehler, A. B. (2016). Models for optimising the
    theta method and their relationship to state space models. International Journal of Forecasting 32(4), 1151-1161.
    """

    season: Literal["auto", "always", "none"] = "auto"
    transform: Literal["auto", "log", "asinh", "none"] = "auto"
    engine: Literal["fast", "reference"] = "fast"

    def fewest_months(self, season: int | None) -> int:
        """Ten months."""
        return FEWEST

    def simulate_batch(self, histories: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> PathsOrErrors:
        """All histories and all alphas in one pass over the months."""
        patterns = [self._pattern(history.training.z, history.season or 1) for history in histories]
        aligned = [align_pattern(history, p) for history, p in zip(histories, patterns, strict=True)]
        past = [
            history.training.z - np.resize(p, len(history.training.z)) for history, p in zip(histories, patterns, strict=True)
        ]
        now = [history.latest.z - np.resize(p, len(history.latest.z)) for history, p in zip(histories, aligned, strict=True)]
        table = pad_series(past, [history.training.known for history in histories])
        fitted = _fit_by_optimiser(*table) if self.engine == "reference" else kernel.fit_dynamic(*table)
        states = kernel.dynamic_final_states(
            *pad_series(now, [history.latest.known for history in histories]), fitted.alpha, fitted.w, fitted.start
        )
        return [
            _simulate_paths(history, fitted, i, [part[i] for part in states[:3]], aligned[i], rng)
            for i, (history, rng) in enumerate(zip(histories, rngs, strict=True))
        ]

    def _pattern(self, z: Floats, season: int) -> Floats:
        """Seasonal pattern by phase from the first month on; zeros without one."""
        long_enough = season > 1 and len(z) > 2 * season
        if not long_enough or self.season == "none" or (self.season == "auto" and not kernel.is_seasonal(z, season)):
            return np.zeros(season)
        return kernel.seasonal_pattern(z, season)


def _simulate_paths(
    history: SeriesHistory,
    fitted: kernel.DynamicThetaFit,
    i: int,
    states: Sequence[Floats],
    pattern: Floats,
    rng: np.random.Generator,
) -> Paths:
    """Paths of one history: a grid point drawn by likelihood, past errors carried on through level and line."""
    errors = fitted.errors[i, : len(history.training.z)][history.training.known]
    n = len(errors)
    freedom = max(n - 3 - (len(pattern) - 1 if np.any(pattern) else 0), n / 3)
    noise = moving_blocks((errors - errors.mean()) * np.sqrt(n / freedom), history.draws, history.horizon, 1, rng)
    share = np.exp(fitted.loglike[i, :-1] - fitted.loglike[i, -1])
    pick = np.searchsorted(np.cumsum(share / share.sum()), rng.random(history.draws)).clip(max=len(share) - 1)
    pick = np.where(pick == share.argmax(), len(share), pick)  # the optimum replaces the grid point of highest likelihood
    level, mean, slope = (state[pick] for state in states)
    noise = noise * spread_inflation(freedom, history.draws, rng)
    count = len(history.latest.z)
    z = kernel.simulate_dynamic(count, fitted.alpha[i, pick], fitted.w[i, pick], level, mean, slope, noise)
    z = z + pattern[(count + np.arange(history.horizon)) % len(pattern)]
    alpha, w = float(fitted.alpha[i, -1]), float(fitted.w[i, -1])
    name = "dynamic theta, season removed" if np.any(pattern) else "dynamic theta"
    return Paths(z, name, parameters=(("alpha", alpha), ("theta", 1.0 / (1.0 - w)), ("start", float(fitted.start[i, -1]))))


def _fit_by_optimiser(y: Floats, weight: Floats, length: np.ndarray) -> kernel.DynamicThetaFit:
    """The same model, one series at a time, with all three parameters from scipy's bounded optimiser."""
    from dataclasses import replace

    from scipy.optimize import minimize

    fitted = kernel.fit_dynamic(y, weight, length)
    out = []
    for i, n in enumerate(length):
        figures, on = y[i, :n], weight[i, :n]
        found = minimize(
            lambda p, figures=figures, on=on: float((kernel.reference_dynamic_errors(figures, on, *p) ** 2).sum()),
            [fitted.alpha[i, -1], fitted.w[i, -1], fitted.start[i, -1]],
            bounds=[(1e-6, 1 - 1e-6), (0.0, kernel.MAX_W), (None, None)],
            method="L-BFGS-B",
        )
        out.append(found.x)
    best = np.array(out)
    last = [np.column_stack([part[:, :-1], best[:, k]]) for k, part in enumerate((fitted.alpha, fitted.w, fitted.start))]
    level, mean, slope, errors = kernel.dynamic_final_states(y, weight, length, last[0], last[1], last[2])
    return replace(fitted, alpha=last[0], w=last[1], start=last[2], level=level, mean=mean, slope=slope, errors=errors)
