"""Regression: the event as regressors on the full sample, with correlated noise (Box and Tiao 1975)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from forecast.core.clean import clean
from forecast.core.contracts import Answers
from forecast.core.describe import Asked, asked, describe, unit_of
from forecast.core.errors import ConfigError, NotIdentifiedError, TooShortError
from forecast.core.onsets import own_regressors
from forecast.core.questions import Design
from forecast.core.registry import build, estimator
from forecast.core.regressors import Regressors, event_regressors, lunar_regressor
from forecast.core.results import Effect, Parameter, Used
from forecast.core.transform import Scale, choose_scale, split_spans, window_total
from forecast.core.vintage import Floats, Vintage
from forecast.kernels import covariance, gaussian

Months = NDArray[np.int64]
Order = tuple[tuple[int, int, int], tuple[int, int, int, int]]
FREEDOM = 4  # observations left over after the coefficients


@dataclass(frozen=True)
class Sample:
    """One series on its working scale: `z` at `rows` of `axis`, and the regressors of the whole axis."""

    axis: Months
    rows: Months
    z: Floats
    scale: Scale
    x: Regressors
    own: tuple[str, ...]
    dropped: tuple[str, ...]
    split: int


@dataclass(frozen=True)
class Solved:
    """Coefficients of the regressors (k,), their covariance (k, k), the noise's own parameters and the log-likelihood."""

    beta: Floats
    covariance: Floats
    noise: tuple[Parameter, ...]
    loglike: float
    notes: tuple[str, ...] = ()


