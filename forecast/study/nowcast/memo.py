"""Recall: answers kept with what the method looked at, and given again where nothing of that has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from forecast.core import registry
from forecast.core.contracts import Answer, failed
from forecast.core.questions import Task
from forecast.core.results import Forecast
from forecast.core.vintage import Cell, Vintage
from forecast.study import ask

Cells = Mapping[str, tuple[Cell, ...]]
Query = tuple[Task, Vintage]


class TrackedCells(Mapping[str, tuple[Cell, ...]]):
    """The cells of a vintage, noting of which series they were asked for, and whether for the list of all."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.series: set[str] = set()
        self.listed = False

    def __getitem__(self, series: str) -> tuple[Cell, ...]:
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
    """An answer, and the figures that it rests on; `names`: all series known, where the method asked for that list."""

    answer: Answer
    figures: Mapping[str, tuple[Cell, ...] | None]
    names: tuple[str, ...] | None
    controls: Mapping[Any, Mapping[int, float]]

    def looked_at(self, series: str, before: Vintage) -> bool:
        """Whether the answer rests on a series: its figures were looked at, or it is new in a list that was."""
        return series in self.figures or (self.names is not None and not before.knows(series))

    def holds(self, vintage: Vintage) -> bool:
        """Whether the method would find the same in another vintage of the same day."""
        if self.controls != vintage.controls or (self.names is not None and self.names != tuple(vintage.cells)):
            return False
        return all(vintage.cells.get(series) == cells for series, cells in self.figures.items())


@dataclass(frozen=True)
class DependencyCache:
    """Questions to methods, with answers given again where all that the method looked at is the same.

    A method looks at figures through its Vintage alone. So an answer on a vintage in which other figures are held back is
    known already if they are of series that neither it nor what it rests on ever asked for. Answers are those of `ask.put`; in
    batches they may differ in the last digits.
    """

    seed: int = 0
    kept: dict[Any, list[CachedAnswer]] = field(default_factory=dict)

    def put(self, method: Any, vintage: Vintage, task: Task) -> Forecast:
        """The answer; what the method cannot answer is raised."""
        found = self._found(method, task, vintage)
        if isinstance(found, Forecast):
            return found
        seen = tracked_vintage(vintage)
        made = ask.answer_given(method, seen, task, self.seed, self._given(method, seen, task))
        self._keep(method, task, seen, made)
        assert isinstance(made, Forecast)
        return made

    def basis(self, method: Any, vintage: Vintage, task: Task) -> CachedAnswer | None:
        """What an answer given rests on; None where there is none."""
        kept = self.kept.get(_key(method, vintage, task), ())
        return next((one for one in kept if one.holds(vintage)), None)

    def answers(self, method: Any, asked: Sequence[Query]) -> list[Answer]:
        """Answers to many questions of one method, new ones in one call where the method takes batches."""
        self._make(method, [one for one in asked if self._found(method, *one) is None])
        return [self._one(method, task, vintage) for task, vintage in asked]

    def _one(self, method: Any, task: Task, vintage: Vintage) -> Answer:
        found = self._found(method, task, vintage)
        if found is not None:
            return found
        seen = tracked_vintage(vintage)
        try:
            made = ask.answer_given(method, seen, task, self.seed, self._given(method, seen, task))
        except ask.METHOD_ERRORS as error:
            made = failed(method, task, error)
        self._keep(method, task, seen, made)
        return made

    def _make(self, method: Any, new: Sequence[Query]) -> None:
        """Several new questions at once: to the model itself where it takes batches, else to those it rests on."""
        if len(new) < 2:
            return
        seen = [(tracked_vintage(vintage), task) for task, vintage in new]
        if hasattr(method, "predict_many"):
            rngs = [ask.rng_of(self.seed, method, task) for _, task in seen]
            made = ask.answer_batch(method, seen, rngs, [[] for _ in seen])
            for (vintage, task), answer in zip(seen, made, strict=True):
                self._keep(method, task, vintage, answer)
        elif hasattr(method, "asks"):
            self._grouped([one for vintage, task in seen for one in self._wanted(method, vintage, task)])

    def _given(self, method: Any, vintage: Vintage, task: Task) -> list[Answer]:
        """The answers that a method rests on."""
        return self._grouped(ask.required_questions(method, vintage, task))

    def _wanted(self, method: Any, vintage: Vintage, task: Task) -> list[tuple[Any, Any, Vintage]]:
        try:
            return ask.required_questions(method, vintage, task)
        except ask.METHOD_ERRORS:  # it fails again where it is answered
            return []

    def _grouped(self, wanted: Sequence[tuple[Any, Any, Vintage]]) -> list[Answer]:
        """Answers in the order asked, those of one method together."""
        groups: dict[str, list[int]] = {}
        for i, (spec, _, _) in enumerate(wanted):
            groups.setdefault(json.dumps(spec, sort_keys=True, default=str), []).append(i)
        out: dict[int, Answer] = {}
        for places in groups.values():
            made = self.answers(registry.build("model", wanted[places[0]][0]), [wanted[i][1:] for i in places])
            out.update(zip(places, made, strict=True))
        return [out[i] for i in range(len(wanted))]

    def _found(self, method: Any, task: Task, vintage: Vintage) -> Answer | None:
        kept = self.basis(method, vintage, task)
        return None if kept is None else kept.answer

    def _keep(self, method: Any, task: Task, seen: Vintage, answer: Answer) -> None:
        looked = seen.cells
        assert isinstance(looked, TrackedCells)
        figures = {series: looked.cells.get(series) for series in looked.series}
        names = tuple(looked.cells) if looked.listed else None
        self.kept.setdefault(_key(method, seen, task), []).append(CachedAnswer(answer, figures, names, seen.controls))


def tracked_vintage(vintage: Vintage) -> Vintage:
    """The same vintage, noting what is looked at in it; one made of it by hiding has looked at all."""
    own: list[Vintage] = []

    def past(day: Any) -> Vintage:
        return own[0] if day >= vintage.day or vintage.past is None else vintage.past(day)

    own.append(replace(vintage, cells=TrackedCells(vintage.cells), past=None if vintage.past is None else past))
    return own[0]


def _key(method: Any, vintage: Vintage, task: Task) -> tuple[type, tuple[str, str]]:
    """Two classes may go by one name, where they are not from the registry."""
    return type(method), ask.key_of(method, vintage, task)
