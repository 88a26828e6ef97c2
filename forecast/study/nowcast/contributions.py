"""The nowcast as a function of which releases are let in, and which series and events move it at all."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats
from forecast.core.archive import Archive
from forecast.core.contracts import Forecaster
from forecast.core.questions import Task
from forecast.core.results import Forecast
from forecast.core.vintage import Vintage
from forecast.study.data.real_time import RealTimeView
from forecast.study.nowcast.memo import CachedAnswer, DependencyCache
from forecast.study.nowcast.vintage_diff import Release, releases_between, withhold

TOLERANCE = 1e-12  # relative to the nowcast: the last digits, in which the same answer may differ between batches
MAX_TRIED_SINGLY = 8  # groups up to which each is tried by itself, without halving
Value = Callable[[frozenset[int]], Floats]


@dataclass(frozen=True)
class NowcastQuestion:
    """A question asked repeatedly of one archive, always with the same random numbers."""

    archive: Archive | RealTimeView
    task: Task
    cache: DependencyCache

    def mean(self, method: Forecaster, vintage: Vintage, fitted_on: dt.date | None) -> tuple[Floats, tuple[str, ...]]:
        """Mean of the draws (series, months), and the models used; what the method cannot answer is raised."""
        made = self.cache.forecast(method, vintage, self._task(vintage, fitted_on))
        return made.mean, tuple(used.model for used in made.used)

    def entry(self, method: Forecaster, vintage: Vintage, fitted_on: dt.date | None) -> CachedAnswer | None:
        """The answer already given, with the figures it depends on."""
        return self.cache.entry(method, vintage, self._task(vintage, fitted_on))

    def expected_values(
        self, method: Forecaster, vintage: Vintage, fitted_on: dt.date, releases: Iterable[Release]
    ) -> list[float]:
        """The method's forecasts of figures before they were released, in one batch; NaN where it has none."""
        out, tasks = [], {}
        for i, release in enumerate(releases):
            out.append(math.nan)
            if release.single:
                series, first, last = release.single.place
                labels = [vintage.steps.label(m) for m in range(first, last + 1)]
                if series in self.task.series and set(labels) <= set(self.task.months):  # the nowcast itself contains it
                    places = [self.task.months.index(label) for label in labels]
                    whole, _ = self.mean(method, vintage, fitted_on)
                    out[i] = float(whole[self.task.series.index(series), places].sum())
                    continue
                tasks[i] = Task(vintage.day, series, labels, fitted_on, self.task.draws, self.task.stream)
        made = self.cache.answers(method, [(task, vintage) for task in tasks.values()])
        for i, answer in zip(tasks, made, strict=True):
            out[i] = float(answer.mean.sum()) if isinstance(answer, Forecast) else math.nan
        return out

    def value_function(
        self, method: Forecaster, fitted_on: dt.date, seen: Vintage, after: Vintage, groups: Sequence[Sequence[Release]],
        withheld: Sequence[Release] = (),
    ) -> Value:  # fmt: skip
        """The nowcast on the later day as a function of the groups of releases let in; `withheld` ones never are."""

        def value(members: frozenset[int]) -> Floats:
            hidden = [release for i, group in enumerate(groups) if i not in members for release in group]
            return self.mean(method, withhold(seen, after, [*hidden, *withheld]), fitted_on)[0]

        memo: dict[frozenset[int], Floats] = {}
        return lambda members: memo[members] if members in memo else memo.setdefault(members, value(members))

    def _task(self, vintage: Vintage, fitted_on: dt.date | None) -> Task:
        own = None if fitted_on == vintage.day else fitted_on  # one spelling of a question, so that the cache finds it
        return Task(vintage.day, self.task.series, self.task.months, own, self.task.draws, self.task.stream)


def relevant_groups(
    asked: NowcastQuestion, method: Forecaster, fitted_on: dt.date, old: Vintage, new: Vintage
) -> list[tuple[str, ...]]:
    """Events and series other than the targets whose releases between the two days move the nowcast, alone or together.

    A series whose figures the method reads on neither day cannot move it; the others are tried.
    """
    releases = releases_between(old, new)
    asked.mean(method, new, fitted_on)
    entries = [asked.entry(method, vintage, fitted_on) for vintage in (old, new)]
    own = [release for release in releases if concerns_target(release, asked.task)]
    others = [
        release for release in releases if not concerns_target(release, asked.task) and _may_matter(release, entries, old)
    ]
    names = sorted({release.series for release in others})
    if not names:
        return []
    groups = [[release for release in others if release.series == name] for name in names]
    value = asked.value_function(method, fitted_on, old, new, [*groups, own])
    found = _find_moving(value, frozenset(range(len(names) + 1)), range(len(names)))
    return [tuple(names[i] for i in group) for group in found]


def concerns_target(release: Release, task: Task) -> bool:
    """Whether a release is a figure of a target, or a regressor of it."""
    return (release.control[0] if release.control else release.series) in task.series


def _may_matter(release: Release, entries: Sequence[CachedAnswer | None], old: Vintage) -> bool:
    """Whether one of the answers may depend on a release; on events and regressors it always may."""
    return not release.changes or any(entry is None or entry.depends_on(release.series, old) for entry in entries)


def _find_moving(value: Value, everyone: frozenset[int], others: Sequence[int]) -> list[list[int]]:
    """The groups that move the nowcast, found by bisection; those that move it only together stay one group."""
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
    """Whether a group moves the nowcast, let in alone or last."""
    group = frozenset(others)
    return _differ(value(group), value(frozenset())) or _differ(value(everyone), value(everyone - group))


def _differ(one: Floats, other: Floats) -> bool:
    return bool(np.abs(one - other).max() > TOLERANCE * np.abs(other).max())
