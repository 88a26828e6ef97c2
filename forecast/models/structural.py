"""Structural time series: local level, shrunk month and Lunar New Year effects, events, exact diffuse likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.regressors import Regressors, event_regressors, lunar_regressor
from forecast.core.results import Forecast, Used
from forecast.core.transform import choose_scale, measured
from forecast.core.vintage import Floats, Vintage
from forecast.kernels import covariance, gaussian

FEWEST = 8  # observations
FREEDOM = 6  # observations left over after the coefficients


@model
@dataclass(frozen=True)
class Structural:
    """Local level with shrunk month effects, Lunar New Year and policy events; parameters integrated over a grid.

    Durbin and Koopman (2012), ch. 3 and sec. 6.2 (regression with diffuse coefficients), on the working scale. Month effects
    and the Lunar New Year are shrunk by one variance that the restricted likelihood chooses (`seasonal="shrunk"`); `dummy`
    leaves them free, `none` leaves them out. Draws carry the uncertainty of variances and coefficients and the observation
    noise.

    With `Task.fitted_on` the variance parameters and the scale come from that day's figures; level and coefficients are states
    and follow today's.

    Without a season the forecast's parameters hold the two variances at the highest diffuse likelihood, on the working scale:
    `sigma2.irregular` and `sigma2.level`.

    level_sd : fixes the level's step at this share of the series' standard deviation (CausalImpact's prior guess is 0.01)
    controls : known series of a plain panel to regress on
    engine : "reference" is the slow twin on statsmodels' UnobservedComponents (plug-in parameters)
    """

    seasonal: Literal["auto", "shrunk", "dummy", "none"] = "auto"
    lunar: bool = True
    events: bool = True
    transform: Literal["auto", "log", "asinh", "none"] = "auto"
    level_sd: float | None = None
    controls: tuple[str, ...] = ()
    engine: Literal["fast", "reference"] = "fast"

    def __post_init__(self) -> None:
        if self.level_sd is not None and self.level_sd <= 0:
            raise ConfigError("level_sd must be positive", hint="0.01 is CausalImpact's guess")

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws over the asked months, series by series."""
        blocks, used = [], []
        parameters: dict[str, float] = {}
        for series in task.series:
            draws, how, middle = self._one(vintage, series, task, rng)
            blocks.append(draws)
            used.append(how)
            parameters |= {f"{series} {name}": value for name, value in middle.items()}
        return Forecast(task, np.stack(blocks, axis=1), tuple(used), vintage.steps, parameters)

    def _one(
        self, vintage: Vintage, series: str, task: Task, rng: np.random.Generator
    ) -> tuple[Floats, Used, dict[str, float]]:
        asked = np.array(task.ordinals(vintage))
        when, values, split = self._figures(vintage, series)
        past = self._figures(vintage.earlier(task.fitted_on), series) if task.fitted_on else None
        first = min(int(when[0]), int(asked.min()), int(when[0] if past is None else past[0][0]))
        axis = np.arange(first, max(int(when[-1]), int(asked.max())) + 1)
        rows = when - first
        scale = choose_scale(values if past is None else past[1], vintage.nonnegative, self.transform)
        z = scale.forward(values)
        season = self._season(vintage, len(when) if past is None else len(past[0]))
        x, dropped = self._regressors(vintage, series, axis, rows, season)
        lunar = self._lunar(vintage, series, axis, rows, season)
        family, start = self._family(len(axis), axis, z, vintage.season or 1, season, lunar.matrix)
        if season == "dummy":
            start = np.column_stack([start, covariance.seasonal(axis, vintage.season or 1)])
        keep = gaussian.independent(x.matrix[rows], start[rows])
        dropped = (*dropped, *(name for j, name in enumerate(x.names) if j not in keep))
        x = x.take(keep)
        design = np.column_stack([start, x.matrix])
        if len(rows) - design.shape[1] < FREEDOM:
            raise TooShortError(
                f"{len(rows)} figures for {design.shape[1]} coefficients",
                where=series,
                hint='seasonal = "none" or fewer controls',
            )
        middle: dict[str, float] = {}
        if self.engine == "reference":
            drawn = _reference(z, rows, design, family, asked - first, task.draws, rng)
        else:
            alone = len(family.coarse) == 1 and not family.fixed_scale and past is None
            fitted = gaussian.fit(z, rows, design, family, polish=alone)  # the draws rest on the grid either way
            if past is not None:
                seen = past[0] - first
                free = gaussian.independent(design[seen])
                fitted = gaussian.held(
                    fitted, gaussian.fit(scale.forward(past[1]), seen, design[:, free], family, polish=False)
                )
            middle = {f"share {j + 1}": value for j, value in enumerate((fitted.weights @ fitted.nodes).tolist())}
            if alone:
                variances = fitted.sigma2 * covariance.shares(fitted.best)
                middle |= dict(zip(("sigma2.irregular", "sigma2.level"), variances.tolist(), strict=True))
            drawn = gaussian.predict(fitted, asked - first, task.draws, rng)
        paths = scale.inverse(drawn)
        taken = (*x.names, *(name for name in lunar.names if season in ("shrunk", "dummy")))
        used = Used(
            model=f"local level, season {season}",
            regressors=taken,
            dropped=dropped,
            scale=scale.name,
            split=split,
            notes=scale.capped(paths),
        )
        return paths, used, middle

    def _figures(self, vintage: Vintage, series: str) -> tuple[NDArray[np.int64], Floats, int]:
        """Known months, their figures and how many were split."""
        when, values, split = measured(vintage.observed(series))
        if len(when) < FEWEST:
            raise TooShortError(
                f"{len(when)} monthly figures, the structural model needs {FEWEST}", where=series, hint="mean12 or drift"
            )
        return when, values, split

    def _season(self, vintage: Vintage, count: int) -> str:
        if self.seasonal != "auto":
            return self.seasonal if vintage.season else "none"
        return "shrunk" if vintage.season and count >= 2 * vintage.season else "none"

    def _regressors(
        self, vintage: Vintage, series: str, axis: NDArray[np.int64], rows: NDArray[np.int64], season: str
    ) -> tuple[Regressors, tuple[str, ...]]:
        """Diffuse regressors: events, controls, and the Lunar New Year where month effects are free too."""
        events = event_regressors(vintage, series, axis) if self.events else Regressors((), np.empty((len(axis), 0)))
        usable, dropped = events.usable(rows)
        names, blocks = usable.names, [usable.matrix]
        if self.controls:
            known = vintage.controls_of(series, self.controls, axis)
            if not np.isfinite(known).all():
                raise TooShortError(
                    "a control is unknown in an asked or observed step", where=series, hint=", ".join(self.controls)
                )
            names, blocks = (*names, *self.controls), [*blocks, known]
        if season == "dummy" and self.lunar:
            lunar = lunar_regressor(vintage, series, axis)
            names, blocks = (*names, *lunar.names), [*blocks, lunar.matrix]
        return Regressors(names, np.column_stack(blocks)), dropped

    def _lunar(
        self, vintage: Vintage, series: str, axis: NDArray[np.int64], rows: NDArray[np.int64], season: str
    ) -> Regressors:
        """The Lunar New Year column that is shrunk with the month effects."""
        if not self.lunar or season != "shrunk":
            return Regressors((), np.empty((len(axis), 0)))
        return lunar_regressor(vintage, series, axis)

    def _family(
        self, size: int, axis: NDArray[np.int64], z: Floats, season: int, kind: str, lunar: Floats
    ) -> tuple[gaussian.Family, Floats]:
        if self.level_sd is not None:
            variance = max(float(np.var(z)), 1e-12)
            return covariance.level_fixed(size, (self.level_sd**2) * variance, variance)
        if kind == "shrunk":
            return covariance.level_seasonal(size, axis % season, season, lunar)
        return covariance.level(size)


def _reference(
    z: Floats, rows: NDArray[np.int64], design: Floats, family: gaussian.Family, asked: NDArray[np.int64], draws: int,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Draws from statsmodels' local level with diffuse regression at its own most likely parameters."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    if len(family.coarse) != 1 or family.fixed_scale:
        raise ConfigError("the reference engine has no shrunk season and no fixed level", hint='seasonal = "dummy" or "none"')
    y = np.full(len(design), np.nan)
    y[rows] = z
    exog = design[:, 1:] if design.shape[1] > 1 else None
    unobserved = UnobservedComponents(y, "local level", exog=exog, mle_regression=exog is None, use_exact_diffuse=True)
    result = unobserved.fit(disp=0, maxiter=500, cov_type="none")
    predicted = result.get_prediction(0, len(design) - 1, information_set="smoothed")
    smoothed = np.asarray(predicted.predicted_mean)[asked]
    spread = np.asarray(predicted.se_mean)[asked]
    return smoothed + spread * rng.standard_normal((draws, len(asked)))
