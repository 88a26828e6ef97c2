"""Counterfactual: a forecaster predicts the treated series from the first month the event could have affected."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.contracts import Answers
from forecast.core.contrast import Contrast
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError
from forecast.core.parameters import Parameter
from forecast.core.questions import Design, Task
from forecast.core.registry import build, estimator
from forecast.core.results import Failure, Forecast, Used
from forecast.core.vintage import Vintage
from forecast.prep.baselines import ObservedWindow, describe, observe_window, unit_of
from forecast.prep.pre_period import clean_pre_period
from forecast.prep.spans_and_gaps import window_total
from forecast.prep.spikes import hide_spikes, spike_notes

# the structural model of a pre-period: months without trade apart, a level that is steady unless the figures say otherwise
PRE_PERIOD_MODEL: Mapping[str, Any] = MappingProxyType({"transform": "two-part", "step_prior": 3.0, "growth": 0.25})


@estimator
@dataclass(frozen=True)
class Counterfactual:
    """Any forecaster predicts the hidden months; effect = observed minus its draws, with months summed draw by draw.

    As CausalImpact, with an exchangeable forecaster. From the first month of anticipation on the model sees neither the
    treated series nor any event. Point estimate: the median of the cumulative draws, because the mean of draws transformed
    back from logarithms is dominated by a few of them. Months of anticipation are predicted by the same paths, so the
    stockpile A, the loss P after it and their sum come from one matrix of draws.

    In the simulations of `experiments/003_simulation` the intervals of the structural model have their nominal coverage from
    36 months before the event on; with fewer they are conservative, because every variance of the level, from none to a pure
    random walk, is weighted by the likelihood alone, which is then uninformative.

    Parameters
    ----------
    model : str or mapping of str to Any, default "structural"
        a forecaster, by name or with options
    level_sd : float, optional
        passed to a structural model: fixes the standard deviation of the level's steps at this share of the series'

    References
    ----------
    Brodersen, K. H., Gallusser, F., Koehler, J., Remy, N. and Scott, S. L. (2015). Inferring causal impact using Bayesian
    structural time-series models. Annals of Applied Statistics 9(1), 247-274, sec. 2.4.
    """

    model: str | dict[str, Any] = "structural"
    level_sd: float | None = None

    def __post_init__(self) -> None:
        if self.level_sd is not None and not self.level_sd > 0:
            raise ConfigError("level_sd must be positive", hint="0.01 is CausalImpact's guess")
        build("model", self.model)  # reports a misspelt model before anything is computed

    def asks(self, vintage: Vintage, design: Design) -> list[tuple[Mapping[str, Any], Task, Vintage]]:
        """The forecast task of the hidden months, on a vintage in which the treated series ends before them."""
        spec: dict[str, Any] = {"use": self.model} if isinstance(self.model, str) else dict(self.model)
        if spec["use"] == "structural" and self.level_sd is None:
            spec = {**PRE_PERIOD_MODEL, **spec}
        if self.level_sd is not None:
            spec["level_sd"] = self.level_sd
        if design.controls:
            spec["controls"] = design.controls
        window = design.window(vintage)
        asked_months = [*_anticipation_months(vintage, design), *range(window.first, window.last + 1)]
        months = [vintage.steps.label(m) for m in asked_months]
        series = (*design.treated, *([design.share_of] if design.share_of else []))
        hidden = hide_spikes(vintage, design, design.hidden(vintage))
        if design.share_of:
            hidden = hidden.hide(design.share_of, window.hole)
        known = all(hidden.knows(s) for s in series)
        return [(spec, Task(vintage.day, series, months, draws=design.draws), hidden)] if known else []

    def estimate(self, vintage: Vintage, design: Design, rng: np.random.Generator, answers: Answers = ()) -> Effect:
        """Observed minus the forecaster's draws of the same months; description only where it could not answer."""
        seen = observe_window(vintage, design)
        stretch = clean_pre_period(vintage, design)
        draws: Floats | None = None
        early: Contrast | None = None
        parameters: tuple[Parameter, ...] = ()
        used: tuple[Used, ...] = (Used("description only", notes=("no figure before the event",)),)
        if answers and isinstance(answers[0], Failure):
            used = (Used("description only", notes=(f"{answers[0].method}: {answers[0].reason}",)),)
        elif answers and isinstance(answers[0], Forecast) and len(seen.observed):
            draws, used = _period_draws(answers[0], seen, design), answers[0].used
            used = (replace(used[0], notes=(*used[0].notes, *spike_notes(vintage, design))), *used[1:])
            early = _anticipation_effect(answers[0], vintage, design)
            only = f"{design.treated[0]} " if len(design.treated) == 1 else ""
            parameters = _coefficients({name.removeprefix(only): v for name, v in answers[0].parameters.items()})
        elif not len(seen.observed):
            used = (Used("description only", notes=("no figure in the asked window",)),)
        point = None if draws is None else float(np.median(seen.observed.sum() - draws.sum(axis=1)))
        periods = seen.periods if not design.share_of or not seen.periods else ((seen.periods[0][0], seen.periods[-1][1]),)
        return Effect(
            estimator="counterfactual",
            design=design,
            unit=unit_of(design),
            periods=periods,
            observed=seen.observed,
            counterfactual=draws,
            description=describe(vintage, design, seen),
            steps=vintage.steps,
            used=used,
            parameters=parameters,
            n_clean=stretch.count,
            n_span=len(stretch.spans),
            point=point,
            early=early,
        )


