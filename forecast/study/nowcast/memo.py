"""A cache of answers that records which series each method read, and reuses an answer while these are unchanged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from forecast.core.contracts import Answer, Forecaster, failure_for
from forecast.core.observed_series import ObservedSeries
from forecast.core.questions import Task
from forecast.core.results import Forecast
from forecast.core.step_figures import StepFigures
from forecast.core.vintage import Cell, Vintage
from forecast.study import ask

Cells = Mapping[str, Sequence[Cell]]
Query = tuple[Task, Vintage]
Key = tuple[type, tuple[str, str]]
Assembled = dict[tuple[str, Hashable], tuple[Sequence[Cell], ObservedSeries]]  # by the cells, which it keeps alive


class TrackedCells(Mapping[str, Sequence[Cell]]):
    """The cells of a vintage, recording which series were read and whether the series were listed."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.series: set[str] = set()
        self.listed = False

    def __getitem__(self, series: str) -> Sequence[Cell]:
        self.series.add(series)
        return self.cells[series]

    def __contains__(self, series: object) -> bool:
        self.series.add(str(series))
        return series in self.cells

    def __iter__(self) -> Iterator[str]:
        self.listed = True
        return iter(self.cells)

    def __len__(self) -> int:
        self.listed = True
        return len(self.cells)


@dataclass(frozen=True)
class CachedAnswer:
    """An answer and the figures it depends on; `names`: all series known, if the method listed them."""

    answer: Answer
    figures: Mapping[str, Sequence[Cell] | None]
    names: tuple[str, ...] | None
    controls: Mapping[Any, Mapping[int, float]]

    def depends_on(self, series: str, before: Vintage) -> bool:
        """Whether the method read the series, or listed the series where this one is new."""
        return series in self.figures or (self.names is not None and not before.knows(series))

    def is_valid_on(self, vintage: Vintage) -> bool:
        """Whether the method would read the same in another vintage of the same day."""
        if self.controls != vintage.controls or (self.names is not None and self.names != tuple(vintage.cells)):
            return False
        return all(vintage.cells.get(series) == cells for series, cells in self.figures.items())


