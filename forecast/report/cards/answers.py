"""Cards of answers: forecasts, effects, failures, backtests, scores, fans, and numbers with their uncertainty."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np

from forecast.core.contrast import Contrast
from forecast.core.effects import BaselineComparison, Description, Effect
from forecast.core.plurals import pluralize
from forecast.core.results import Failure, Forecast, Summary
from forecast.core.scores import Scores
from forecast.report.cards.card import Card
from forecast.report.cards.fields import list_in_short, names_in_short
from forecast.report.measure_phrases import events_phrase, measures_in_estimate
from forecast.report.numbers import capitalize, decimal, digits, percent, period, quantity, series_name, treated_name
from forecast.report.prose import amount, description, interval_text, test_text, verdict_reasons
from forecast.report.spoken import effect_answer_of, effect_facts, expectation, model_of, unit_and_scale

ROWS = 6  # months of a forecast that are shown


def forecast_card(forecast: Forecast) -> Card:
    """The next months of one series, or the last month of each of several: median and the range of eight cases in ten."""
    task = forecast.task
    lines = [("model", model_of(forecast))]
    if len(task.series) == 1:
        lines += [(period(m), _range(forecast, task.series[0], m)) for m in task.months[:ROWS]]
        rest = len(task.months) - ROWS
        lines += [("", f"and {pluralize(rest, 'more period')}, to {period(task.months[-1])}")] if rest > 0 else []
        name = series_name(task.series[0])
    else:
        lines += [(name, _last_month(forecast, name)) for name in task.series[:ROWS]]
        rest = len(task.series) - ROWS
        lines += [("", f"and {rest} more series")] if rest > 0 else []
        name = f"{len(task.series)} series, {period(task.months[0])} to {period(task.months[-1])}"
    stands = "" if task.day == dt.date.max else f", data of {task.day}"
    lines += [("read as", "; ".join(forecast.reading.sentences))] if forecast.reading else []
    return Card(f"Forecast of {name}{stands}", tuple(lines))


def _last_month(forecast: Forecast, series: str) -> str:
    if reason := forecast.reason_without(series):
        return f"no answer: {reason}"
    month = forecast.months_of(series)[-1]
    return f"{period(month)}: {_range(forecast, series, month)}"


def _range(forecast: Forecast, series: str, month: str) -> str:
    unit, scale = unit_and_scale(forecast, series)
    said = expectation("", forecast.of(series)[:, forecast.months_of(series).index(month)] / scale)
    decimals = digits(said.high, unit)
    return f"{quantity(said.median, unit)}, 80 % {decimal(said.low, decimals)} to {decimal(said.high, decimals)}"


def effect_card(effect: Effect) -> Card:
    """What was observed against what, the estimate with its interval, the verdict and why."""
    answer, facts, verdict = effect_answer_of(effect), effect_facts(effect), effect.verdict
    estimate = ""
    if answer.has_estimate:
        estimate = f"{amount(answer, answer.estimate)}, 95 % {interval_text(answer, answer.lo95, answer.hi95)}"
    words, measures = effect.steps.words, events_phrase(facts, measures_in_estimate(facts, answer))
    return Card(
        f"Effect of {measures} on {treated_name(answer.treated)}, {answer.window}",
        (
            ("observed", words(capitalize(description(answer, facts.held)))),
            ("estimate", estimate or "none that the checks allow"),
            ("test", test_text(answer)),
            ("verdict", f"{verdict.word}, reading: {verdict.reading}" if verdict else "not judged"),
            ("because", words("; ".join(verdict_reasons(facts, answer)))),
            ("method", effect.estimator),
        ),
    )


def failure_card(failure: Failure) -> Card:
    """What was asked of what, and why there is no answer."""
    return Card(
        f"{type(failure).__name__} of {failure.method}: {failure.reason}",
        (("asked", failure.question), ("series", failure.series), ("detail", failure.detail)),
    )


def summary_card(summary: Summary) -> Card:
    """One line: the estimate with its 80 and 95 % intervals."""
    if not len(summary.draws):
        return Card("Summary: no draws")
    (lo80, hi80), (lo95, hi95) = summary.interval(0.8), summary.interval(0.95)
    return Card(
        f"Summary: {_plain(summary.estimate)}, 80 % {_plain(lo80)} to {_plain(hi80)}, 95 % {_plain(lo95)} to {_plain(hi95)} "
        f"({pluralize(len(summary.draws), 'draw')})"
    )


def contrast_card(contrast: Contrast) -> Card:
    """The sums of what was observed and expected, and their difference."""
    difference = contrast.difference
    low, high = difference.interval(0.95)
    return Card(
        f"Contrast over {pluralize(len(contrast.periods), 'period')}",
        (
            ("observed", _plain(float(contrast.observed.sum()))),
            ("expected", _plain(contrast.expected)),
            ("difference", f"{_plain(difference.estimate)}, 95 % {_plain(low)} to {_plain(high)}"),
        ),
    )


def description_card(described: Description) -> Card:
    """What was observed, beside each baseline."""
    rows = tuple(_comparison_line(c) for c in described.compared)
    level = "" if rows else f"{_plain(described.last_level)} in {described.last_period}"
    return Card(
        f"Description: {_plain(described.observed)} observed in {described.months or 'no period'}",
        (*rows, ("last level", level)),
    )


def _comparison_line(one: BaselineComparison) -> tuple[str, str]:
    share = f" ({percent(one.relative)})" if math.isfinite(one.relative) else ""
    return one.baseline, f"{_plain(one.expected)} expected, difference {_plain(one.difference)}{share}"


def _plain(value: float) -> str:
    """A number in the archive's own unit."""
    return decimal(value, digits(value))


