"""Seasonal ARIMA with regressors; the airline model by default, on an exact fast path."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Forecast, Used
from forecast.core.vintage import Vintage
from forecast.kernels import arima_covariance, covariance, gaussian
from forecast.kernels.resample import moment_matched_normals
from forecast.prep.regressors import Regressors, control_regressors, event_regressors, lunar_regressor
from forecast.prep.spans_and_gaps import measured_months
from forecast.prep.working_scale import choose_scale

AIRLINE = (0, 1, 1)
SMALL = ((0, 1, 1), (1, 1, 0), (1, 1, 1), (0, 1, 2), (2, 1, 0))  # differenced alike, so that their AICc can be compared
SEASONAL = ((0, 1, 1), (1, 1, 0))
FREEDOM = 8  # degrees of freedom needed after differencing and coefficients


@model
@dataclass(frozen=True)
class Sarimax:
    """Seasonal ARIMA with policy events and moving holidays as regressors; the airline model by default.

    The airline model is solved exactly over a grid of its two moving-average parameters, so draws carry their uncertainty;
    other orders, and `engine="reference"`, go through statsmodels' SARIMAX with plug-in parameters (s2 by the degrees of
    freedom). An event's regressor enters with a free coefficient. With `Task.fitted_on` the parameters come from that day's
    figures.

    Parameters
    ----------
    order : (int, int, int), default (0, 1, 1)
        autoregressive order, differences and moving-average order
    seasonal_order : (int, int, int), default (0, 1, 1)
        the same of the season
    lunar : bool, default True
        whether the lunar new year is a regressor
    events : bool, default True
        whether events of the calendar are regressors
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros
    controls : tuple of str, optional
        known series of a plain panel to regress on. The model has no constant of its own: a control that is constant is one
        where the order takes no differences, and is dropped, like a trend or season, where the differences take it out
    select : {"given", "aicc"}, default "given"
        "aicc" takes the order with the smallest AICc out of ten around the airline model, all differenced once and once over
        the season (slow: every candidate is a maximum-likelihood fit of statsmodels)
    engine : {"fast", "reference"}, default "fast"
        the package's own code, or the reference library, slower

    References
    ----------
    Box, G. E. P. and Jenkins, G. M. (1976). Time Series Analysis: Forecasting and Control, rev. ed. Holden-Day, sec. 9.2.
    """

    order: tuple[int, int, int] = AIRLINE
    seasonal_order: tuple[int, int, int] = AIRLINE
    lunar: bool = True
    events: bool = True
    transform: Literal["auto", "log", "asinh", "none"] = "auto"
    controls: tuple[str, ...] = ()
    select: Literal["given", "aicc"] = "given"
    engine: Literal["fast", "reference"] = "fast"

    def __post_init__(self) -> None:
        if self.select == "aicc" and (self.order[1], self.seasonal_order[1]) != (1, 1):
            problem = "orders are chosen among models differenced once and once over the season"
            raise ConfigError(problem, hint='select = "given"')

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws over the asked months, series by series."""
        blocks, used = [], []
        parameters: dict[str, float] = {}
        for series in task.series:
            draws, how, own = self._forecast_series(vintage, series, task, rng)
            blocks.append(draws)
            used.append(how)
            parameters |= {f"{series} {name}": value for name, value in own.items()}
        return Forecast(task, np.stack(blocks, axis=1), tuple(used), vintage.steps, parameters)

    def _forecast_series(
        self, vintage: Vintage, series: str, task: Task, rng: np.random.Generator
    ) -> tuple[Floats, Used, dict[str, float]]:
        """Draws (draws, months) of one series, the record of what was used, and parameters."""
        asked = np.array(task.ordinals(vintage))
        season = vintage.season or 1
        seasonal = self.seasonal_order if season > 1 else (0, 0, 0)
        lost = self.order[1] + seasonal[1] * season
        # the sample known today (`when`), and that of the day of the parameters (`past`), on one axis with the asked months
        when, values, split = self._figures(vintage, series, seasonal, lost)
        past = self._figures(vintage.earlier(task.fitted_on), series, seasonal, lost) if task.fitted_on else None
        first = int(when[0] if past is None else min(when[0], past[0][0]))
        axis = np.arange(first, max(int(when[-1]), int(asked.max())) + 1)
        rows = when - first
        scale = choose_scale(values if past is None else past[1], vintage.nonnegative, self.transform)
        # regressors that the sample identifies next to what the differences take out: nothing, a constant, a trend, a season
        x, dropped = self._regressors(vintage, series, axis, rows)
        fast = self.engine == "fast" and self.order == AIRLINE and seasonal == AIRLINE
        _, start = arima_covariance.arima_family(len(axis), (self.order, (*seasonal, season)))
        keep = gaussian.independent_columns(x.matrix[rows], start[rows])
        dropped = (*dropped, *(name for j, name in enumerate(x.names) if j not in keep))
        x = x.take(keep)
        if len(rows) - lost - len(x.names) < FREEDOM:
            raise TooShortError(
                f"{len(rows)} figures for {lost + len(x.names)} coefficients", where=series, hint="events = false"
            )
        # `z` at `rows` is the conditioning sample, `then` at `seen` the estimation sample
        z = scale.forward(values)
        seen = rows if past is None else past[0] - first
        then = z if past is None else scale.forward(past[1])
        parameters: dict[str, float] = {}
        notes: tuple[str, ...] = ()
        how = self if self.select == "given" else self._select_orders(then, seen, x, season)
        if how is not self:
            seasonal = how.seasonal_order if season > 1 else (0, 0, 0)
            fast = self.engine == "fast" and how.order == AIRLINE and seasonal == AIRLINE
        if fast:
            family, start = covariance.airline(len(axis), season)
            design = np.column_stack([start, x.matrix])
            earlier = None
            if past is not None:  # today's figures with the covariance parameters of the earlier fit
                free = gaussian.independent_columns(design[seen])
                earlier = gaussian.fit(then, seen, design[:, free], family, polish=False)
            fitted = gaussian.fit(z, rows, design, family, polish=False, earlier=earlier)
            parameters = dict(zip(("theta", "Theta"), (fitted.weights @ fitted.nodes).tolist(), strict=True))
            paths = gaussian.predict(fitted, asked - first, task.draws, rng)
        else:
            paths, parameters, notes = how._statsmodels(
                z, rows, then, seen, x, len(axis), season, asked - first, task.draws, rng
            )
        paths = scale.inverse(paths)
        used = Used(
            model=f"ARIMA{how.order}{seasonal}{season}",
            regressors=x.names,
            dropped=dropped,
            scale=scale.name,
            split=split,
            notes=(*notes, *scale.cap_notes(paths)),
        )
        return paths, used, parameters

    def _figures(self, vintage: Vintage, series: str, seasonal: tuple[int, int, int], lost: int) -> tuple[Ints, Floats, int]:
        """Known months, their figures and how many were split."""
        when, values, split = measured_months(vintage.observed(series))
        if len(when) < lost + FREEDOM + 2:
            raise TooShortError(
                f"{len(when)} monthly figures, ARIMA{self.order}{seasonal} needs {lost + FREEDOM + 2}", where=series,
                hint="structural, ets or mean12",
            )  # fmt: skip
        return when, values, split

    def _regressors(self, vintage: Vintage, series: str, axis: Ints, rows: Ints) -> tuple[Regressors, tuple[str, ...]]:
        empty = Regressors((), np.empty((len(axis), 0)))
        events = event_regressors(vintage, series, axis) if self.events else empty
        lunar = lunar_regressor(vintage, series, axis) if self.lunar else empty
        both = Regressors((*events.names, *lunar.names), np.column_stack([events.matrix, lunar.matrix]))
        usable, dropped = both.usable(rows)
        known = control_regressors(vintage, series, self.controls, axis)
        return Regressors((*usable.names, *known.names), np.column_stack([usable.matrix, known.matrix])), dropped

    def _select_orders(self, then: Floats, seen: Ints, x: Regressors, season: int) -> Sarimax:
        """The model with the orders of smallest AICc; a candidate whose fit fails or does not converge is skipped."""
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        y = np.full(int(seen[-1]) + 1, np.nan)
        y[seen] = then
        exog = x.matrix[: len(y)] if x.names else None
        best, least = self, np.inf
        for order, seasonal in product(SMALL, SEASONAL if season > 1 else ((0, 0, 0),)):
            cycle = (*seasonal, season) if season > 1 else (0, 0, 0, 0)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # convergence is checked below
                    fitted = SARIMAX(y, exog=exog, order=order, seasonal_order=cycle).fit(disp=0, maxiter=200, cov_type="none")
            except (ValueError, np.linalg.LinAlgError):
                continue
            if fitted.mle_retvals["converged"] and np.isfinite(fitted.aicc) and fitted.aicc < least:
                best, least = replace(self, order=order, seasonal_order=seasonal, select="given"), float(fitted.aicc)
        return best

    def _statsmodels(
        self, z: Floats, rows: Ints, then: Floats, seen: Ints, x: Regressors, size: int, season: int,
        asked: Ints, draws: int, rng: np.random.Generator,
    ) -> tuple[Floats, dict[str, float], tuple[str, ...]]:  # fmt: skip
        """Draws, parameters and notes from statsmodels' SARIMAX at the maximum-likelihood parameters."""
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        last = int(rows[-1])
        y = np.full(last + 1, np.nan)
        y[rows] = z
        seasonal = (*self.seasonal_order, season) if season > 1 else (0, 0, 0, 0)
        exog = x.matrix if x.names else None
        past = None if exog is None else exog[: last + 1]
        arima = SARIMAX(y, exog=past, order=self.order, seasonal_order=seasonal)
        before = np.full(last + 1, np.nan)
        before[seen] = then
        then_arima = arima.clone(before, exog=past)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # convergence is reported in the notes
            rough = then_arima.fit(disp=0, maxiter=500, cov_type="none")
            fine = then_arima.fit(rough.params, method="bfgs", disp=0, maxiter=100, cov_type="none")
        converged = rough.mle_retvals["converged"] or fine.mle_retvals["converged"]
        result = arima.smooth(fine.params)
        # s2 by the degrees of freedom, as in R's forecast::Arima: the maximum-likelihood estimate is too small in short samples
        free = len(seen) - int(result.loglikelihood_burn)
        inflated = free / max(free - len(result.params) + 1, 1)
        # months ahead are drawn jointly, months inside the sample (gaps) independently
        inside, ahead = asked[asked <= last], asked[asked > last]
        out = np.empty((draws, len(asked)))
        if len(ahead):
            future = None if exog is None else exog[last + 1 : size]
            mean = np.asarray(result.get_forecast(size - last - 1, exog=future).predicted_mean)[ahead - last - 1]
            spread = _forecast_covariance(result, size - last - 1)[np.ix_(ahead - last - 1, ahead - last - 1)]
            out[:, asked > last] = mean + moment_matched_normals(draws, len(ahead), rng) @ gaussian.symmetric_root(
                inflated * spread
            )
        if len(inside):
            smoothed = result.get_prediction(0, last, information_set="smoothed")
            mean, spread = np.asarray(smoothed.predicted_mean)[inside], np.asarray(smoothed.se_mean)[inside]
            out[:, asked <= last] = mean + np.sqrt(inflated) * spread * rng.standard_normal((draws, len(inside)))
        names = [*x.names, *arima.param_names[len(x.names) :]]
        notes = () if converged else ("the search for the largest likelihood did not settle",)
        return out, dict(zip(names, np.asarray(result.params).tolist(), strict=True)), notes


def _forecast_covariance(result: Any, steps: int) -> Floats:
    """Covariance of the next `steps` values given the past: Z T^(j-i) P_i Z' (Durbin and Koopman 2012, sec. 4.11)."""
    space = result.model.ssm
    move, pick = space["transition"], space["design"][0]
    shocks = space["selection"] @ space["state_cov"] @ space["selection"].T
    state = result.predicted_state_cov[..., -1]
    out = np.zeros((steps, steps))
    for i in range(steps):
        reach = state @ pick
        for j in range(i, steps):
            out[i, j] = out[j, i] = pick @ reach
            reach = move @ reach
        state = move @ state @ move.T + shocks
    out += float(space["obs_cov"][0, 0]) * np.eye(steps)
    return out
