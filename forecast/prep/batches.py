"""Gap-free histories in, simulated paths out: what most models are built on.

A model says how many months it needs and simulates future paths of one series at a time; gaps, published sums, scales, several
series and whole batches of questions are taken care of here. In a file of `forecast/models`, with `@model` on top:

>>> @batch_model
... @dataclass(frozen=True)
... class RandomWalk:
...     '''The last figure, with past steps drawn again.'''
...     transform: str = "auto"  # the working scale: "log", "asinh", "none", or chosen by the figures
...     def fewest_months(self, season):
...         return 5
...     def simulate(self, history, rng):
...         steps = np.diff(history.training.z)
...         noise = rng.choice(steps, size=(history.draws, history.horizon))
...         return Paths(history.latest.z[-1] + noise.cumsum(axis=1), "random walk")
>>> from forecast import panel
>>> from pandas import DataFrame
>>> yearly = panel(DataFrame({"year": range(2000, 2020), "y": range(20)}), time="year", value="y")
>>> task = Task(yearly.day, "y", ["2020", "2021"], draws=100)
>>> RandomWalk().predict(yearly, task, np.random.default_rng(0)).draws.mean(axis=0).round()
array([[20., 21.]])

A model that is faster on many series at once has `simulate_batch(histories, rngs)` in place of `simulate`.

A question (a vintage and a task) becomes one history per series and per gap it asks about (`prep.histories`). Simulated paths
are taken back to quantities, benchmarked to published sums and joined to one Forecast per question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from forecast.arrays import Floats
from forecast.core.arrivals import Arrival, MeansByArrivals
from forecast.core.contracts import failure_for
from forecast.core.errors import ForecastError
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast, Used
from forecast.core.vintage import Cell, Vintage
from forecast.prep.histories import SeriesHistory, build_histories, sums_with_asked_months

VintageTask = tuple[Vintage, Task]
ForecastOrError = Forecast | Exception
QUESTION_ERRORS = (ForecastError, ArithmeticError, ValueError, np.linalg.LinAlgError)  # what one question may fail with


@dataclass(frozen=True)
class Paths:
    """Simulated paths `z` (draws, horizon) on the working scale, and what the model did to get them."""

    z: Floats
    model: str
    regressors: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parameters: tuple[tuple[str, float], ...] = ()


PathsOrErrors = list[Paths | Exception]


class _NeedsHistory(Protocol):
    """What both kinds of models say of themselves."""

    @property
    def transform(self) -> str:
        """The working scale: "auto", "log", "asinh" or "none"."""

    def fewest_months(self, season: int | None) -> int:
        """Months of history needed, interpolated ones not counted; a shorter one is a TooShortError."""


@runtime_checkable
class Simulator(_NeedsHistory, Protocol):
    """A model that simulates one history at a time."""

    def simulate(self, history: SeriesHistory, rng: np.random.Generator) -> Paths:
        """Paths of one history; an error is the failure of its question alone."""


@runtime_checkable
class BatchSimulator(_NeedsHistory, Protocol):
    """A model that simulates all histories of a batch in one go."""

    def simulate_batch(self, histories: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> PathsOrErrors:
        """Paths of each history (one at least), or the error in their place; each draws from its own generator."""


@runtime_checkable
class ArrivalSimulator(Simulator, Protocol):
    """A Simulator that knows its paths for any set of other series' figures let in, from one look at the history."""

    def simulate_by_arrivals(
        self, history: SeriesHistory, rng: np.random.Generator, arrivals: Sequence[Arrival]
    ) -> PathsByArrivals | None:
        """The paths of one history, which holds none of the arrivals; None where one look does not suffice."""


@dataclass(frozen=True)
class PathsByArrivals:
    """Paths as a function of the places of the arrivals let in, and the expectation of each arrival (`MeansByArrivals`)."""

    paths: Callable[[frozenset[int]], Paths]
    expected: tuple[float, ...]


M = TypeVar("M", bound=Simulator | BatchSimulator)


def batch_model(cls: type[M]) -> type[M]:
    """Class decorator: adds the `predict` and `predict_many` of the Forecaster contract to a Simulator or BatchSimulator."""

    def predict(self: M, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Sequence[Any] = ()) -> Forecast:
        """Joint draws for the task; raises what the question fails with."""
        (outcome,) = forecast_batch(self, [(vintage, task)], [rng])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def predict_many(
        self: M, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator], answers: Sequence[Any] = ()
    ) -> list[Forecast | Failure]:
        """One answer per question; errors are turned into Failures."""
        return [
            failure_for(self, task, outcome) if isinstance(outcome, Exception) else outcome
            for (_, task), outcome in zip(questions, forecast_batch(self, questions, rngs), strict=True)
        ]

    def means_by_arrivals(
        self: M, vintage: Vintage, task: Task, rng: np.random.Generator, arrivals: Sequence[Arrival]
    ) -> MeansByArrivals | None:
        """The nowcast for any set of arrivals; None where one look at the history does not suffice."""
        assert isinstance(self, ArrivalSimulator)
        histories = build_histories(vintage, task, self.transform, self.fewest_months)
        found = [self.simulate_by_arrivals(history, rng, arrivals) for history in histories]
        whole = [one for one in found if one is not None]
        if not whole or len(whole) < len(found):
            return None

        def mean(members: frozenset[int]) -> Floats:
            own = [(history, one.paths(members)) for history, one in zip(histories, whole, strict=True)]
            made = _assemble_forecast(vintage, task, own)
            if isinstance(made, Exception):
                raise made
            return made.mean

        return MeansByArrivals(mean, whole[0].expected)

    methods: dict[str, Any] = {"predict": predict, "predict_many": predict_many}
    if hasattr(cls, "simulate_by_arrivals"):
        methods["means_by_arrivals"] = means_by_arrivals
    for name, method in methods.items():
        setattr(cls, name, method)
    return cls


