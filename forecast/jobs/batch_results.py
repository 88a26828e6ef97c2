"""Outcome: what a batch leaves behind for the tables."""

from __future__ import annotations

from dataclasses import dataclass, field

from forecast.core.effects import Effect
from forecast.core.results import Failure
from forecast.core.schema import FailureRow, ForecastRow, NewsRow, ScenarioForecastRow, ScoreRow
from forecast.study.effects.sensitivity import Variation


@dataclass(frozen=True)
class BatchResult:
    """What a batch leaves behind: rows of tables, no draws of forecasts; `effects` answer a question on an event, by estimator.

    `varied` are answers to such a question asked otherwise, each with its estimator.
    """

    batch: str
    forecasts: list[ForecastRow] = field(default_factory=list)
    scores: list[ScoreRow] = field(default_factory=list)
    failures: list[FailureRow] = field(default_factory=list)
    skipped: str = ""
    effects: dict[str, Effect | Failure] = field(default_factory=dict)
    varied: list[tuple[str, Variation]] = field(default_factory=list)
    scenarios: list[ScenarioForecastRow] = field(default_factory=list)
    news: list[NewsRow] = field(default_factory=list)


def failure_row(job: str, label: str, failure: Failure) -> FailureRow:
    """A question that a method could not answer, as a row."""
    return FailureRow(
        job=job, method=label, question=failure.question, series=failure.series, reason=failure.reason, detail=failure.detail
    )
