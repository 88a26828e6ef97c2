"""Contracts of the plug-ins: one Protocol per folder. Nothing is inherited; a class with the method satisfies it.

`failure_for` makes the Failure of a question that a method could not answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.archive import Archive
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError, ForecastError, MissingExtraError, NotIdentifiedError, TooShortError, nearest
from forecast.core.events import Event
from forecast.core.judgement import Gate
from forecast.core.questions import Design, Task
from forecast.core.results import Failure, Forecast, Skipped
from forecast.core.unanswered import cause_of
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
    """The time profile of an event's effect."""

    def response(self, when: Ints, event: Event) -> Floats:
        """Regressor column(s) of an event.

        Parameters
        ----------
        when : array of int, shape (months,)
            months as integers
        event : Event
            the measure

        Returns
        -------
        array of float, shape (months,) or (months, k)
            zero before the announcement, 1 at full strength
        """


@runtime_checkable
class Forecaster(Protocol):
    """Predicts unknown months: future ones, the ragged edge, or a hole cut on purpose.

    May also offer `asks(vintage, task) -> [(spec, Task)]`, inner questions whose answers it is given in that order, and
    `predict_many(questions, rngs, answers) -> [Forecast | Failure]` for batches of (vintage, task). One that selects a model
    may offer `fixed(vintage, task) -> Forecaster`, its selection on that vintage, so that news can separate a change of model.
    `means_by_arrivals(vintage, task, rng, arrivals) -> MeansByArrivals | None` gives the nowcast for any set of figures of
    other series at once (`core.arrivals`), None where it cannot: exactly what `predict` would answer, so that news are quick.
    `prep.batches` makes a Forecaster of a class that only simulates paths of a gap-free history. A class may be exempt from a
    promise of the contract tests (`exemptions`).
    """

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws for the task.

        Parameters
        ----------
        vintage : Vintage
            what is known
        task : Task
            what is asked
        rng : np.random.Generator
            the random numbers
        answers : Answers, optional
            to the questions that `asks` names, in that order

        Returns
        -------
        Forecast
            draws of shape (draws, series, months), in the unit of the archive

        Raises
        ------
        TooShortError
            where the history is too short for the method
        """


@runtime_checkable
class Estimator(Protocol):
    """Estimates what an event changed; passes no verdict.

    May offer `asks(vintage, design)` like a Forecaster, or [(spec, Task, vintage)] where the inner question uses a vintage of
    its own. One whose effect unfolds over the months by assumption says so: `assumes_path` is true, and nothing is read from
    the course of its months (`study.effects.recovered`).
    """

    def estimate(self, vintage: Vintage, design: Design, rng: np.random.Generator, answers: Answers = ()) -> Effect:
        """Observed minus counterfactual.

        Parameters
        ----------
        vintage : Vintage
            what is known
        design : Design
            what is asked
        rng : np.random.Generator
            the random numbers
        answers : Answers, optional
            to the questions that `asks` names, in that order

        Returns
        -------
        Effect
            without a verdict

        Raises
        ------
        NotIdentifiedError
            where the data hold no information
        """


@dataclass(frozen=True)
class Evidence:
    """What a check may use besides the effect itself."""

    vintage: Vintage
    design: Design
    siblings: Mapping[str, Effect] = field(default_factory=dict)


@runtime_checkable
class Check(Protocol):
    """Judges one condition that a causal claim depends on."""

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """Outcome, value, threshold, reason, and the strongest verdict still allowed.

        Parameters
        ----------
        effect : Effect
            what is judged
        evidence : Evidence
            vintage, design, placebos and siblings

        Returns
        -------
        Gate
            one
        """


@runtime_checkable
class Metric(Protocol):
    """How wrong.

    `label` heads the column in which a report prints the metric. `unit_free` says whether scores of series in different units
    can be averaged; those that cannot are printed over the middle model's. `better` is "lower", "higher", or the value that
    honest forecasts reach on average (0.8 for coverage of an 80 % interval).

    May also declare `percent`, which turns a score into the per cent in which it is printed; `scale_power`, 2 where `scale` is
    a root mean square and not a mean; and `pooled`, "root mean square" where questions are not pooled by their mean.
    """

    @property
    def label(self) -> str:
        """What a reader calls it, short."""

    @property
    def unit_free(self) -> bool:
        """Whether scores do not change with the unit of the series."""

    @property
    def better(self) -> str | float:
        """The direction of a good score, or the target."""

    def score(self, draws: Floats, truth: Floats, scale: Floats) -> Floats:
        """One value per question; NaN where undefined.

        Parameters
        ----------
        draws : array of float, shape (draws, n)
            of the forecasts
        truth : array of float, shape (n,)
            the figures
        scale : array of float, shape (n,)
            by which a scaled metric divides

        Returns
        -------
        array of float, shape (n,)
            in the unit of the metric
        """


@runtime_checkable
class Section(Protocol):
    """A part of the report.

    `order` is its place among the sections. `needs` names what the run must hold, or else the section is left out: tables with
    rows, or that more than nowcasts was asked (`report.run_data.MORE_THAN_NOWCASTS`).
    """

    order: ClassVar[float]
    needs: ClassVar[tuple[str, ...]]

    def blocks(self, data: Any) -> list[Any]:
        """What is drawn (`report.blocks.Block`) of a run (`report.run_data.RunData`); an empty list is nothing."""


Answer = Forecast | Effect | Failure

# what the contract tests ask of every model and a model may be exempt from: `exempt_from: ClassVar[tuple[str, ...]]`
EXEMPTIONS = {
    "zeros": "after twelve months of zeros the forecast is next to nothing",
}


def exemptions(model: type) -> tuple[str, ...]:
    """The names in `EXEMPTIONS` of what a model class does not promise; ConfigError for an unknown one.

    A model that is right to break such a promise says so in its class, as a Croston without decay does, whose level stands
    still over months of zeros:

        exempt_from: ClassVar[tuple[str, ...]] = ("zeros",)

    The contract tests then skip the promise, but fail where the model keeps it after all.
    """
    declared: tuple[str, ...] = getattr(model, "exempt_from", ())
    for name in declared:
        if name not in EXEMPTIONS:
            raise ConfigError(f"no model can be exempt from '{name}'", where=model.__name__, hint=nearest(name, EXEMPTIONS))
    return declared


def failure_for(method: Any, question: Task | Design, error: Exception) -> Failure:
    """The Failure (or Skipped) that stands in for the answer to a question."""
    if isinstance(question, Task):
        asked, series = f"{question.day}: {question.months[0]} to {question.months[-1]}", "+".join(question.series)
    else:
        asked, series = f"{question.event_ids}: {question.start or ''} to {question.stop or ''}", "+".join(question.treated)
    reason = error.problem if isinstance(error, ForecastError) else f"{type(error).__name__}: {error}"
    detail = "; ".join(x for x in (getattr(error, "where", ""), getattr(error, "hint", "")) if x)
    kind = Skipped if isinstance(error, MissingExtraError) else Failure
    return kind(method.name, asked, series, reason, detail, cause_of(error))


def error_of(failure: Failure) -> ForecastError:
    """The error of a Failure, for a caller who asked one question: its detail names a place, and what to try there."""
    place, _, hint = failure.detail.partition("; ")
    kind = {"too short": TooShortError, "not identified": NotIdentifiedError}.get(failure.cause, ForecastError)
    where = ", ".join(dict.fromkeys([failure.method, failure.series, *([place] if hint and place else [])]))
    return kind(failure.reason, where=where, hint=hint or place)
