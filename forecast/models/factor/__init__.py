"""Dynamic factor model: what many series have in common, and what each has of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.registry import model
from forecast.core.results import Forecast
from forecast.core.vintage import Vintage
from forecast.kernels.gaussian import symmetric_root
from forecast.kernels.resample import moment_matched_normals, spread_inflation
from forecast.models.factor import dynamic_factor
from forecast.prep.batches import GapFreeSeries, Paths, SeriesHistory, VintageTask, batch_model, forecast_one_by_one
from forecast.prep.regressors import default_covariates
from forecast.prep.transform import choose_scale

FEWEST = 18  # months of the target
ENOUGH = 12  # figures of another series


@model
@batch_model
@dataclass(frozen=True)
class Factor:
    """Common factors with an own part of each series (Bańbura and Modugno 2014), all figures known on the day smoothed at once.

    Parameters by expectation-maximisation (statsmodels' DynamicFactorMQ), which takes unknown months as they are; whether it
    converged, ran out of steps or was turned back stands in the notes. The nowcast is the smoothed one: figures of the asked
    month move it. Means and the covariance over the asked months are exact given the parameters, whose own uncertainty is only
    in the spread's (Student's t). The model knows no season and no events.

    series : names of the other series; empty: those of the same product and measure, on a plain panel all units; the 29 with
        most figures since the target began
    persistent : what a series has of its own follows an autoregression of order one, else it is white noise
    """

    series: tuple[str, ...] = ()
    factors: int = 1
    order: int = 1
    persistent: bool = True
    steps: int = 200
    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def __post_init__(self) -> None:
        if min(self.factors, self.order, self.steps) < 1:
            raise ConfigError("factors, order and steps are 1 or more", hint="factors = 1, order = 1, steps = 200")

    def _all(self, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator]) -> list[Forecast | Exception]:
        """TooShortError below eighteen months."""
        return forecast_one_by_one(questions, rngs, self.transform, FEWEST, self._paths)

    def _paths(self, lane: SeriesHistory, then: Vintage, rng: np.random.Generator) -> Paths:
        first = min(lane.now.first, lane.training.first)
        size = lane.now.last + lane.horizon - first + 1
        own = lane.training.z[lane.training.known]
        centre, width = float(own.mean()), float(own.std())
        if width == 0.0:
            return Paths(np.full((lane.draws, lane.horizon), centre), "constant", notes=("a constant series has no factor",))
        names, now, past, left = self._others(lane, then, first, size)
        target, before = (_on_panel_months(part, first, size) for part in (lane.now, lane.training))
        panel = np.column_stack([(target - centre) / width, *now])
        learned = panel if then is lane.vintage else np.column_stack([(before - centre) / width, *past])
        fitted = dynamic_factor.fit_em(self._model(learned, lane), self.steps)
        current = self._model(panel, lane)
        current.ssm.initialization = fitted.start
        asked = np.arange(size - lane.horizon, size)
        found = dynamic_factor.smoothed_moments(current, fitted.params, asked, np.zeros(lane.horizon, dtype=np.int64))
        if not (np.isfinite(found.mean).all() and np.isfinite(found.covariance).all()):
            raise ArithmeticError("the smoothed months are not finite")
        noise = moment_matched_normals(lane.draws, lane.horizon, rng) @ symmetric_root(found.covariance)
        free = len(own) - 2 * self.factors - 2
        z = centre + width * (found.mean + noise * spread_inflation(free, lane.draws, rng))
        told = f"expectation-maximisation {fitted.status} after {fitted.steps} steps, log-likelihood {found.loglike:.2f}"
        company = f"{len(names)} other series" if names else "no other series: the factor is the target's own"
        kind = f"{self.factors} factor{'s' if self.factors > 1 else ''} of order {self.order}, {1 + len(names)} series"
        return Paths(z, kind, names, left, (told, company))

    def _model(self, panel: Floats, lane: SeriesHistory) -> Any:
        try:
            return dynamic_factor.build_model(panel, self.factors, self.order, self.persistent)
        except ValueError as error:
            raise TooShortError(
                f"the factor model cannot be laid out: {error}", where=lane.series, hint="fewer series"
            ) from None

    def _others(
        self, lane: SeriesHistory, then: Vintage, first: int, size: int
    ) -> tuple[tuple[str, ...], list[Floats], list[Floats], tuple[str, ...]]:
        """Names, standardised figures of the day and of the day of the parameters, and the names of those left out."""
        found: list[tuple[int, str, Floats, Floats]] = []
        left = []
        for name in self.series or default_covariates(lane.vintage, lane.series):
            if name == lane.series:
                continue
            if not (lane.vintage.knows(name) and then.knows(name)):
                left.append(name)
                continue
            now, past = (v.observed(name).at(first, first + size - 1) for v in (lane.vintage, then))
            count = int(np.isfinite(past).sum())
            if count < ENOUGH or np.ptp(past[np.isfinite(past)]) == 0.0:
                left.append(name)
                continue
            both = np.concatenate([now, past])
            scale = choose_scale(both[np.isfinite(both)], lane.vintage.nonnegative)
            if then is not lane.vintage:  # in the unit of the day of the parameters
                scale = replace(scale, unit=choose_scale(past, lane.vintage.nonnegative, scale.name).unit)
            today, before = scale.forward(now), scale.forward(past)
            centre, width = float(np.nanmean(before)), float(np.nanstd(before))
            found.append((-count, name, (today - centre) / width, (before - centre) / width))
        found.sort(key=lambda one: one[:2])
        kept = found[: dynamic_factor.MOST - 1]
        left += [name for _, name, *_ in found[len(kept) :]]
        return tuple(name for _, name, *_ in kept), [one[2] for one in kept], [one[3] for one in kept], tuple(left)


def _on_panel_months(part: GapFreeSeries, first: int, size: int) -> Floats:
    """The figures of a stretch over the months of the panel, NaN where they are filled or unknown."""
    out = np.full(size, np.nan)
    start = part.first - first
    out[start : start + len(part.z)] = np.where(part.known, part.z, np.nan)
    return out
