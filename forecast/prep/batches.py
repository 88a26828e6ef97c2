"""Lanes: a stretch of history and the months that follow it, for models that need a series without holes.

A question is laid out in lanes, one per series and per hole it asks about: months beyond the end of a series are one lane, a
hole inside it is another, whose history ends before the hole. All lanes of a batch of questions go to the model at once. It
answers with paths on the working scale; these are taken back to quantities, moved to the published sums and put together.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.contracts import failure_for
from forecast.core.errors import ForecastError, TooShortError
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast, Used
from forecast.core.vintage import Cell, ObservedSeries, Vintage
from forecast.prep.transform import (
    FilledSeries,
    WorkingScale,
    choose_scale,
    contiguous_tail,
    fill_gaps,
    reduced_spans,
    split_spans,
)

VintageTask = tuple[Vintage, Task]
ForecastOrError = Forecast | Exception
T = TypeVar("T")


@dataclass(frozen=True)
class GapFreeSeries:
    """History without holes: `z` (T,) on the working scale from month `first` on, `known` (T,) where it is no straight line."""

    first: int
    z: Floats
    known: Bools
    split: int = 0

    @property
    def last(self) -> int:
        """The last month."""
        return self.first + len(self.z) - 1

    @property
    def count(self) -> int:
        """Number of months that are not filled."""
        return int(self.known.sum())


@dataclass(frozen=True)
class SeriesHistory:
    """One series up to a month, and how far to simulate beyond it.

    now : the history the paths start from; training : the history the parameters come from (another only where the task names
    an earlier `fitted_on`); columns, ahead : places of the asked months in the task, and their steps beyond the history.
    """

    vintage: Vintage
    series: str
    scale: WorkingScale
    now: GapFreeSeries
    training: GapFreeSeries
    columns: tuple[int, ...]
    ahead: tuple[int, ...]
    horizon: int
    draws: int

    @property
    def season(self) -> int | None:
        """Steps in a cycle, None without a season."""
        return self.vintage.season

    @property
    def months(self) -> Ints:
        """Months of the history and of the paths."""
        return np.arange(self.now.first, self.now.last + self.horizon + 1)


@dataclass(frozen=True)
class Paths:
    """A model's answer to a lane: `z` (draws, horizon) on the working scale, and what it really did."""

    z: Floats
    model: str
    regressors: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parameters: tuple[tuple[str, float], ...] = ()


Simulator = Callable[[Sequence[SeriesHistory], Sequence[np.random.Generator]], "list[Paths | Exception]"]
QUESTION_ERRORS = (ForecastError, ArithmeticError, ValueError, np.linalg.LinAlgError)  # what one question may fail with


def forecast_batch(
    questions: Sequence[VintageTask],
    rngs: Sequence[np.random.Generator],
    transform: str,
    minimum: Callable[[int | None], int],
    solve: Simulator,
) -> list[ForecastOrError]:
    """One Forecast, or the error that stands in its place, per question.

    minimum : fewest months of history by length of the season; solve : all lanes and their generators to paths or errors.
    """
    laid: list[list[SeriesHistory] | Exception] = []
    for vintage, task in questions:
        try:
            laid.append(build_histories(vintage, task, transform, minimum))
        except QUESTION_ERRORS as error:
            laid.append(error)
    owners = [(i, lane) for i, lanes in enumerate(laid) if not isinstance(lanes, Exception) for lane in lanes]
    solved = solve([lane for _, lane in owners], [rngs[i] for i, _ in owners])
    answers: list[list[tuple[SeriesHistory, Paths | Exception]]] = [[] for _ in questions]
    for (i, lane), paths in zip(owners, solved, strict=True):
        answers[i].append((lane, paths))
    return [
        lanes if isinstance(lanes, Exception) else _assemble_forecast(*question, answer)
        for question, lanes, answer in zip(questions, laid, answers, strict=True)
    ]


def forecast_one_by_one(
    questions: Sequence[VintageTask],
    rngs: Sequence[np.random.Generator],
    transform: str,
    fewest: int,
    paths: Callable[[SeriesHistory, Vintage, np.random.Generator], Paths],
) -> list[ForecastOrError]:
    """Question after question, for models with other series beside: `paths` is told the vintage that parameters come from."""

    def answered(vintage: Vintage, task: Task, rng: np.random.Generator) -> ForecastOrError:
        then = vintage.earlier(task.fitted_on) if task.fitted_on and task.fitted_on < vintage.day else vintage
        solve = simulate_each(lambda lane, own: paths(lane, then, own))
        return forecast_batch([(vintage, task)], [rng], transform, lambda season: fewest, solve)[0]

    return [answered(vintage, task, rng) for (vintage, task), rng in zip(questions, rngs, strict=True)]


