"""Conformal prediction: another model's forecasts with bands calibrated on its past errors."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Forecast, Used
from forecast.core.vintage import Vintage
from forecast.kernels.tails import bound_means
from forecast.models.conformal import pooled_errors
from forecast.prep.past_origins import PastOrigin, last_known_month, past_origins
from forecast.prep.policy_measures import measures_in_force
from forecast.prep.spans_and_gaps import reduced_spans

LEAST = pooled_errors.errors_for_central_band(0.8)  # past windows below which bands are left as they are
NEAR = 1  # leads on either side whose errors are pooled with those of a lead


@model
@dataclass(frozen=True)
class Conformal:
    """Another model's forecasts, their bands from its own past errors, pooled over the series of the question.

    Split conformal prediction (Vovk, Gammerman and Shafer 2005; Romano, Patterson and Candes 2019) with normalised, signed
    errors: the inner model forecasts again from earlier origins of every series of the task; its errors, in units of its own
    predictive width, form one pool per lead, shrunk towards the series' own errors as these grow in number. Bands reach to
    the ceil((n + 1) q)-th error; levels that n errors do not support are named in the notes and left to the inner model. The
    ranks of the draws are kept, and with them the dependence of paths and totals; so is the median.

    Parameters
    ----------
    inner : str or mapping of str to Any, default "two_part"
        name or spec of the model
    origins : int, default 3
        how many earlier origins
    step : int, default 0
        months between earlier origins (0: a third of the longest lead)
    own : float, default 20.0
        number of own errors at which a series weighs as much as the pool
    regimes : bool, default True
        under controls, only errors made under controls, where there are enough
    adapt : {"none", "aci", "pid"}, default "none"
        "aci" (Gibbs and Candes 2021) or "pid" (Angelopoulos, Candes and Tibshirani 2023) let levels or widths follow the
        coverage of the earlier origins, by `rate`. Their state is not stored: it is recomputed from what was known at those
        origins, oldest first, and so reaches back no further than they do (origins = 24, step = 1)
    rate : float, default 0.05
        step of `adapt`

    References
    ----------
    * Vovk, V., Gammerman, A. and Shafer, G. (2005). Algorithmic Learning in a Random World. Springer.
    * Romano, Y., Patterson, E. and Candes, E. (2019). Conformalized quantile regression. Advances in Neural Information
      Processing Systems 32.
    * Gibbs, I. and Candes, E. (2021). Adaptive conformal inference under distribution shift. Advances in Neural Information
      Processing Systems 34.
    * Angelopoulos, A., Candes, E. and Tibshirani, R. (2023). Conformal PID control for time series prediction. Advances in
      Neural Information Processing Systems 36.
    """

    inner: str | dict[str, Any] = "two_part"
    origins: int = 3
    step: int = 0
    own: float = 20.0
    regimes: bool = True
    adapt: Literal["none", "aci", "pid"] = "none"
    rate: float = 0.05

    reads_in_order: ClassVar[bool] = True  # past answers leave their errors, present ones their bands: none is needed twice

    def __post_init__(self) -> None:
        if self.origins < 1 or self.step < 0 or self.own <= 0 or self.rate <= 0:
            raise ConfigError("origins, own and rate must be above zero, step not below", hint="origins = 3, step = 0")

    def asks(self, vintage: Vintage, task: Task) -> list[tuple[str | dict[str, Any], Task, Vintage]]:
        """Every series by itself, now and at its earlier origins."""
        now = [(self.inner, one, vintage) for one in map(task.for_series, task.series)]
        return now + [(self.inner, past.task, past.vintage) for past in self._past(vintage, task)]

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws; TooShortError naming the series that the inner model could not answer."""
        past = self._past(vintage, task)
        count = len(task.series)
        if len(answers) != count + len(past):
            raise ConfigError(f"{len(answers)} answers for {count + len(past)} questions", hint="ask through fc.predict")
        errors = _collect_errors(past, answers[count:], count)
        del past  # with the vintages of the origins, before the draws take their place
        draws, used = np.empty((task.draws, count, len(task.months))), []
        lost: dict[str, str] = {}
        parameters: Mapping[str, float] = {}
        for i, (series, answer) in enumerate(zip(task.series, answers[:count], strict=True)):
            if not isinstance(answer, Forecast):
                lost[series] = answer.reason
                continue
            draws[:, i], how = self._calibrate(vintage, task, i, answer, errors)
            used.append(how)
            parameters = answer.parameters if count == 1 else {}
        if lost:
            problem = f"{len(lost)} of {count} series not answered: {next(iter(lost.values()))}"
            raise TooShortError(problem, where=", ".join(lost), hint="leave them out")
        return Forecast(task, draws, tuple(used), vintage.steps, parameters)

    def _past(self, vintage: Vintage, task: Task) -> list[PastOrigin]:
        """Questions at past origins; none where all of them together could not support a band of 80 per cent."""
        return past_origins(vintage, task, self.origins, self.step) if len(task.series) * self.origins >= LEAST else []

    def _calibrate(self, vintage: Vintage, task: Task, i: int, answer: Forecast, errors: _PastErrors) -> tuple[Floats, Used]:
        count = len(task.series)
        series, inner = task.series[i], answer.of(task.series[i])
        own = answer.used[0]
        asked = np.array(task.ordinals(vintage))
        last = last_known_month(vintage, series, int(asked.min()))
        # months inside a published sum keep the inner model's draws: they add up to it
        summed = np.isin(asked, [m for months, _, _ in reduced_spans(vintage.observed(series)) for m in months])
        free = ~summed
        controlled = last is not None and _under_control(vintage, series, last)
        chosen, note = errors.regime(controlled) if self.regimes else ("all", "")
        tables, supported = np.empty((len(asked), len(pooled_errors.GRID))), np.zeros(len(asked))
        for j, lead in enumerate(asked - (last if last is not None else asked.min() - 1)):
            found = errors.table(int(lead), chosen, i, self) if free[j] else None
            free[j] = found is not None
            if found is not None:
                tables[j], supported[j] = found
        draws = inner.copy()
        if free.any():
            draws[:, free] = pooled_errors.recalibrate_draws(inner[:, free], tables[free], supported[free])
        held = 0
        if vintage.nonnegative:
            known = np.isfinite(vintage.observed(series).at(int(asked.min()), int(asked.max()))[asked - asked.min()])
            draws = np.maximum(draws, 0.0)
            bounded = np.where(known | summed, draws, bound_means(draws))
            held, draws = int((bounded < draws).any(axis=0).sum()), bounded
        adapted = [f"{self.adapt}: follows the coverage of {errors.ages} earlier origins"] if self.adapt != "none" else []
        support = _support_notes(free, supported, errors.most or count * self.origins)
        notes = [*support, *(adapted if free.any() else []), *([note] if note else []), *own.notes]
        if held:
            notes.append(f"in {held} months the mean would lie above the 90 per cent quantile: draws beyond it are drawn in")
        name = f"{own.model}; bands from past errors" if free.any() else own.model
        return draws, replace(own, model=name, notes=tuple(notes))


