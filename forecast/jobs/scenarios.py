"""Scenarios of a config: their tables, their questions, and the rows of scenarios.parquet."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field

from forecast.core import registry
from forecast.core.contracts import Forecaster
from forecast.core.errors import ConfigError, DataError, NotIdentifiedError, with_place
from forecast.core.events import Event, event_from
from forecast.core.months import ordinal, parse_day, parse_period
from forecast.core.questions import Task
from forecast.core.results import PROBABILITIES, Failure, Forecast, quantile_cells
from forecast.core.scenario import NEVER, Scenario
from forecast.core.schema import FailureRow, ScenarioForecastRow
from forecast.core.series import SeriesKey
from forecast.core.unanswered import cause_of
from forecast.core.vintage import Vintage
from forecast.jobs.config_base import ADDED_LATER, ConfigTable, Names, as_value_error
from forecast.study import ask
from forecast.study.scenarios import Fan, pool_scenarios, scenarios

POOLED = "all, by their probabilities"
SUM_MONTHS = 12  # the sum over the last twelve months asked is reported too
TOLERANCE = 1e-6  # of the sum of probabilities


def _end(value: Any) -> str:
    if value == NEVER:
        return NEVER
    try:
        return parse_day(value).isoformat()
    except DataError:
        raise ValueError(f"'{value}' is neither a day nor 'never'", "YYYY-MM-DD, for example 2026-11-27") from None


def _period(value: str) -> str:
    with as_value_error():
        parse_period(value)
    return value


class ScenarioConfig(ConfigTable):
    """What might still be decided, no forecast of it.

    name : its name in the table and in the report
    text : the same in a sentence
    ends : for an event of the calendar the day on which it ends, or "never"
    called_off : announced measures that are withdrawn before they take effect
    lets_through : for a measure the known months, "YYYY-MM/YYYY-MM", that show what it lets through of the trade
    add : new events
    probability : your own, for every scenario or for none; they add up to 1
    """

    name: Annotated[str, Field(min_length=1)]
    text: str = ""
    ends: dict[str, Annotated[str, BeforeValidator(_end)]] = Field(default_factory=dict)
    called_off: Names = ()
    add: tuple[dict[str, Any], ...] = ()
    probability: Annotated[float, Field(ge=0, le=1)] | None = None
    lets_through: Annotated[dict[str, Annotated[str, AfterValidator(_period)]], ADDED_LATER] = Field(default_factory=dict)

    def scenario(self, where: str = "") -> Scenario:
        """The changes to the calendar; a new event has the role "default" unless it names another."""
        events: list[Event] = []
        for i, row in enumerate(self.add):
            place = f"{where}, [[add]] {i + 1}"
            event = event_from({"role": "default", **row}, where=place)
            registry.build("shape", event.shape, where=f"{place}, shape")
            events.append(event)
        return Scenario(self.name, self.ends, self.called_off, tuple(events), self.probability, self.lets_through)

    @property
    def named(self) -> tuple[str, ...]:
        """Ids of calendar events that the scenario changes."""
        added = [str(row.get("id", "")) for row in self.add]
        return (*self.ends, *self.called_off, *(name for name in self.lets_through if name not in added))


class ScenarioForecastConfig(ConfigTable):
    """Which series are asked under every scenario, how many months on, and by which model.

    series : series, or patterns
    months : months ahead
    model : a model of the config, or of the package; without it the default model, and the scenarios tell its story
    """

    series: Names = ()
    months: Annotated[int, Field(ge=1, le=36)] = 12
    model: str = "menu"


@dataclass(frozen=True)
class ScenarioQuestion:
    """One series under every scenario whose events are known on the day of the question.

    task : the months that are asked; of them the first `months` are reported
    """

    task: Task
    last: int
    scenarios: tuple[Scenario, ...]
    months: int


@dataclass(frozen=True)
class ScenarioAnswers:
    """Rows of scenarios.parquet and failures.parquet of one series; the mixture of its fans where all have probabilities."""

    rows: list[ScenarioForecastRow]
    failures: list[FailureRow]
    mixture: Forecast | None = None


def check(rows: Sequence[ScenarioConfig], part: ScenarioForecastConfig, place: str) -> None:
    """Check what needs no data: names, new events, probabilities."""
    for i, row in enumerate(rows):
        where = f"{place}, [[scenarios]] {i + 1}"
        if row.name in [other.name for other in rows[:i]]:
            raise ConfigError(f"two scenarios are called '{row.name}'", where=where, hint="give each its own name")
        if row.name == POOLED:
            raise ConfigError(f"'{row.name}' is the name of all scenarios pooled", where=where, hint="another name")
        with with_place(kind=ConfigError):
            row.scenario(where)
    if part.series and not rows:
        raise ConfigError("no scenario to forecast under", where=f"{place}, [scenario_forecast]", hint="add [[scenarios]]")
    if rows and not part.series:
        hint = "add [scenario_forecast] with series = [...]"
        raise ConfigError("no series is forecast under the scenarios", where=f"{place}, [[scenarios]]", hint=hint)
    probabilities = [row.probability for row in rows]
    known = [p for p in probabilities if p is not None]
    if known and len(known) < len(probabilities):
        without = next(i for i, p in enumerate(probabilities) if p is None)
        problem = f"'{rows[without].name}' has no probability, and others have one"
        raise ConfigError(problem, where=f"{place}, [[scenarios]] {without + 1}", hint="one for each scenario, or none at all")
    if known and abs(math.fsum(known) - 1.0) > TOLERANCE:
        problem = f"the probabilities of the scenarios add up to {math.fsum(known):g}"
        raise ConfigError(problem, where=f"{place}, [[scenarios]]", hint="numbers that add up to 1, or none at all")


def askable_scenarios(
    rows: Sequence[ScenarioConfig], vintage: Vintage, later: Iterable[str], place: str
) -> tuple[list[Scenario], list[str]]:
    """The scenarios that can be asked on the vintage's day, and why others cannot.

    later : ids of all events of the archive; a scenario that names one announced after the vintage's day is not asked.
    Unknown events and days that have passed are errors.
    """
    out, not_asked = [], []
    for i, row in enumerate(rows):
        where = f"{place}, [[scenarios]] {i + 1}"
        unannounced = [name for name in row.named if name in later and name not in vintage.events]
        if unannounced:
            not_asked.append(f"'{row.name}' not asked: {', '.join(unannounced)} not announced by {vintage.day}")
            continue
        ahead = [when for when in row.lets_through.values() if parse_period(when)[1] >= ordinal(vintage.day)]
        if ahead:
            not_asked.append(f"'{row.name}' not asked: {', '.join(ahead)} not over by {vintage.day}")
            continue
        scenario = row.scenario(where)
        try:
            scenario.calendar(vintage.events, vintage.day)
        except (ConfigError, DataError) as error:
            problem = error.problem if row.name in error.problem else f"scenario '{row.name}': {error.problem}"
            raise ConfigError(problem, where=where, hint=error.hint) from None
        out.append(scenario)
    if not_asked and any(row.probability is not None for row in rows):
        out = [replace(s, probability=None) for s in out]  # those asked no longer add up to 1
    return out, not_asked


def scenario_questions(
    names: Iterable[str], asked: Sequence[Scenario], vintage: Vintage, months: int, draws: int, reach: int = 0
) -> list[ScenarioQuestion]:
    """One question per series on the months after its last known one; a new event that touches none of them is an error.

    reach : months asked, where these are more than those reported
    """
    series = [name for name in names if vintage.knows(name)]
    for scenario in asked:
        for event in scenario.add:
            if not any(event.touches(name) for name in series):
                raise ConfigError(
                    f"'{event.id}' bears on none of the series", where=f"scenario '{scenario.name}'",
                    hint="its products, imposed_by and targets",
                )  # fmt: skip
    out = []
    for name in series if asked else ():
        last = vintage.last_month(name)
        labels = [vintage.steps.label(last + h) for h in range(1, max(months, reach) + 1)]
        out.append(ScenarioQuestion(Task(vintage.day, name, labels, draws=draws), last, tuple(asked), months))
    return out


def answer_scenarios(
    question: ScenarioQuestion, label: str, method: Forecaster, vintage: Vintage, seed: int, memo: ask.Memo | None = None
) -> ScenarioAnswers:
    """The fans of one series, and their mixture if all have probabilities.

    memo : answers already computed, that of the law as written among them: its scenario has the same draws
    """
    fans = scenarios(method, vintage, question.task, question.scenarios, seed, memo)
    mixture: Forecast | None = None
    if all(fan.probability is not None for fan in fans):
        fans.append(_pool(fans))
        mixture = fans[-1].answer if isinstance(fans[-1].answer, Forecast) else None
    rows = [row for fan in fans if isinstance(fan.answer, Forecast) for row in _rows(fan, fan.answer, question, label)]
    failures = [
        FailureRow(
            job=_job_name(label, fan, question.task.day),
            method=label,
            question=f"scenario: {fan.scenario}",
            series=fan.series,
            reason=fan.answer.reason,
            detail=fan.answer.detail,
            cause=fan.answer.cause,
        )
        for fan in fans
        if isinstance(fan.answer, Failure)
    ]
    return ScenarioAnswers(rows, failures, mixture)


def _pool(fans: Sequence[Fan]) -> Fan:
    weights = ", ".join(f"{fan.scenario} {fan.probability:.0%}" for fan in fans)
    try:
        answer: Forecast | Failure = pool_scenarios(fans)
    except NotIdentifiedError as error:
        answer = Failure("scenarios", weights, fans[0].series, error.problem, error.hint, cause_of(error))
    return Fan(POOLED, fans[0].series, answer, fans[0].basis, 1.0)


def _job_name(label: str, fan: Fan, day: dt.date) -> str:
    return f"{label}|{fan.series}|{day}|scenario {fan.scenario}"


def _rows(fan: Fan, answer: Forecast, question: ScenarioQuestion, label: str) -> list[ScenarioForecastRow]:
    """A row for each month, for the sum of the last twelve months, and for the sum of all."""
    draws, h = answer.draws[:, 0], question.months
    sums = [(i, i) for i in range(h)] + ([(h - SUM_MONTHS, h - 1)] if h > SUM_MONTHS else []) + ([(0, h - 1)] if h > 1 else [])
    table = np.column_stack([draws[:, a : b + 1].sum(axis=1) for a, b in sums])
    quantiles = np.quantile(table, PROBABILITIES, axis=0)
    key, day, used = SeriesKey.maybe(fan.series), question.task.day, answer.used[0]
    rests = [part.text for part in fan.basis]
    if fan.caveat:
        rests.append(f"law as written: {fan.caveat}, so the fan takes the trade to go on")
    basis = "pooled by the probabilities given" if fan.scenario == POOLED else "; ".join(rests)
    return [
        ScenarioForecastRow(
            job=_job_name(label, fan, day),
            scenario=fan.scenario,
            probability=math.nan if fan.probability is None else fan.probability,
            basis=basis,
            model=label,
            model_used=used.model,
            series=fan.series,
            unit=key.unit if key else "",
            cutoff=str(day),
            month=answer.steps.period(question.last + 1 + a, question.last + 1 + b),
            horizon=question.last + 1 + b - (12 * day.year + day.month - 1),
            h_info=b + 1,
            mean=float(mean),
            **quantile_cells(quantiles[:, i]),
            notes="; ".join(used.notes),
        )
        for i, ((a, b), mean) in enumerate(zip(sums, table.mean(axis=0), strict=True))
    ]
