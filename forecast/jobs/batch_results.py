"""The result of a batch, as rows of the run's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from forecast.arrays import Floats
from forecast.core.effects import Effect
from forecast.core.results import Failure
from forecast.core.schema import FailureRow, ForecastRow, LedgerRow, NewsRow, ScenarioForecastRow, ScoreRow
from forecast.study.effects.recovered import Recovered
from forecast.study.effects.sensitivity import Variation


@dataclass(frozen=True)
class BatchResult:
    """Rows of tables, the draws that the run keeps, and the judged effects of a question on an event by estimator.

    draws : months and draws (draws, months) of each series whose draws the run keeps
    skipped : why a model was left out; variations : answers of the sensitivity analysis, each with its estimator
    recovered : what came back of a loss, by the headline's estimator
    """

    batch: str
    forecasts: Sequence[ForecastRow] = field(default_factory=list)
    scores: Sequence[ScoreRow] = field(default_factory=list)
    failures: list[FailureRow] = field(default_factory=list)
    skipped: str = ""
    effects: dict[str, Effect | Failure] = field(default_factory=dict)
    variations: list[tuple[str, Variation]] = field(default_factory=list)
    recovered: dict[str, Recovered] = field(default_factory=dict)
    scenarios: list[ScenarioForecastRow] = field(default_factory=list)
    news: list[NewsRow] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    draws: dict[str, tuple[tuple[str, ...], Floats]] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """What is said of a stored result: the questions left unanswered, and the seconds it took where they are known."""

    failures: list[FailureRow]
    seconds: float | None = None


def failure_row(job: str, label: str, failure: Failure) -> FailureRow:
    """The row of a question that a method could not answer."""
    return FailureRow(
        job=job, method=label, question=failure.question, series=failure.series, reason=failure.reason, detail=failure.detail,
        cause=failure.cause,
    )  # fmt: skip