def forecast_batch(
    model: Simulator | BatchSimulator, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator]
) -> list[ForecastOrError]:
    """One Forecast per question, or the error in its place."""
    prepared: list[list[SeriesHistory] | Exception] = []
    for vintage, task in questions:
        try:
            prepared.append(build_histories(vintage, task, model.transform, model.fewest_months))
        except QUESTION_ERRORS as error:
            prepared.append(error)
    owners = [(i, history) for i, own in enumerate(prepared) if not isinstance(own, Exception) for history in own]
    simulated = _simulate_all(model, [history for _, history in owners], [rngs[i] for i, _ in owners])
    answers: list[list[tuple[SeriesHistory, Paths | Exception]]] = [[] for _ in questions]
    for (i, history), paths in zip(owners, simulated, strict=True):
        answers[i].append((history, paths))
    return [
        own if isinstance(own, Exception) else _assemble_forecast(*question, answer)
        for question, own, answer in zip(questions, prepared, answers, strict=True)
    ]


def _simulate_all(
    model: Simulator | BatchSimulator, histories: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]
) -> PathsOrErrors:
    if not histories:
        return []
    if isinstance(model, BatchSimulator):
        return model.simulate_batch(histories, rngs)
    out: PathsOrErrors = []
    for history, rng in zip(histories, rngs, strict=True):
        try:
            out.append(model.simulate(history, rng))
        except QUESTION_ERRORS as error:
            out.append(error)
    return out


def _assemble_forecast(
    vintage: Vintage, task: Task, answered: Sequence[tuple[SeriesHistory, Paths | Exception]]
) -> ForecastOrError:
    """One Forecast from the paths of a question's histories, or the first error among them."""
    asked = task.ordinals(vintage)
    draws = np.empty((task.draws, len(task.series), len(asked)))
    by_series: dict[str, list[tuple[SeriesHistory, Paths | Exception]]] = {}
    for history, paths in answered:
        by_series.setdefault(history.series, []).append((history, paths))
    used = []
    for i, series in enumerate(task.series):
        observed = vintage.observed(series)
        known = observed.at(min(asked), max(asked))[np.array(asked) - min(asked)]
        draws[:, i, :] = known
        published = int(np.isfinite(known).sum())
        notes = [f"{published} asked months are known and stand as published"] if published else []
        parts = by_series.get(series, [])
        for history, paths in parts:
            if isinstance(paths, Exception):
                return paths
            sums = sums_with_asked_months(observed, asked)
            quantities = _benchmark_to_sums(history, history.scale.inverse(paths.z), sums, notes)
            draws[:, i, list(history.columns)] = quantities[:, np.array(history.ahead) - 1]
            notes.extend(history.scale.cap_notes(quantities))
        used.append(_used_record(parts, notes))
    if not np.isfinite(draws).all():
        return ArithmeticError("the forecast is not finite")
    first = next((paths for _, paths in answered if isinstance(paths, Paths)), None)
    return Forecast(task, draws, tuple(used), vintage.steps, dict(first.parameters) if first and len(task.series) == 1 else {})


def _used_record(parts: Sequence[tuple[SeriesHistory, Paths | Exception]], notes: Sequence[str]) -> Used:
    done = [(history, paths) for history, paths in parts if isinstance(paths, Paths)]
    if not done:
        return Used("as published", notes=tuple(notes))
    history, paths = done[0]
    return Used(
        model=" / ".join(dict.fromkeys(p.model for _, p in done)),
        regressors=paths.regressors,
        dropped=paths.dropped,
        scale=history.scale.name,
        split=max(own.latest.split for own, _ in done),
        filled=max(len(own.latest.z) - own.latest.count for own, _ in done),
        notes=tuple(dict.fromkeys([*(note for _, p in done for note in p.notes), *notes])),
    )


def _benchmark_to_sums(
    history: SeriesHistory, draws: Floats, spans: Sequence[tuple[tuple[int, ...], float, Cell]], notes: list[str]
) -> Floats:
    """Draws of months whose sum is published, moved pro rata to add up to it (evenly where values may be negative)."""
    draws = draws.copy()
    for unknown, total, cell in spans:
        at = np.array(unknown) - history.latest.last - 1
        if at.min() < 0 or at.max() >= history.horizon:
            continue
        block = draws[:, at]
        sums = block.sum(axis=1, keepdims=True)
        if history.vintage.nonnegative:
            even = np.full_like(block, total / len(at))
            draws[:, at] = np.where(sums > 0, block * (total / np.where(sums > 0, sums, 1.0)), even)
        else:
            draws[:, at] = block + (total - sums) / len(at)
        notes.append(f"{len(at)} months moved to the published sum of {history.vintage.steps.period(cell.first, cell.last)}")
    return draws