def scores_card(scores: Scores) -> Card:
    """How many, of what, by which models; and how to pool them."""
    table = scores.table
    unanswered = ", ".join(f"{model} {n}" for model, n in scores.failures.items() if n)
    return Card(
        f"Scores: {len(table):,} rows",
        (
            ("models", names_in_short(sorted(table.model.unique()), "model")),
            ("metrics", ", ".join(sorted(table.metric.unique()))),
            ("series", names_in_short(sorted(table.series.unique()), "series")),
            ("cutoffs", f"{table.cutoff.min()} to {table.cutoff.max()}" if len(table) else ""),
            ("unanswered", unanswered),
            ("look", ".summary(), .table"),
        ),
    )


def backtest_card(backtest: Any) -> Card:
    """How many old questions were put to which models, and how many stay unanswered."""
    answered = backtest.answered
    models, days = list(backtest.failures), sorted({a.past.task.day for a in answered})
    series = sorted({a.past.series for a in answered})
    unanswered = ", ".join(f"{model} {n}" for model, n in backtest.failures.items() if n)
    return Card(
        f"Backtest: {pluralize(len(answered), 'answer')}",
        (
            ("models", names_in_short(models, "model")),
            ("series", names_in_short(series, "series")),
            ("cutoffs", f"{len(days)}, {days[0]} to {days[-1]}" if days else ""),
            ("unanswered", unanswered),
            ("look", "fc.score(backtest, truth), fc.compare(backtest), backtest.plot()"),
        ),
    )


def fan_card(fan: Any) -> Card:
    """One series under one scenario: its last month, or why there is no fan; and what it is based on."""
    answer = fan.answer
    if isinstance(answer, Failure):
        said = [("no fan", answer.reason)]
    else:
        months, (series,) = answer.task.months, answer.task.series
        said = [(period(month), _range(answer, series, month)) for month in dict.fromkeys((months[0], months[-1]))]
    chance = "" if fan.probability is None else f", probability {fan.probability:g} as declared"
    based = [basis.text for basis in fan.basis]
    return Card(
        f"Fan of {series_name(fan.series)} under “{fan.scenario}”{chance}",
        (*said, ("based on", list_in_short(based[:2], len(based))), ("caveat", fan.caveat)),
    )


def variation_card(variation: Any) -> Card:
    """What was changed, and the answer in a line."""
    said = repr(variation.answer).splitlines()[0]
    return Card(f"{variation.what} = {variation.value}: {said}", _verdict_line(variation.answer))


def _verdict_line(answer: Any) -> tuple[tuple[str, str], ...]:
    verdict = getattr(answer, "verdict", None)
    if verdict is None:
        return ()
    return (("estimate", _plain(answer.summary().estimate) if np.size(answer.draws) else ""), ("verdict", verdict.word))


CARDS: dict[str, Any] = {
    "Forecast": forecast_card,
    "Effect": effect_card,
    "Failure": failure_card,
    "Summary": summary_card,
    "Contrast": contrast_card,
    "Description": description_card,
    "Scores": scores_card,
    "Backtest": backtest_card,
    "Fan": fan_card,
    "Variation": variation_card,
}
