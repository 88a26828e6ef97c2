"""Structural time series model: local level, shrunk month and Lunar New Year effects, events, exact diffuse likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Forecast, Used
from forecast.core.vintage import Vintage
from forecast.kernels import covariance, gaussian, temporal_sums
from forecast.models.structural.temporal_aggregates import MonthsAndSums, keep_sums, split_sums
from forecast.prep.regressors import Regressors, event_regressors, lunar_regressor
from forecast.prep.spans_and_gaps import LONGEST_SPLIT
from forecast.prep.trade_history import TradeHistory
from forecast.prep.working_scale import CAP_FACTOR, WorkingScale, amount_scale, choose_scale, trade_floor

FEWEST = 8  # observations needed
FEWEST_TRADED = 3  # months with trade of a two-part model
FEWEST_FOR_GROWTH = 20  # observations; with fewer, growth carried over a window has no bound
FREEDOM = 6  # degrees of freedom needed after the coefficients


@model
@dataclass(frozen=True)
class Structural:
    """Local level with shrunk month effects, moving holidays and policy events; parameters integrated over a grid.

    Regression with diffuse coefficients, on the working scale (Durbin and Koopman 2012). Draws carry the uncertainty of
    variances and coefficients and the observation noise. With `Task.fitted_on` the variance parameters and the scale come
    from that day's figures; level and coefficients are states and follow today's.

    Without a season the forecast's parameters hold the two variances at the highest diffuse likelihood, on the working scale:
    `sigma2.irregular` and `sigma2.level`. Coefficients of events and controls stand under their names, their standard errors
    under `x.se`, on the working scale and at the highest likelihood; with `Task.fitted_on` they are states, and left out.

    Parameters
    ----------
    seasonal : {"auto", "shrunk", "dummy", "none"}, default "auto"
        "auto": "shrunk" where two years of figures are known, else "none"; "shrunk": month effects and the Lunar New Year are
        shrunk by one variance estimated by restricted likelihood; "dummy": they are free; "none": left out
    lunar : bool, default True
        whether the lunar new year is a regressor
    events : bool, default True
        whether events of the calendar are regressors
    transform : {"auto", "log", "asinh", "none", "two-part"}, default "auto"
        "two-part" models months with trade on logarithms (or a power, `working_scale.amount_scale`) and months without as a
        Markov chain (`kernels.occurrence_chain`)
    step_prior, growth : float, default 0.0
        rate of an exponential prior of the level's step over the irregular, and prior probability of constant growth
        (`covariance.settled_level`); with 0 both have a flat prior and there is no growth
    level_sd : float, optional
        fixes the level's step at this share of the series' standard deviation (CausalImpact's prior guess is 0.01)
    controls : tuple of str, optional
        known series of a plain panel to regress on
    sums : int, default 12
        sums of up to so many months (January and February, a year to date) are observations of their own, and draws of their
        months add up to them (`kernels.temporal_sums`). With 0, on the asinh scale and in the reference engine sums of up to
        three months are split into months instead, and longer ones left out
    engine : {"fast", "reference"}, default "fast"
        "reference" is the slow twin on statsmodels' UnobservedComponents (plug-in parameters)

    References
    ----------
    Durbin, J. and Koopman, S. J. (2012). Time Series Analysis by State Space Methods, 2nd ed. Oxford University Press, ch. 3
    and sec. 6.2.
    """

    seasonal: Literal["auto", "shrunk", "dummy", "none"] = "auto"
    lunar: bool = True
    events: bool = True
    transform: Literal["auto", "log", "asinh", "none", "two-part"] = "auto"
    step_prior: float = 0.0
    growth: float = 0.0
    level_sd: float | None = None
    controls: tuple[str, ...] = ()
    sums: int = 12
    engine: Literal["fast", "reference"] = "fast"

    def __post_init__(self) -> None:
        if self.level_sd is not None and self.level_sd <= 0:
            raise ConfigError("level_sd must be positive", hint="0.01 is CausalImpact's guess")
        if self.growth and not (self.step_prior > 0 and self.growth < 1):
            raise ConfigError("growth is a probability beside a step_prior", hint="step_prior = 3.0, growth = 0.25")
        if self.sums and self.sums < LONGEST_SPLIT:
            raise ConfigError(f"sums of {LONGEST_SPLIT} months would be lost", hint=f"sums = 0, or {LONGEST_SPLIT} and more")

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
        if rare := self._rare_trade(vintage, series):
            paths, note = _draw_rare_trade(rare, asked, task.draws, rng)
            return paths, Used("months with trade, each like the others", scale="log", notes=(note,)), {}
        days = [vintage] if task.fitted_on is None else [vintage, vintage.earlier(task.fitted_on)]
        split, known, scale = self._samples(days, series)
        history = self._trade_history(days[0], series)
        # one axis for both samples and the asked months
        first = min(int(asked.min()), *(one.first for one in known))
        axis = np.arange(first, max(known[0].last, int(asked.max())) + 1)
        covered = split[0].months - first
        z = scale.forward(split[0].values)
        season = self._season(vintage, len(split[-1].months))
        x, dropped = self._regressors(vintage, series, axis, covered, season)
        lunar = self._lunar_new_year(vintage, series, axis)
        family, start = self._family(len(axis), axis, z, vintage.season or 1, season, lunar.matrix)
        if season == "dummy":
            start = np.column_stack([start, covariance.seasonal_dummies(axis, vintage.season or 1)])
        # a free effect (of a month never known by itself) that only sums inform is not identified: split them after all
        notes: tuple[str, ...] = ()
        starts = [_observation_rows(start, one, first) for one in known if one.spans]
        if any(len(gaussian.independent_columns(rows)) < start.shape[1] for rows in starts):
            known, notes = split, ("sums of months split: some month is never known singly, and its free effect would be open",)
        independent = gaussian.independent_columns(
            _observation_rows(x.matrix, known[0], first), _observation_rows(start, known[0], first)
        )
        dropped = (*dropped, *(name for j, name in enumerate(x.names) if j not in independent))
        x = x.take(independent)
        design = np.column_stack([start, x.matrix])
        if known[0].count - design.shape[1] < FREEDOM:
            problem = f"{known[0].count} figures for {design.shape[1]} coefficients"
            raise TooShortError(problem, where=series, hint='seasonal = "none" or fewer controls')
        parameters: dict[str, float] = {}
        if self.engine == "reference":
            paths = scale.inverse(_draw_with_statsmodels(z, covered, design, family, asked - first, task.draws, rng))
        else:
            # a plain local level has one free parameter: its optimum is polished, and its variances are reported
            plain = not self.step_prior and len(family.coarse) == 1 and not family.fixed_scale and len(days) == 1
            fitted = _fit_with_sums(known, first, scale, design, family, plain)
            if fitted is None:
                known, notes = split, ("sums of months split: the tangent to them did not settle",)
                fitted = _fit_with_sums(known, first, scale, design, family, plain)
                assert fitted is not None
            parameters = {f"share {j + 1}": value for j, value in enumerate((fitted.weights @ fitted.nodes).tolist())}
            if plain:
                variances = fitted.sigma2 * covariance.variance_shares(fitted.best)
                parameters |= dict(zip(("sigma2.irregular", "sigma2.level"), variances.tolist(), strict=True))
            if len(days) == 1 and x.names:
                found = zip(x.names, fitted.beta[start.shape[1] :], fitted.se[start.shape[1] :], strict=True)
                parameters |= {label: float(value) for n, b, e in found for label, value in ((n, b), (f"{n}.se", e))}
            if count := len(known[0].spans):
                notes = (*notes, f"{count} {'sum' if count == 1 else 'sums'} of months taken as observed")
            paths = _draw_quantities(fitted, known[0], scale, asked, first, task.draws, rng)
        if history is not None:
            paths = paths * history.draws(asked, task.draws, rng)
            notes = (*notes, f"two-part: {history.empty} of {history.count} months are without trade")
        used = Used(
            model=f"local level, season {season}",
            regressors=(*x.names, *(name for name in lunar.names if season == "shrunk")),
            dropped=dropped,
            scale=scale.name,
            split=known[0].split,
            notes=(*notes, *scale.cap_notes(paths)),
        )
        return paths, used, parameters

    def _samples(self, days: list[Vintage], series: str) -> tuple[list[MonthsAndSums], list[MonthsAndSums], WorkingScale]:
        """Samples of each day with short sums split, and, where the scale allows it, with sums as observations; the scale."""
        split = [self._figures(day, series) for day in days]
        two_part = self._two_part(days[0])
        scale = amount_scale(split[-1].values) if two_part else self._scale(split[-1].values, days[0])
        if self.sums and self.engine == "fast" and scale.name in ("log", "none"):
            known = [keep_sums(day.observed(series), self.sums) for day in days]
            floor = trade_floor(split[-1].values)
            return split, [one.with_trade(floor) for one in known] if two_part else known, scale
        return split, split, scale

    def _rare_trade(self, vintage: Vintage, series: str) -> MonthsAndSums | None:
        """The figures of a two-part model with too few months of trade for a level and a season, but enough for a spread."""
        known = split_sums(vintage.observed(series))
        traded = int((known.values > trade_floor(known.values)).sum())
        return known if self._two_part(vintage) and FEWEST_TRADED <= traded < FEWEST <= len(known.months) else None

    def _two_part(self, vintage: Vintage) -> bool:
        return self.transform == "two-part" and vintage.nonnegative

    def _scale(self, values: Floats, vintage: Vintage) -> WorkingScale:
        return choose_scale(values, vintage.nonnegative, "auto" if self.transform == "two-part" else self.transform)

    def _trade_history(self, vintage: Vintage, series: str) -> TradeHistory | None:
        """Months with and without trade, for a two-part model of a flow that has both."""
        known = split_sums(vintage.observed(series))
        floor = trade_floor(known.values)
        if not self._two_part(vintage) or (known.values > floor).all():
            return None
        return TradeHistory.of(known.months, known.values, floor)

    def _figures(self, vintage: Vintage, series: str) -> MonthsAndSums:
        """Known months and their figures, with short sums split."""
        known = split_sums(vintage.observed(series))
        if self._two_part(vintage):
            known = known.with_trade(trade_floor(known.values))
        if len(known.months) < FEWEST:
            raise TooShortError(
                f"{len(known.months)} monthly figures, the structural model needs {FEWEST}",
                where=series,
                hint="mean12 or drift",
            )
        return known

    def _season(self, vintage: Vintage, count: int) -> str:
        """Treatment of the season; `auto` needs two years of figures."""
        if self.seasonal != "auto":
            return self.seasonal if vintage.season else "none"
        return "shrunk" if vintage.season and count >= 2 * vintage.season else "none"

    def _regressors(
        self, vintage: Vintage, series: str, axis: Ints, rows: Ints, season: str
    ) -> tuple[Regressors, tuple[str, ...]]:
        """Regressors with diffuse coefficients: events, controls, and the Lunar New Year if month effects are free too."""
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
        if season == "dummy":
            lunar = self._lunar_new_year(vintage, series, axis)
            names, blocks = (*names, *lunar.names), [*blocks, lunar.matrix]
        return Regressors(names, np.column_stack(blocks)), dropped

    def _lunar_new_year(self, vintage: Vintage, series: str, axis: Ints) -> Regressors:
        """The Lunar New Year regressor: shrunk with the month effects, or free if they are."""
        return lunar_regressor(vintage, series, axis) if self.lunar else Regressors((), np.empty((len(axis), 0)))

    def _family(
        self, size: int, axis: Ints, z: Floats, season: int, kind: str, lunar: Floats
    ) -> tuple[gaussian.CovarianceFamily, Floats]:
        """Covariance family of the components, and the columns of their diffuse initial states."""
        if self.level_sd is not None:
            variance = max(float(np.var(z)), 1e-12)
            return covariance.local_level_given_step(size, (self.level_sd**2) * variance, variance)
        if self.step_prior:
            phase = axis % season if kind == "shrunk" else None
            growth = self.growth if len(z) >= FEWEST_FOR_GROWTH else 0.0
            return covariance.settled_level(size, phase, season, lunar, rate=self.step_prior, growth=growth)
        if kind == "shrunk":
            return covariance.local_level_shrunk_season(size, axis % season, season, lunar)
        return covariance.local_level(size)


def _draw_rare_trade(known: MonthsAndSums, asked: Ints, draws: int, rng: np.random.Generator) -> tuple[Floats, str]:
    """Quantities of a flow with few months of trade: log-normal amounts with Student t tails, times the Markov chain."""
    floor = trade_floor(known.values)
    amounts = np.log(known.values[known.values > floor])
    k = len(amounts)
    spread = float(amounts.std(ddof=1)) * np.sqrt(1.0 + 1.0 / k)
    logs = amounts.mean() + spread * rng.standard_t(k - 1, (draws, len(asked)))
    history = TradeHistory.of(known.months, known.values, floor)
    capped = np.exp(np.minimum(logs, np.log(CAP_FACTOR * float(known.values.max()))))
    paths = capped * history.draws(asked, draws, rng)
    return paths, f"two-part: {history.empty} of {history.count} months are without trade"


def _observation_rows(x: Floats, known: MonthsAndSums, first: int) -> Floats:
    """Rows of x (N, k) at the observations: months, then means over the months of each sum."""
    return np.vstack([x[known.months - first], *(x[span - first].mean(axis=0, keepdims=True) for span in known.spans)])


def _fit_with_sums(
    known: list[MonthsAndSums], first: int, scale: WorkingScale, design: Floats, family: gaussian.CovarianceFamily, polish: bool
) -> gaussian.GaussianFit | None:
    """A fit to `known[0]` with the parameters of `known[-1]`; None where the linearisation of sums did not converge."""
    fitted: gaussian.GaussianFit | None = None
    for figures in reversed(known):
        # the earlier sample may not identify all columns
        free = slice(None) if figures is known[0] else gaussian.independent_columns(_observation_rows(design, figures, first))
        try:
            fitted, settled = temporal_sums.fit_sums(
                scale.forward(figures.values), figures.months - first, figures.totals / scale.unit,
                [span - first for span in figures.spans], design[:, free], family,
                logs=scale.name == "log", polish=polish, earlier=fitted,
            )  # fmt: skip
        except np.linalg.LinAlgError:
            if not figures.spans:
                raise
            settled = False
        if not settled:
            return None
    return fitted


def _draw_quantities(
    fitted: gaussian.GaussianFit, known: MonthsAndSums, scale: WorkingScale, asked: Ints, first: int, draws: int,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Quantities of the asked months; the months of a published sum are drawn together, asked or not, and add up to it."""
    touched = [(span, total) for span, total in zip(known.spans, known.totals, strict=True) if np.isin(span, asked).any()]
    not_asked = np.setdiff1d(np.concatenate([span for span, _ in touched]), asked) if touched else asked[:0]
    when = np.concatenate([asked, not_asked])
    paths = scale.inverse(gaussian.predict(fitted, when - first, draws, rng))
    for span, total in touched if scale.nonnegative else ():
        at = np.flatnonzero(np.isin(when, span))
        paths[:, at] = temporal_sums.scale_to_totals(paths[:, at], total)
    return paths[:, : len(asked)]


def _draw_with_statsmodels(
    z: Floats, rows: Ints, design: Floats, family: gaussian.CovarianceFamily, asked: Ints, draws: int,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Draws from statsmodels' local level with diffuse regression at its maximum-likelihood parameters."""
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