def _under_control(vintage: Vintage, series: str, month: int) -> bool:
    """Whether a measure was known to be in force in a month."""
    return bool(measures_in_force(vintage, series, np.array([month]))[0].measures)


@dataclass(frozen=True)
class _PastErrors:
    """Normalised errors (n,), each with its lead, series, window, age of the origin and regime; `count` series in all."""

    value: Floats
    lead: Ints
    series: Ints
    window: Ints
    age: Ints
    controlled: Bools
    step: int
    count: int
    pools: dict[Any, Any]

    @functools.cached_property
    def most(self) -> int:
        """Number of past windows."""
        return len(np.unique(self.window))

    @property
    def ages(self) -> int:
        """Number of earlier origins that left an error."""
        return len(np.unique(self.age))

    def regime(self, controlled: bool) -> tuple[str, str]:
        """The pool to use under the present policy, and a note about it."""
        mine = self.controlled == controlled
        if mine.all():
            return "all", ""
        count, state = len(np.unique(self.window[mine])), "under control" if controlled else "without control"
        if count < LEAST:
            return "all", f"{count} past windows {state}: errors of all regimes are pooled"
        return ("controlled" if controlled else "free"), f"errors of {count} past windows {state}"

    def table(self, lead: int, chosen: str, series: int, how: Conformal) -> tuple[Floats, float] | None:
        """Quantiles of the errors at the grid's levels and the widest band they support; None where they are too few."""
        if (lead, chosen) not in self.pools:
            self.pools[lead, chosen] = self._pool(lead, chosen, how)
        pool, change = self.pools[lead, chosen]
        if pool is None:
            return None
        table = pooled_errors.centre_median(
            pool.quantiles(pooled_errors.GRID, series, pool.own[series] / (pool.own[series] + how.own))
        )
        return (table if change is None else change(table)), pooled_errors.supported_level(pool.count)

    def _within_reach(self, lead: int, chosen: str) -> Bools:
        """Which errors belong to the pool of a lead: those of neighbouring leads, in the chosen regime."""
        near = np.abs(self.lead - lead) <= NEAR
        return near if chosen == "all" else near & (self.controlled == (chosen == "controlled"))

    def _pool(self, lead: int, chosen: str, how: Conformal) -> tuple[pooled_errors.ErrorPool | None, Any]:
        near = self._within_reach(lead, chosen)
        apart = min(1.0, self.step / max(lead, 1))
        pool = pooled_errors.ErrorPool.of(self.value[near], self.series[near], self.window[near], self.count, apart)
        if pool.count < LEAST:
            return None, None
        if how.adapt == "none":
            return pool, None
        ages = np.unique(self.age[near])[::-1]
        scores = [np.abs(self.value[near & (self.age == age)]) for age in ages]
        return pool, lambda table: pooled_errors.adapt_quantiles(table, scores, how.adapt, how.rate)


