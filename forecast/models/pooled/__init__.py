"""Partial pooling: local level with month, Lunar New Year and event effects shrunk towards those of like series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import failure_for
from forecast.core.errors import ForecastError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Failure, Forecast, Used
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage
from forecast.kernels import covariance, gaussian
from forecast.models.pooled import random_effects
from forecast.prep.batches import VintageTask
from forecast.prep.regressors import Regressors, event_regressors, lunar_regressor
from forecast.prep.spans_and_gaps import measured_months
from forecast.prep.working_scale import WorkingScale, choose_scale

FEWEST = 8  # observations of the series itself
FREEDOM = 6  # observations left over after the coefficients
LIKE = 3  # fewest other series to estimate the population of an effect from
OwnEffects = dict[str, tuple[float, float]]  # effect -> coefficient and its variance
EffectsCache = dict[tuple[int, str], tuple[Vintage, OwnEffects]]  # by id of a vintage, valid as the vintage is held too
MeasuredMonths = tuple[Ints, Floats, int]  # months, figures, and how many were split from sums


@model
@dataclass(frozen=True)
class Pooled:
    """Regression with partial pooling: effects of the months, moving holidays and events, shrunk to those of like series.

    On the working scale z = level + X b + noise, b ~ N(m, diag t): the mean m and the variance t of each effect come from the
    other series of the panel, each regressed by itself over a local level (restricted likelihood), by the moments of
    DerSimonian and Laird (1986); the series' own figures then update them exactly, as t enters its covariance (Henderson's
    mixed model; Robinson 1991, Stat. Sci. 6:15, eq. 1.2), with the residual variance plugged in. An effect seen in fewer than
    three other series is the series' own, free where it moves enough and left out where not.

    Parameters
    ----------
    like : tuple of str, optional
        names of the other series; empty: all of the same reporter, flow and measure, and towards all partners or towards one
        as the series is; on a plain panel all units
    months : bool, default True
        whether effects of the calendar months are in the regression
    lunar : bool, default True
        whether the lunar new year is a regressor
    events : bool, default True
        whether events of the calendar are regressors
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros

    References
    ----------
    * DerSimonian, R. and Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical Trials 7(3), 177-188.
    * Robinson, G. K. (1991). That BLUP is a good thing: the estimation of random effects. Statistical Science 6(1), 15-32.
    """

    like: tuple[str, ...] = ()
    months: bool = True
    lunar: bool = True
    events: bool = True
    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Any = ()) -> Forecast:
        """Joint draws over the asked months, series by series."""
        return self._forecast(vintage, task, rng, {})

    def predict_many(
        self, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator], answers: Sequence[Any]
    ) -> list[Forecast | Failure]:
        """Answers to a batch; a like series of several questions of one vintage is regressed once."""
        out: list[Forecast | Failure] = []
        cache: EffectsCache = {}
        for (vintage, task), rng in zip(questions, rngs, strict=True):
            try:
                out.append(self._forecast(vintage, task, rng, cache))
            except ForecastError as error:
                out.append(failure_for(self, task, error))
        return out

    def _forecast(self, vintage: Vintage, task: Task, rng: np.random.Generator, cache: EffectsCache) -> Forecast:
        blocks, used = [], []
        then = vintage.earlier(task.fitted_on) if task.fitted_on else vintage
        for series in task.series:
            draws, how = self._forecast_series(vintage, then, series, task, rng, cache)
            blocks.append(draws)
            used.append(how)
        return Forecast(task, np.stack(blocks, axis=1), tuple(used), vintage.steps)

    def _forecast_series(
        self, vintage: Vintage, then: Vintage, series: str, task: Task, rng: np.random.Generator,
        cache: EffectsCache,
    ) -> tuple[Floats, Used]:  # fmt: skip
        """Draws (draws, months) of one series; `then` is the vintage that parameters come from."""
        asked = np.array(task.ordinals(vintage))
        now, past = _measured_months(vintage, series), _measured_months(then, series)
        first = min(int(now[0][0]), int(past[0][0]), int(asked.min()))
        axis = np.arange(first, max(int(now[0][-1]), int(asked.max())) + 1)
        scale = choose_scale(past[1], vintage.nonnegative, self.transform)
        x = self._columns(vintage, series, axis)
        # effects seen in enough other series get a population prior, the others a free coefficient
        populations = self._populations(then, series, x.names, cache)
        shrunk = [j for j, name in enumerate(x.names) if name in populations]
        free, dropped = x.take([j for j in range(len(x.names)) if j not in shrunk]).usable(now[0] - first)
        start = np.ones((len(axis), 1))
        keep = gaussian.independent_columns(free.matrix[now[0] - first], start[now[0] - first])
        dropped = (*dropped, *(name for j, name in enumerate(free.names) if j not in keep))
        free = free.take(keep)
        design = np.column_stack([start, free.matrix])
        if len(now[1]) - design.shape[1] < FREEDOM:
            raise TooShortError(f"{len(now[1])} figures for {design.shape[1]} coefficients", where=series, hint="mean12")
        means = np.array([populations[x.names[j]].mean for j in shrunk])
        spreads = np.array([populations[x.names[j]].spread for j in shrunk])
        # the population means are an offset; deviations from them are part of the covariance
        offset = x.matrix[:, shrunk] @ means
        earlier = None
        if task.fitted_on:
            rows = past[0] - first
            columns = gaussian.independent_columns(design[rows])
            earlier = self._fit(scale.forward(past[1]) - offset[rows], rows, design[:, columns], x.matrix[:, shrunk], spreads)
        rows = now[0] - first
        fitted = self._fit(scale.forward(now[1]) - offset[rows], rows, design, x.matrix[:, shrunk], spreads, earlier)
        paths = scale.inverse(gaussian.predict(fitted, asked - first, task.draws, rng) + offset[asked - first])
        return paths, _used_record(x, shrunk, free, dropped, populations, scale, now[2], paths)

    def _fit(
        self, y: Floats, rows: Ints, design: Floats, shrunk: Floats, spreads: Floats,
        earlier: gaussian.GaussianFit | None = None,
    ) -> gaussian.GaussianFit:  # fmt: skip
        """A local level whose covariance includes the shrunk effects, their variance in units of the residual variance.

        earlier : a fit whose covariance parameters are used
        """
        family, _ = covariance.local_level(len(design))
        if not len(spreads):
            return gaussian.fit(y, rows, design, family, polish=False, earlier=earlier)
        plain = gaussian.fit(y, rows, design, family, polish=False)
        wider = covariance.with_effects(family, shrunk * np.sqrt(spreads / max(plain.sigma2, 1e-12)))
        return gaussian.fit(y, rows, design, wider, polish=False, earlier=earlier)

    def _columns(self, vintage: Vintage, series: str, axis: Ints) -> Regressors:
        """Regressors of all effects a series may have: months (summing to zero), Lunar New Year, events."""
        names: tuple[str, ...] = ()
        blocks = [np.empty((len(axis), 0))]
        season = vintage.season or 1
        if self.months and season > 1:
            names += tuple(f"month {m + 1}" for m in range(season - 1))
            blocks.append(covariance.seasonal_dummies(axis, season))
        for wanted, made in ((self.lunar, lunar_regressor), (self.events, event_regressors)):
            if wanted:
                found = made(vintage, series, axis)
                names, blocks = (*names, *found.names), [*blocks, found.matrix]
        return Regressors(names, np.column_stack(blocks))

    def _populations(
        self, vintage: Vintage, series: str, names: Sequence[str], cache: EffectsCache
    ) -> dict[str, random_effects.Population]:
        """The population of each effect, where at least `LIKE` other series have an estimate of it."""
        found = []
        for other in self._like_series(vintage, series):
            key = (id(vintage), other)
            if key not in cache:
                cache[key] = (vintage, self._own_effects(vintage, other))
            found.append(cache[key][1])
        out = {}
        for name in names:
            pairs = np.array([one[name] for one in found if name in one]).reshape(-1, 2)
            if len(pairs) >= LIKE:
                out[name] = random_effects.dersimonian_laird(pairs[:, 0], pairs[:, 1])
        return out

    def _like_series(self, vintage: Vintage, series: str) -> list[str]:
        if self.like:
            return [name for name in self.like if name != series and vintage.knows(name)]
        own = SeriesKey.maybe(series)
        if own is None:
            return [name for name in vintage.series if name != series and SeriesKey.maybe(name) is None]
        keys = [key for name in vintage.series if name != series and (key := SeriesKey.maybe(name)) is not None]
        return [str(k) for k in keys if (k.reporter, k.measure, k.basis) == (own.reporter, own.measure, own.basis)]

    def _own_effects(self, vintage: Vintage, series: str) -> OwnEffects:
        """Effects of a series regressed by itself over a local level; none where it is too short."""
        try:
            when, values, _ = _measured_months(vintage, series)
            z = choose_scale(values, vintage.nonnegative, self.transform).forward(values)
        except TooShortError:
            return {}
        axis = np.arange(int(when[0]), int(when[-1]) + 1)
        rows = when - when[0]
        x, _ = self._columns(vintage, series, axis).usable(rows)
        start = np.ones((len(axis), 1))
        x = x.take(gaussian.independent_columns(x.matrix[rows], start[rows]))
        if len(rows) - len(x.names) - 1 < FREEDOM or not float(np.ptp(z)) > 0:
            return {}
        fitted = gaussian.fit(z, rows, np.column_stack([start, x.matrix]), covariance.local_level(len(axis))[0], polish=False)
        estimates = zip(x.names, fitted.beta[1:].tolist(), (fitted.se[1:] ** 2).tolist(), strict=True)
        return {name: (b, v) for name, b, v in estimates if np.isfinite(b) and v > 0}


def _measured_months(vintage: Vintage, series: str) -> MeasuredMonths:
    """Known months, their figures and how many were split."""
    when, values, split = measured_months(vintage.observed(series))
    if len(when) < FEWEST:
        raise TooShortError(f"{len(when)} monthly figures, a pooled regression needs {FEWEST}", where=series, hint="mean12")
    return when, values, split


def _used_record(
    x: Regressors, shrunk: Sequence[int], free: Regressors, dropped: tuple[str, ...],
    populations: dict[str, random_effects.Population], scale: WorkingScale, split: int, paths: Floats,
) -> Used:  # fmt: skip
    names = tuple(x.names[j] for j in shrunk)
    counts = sorted({populations[name].count for name in names})
    note = f"{len(names)} effects drawn towards those of {counts[0]} to {counts[-1]} series" if counts else "no like series"
    return Used(
        "local level, pooled effects" if names else "local level, own effects",
        (*names, *free.names),
        dropped,
        scale.name,
        split,
        0,
        (note, *scale.cap_notes(paths)),
    )