def _coefficients(known: Mapping[str, float]) -> tuple[Parameter, ...]:
    """Parameters of a forecast, each with the standard error that stands beside it as `x.se`."""
    errors = {name for name in known if name.endswith(".se") and name.removesuffix(".se") in known}
    return tuple(Parameter(n, v, known.get(f"{n}.se", math.nan)) for n, v in known.items() if n not in errors)


def _anticipation_months(vintage: Vintage, design: Design) -> range:
    """Months of anticipation reported separately: known, hidden, and before a window that begins with the event."""
    window = design.window(vintage)
    begins = window.start <= window.first <= window.start + design.donut
    months = range(window.hole, window.start)
    if design.share_of or not begins or not months:
        return range(0)
    known = all(np.isfinite(window_total(vintage.observed(s), months[0], months[-1])) for s in design.treated)
    return months if known else range(0)


def _anticipation_effect(forecast: Forecast, vintage: Vintage, design: Design) -> Contrast | None:
    """Observed beside expected over the months of anticipation, from the same draws as the window."""
    months = _anticipation_months(vintage, design)
    if not months:
        return None
    first, last = months[0], months[-1]
    seen = sum(window_total(vintage.observed(s), first, last) for s in design.treated)
    drawn = sum((forecast.span(s, first, last) for s in design.treated), np.zeros(1))
    return Contrast(((first, last),), np.array([seen]), drawn[:, None], float(np.median(seen - drawn)))


def _sums_of_periods(forecast: Forecast, series: str, periods: Sequence[tuple[int, int]]) -> Floats:
    """Draws of the sums of a series over some periods, (draws, periods)."""
    if any(last > first for first, last in periods):
        return np.stack([forecast.span(series, *period) for period in periods], axis=1)
    months = forecast.months_of(series)
    return forecast.of(series)[:, [months.index(forecast.steps.label(month)) for month, _ in periods]]


def _period_draws(forecast: Forecast, seen: ObservedWindow, design: Design) -> Floats:
    """Draws of the asked periods (draws, periods): sums over months and treated series, or one ratio of such sums."""
    treated = sum((_sums_of_periods(forecast, s, seen.periods) for s in design.treated), np.zeros(1))
    if not design.share_of:
        return treated
    whole = sum((forecast.span(design.share_of, *p) for p in seen.periods), np.zeros(1))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = treated.sum(axis=1) / whole
    return np.where(np.isfinite(ratio), ratio, 0.0)[:, None]
