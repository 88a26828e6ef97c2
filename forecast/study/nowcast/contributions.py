"""Bearing: the nowcast with some of what came held back, and which series and events move it at all."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.archive import Archive
from forecast.core.questions import Task
from forecast.core.results import Forecast
from forecast.core.vintage import Vintage
from forecast.study.data.real_time import RealTimeView
from forecast.study.nowcast.memo import CachedAnswer, DependencyCache
from forecast.study.nowcast.vintage_diff import Release, releases_between, withhold

TOLERANCE = 1e-12  # of the nowcast: the last digits, in which the same answer in another batch may differ
MAX_TRIED_SINGLY = 8  # groups that are tried one by one
Value = Callable[[frozenset[int]], Floats]


@dataclass(frozen=True)
class NowcastQuestion:
    """A question asked again and again of one archive, always with the same random numbers."""

    archive: Archive | RealTimeView
    task: Task
    recall: DependencyCache

    def mean(self, method: Any, vintage: Vintage, fitted_on: dt.date | None) -> tuple[Floats, tuple[str, ...]]:
        """Mean of the draws (series, months), and what the method used; what it cannot answer is raised."""
        made = self.recall.put(method, vintage, self._task(vintage, fitted_on))
        return made.mean, tuple(used.model for used in made.used)

    def basis(self, method: Any, vintage: Vintage, fitted_on: dt.date | None) -> CachedAnswer | None:
        """What an answer given rests on."""
        return self.recall.basis(method, vintage, self._task(vintage, fitted_on))

    def expected(self, method: Any, vintage: Vintage, fitted_on: dt.date, pieces: Iterable[Release]) -> list[float]:
        """The figures that the method expected before they came out, asked together; NaN where it cannot say."""
        out, tasks = [], {}
        for i, piece in enumerate(pieces):
            out.append(math.nan)
            if piece.single:
                series, first, last = piece.single.place
                labels = [vintage.steps.label(m) for m in range(first, last + 1)]
                if series in self.task.series and set(labels) <= set(self.task.months):  # the nowcast itself has said it
                    places = [self.task.months.index(label) for label in labels]
                    whole, _ = self.mean(method, vintage, fitted_on)
                    out[i] = float(whole[self.task.series.index(series), places].sum())
                    continue
                tasks[i] = Task(vintage.day, series, labels, fitted_on, self.task.draws, self.task.stream)
        made = self.recall.answers(method, [(task, vintage) for task in tasks.values()])
        for i, answer in zip(tasks, made, strict=True):
            out[i] = float(answer.mean.sum()) if isinstance(answer, Forecast) else math.nan
        return out

    def value(
        self, method: Any, held: dt.date, seen: Vintage, after: Vintage, groups: Sequence[Sequence[Release]],
        later: Sequence[Release] = (),
    ) -> Value:  # fmt: skip
        """The nowcast on the later day as a function of the groups of pieces let in; `later` ones are held back always."""

        def value(members: frozenset[int]) -> Floats:
            hidden = [piece for i, group in enumerate(groups) if i not in members for piece in group]
            return self.mean(method, withhold(seen, after, [*hidden, *later]), held)[0]

        memo: dict[frozenset[int], Floats] = {}
        return lambda members: memo[members] if members in memo else memo.setdefault(members, value(members))

    def _task(self, vintage: Vintage, fitted_on: dt.date | None) -> Task:
        own = None if fitted_on == vintage.day else fitted_on  # one question is not put in two spellings
        return Task(vintage.day, self.task.series, self.task.months, own, self.task.draws, self.task.stream)


def relevant_groups(asked: NowcastQuestion, method: Any, held: dt.date, old: Vintage, new: Vintage) -> list[tuple[str, ...]]:
    """The events, and the other series by all that came between the two days, that move the nowcast; alone, or together.

    A series whose figures the method looks at on neither day cannot; the others are tried.
    """
    pieces = releases_between(old, new)
    asked.mean(method, new, held)
    looks = [asked.basis(method, vintage, held) for vintage in (old, new)]
    own = [piece for piece in pieces if concerns_target(piece, asked.task)]
    others = [piece for piece in pieces if not concerns_target(piece, asked.task) and _may_matter(piece, looks, old)]
    names = sorted({piece.series for piece in others})
    if not names:
        return []
    groups = [[piece for piece in others if piece.series == name] for name in names]
    value = asked.value(method, held, old, new, [*groups, own])
    found = _find_moving(value, frozenset(range(len(names) + 1)), range(len(names)))
    return [tuple(names[i] for i in group) for group in found]


def concerns_target(piece: Release, task: Task) -> bool:
    """Whether a piece is a figure of a target, or a regressor of it."""
    return (piece.control[0] if piece.control else piece.series) in task.series


def _may_matter(piece: Release, looks: Sequence[CachedAnswer | None], old: Vintage) -> bool:
    """Whether one of the answers may rest on a piece; on events and regressors it always may."""
    return not piece.changes or any(look is None or look.looked_at(piece.series, old) for look in looks)


def _find_moving(value: Value, everyone: frozenset[int], others: Sequence[int]) -> list[list[int]]:
    """The groups that move the nowcast, found by halving; what moves it only together with another stays one group."""
    if not _moves(value, everyone, others):
        return []
    if len(others) == 1:
        return [list(others)]
    half = len(others) // 2
    parts = [[i] for i in others] if len(others) <= MAX_TRIED_SINGLY else [others[:half], others[half:]]
    found = [group for part in parts for group in _find_moving(value, everyone, part)]
    rest = [i for i in others if not any(i in group for group in found)]
    return [*found, rest] if rest and (not found or _moves(value, everyone, rest)) else found


def _moves(value: Value, everyone: frozenset[int], others: Sequence[int]) -> bool:
    """Whether a group moves the nowcast, alone or as the last to come."""
    group = frozenset(others)
    return _differ(value(group), value(frozenset())) or _differ(value(everyone), value(everyone - group))


def _differ(one: Floats, other: Floats) -> bool:
    return bool(np.abs(one - other).max() > TOLERANCE * np.abs(other).max())
