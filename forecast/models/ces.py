"""Complex exponential smoothing, its season chosen by AICc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import ConfigError, nearest
from forecast.core.registry import model
from forecast.core.results import Forecast
from forecast.kernels import complex_smoothing as kernel, theta
from forecast.kernels.complex_smoothing import FORMS
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.prep.batches import Paths, SeriesHistory, VintageTask, batch_model, forecast_batch, pad_series

FEWEST = 12  # months
HEAVY = 24  # candidates kept of each series
YEARS = 5  # the first season is taken from so many
SPELLED = {"N": "none", "S": "simple", "P": "partial", "F": "full"}


@model
@batch_model
@dataclass(frozen=True)
class Ces:
    """Complex exponential smoothing of the figures themselves: no season, simple, partial or full, weighed by AICc.

    Svetunkov, Kourentzes and Ord (2022). It tells level from trend by no component of its own, so it takes up growth where
    others must choose. The model is additive: it works on the figures, not on logarithms. Each path draws a form by
    exp(-AICc/2), its parameters by likelihood, then past errors, in proportion to the level where they grew with it.

    choose : "averaged" draws forms by weight, "best" takes the one with the smallest AICc
    engine : "reference" runs the recursion month by month in complex numbers, as printed in the paper
    """

    forms: tuple[str, ...] = FORMS
    choose: Literal["averaged", "best"] = "averaged"
    transform: Literal["auto", "log", "asinh", "none"] = "none"
    engine: Literal["fast", "reference"] = "fast"

    def __post_init__(self) -> None:
        for form in self.forms:
            if form not in FORMS:
                raise ConfigError(f"no form is called '{form}'", where="option 'forms'", hint=nearest(form, FORMS))
        if "N" not in self.forms:
            raise ConfigError("all forms are seasonal", where="option 'forms'", hint="add 'N' for short series")

    def _all(self, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator]) -> list[Forecast | Exception]:
        """All series, cutoffs and candidates in one pass over the months. TooShortError below twelve months."""
        return forecast_batch(questions, rngs, self.transform, lambda season: FEWEST, self._solve)

    def _solve(self, lanes: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> list[Paths | Exception]:
        out: list[Paths | Exception] = [ArithmeticError("not reached")] * len(lanes)
        for season in sorted({lane.season or 1 for lane in lanes}):
            mine = [i for i, lane in enumerate(lanes) if (lane.season or 1) == season]
            forms = tuple(f for f in self.forms if season > 1 or not kernel.has_season(f))
            past = _kernel_input([lanes[i].training.z for i in mine], [lanes[i].training.known for i in mine], season)
            now = _kernel_input([lanes[i].now.z for i in mine], [lanes[i].now.known for i in mine], season)
            for k, (i, fitted) in enumerate(zip(mine, kernel.fit(past, forms, HEAVY), strict=True)):
                out[i] = self._paths(lanes[i], fitted, now, k, rngs[i])
        return out

    def _paths(
        self, lane: SeriesHistory, fitted: kernel.CesFit, now: kernel.CesBatch, k: int, rng: np.random.Generator
    ) -> Paths:
        weight = fitted.weight
        if self.choose == "best":
            weight = np.where(fitted.form == fitted.form[fitted.best], weight, 0.0)
            weight = weight / weight.sum()
        pick = np.searchsorted(np.cumsum(weight), rng.random(lane.draws)).clip(max=len(weight) - 1)
        noise = self._noise(lane, fitted, now, k, rng)
        z = np.empty((lane.draws, lane.horizon))
        run = kernel.final_states if self.engine == "fast" else kernel.reference_final_states
        for j in np.unique(fitted.form[pick]):
            mine = np.flatnonzero(fitted.form == j)
            drawn = fitted.form[pick] == j
            end = run(now, k, FORMS[j], fitted.point[mine], fitted.first[mine])
            z[drawn] = kernel.simulate(end, fitted.point[mine], np.searchsorted(mine, pick[drawn]), noise[drawn])
        names = ("alpha real", "alpha imaginary", "beta real", "beta imaginary")
        values = [float(c) for c in fitted.point[fitted.best]]
        return Paths(z, _describe_weights(fitted, weight), parameters=tuple(zip(names, values, strict=True)))

    def _noise(
        self, lane: SeriesHistory, fitted: kernel.CesFit, now: kernel.CesBatch, k: int, rng: np.random.Generator
    ) -> Floats:
        """Future errors: past ones of the best candidate, widened for the parameters spent and the spread's uncertainty."""
        best = np.array([fitted.best])
        form = FORMS[int(fitted.form[fitted.best])]
        errors = kernel.final_states(now, k, form, fitted.point[best], fitted.first[best]).errors[lane.now.known, 0]
        n = len(errors)
        freedom = max(n - kernel.parameter_count(form, lane.season or 1) + 1, n / 3, 2.0)
        noise = moving_blocks((errors - errors.mean()) * np.sqrt(n / freedom), lane.draws, lane.horizon, 1, rng)
        return noise * spread_inflation(freedom, lane.draws, rng)


def _kernel_input(series: Sequence[Floats], known: Sequence[np.ndarray], season: int) -> kernel.CesBatch:
    pattern = np.zeros((len(series), season))
    for i, values in enumerate(series):
        if season > 1 and len(values) >= 2 * season:
            pattern[i] = theta.seasonal_pattern(values[: YEARS * season], season)
    return kernel.CesBatch(*pad_series(series, known), season, pattern)


def _describe_weights(fitted: kernel.CesFit, weight: Floats) -> str:
    """`CES partial 0.71, none 0.29`: the forms drawn from, by weight."""
    shares = {SPELLED[form]: float(weight[fitted.form == j].sum()) for j, form in enumerate(FORMS)}
    heavy = sorted(((share, name) for name, share in shares.items() if share >= 0.05), key=lambda pair: (-pair[0], pair[1]))
    return "CES " + ", ".join(f"{name} {share:.2f}" for share, name in heavy)
