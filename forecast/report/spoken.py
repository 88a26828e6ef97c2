"""Answers in sentences, whether they stand in memory or in a run: the report's own words, without its markup."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.core import schema
from forecast.core.effects import Effect
from forecast.core.events import EventCalendar
from forecast.core.products import display_unit
from forecast.core.results import Forecast
from forecast.core.schema import EffectRow
from forecast.core.series import SeriesKey
from forecast.report.effect_rows import EffectAnswer, effect_answer
from forecast.report.facts import Facts, FactsInMemory
from forecast.report.inline_markup import strip_markup
from forecast.report.numbers import NBSP, capitalize, day, join_with_and, period, quantity, series_name, treated_name
from forecast.report.prose import answer_sentences, description

ADDABLE = ("kg", "USD")  # units of the archive whose figures add up over months; of own figures nobody says


@dataclass(frozen=True)
class Expectation:
    """The median of a period and the interval that holds it in eight cases of ten, in display units."""

    period: str
    median: float
    low: float
    high: float


def effect_answer_of(effect: Effect) -> EffectAnswer:
    """An effect in memory as the row that it would be in a run, in display units."""
    design, steps = effect.design, effect.steps
    known = [step for pair in effect.periods for step in pair]
    known += [steps.ordinal(label) for one in effect.description.unknown for label in one.split("/")]
    cells: dict[str, Any] = {name: schema.NULLS[kind] for name, kind in schema.COLUMNS["effects"].items()}
    cells |= dict(
        estimator=effect.estimator, event=design.event_ids, series="+".join(design.treated), id=design.event_ids,
        unit="" if design.measure in ("relative", "share") else effect.unit, level_unit=effect.unit, basis=design.basis,
        lag_months=design.lag_months, estimand=design.estimand, measure=design.measure, role="headline",
        months_from=steps.label(min(known)) if known else design.start or "",
        months_to=steps.label(max(known)) if known else design.stop or design.start or "",
    )  # fmt: skip
    divided = effect.unit.endswith("/kg")
    row = EffectRow(**cells | schema.cells_of(EffectRow, effect.cells()))
    return effect_answer(row, divided, steps, names=design.treated if effect.reading else ())


def effect_facts(effect: Effect) -> Facts:
    """The calendar that an effect in memory was estimated under, its own events among it."""
    known = effect.history.events if effect.history else EventCalendar()
    return FactsInMemory(known.with_events(e for e in effect.design.events if e.id not in known))


def effect_sentence(effect: Effect) -> str:
    """What was observed and what the verdict lets one say of it, in the report's own words."""
    facts, answer = effect_facts(effect), effect_answer_of(effect)
    if effect.verdict is None:
        seen = capitalize(description(answer, facts.held))
        return effect.steps.words(
            f"{treated_name(answer.treated)}, {answer.known_window}. {seen}. No verdict was passed on it."
        )
    return answer_sentence(facts, answer)


def answer_sentence(facts: Facts, answer: EffectAnswer) -> str:
    """One answer in sentences without markup, in the steps of its own data."""
    return answer.steps.words(strip_markup(answer_sentences(facts, answer)))


def forecast_sentence(forecast: Forecast) -> str:
    """What is expected of each series in its first and its last month, and over all months where they add up."""
    return " ".join(_series_sentence(forecast, series) for series in forecast.task.series)


def _series_sentence(forecast: Forecast, series: str) -> str:
    if reason := forecast.reason_without(series):
        return f"{series_name(series)}: no answer, because {reason}."
    unit, scale = unit_and_scale(forecast, series)
    months, draws = forecast.months_of(series), forecast.of(series) / scale
    chosen = [0] if len(months) == 1 else [0, len(months) - 1]
    said = [expectation(months[i], draws[:, i]) for i in chosen]
    total = None
    if len(months) > 1 and forecast.reading is None and forecast.unit_of(series) in ADDABLE:
        total = expectation(f"the {len(months)} months together", draws.sum(axis=1))
    return expectation_sentence(series, unit, said, total, model_of(forecast), _stands_on(forecast, series))


def _stands_on(forecast: Forecast, series: str) -> str:
    """The day of the data; of a panel whose figures have no days, its last figure."""
    if forecast.task.day != dt.date.max:
        return f"of {day(forecast.task.day.isoformat())}"
    known = forecast.history
    return f"to {period(forecast.steps.label(known.last_month(series)))}" if known and known.knows(series) else ""


def expectation_sentence(
    series: str, unit: str, said: Sequence[Expectation], total: Expectation | None, model: str, stands_on: str
) -> str:
    """What is expected of a series, as a sentence: medians, intervals, the model, and which data it `stands_on`.

    >>> said = [Expectation("2026-12", 5524, 2713, 8402)]
    >>> print(expectation_sentence("sales", "t", said, None, "ets", "of 5 Sep 2026").replace(NBSP, " "))
    sales: about 5,524 t expected in Dec 2026 (in eight cases of ten between 2,713 and 8,402 t). Model: ets, data of 5 Sep 2026.
    """
    parts = [_expectation_text(one, unit, first=i == 0) for i, one in enumerate(said)]
    words = f"{series_name(series)}: {join_with_and(parts)}"
    if total is not None:
        words += f"; over {total.period} about {quantity(total.median, unit)} ({_between(total, unit)})"
    return f"{words}. Model: {model}, data {stands_on}." if stands_on else f"{words}. Model: {model}."


def _expectation_text(one: Expectation, unit: str, first: bool) -> str:
    expected, cases = (" expected", "in eight cases of ten ") if first else ("", "")
    return f"about {quantity(one.median, unit)}{expected} in {period(one.period)} ({cases}{_between(one, unit)})"


def _between(one: Expectation, unit: str) -> str:
    low, high = quantity(one.low, unit), quantity(one.high, unit)
    return f"between {low.removesuffix(NBSP + unit)} and {high}"


def expectation(period: str, draws: Any) -> Expectation:
    """The expectation of a period from its draws."""
    low, median, high = np.quantile(draws, [0.1, 0.5, 0.9])
    return Expectation(period, float(median), float(low), float(high))


def unit_and_scale(forecast: Forecast, series: str) -> tuple[str, float]:
    """The unit in which a series is shown, and its size in that of the draws; figures of a table in memory keep theirs."""
    if forecast.reading is None and SeriesKey.maybe(series):
        return display_unit(series)
    return forecast.unit_of(series), 1.0


def model_of(forecast: Forecast) -> str:
    """The name of the model that answered."""
    return str(getattr(forecast, "model", "") or "") or (forecast.used[0].model if forecast.used else "")