@dataclass(frozen=True)
class DependencyCache:
    """Answers to questions, reused where everything the method read is the same.

    A method reads figures only through its Vintage. So the answer on a vintage in which other figures are withheld is known
    already if these belong to series that neither the method nor the answers it requires ever read. Answers are those of
    `ask.answer_or_raise`; in batches they may differ in the last digits.
    """

    seed: int = 0
    stored: dict[Key, list[CachedAnswer]] = field(default_factory=dict)
    assembled: Assembled = field(default_factory=dict)

    def forecast(self, method: Forecaster, vintage: Vintage, task: Task) -> Forecast:
        """The answer to a task; what the method cannot answer is raised."""
        cached = self._look_up(method, task, vintage)
        if isinstance(cached, Forecast):
            return cached
        tracked = tracked_vintage(vintage, self.assembled)
        made = ask.answer_given(method, tracked, task, self.seed, self._required_answers(method, tracked, task))
        self._store(method, task, tracked, made)
        assert isinstance(made, Forecast)
        return made

    def entry(self, method: Forecaster, vintage: Vintage, task: Task) -> CachedAnswer | None:
        """The stored answer with its dependencies; None if there is none."""
        stored = self.stored.get(_key(method, vintage, task), ())
        return next((one for one in stored if one.is_valid_on(vintage)), None)

    def answers(self, method: Forecaster, asked: Sequence[Query]) -> list[Answer]:
        """Answers to many questions of one method, the new ones in one call if the method takes batches."""
        self._answer_batch(method, [one for one in asked if self._look_up(method, *one) is None])
        return [self._answer(method, task, vintage) for task, vintage in asked]

    def _answer(self, method: Forecaster, task: Task, vintage: Vintage) -> Answer:
        cached = self._look_up(method, task, vintage)
        if cached is not None:
            return cached
        tracked = tracked_vintage(vintage, self.assembled)
        try:
            made = ask.answer_given(method, tracked, task, self.seed, self._required_answers(method, tracked, task))
        except ask.METHOD_ERRORS as error:
            made = failure_for(method, task, error)
        self._store(method, task, tracked, made)
        return made

    def _answer_batch(self, method: Forecaster, new: Sequence[Query]) -> None:
        """Answer several new questions at once: by the method itself if it takes batches, else by those it requires."""
        if len(new) < 2:
            return
        tracked = [(tracked_vintage(vintage, self.assembled), task) for task, vintage in new]
        if hasattr(method, "predict_many"):
            rngs = [ask.rng_of(self.seed, method, task) for _, task in tracked]
            made = ask.answer_batch(method, tracked, rngs, [[] for _ in tracked])
            for (vintage, task), answer in zip(tracked, made, strict=True):
                self._store(method, task, vintage, answer)
        elif hasattr(method, "asks"):
            self._answer_groups([one for vintage, task in tracked for one in self._required_questions(method, vintage, task)])

    def _required_answers(self, method: Forecaster, vintage: Vintage, task: Task) -> list[Answer]:
        return self._answer_groups(ask.required_questions(method, vintage, task))

    def _required_questions(self, method: Forecaster, vintage: Vintage, task: Task) -> list[tuple[Any, Any, Vintage]]:
        try:
            return ask.required_questions(method, vintage, task)
        except ask.METHOD_ERRORS:  # raised again when the question itself is answered
            return []

    def _answer_groups(self, required: Sequence[tuple[Any, Any, Vintage]]) -> list[Answer]:
        """Answers in the order asked, the questions of one method answered together."""
        groups: dict[str, list[int]] = {}
        for i, (spec, _, _) in enumerate(required):
            groups.setdefault(ask.spec_text(spec), []).append(i)
        out: dict[int, Answer] = {}
        for places in groups.values():
            made = self.answers(ask.forecaster_asked(required[places[0]][0]), [required[i][1:] for i in places])
            out.update(zip(places, made, strict=True))
        return [out[i] for i in range(len(required))]

    def _look_up(self, method: Forecaster, task: Task, vintage: Vintage) -> Answer | None:
        entry = self.entry(method, vintage, task)
        return None if entry is None else entry.answer

    def _store(self, method: Forecaster, task: Task, vintage: Vintage, answer: Answer) -> None:
        tracked = vintage.cells
        assert isinstance(tracked, TrackedCells)
        figures = {series: tracked.cells.get(series) for series in tracked.series}
        names = tuple(tracked.cells) if tracked.listed else None
        entry = CachedAnswer(answer, figures, names, vintage.controls)
        self.stored.setdefault(_key(method, vintage, task), []).append(entry)


class TrackedVintage(Vintage):
    """A vintage that records what is read, and assembles a series once for all vintages in which it has the same cells."""

    def observed(self, series: str) -> ObservedSeries:
        """The series; one derived from this vintage by hiding figures shares nothing."""
        assembled: Assembled | None = self.__dict__.get("assembled")
        cells = self.cells.get(series)
        if assembled is None or not cells:
            return super().observed(series)
        # figures held as arrays have no cells that live on, by whose place they could be known
        key = series, cells if isinstance(cells, StepFigures) else tuple(map(id, cells))
        if key not in assembled:
            assembled[key] = cells, super().observed(series)
        return assembled[key][1]


def tracked_vintage(vintage: Vintage, assembled: Assembled) -> Vintage:
    """The same vintage, recording what is read; a vintage derived from it by hiding figures has read all of them."""
    own: list[Vintage] = []

    def past(day: dt.date) -> Vintage:
        return own[0] if day >= vintage.day or vintage.past is None else vintage.past(day)

    known = {one.name: getattr(vintage, one.name) for one in fields(vintage)}
    known |= {"cells": TrackedCells(vintage.cells), "past": None if vintage.past is None else past}
    own.append(TrackedVintage(**known))
    own[0].__dict__["assembled"] = assembled
    return own[0]


def _key(method: Forecaster, vintage: Vintage, task: Task) -> Key:
    """The class is part of the key, because classes that are not from the registry may share a name."""
    return type(method), ask.key_of(method, vintage, task)