@estimator
@dataclass(frozen=True)
class Regression:
    """Events as regressors on the full sample, noise of a chosen kind; the effect is observed less the event switched off.

    z_t = x_t' b + N_t on the working scale (Box and Tiao 1975); the counterfactual of a month is g^-1(g(y) - x_own' b), its
    band the normal distribution of b with the covariance of the exact (diffuse) likelihood at its maximum, or the observed
    information:
    never the outer product of gradients.

    noise : "level" (random walk plus noise, diffuse regression: Durbin and Koopman 2012, sec. 6.2), "level+dummy" and
        "level+trig" (and a stochastic season), "airline", "white" (least squares), "auto" (level, and month effects shrunk
        where two years are known), or an ARIMA order ((p, d, q), (P, D, Q, s))
    shapes : instead of the events' own; season : "dummy" adds fixed month effects; events : the other default events that
        touch the series; lunar : the Lunar New Year. Controls are named by the design.
    """

    noise: Literal["auto", "level", "level+dummy", "level+trig", "airline", "white"] | Order = "auto"
    transform: Literal["auto", "log", "asinh", "none"] = "auto"
    shapes: tuple[str | dict[str, Any], ...] = ()
    season: Literal["none", "dummy"] = "none"
    events: bool = True
    lunar: bool = True

    def __post_init__(self) -> None:
        for words in self.shapes:
            build("shape", words)  # a misspelt one is told before anything is computed

    def estimate(self, vintage: Vintage, design: Design, rng: np.random.Generator, answers: Answers = ()) -> Effect:
        """Observed minus the counterfactual with the design's own columns off; description only where they cannot be told."""
        seen, stretch = asked(vintage, design), clean(vintage, design)
        draws, point, parameters, loglike = None, None, [], 0.0
        used = []
        try:
            self._answerable(seen, design)
            draws, middle = np.zeros((design.draws, len(seen.periods))), np.zeros(len(seen.periods))
            for series in design.treated:
                sample = self._sample(vintage, design, series)
                solved = self._solve(sample, vintage.season)
                some, at = _off(sample, solved, _each(vintage, series, seen), design.draws, rng)
                draws, middle = draws + some, middle + at
                parameters += _parameters(sample, solved, series if len(design.treated) > 1 else "")
                loglike += solved.loglike
                used.append(self._used(sample, solved))
            point = float(seen.observed.sum() - middle.sum())
        except (TooShortError, NotIdentifiedError) as error:
            draws, point, parameters, used, loglike = None, None, [], [Used("description only", notes=(error.problem,))], np.nan
        return Effect(
            estimator="regression",
            design=design,
            unit=unit_of(design),
            periods=seen.periods,
            observed=seen.observed,
            counterfactual=draws,
            description=describe(vintage, design),
            steps=vintage.steps,
            used=tuple(used),
            parameters=tuple(parameters),
            n_clean=stretch.count,
            n_span=len(stretch.spans),
            point=point,
            loglike=loglike,
        )

    def _answerable(self, seen: Asked, design: Design) -> None:
        if design.share_of:
            raise NotIdentifiedError("a share is asked of 'baseline' or 'counterfactual', not of a regression")
        if not len(seen.observed):
            raise NotIdentifiedError("no figure in the asked window")

    def _sample(self, vintage: Vintage, design: Design, series: str) -> Sample:
        data = split_spans(vintage.observed(series))
        known = np.flatnonzero(np.isfinite(data.values))
        if len(known) < FREEDOM + 2:
            raise TooShortError(f"{len(known)} monthly figures, a regression needs {FREEDOM + 2}", where=series)
        lo, hi = int(known[0]), int(known[-1])
        window = design.window(vintage)
        axis = np.arange(data.first + lo, max(data.first + hi, window.last) + 1)
        rows = known - lo
        scale = choose_scale(data.values[known], vintage.nonnegative, self.transform)
        own = own_regressors(vintage, design, axis, self.shapes)
        others, dropped = self._others(vintage, design, series, axis, rows)
        before, start = self._before(vintage, design, series, axis), self._start(axis, vintage.season)
        x = Regressors((*before.names, *own.names, *others.names), np.column_stack([before.matrix, own.matrix, others.matrix]))
        keep = gaussian.independent(x.matrix[rows], start[rows])
        lost = tuple(name for j, name in enumerate(x.names) if j not in keep)
        x = x.take(keep)
        kept = tuple(name for name in own.names if name in x.names)
        if not kept:
            raise NotIdentifiedError("the event's regressors are constant or collinear in the sample", where=series)
        if len(rows) - start.shape[1] - len(x.names) < FREEDOM:
            raise TooShortError(f"{len(rows)} figures for {start.shape[1] + len(x.names)} coefficients", where=series)
        split = sum(mark == "split" for mark in data.marks)
        return Sample(axis, rows, scale.forward(data.values[known]), scale, x, kept, (*dropped, *lost), split)

    def _before(self, vintage: Vintage, design: Design, series: str, axis: Months) -> Regressors:
        """Columns that come before the event's: controls, month effects, the Lunar New Year."""
        names, blocks = list(design.controls), [np.empty((len(axis), 0))]
        if design.controls:
            known = vintage.controls_of(series, design.controls, axis)
            if not np.isfinite(known).all():
                raise TooShortError("a control is unknown in a month of the sample", where=series)
            blocks.append(known)
        if self.season == "dummy" and vintage.season:
            dummies = covariance.seasonal(axis, vintage.season)
            names += [f"season.{j + 1}" for j in range(dummies.shape[1])]
            blocks.append(dummies)
        if self.lunar and vintage.season:
            lunar = lunar_regressor(vintage, series, axis)
            names += lunar.names
            blocks.append(lunar.matrix)
        return Regressors(tuple(names), np.column_stack(blocks))

    def _others(
        self, vintage: Vintage, design: Design, series: str, axis: Months, rows: Months
    ) -> tuple[Regressors, tuple[str, ...]]:
        """Other events of the default calendar that moved within the sample."""
        if not self.events:
            return Regressors((), np.empty((len(axis), 0))), ()
        rest = vintage.without_events(event.id for event in design.events)
        return event_regressors(rest, series, axis).usable(rows)

    def _start(self, axis: Months, season: int | None) -> Floats:
        """Columns that belong to the noise: a constant, or its diffuse start."""
        if isinstance(self.noise, tuple):
            return np.ones((len(axis), 0 if self.noise[0][1] + self.noise[1][1] else 1))
        return self._family(axis, season, len(axis))[1]

    def _family(self, axis: Months, season: int | None, count: int) -> tuple[gaussian.Family | None, Floats]:
        size = len(axis)
        if self.noise in ("level+dummy", "level+trig", "airline") and not season:
            raise ConfigError(f"noise '{self.noise}' needs a season", hint="fc.panel(..., season=12)")
        if self.noise == "white":
            return None, np.ones((size, 1))
        if self.noise == "airline":
            return covariance.airline(size, season or 1)
        if self.noise in ("level+dummy", "level+trig"):
            return covariance.level_stochastic(size, season or 1, str(self.noise).partition("+")[2])
        if self.noise == "auto" and season and count >= 2 * season and self.season == "none":
            return covariance.level_seasonal(size, axis % season, season)
        return covariance.level(size)

    def _solve(self, sample: Sample, season: int | None) -> Solved:
        if isinstance(self.noise, tuple):
            return _arima(sample, self.noise)
        family, start = self._family(sample.axis, season, len(sample.axis))
        x = np.column_stack([start, sample.x.matrix])
        if family is None:
            return _least_squares(sample.z, x[sample.rows], start.shape[1])
        # only the maximum is wanted, which is climbed from the best node: a coarse grid finds the same hill
        rough = replace(family, coarse=tuple(min(count, 9) for count in family.coarse))
        fitted = gaussian.fit(sample.z, sample.rows, x, rough)
        k = start.shape[1]
        return Solved(fitted.beta[k:], fitted.covariance[k:, k:], (), fitted.loglike)

    def _used(self, sample: Sample, solved: Solved) -> Used:
        kind = self.noise if isinstance(self.noise, str) else "ARIMA {}{}".format(*self.noise)
        season = ", fixed month effects" if self.season == "dummy" else ""
        return Used(
            f"regression, noise {kind}{season}",
            sample.x.names,
            sample.dropped,
            sample.scale.name,
            sample.split,
            0,
            solved.notes,
        )


