"""The contracts: one Protocol per plug-in folder. Nothing is inherited; a class with the method is a plug-in.

`failed` makes the row of a question that a method could not answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.archive import Archive
from forecast.core.effects import Effect, Gate
from forecast.core.errors import ForecastError, MissingExtraError
from forecast.core.events import Event
from forecast.core.questions import Design, Task
from forecast.core.results import Failure, Forecast, Skipped
from forecast.core.vintage import Vintage

Answers = Sequence[Any]


@runtime_checkable
class Source(Protocol):
    """Where values come from.

    One that cannot be built without options also offers `example(folder)`, a class method: a small file of its kind, written
    into `folder`, and the source that reads it, on which the contract tests are run.
    """

    def read(self) -> Archive:
        """All figures and events of the source."""


@runtime_checkable
class Shape(Protocol):
    """How an event unfolds."""

    def response(self, when: Ints, event: Event) -> Floats:
        """Regressor column(s) for months `when`, shape (months,) or (months, k); zero before the announcement."""


@runtime_checkable
class Forecaster(Protocol):
    """What fills the holes.

    May also offer `asks(vintage, task) -> [(spec, Task)]`: answers it rests on, handed over in that order; and
    `predict_many(questions, rngs, answers) -> [Forecast | Failure]` for whole batches of (vintage, task). One that chooses
    among models may offer `fixed(vintage, task) -> Forecaster`, its choice on that vintage, so that news tell a switch apart.
    """

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws for the task; TooShortError where the history does not carry the method."""


@runtime_checkable
class Estimator(Protocol):
    """What the event changed; passes no verdict.

    May offer `asks(vintage, design)` like a Forecaster, also as [(spec, Task, vintage)] where the inner question sees less.
    """

    def estimate(self, vintage: Vintage, design: Design, rng: np.random.Generator, answers: Answers = ()) -> Effect:
        """Observed minus counterfactual; NotIdentifiedError where the data hold no information."""


class Evidence(Protocol):
    """What a check may look at besides the effect itself."""

    vintage: Vintage
    design: Design
    siblings: Mapping[str, Effect]


@runtime_checkable
class Check(Protocol):
    """What may be claimed."""

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """Outcome, value, threshold, reason and the strongest verdict left."""


@runtime_checkable
class Metric(Protocol):
    """How wrong."""

    def score(self, draws: Floats, truth: Floats, scale: Floats) -> Floats:
        """One value per question: `draws` (draws, n), `truth` (n,), `scale` (n,) -> (n,); NaN where undefined."""


Answer = Forecast | Effect | Failure


def failure_for(method: Any, question: Task | Design, error: Exception) -> Failure:
    """The row of a question left unanswered."""
    if isinstance(question, Task):
        asked, series = f"{question.day}: {question.months[0]} to {question.months[-1]}", "+".join(question.series)
    else:
        asked, series = f"{question.event_ids}: {question.start or ''} to {question.stop or ''}", "+".join(question.treated)
    reason = error.problem if isinstance(error, ForecastError) else f"{type(error).__name__}: {error}"
    detail = "; ".join(x for x in (getattr(error, "where", ""), getattr(error, "hint", "")) if x)
    kind = Skipped if isinstance(error, MissingExtraError) else Failure
    return kind(method.name, asked, series, reason, detail)