def simulate_each(one: Callable[[SeriesHistory, np.random.Generator], Paths]) -> Simulator:
    """A solver that takes lane after lane; the error of one is its own."""

    def solve(lanes: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> list[Paths | Exception]:
        out: list[Paths | Exception] = []
        for lane, rng in zip(lanes, rngs, strict=True):
            try:
                out.append(one(lane, rng))
            except QUESTION_ERRORS as error:
                out.append(error)
        return out

    return solve


def align_pattern(lane: SeriesHistory, pattern: Floats) -> Floats:
    """A pattern by phase from the first month of the training history, turned to begin with the first of the present one."""
    return np.roll(pattern, -((lane.now.first - lane.training.first) % len(pattern)))


def pad_series(series: Sequence[Floats], known: Sequence[Bools]) -> tuple[Floats, Floats, Ints]:
    """Series side by side, padded at their ends: figures and weights (lanes, T), and lengths (lanes,)."""
    longest = max(len(y) for y in series)
    y, weight = np.zeros((len(series), longest)), np.zeros((len(series), longest))
    for i, (values, ok) in enumerate(zip(series, known, strict=True)):
        y[i, : len(values)], weight[i, : len(values)] = values, ok
    return y, weight, np.array([len(v) for v in series])


def batch_model(cls: type[T]) -> type[T]:
    """A model that answers whole batches, with `_all(questions, rngs) -> [Forecast | Exception]`, as the contract asks for it.

    `predict` and `predict_many` are put on the class; nothing is inherited.
    """

    def predict(self: Any, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Sequence[Any] = ()) -> Forecast:
        """Joint draws for the task, or the error that stands in their place raised."""
        outcome: ForecastOrError = self._all([(vintage, task)], [rng])[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def predict_many(
        self: Any, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator], answers: Sequence[Any] = ()
    ) -> list[Forecast | Failure]:
        """One answer per question; errors are turned into Failures."""
        outcomes: list[ForecastOrError] = self._all(questions, rngs)
        return [
            failure_for(self, task, outcome) if isinstance(outcome, Exception) else outcome
            for (_, task), outcome in zip(questions, outcomes, strict=True)
        ]

    for name, verb in (("predict", predict), ("predict_many", predict_many)):
        setattr(cls, name, verb)
    return cls


def build_histories(vintage: Vintage, task: Task, transform: str, minimum: Callable[[int | None], int]) -> list[SeriesHistory]:
    """The lanes of one question; TooShortError where a history does not carry the model."""
    fitted = vintage.earlier(task.fitted_on) if task.fitted_on and task.fitted_on < vintage.day else vintage
    asked = task.ordinals(vintage)
    lanes = []
    for series in task.series:
        observed = vintage.observed(series)
        for anchor, columns in _columns_by_history_end(observed, asked).items():
            now = _gap_free_until(observed, anchor)
            earlier = now if fitted is vintage else _gap_free_until(fitted.observed(series), anchor)
            scale = choose_scale(np.concatenate([now.values, earlier.values]), vintage.nonnegative, transform)
            if earlier is not now:  # a scale that both histories can bear, in the unit of the day of the parameters
                scale = replace(scale, unit=choose_scale(earlier.values, vintage.nonnegative, scale.name).unit)
            need = minimum(vintage.season)
            start, training = _on_working_scale(now, scale), _on_working_scale(earlier, scale)
            for part in (start, training):
                if part.count < need:
                    raise TooShortError(
                        f"{part.count} usable months where {need} are needed", where=series, hint="a longer history"
                    )
            end = start.last
            reach = max(
                [asked[j] for j in columns]
                + [m for span in _sums_with_asked_months(observed, asked) for m in span[0] if m > end]
            )
            ahead = tuple(asked[j] - end for j in columns)
            lanes.append(SeriesHistory(vintage, series, scale, start, training, tuple(columns), ahead, reach - end, task.draws))
    return lanes


def _columns_by_history_end(observed: ObservedSeries, asked: Sequence[int]) -> dict[int, list[int]]:
    """Places of the asked months without a figure of their own, by the last usable month before each of them."""
    measured = set(observed.months[np.isfinite(observed.values)].tolist())
    split = split_spans(observed)
    touched = {m for inside, _, _ in _sums_with_asked_months(observed, asked) for m in inside}
    usable = sorted(set(split.months[np.isfinite(split.values)].tolist()) - (set(asked) - measured) - touched)
    out: dict[int, list[int]] = {}
    for j, m in enumerate(asked):
        if m in measured:
            continue
        place = bisect.bisect_left(usable, m)
        if place == 0:
            raise TooShortError("a month before the first figure is asked", where=observed.series, hint="later months")
        out.setdefault(usable[place - 1], []).append(j)
    return out


def _sums_with_asked_months(observed: ObservedSeries, asked: Sequence[int]) -> list[tuple[tuple[int, ...], float, Cell]]:
    """Published sums (less what is known of them) with an asked month among their unknown ones."""
    wanted = set(asked)
    return [piece for piece in reduced_spans(observed) if wanted & set(piece[0])]


def _gap_free_until(observed: ObservedSeries, last: int) -> FilledSeries:
    """The series without holes up to a month; sums that reach beyond it are left out."""
    keep = max(last - observed.first + 1, 0)
    spans = tuple(span for span in observed.spans if span.last <= last)
    cut = replace(observed, values=observed.values[:keep], status=observed.status[:keep], spans=spans)
    return contiguous_tail(fill_gaps(cut))


def _on_working_scale(history: FilledSeries, scale: WorkingScale) -> GapFreeSeries:
    known = np.array([mark != "filled" for mark in history.marks], dtype=bool)
    return GapFreeSeries(history.first, scale.forward(history.values), known, history.marks.count("split"))


def _assemble_forecast(
    vintage: Vintage, task: Task, answered: Sequence[tuple[SeriesHistory, Paths | Exception]]
) -> ForecastOrError:
    asked = task.ordinals(vintage)
    draws = np.empty((task.draws, len(task.series), len(asked)))
    used = []
    for i, series in enumerate(task.series):
        observed = vintage.observed(series)
        known = observed.at(min(asked), max(asked))[np.array(asked) - min(asked)]
        draws[:, i, :] = known
        notes = (
            [f"{int(np.isfinite(known).sum())} asked months are known and stand as published"]
            if np.isfinite(known).any()
            else []
        )
        parts = [(lane, paths) for lane, paths in answered if lane.series == series]
        for lane, paths in parts:
            if isinstance(paths, Exception):
                return paths
            quantities = _benchmark_to_sums(lane, lane.scale.inverse(paths.z), _sums_with_asked_months(observed, asked), notes)
            draws[:, i, list(lane.columns)] = quantities[:, np.array(lane.ahead) - 1]
            notes.extend(lane.scale.cap_notes(quantities))
        used.append(_used_record(parts, notes))
    if not np.isfinite(draws).all():
        return ArithmeticError("the forecast is not finite")
    first = next((paths for _, paths in answered if isinstance(paths, Paths)), None)
    return Forecast(task, draws, tuple(used), vintage.steps, dict(first.parameters) if first and len(task.series) == 1 else {})


def _used_record(parts: Sequence[tuple[SeriesHistory, Paths | Exception]], notes: Sequence[str]) -> Used:
    done = [(lane, paths) for lane, paths in parts if isinstance(paths, Paths)]
    if not done:
        return Used("as published", notes=tuple(notes))
    lane, paths = done[0]
    own = [note for _, p in done for note in p.notes]
    return Used(
        model=" / ".join(dict.fromkeys(p.model for _, p in done)),
        regressors=paths.regressors,
        dropped=paths.dropped,
        scale=lane.scale.name,
        split=max(stretch.now.split for stretch, _ in done),
        filled=max(len(stretch.now.z) - stretch.now.count for stretch, _ in done),
        notes=tuple(dict.fromkeys([*own, *notes])),
    )


def _benchmark_to_sums(
    lane: SeriesHistory, draws: Floats, spans: Sequence[tuple[tuple[int, ...], float, Cell]], notes: list[str]
) -> Floats:
    """Draws of months whose sum is published, moved pro rata to add up to it (evenly where values may be negative)."""
    draws = draws.copy()
    end = lane.now.last
    for unknown, total, cell in spans:
        at = np.array(unknown) - end - 1
        if at.min() < 0 or at.max() >= lane.horizon:
            continue
        block = draws[:, at]
        sums = block.sum(axis=1, keepdims=True)
        if lane.vintage.nonnegative:
            even = np.full_like(block, total / len(at))
            draws[:, at] = np.where(sums > 0, block * (total / np.where(sums > 0, sums, 1.0)), even)
        else:
            draws[:, at] = block + (total - sums) / len(at)
        notes.append(f"{len(at)} months moved to the published sum of {lane.vintage.steps.period(cell.first, cell.last)}")
    return draws