def _least_squares(z: Floats, x: Floats, skip: int) -> Solved:
    """Ordinary least squares; covariance s2 (X'X)^-1 with s2 = RSS / (n - k)."""
    beta = np.linalg.lstsq(x, z, rcond=None)[0]
    rss, n, k = float(((z - x @ beta) ** 2).sum()), len(z), x.shape[1]
    spread = rss / (n - k) * np.linalg.inv(x.T @ x)
    loglike = -0.5 * n * (np.log(2 * np.pi * rss / n) + 1) if rss > 0 else np.inf
    return Solved(np.asarray(beta[skip:], float), np.asarray(spread[skip:, skip:], float), (), float(loglike))


def _arima(sample: Sample, order: Order) -> Solved:
    """Maximum likelihood with the observed information matrix as precision (`cov_type="oim"`)."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    y = np.full(len(sample.axis), np.nan)
    y[sample.rows] = sample.z
    constant = not (order[0][1] + order[1][1])
    x = np.column_stack([np.ones((len(y), int(constant))), sample.x.matrix])
    fitted = SARIMAX(y, exog=x, order=order[0], seasonal_order=order[1]).fit(disp=0, maxiter=500, cov_type="oim")
    spread, estimates, k = np.asarray(fitted.cov_params()), np.asarray(fitted.params), x.shape[1]
    errors = np.sqrt(np.clip(np.diag(spread), 0.0, None))
    noise = [Parameter(n, float(v), float(e)) for n, v, e in zip(fitted.model.param_names, estimates, errors, strict=True)]
    notes = () if fitted.mle_retvals.get("converged", True) else ("the likelihood's search did not settle",)
    skip = int(constant)
    return Solved(estimates[skip:k], spread[skip:k, skip:k], tuple(noise[k:]), float(fitted.llf), notes)


def _each(vintage: Vintage, series: str, seen: Asked) -> Floats:
    """The series' own figure of every asked period, rows (first month, last month, sum)."""
    observed = vintage.observed(series)
    return np.array([[first, last, window_total(observed, first, last)] for first, last in seen.periods])


def _off(sample: Sample, solved: Solved, periods: Floats, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Counterfactual draws (draws, periods) and its value at the estimate (periods,): own columns off, residual kept.

    A span is treated as so many equal months, which is exact on the log and the plain scale.
    """
    own = [sample.x.names.index(name) for name in sample.own]
    beta, spread = solved.beta[own], solved.covariance[np.ix_(own, own)]
    values, vectors = np.linalg.eigh((spread + spread.T) / 2)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    betas = np.vstack([beta, beta + rng.standard_normal((draws, len(own))) @ root.T])
    out = np.zeros((draws + 1, len(periods)))
    for j, (first, last, total) in enumerate(periods):
        months = np.arange(int(first), int(last) + 1)
        column = sample.x.matrix[months - sample.axis[0]][:, own]
        z = sample.scale.forward(np.array([total / len(months)]))
        out[:, j] = sample.scale.inverse(z - betas @ column.T).sum(axis=1)
    return out[1:], out[0]


def _parameters(sample: Sample, solved: Solved, prefix: str) -> list[Parameter]:
    """The event's own coefficients first, then the others, then those of the noise."""
    errors = np.sqrt(np.clip(np.diag(solved.covariance), 0.0, None))
    table = {n: (float(b), float(e)) for n, b, e in zip(sample.x.names, solved.beta, errors, strict=True)}
    order = [*sample.own, *(name for name in sample.x.names if name not in sample.own)]
    label = f"{prefix}: " if prefix else ""
    return [Parameter(label + name, *table[name]) for name in order] + [
        Parameter(label + p.name, p.estimate, p.se) for p in solved.noise
    ]