def _collect_errors(questions: Sequence[PastOrigin], answers: Answers, count: int) -> _PastErrors:
    """All past errors that can be normalised, in the order of the questions."""
    values, parts = [np.empty(0)], [np.empty((0, 5), np.int64)]
    for k, (past, answer) in enumerate(zip(questions, answers, strict=True)):
        if not isinstance(answer, Forecast):
            continue  # too short a history for the inner model at that origin
        value = pooled_errors.normalised_errors(past.truth, *pooled_errors.median_and_widths(answer.draws[:, 0, :]))
        controlled = _under_control(past.vintage, past.task.series[0], past.origin)
        marks = np.column_stack([past.leads, np.tile([past.series, k, past.age, controlled], (len(value), 1))])
        kept = np.isfinite(value)
        values.append(value[kept])
        parts.append(marks[kept])
    lead, series, window, age, controlled_by = np.concatenate(parts).T
    apart = min((int(past.leads.max()) // past.age for past in questions if len(past.leads)), default=1)
    return _PastErrors(np.concatenate(values), lead, series, window, age, controlled_by.astype(bool), max(apart, 1), count, {})


def _support_notes(free: Bools, supported: Floats, count: int) -> list[str]:
    """Notes on the bands that the past errors support."""
    if not free.any():
        return [f"the bands are the inner model's own: {count} past errors where {LEAST} are needed for one of 80 per cent"]
    least = float(supported[free].min())
    notes = [f"bands from {count} past windows"]
    if least < 0.95:
        notes.append(
            f"past errors support bands of up to {100 * least:.0f} per cent; beyond, the inner model's own where wider"
        )
    if not free.all():
        notes.append(f"{int((~free).sum())} months keep the inner model's bands")
    return notes
