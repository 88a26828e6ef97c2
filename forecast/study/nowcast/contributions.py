"""The nowcast as a function of which releases are let in, and which series and events move it at all."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.archive import Archive
from forecast.core.arrivals import Arrival, MeansByArrivals
from forecast.core.contracts import Forecaster
from forecast.core.questions import Task
from forecast.core.results import Forecast
from forecast.core.vintage import Vintage
from forecast.study import ask
from forecast.study.data.real_time import RealTimeView
from forecast.study.nowcast.arrivals import split_groups
from forecast.study.nowcast.memo import CachedAnswer, DependencyCache
from forecast.study.nowcast.vintage_diff import Release, releases_between, withhold

TOLERANCE = 1e-12  # relative to the nowcast: the last digits, in which the same answer may differ between batches
MAX_TRIED_SINGLY = 8  # groups up to which each is tried by itself, without halving
Value = Callable[[frozenset[int]], Floats]


@dataclass(frozen=True)
class ValueOfReleases:
    """The nowcast as a function of the groups of releases let in; each set is asked once.

    ask : the nowcast with a set of groups let in
    ask_by_arrivals : the nowcast by arrivals, with a set of the other groups let in; None where the method cannot tell
    arrivals : of the groups that are nothing else, by their place
    """

    ask: Value
    ask_by_arrivals: Callable[[frozenset[int]], MeansByArrivals | None]
    arrivals: Mapping[int, Sequence[Arrival]]
    known: dict[frozenset[int], Floats] = field(default_factory=dict)
    looks: dict[frozenset[int], MeansByArrivals | None] = field(default_factory=dict)

    def __call__(self, members: frozenset[int]) -> Floats:
        """The nowcast with these groups let in."""
        if members not in self.known:
            look = self._look(members.difference(self.arrivals))
            own = members.intersection(self.arrivals)
            self.known[members] = look.mean(frozenset(j for i in own for j in self._places[i])) if look else self.ask(members)
        return self.known[members]

    def expectation(self, place: int) -> float:
        """The method's mean for the month of a group that is one arrival, with no group let in; NaN where it has none."""
        look = self._look(frozenset())
        own = self._places.get(place, range(0))
        return look.expected[own[0]] if look and len(own) == 1 else math.nan

    @functools.cached_property
    def _places(self) -> dict[int, range]:
        ends = list(itertools.accumulate((len(own) for own in self.arrivals.values()), initial=0))
        return {i: range(*pair) for i, pair in zip(self.arrivals, itertools.pairwise(ends), strict=True)}

    def _look(self, others: frozenset[int]) -> MeansByArrivals | None:
        if not self.arrivals:
            return None
        if others not in self.looks:
            self.looks[others] = self.ask_by_arrivals(others)
        return self.looks[others]


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
    ) -> ValueOfReleases:  # fmt: skip
        """The nowcast on the later day as a function of the groups of releases let in; `withheld` ones never are."""
        arrivals = split_groups(groups, self.task.series, seen, after) if hasattr(method, "means_by_arrivals") else {}

        def vintage_with(members: frozenset[int]) -> Vintage:
            hidden = [release for i, group in enumerate(groups) if i not in members for release in group]
            return withhold(seen, after, [*hidden, *withheld])

        flat = [one for own in arrivals.values() for one in own]
        return ValueOfReleases(
            lambda members: self.mean(method, vintage_with(members), fitted_on)[0],
            lambda others: self.means_by_arrivals(method, vintage_with(others), fitted_on, flat),
            arrivals,
        )

    def means_by_arrivals(
        self, method: Forecaster, vintage: Vintage, fitted_on: dt.date, arrivals: Sequence[Arrival]
    ) -> MeansByArrivals | None:
        """The nowcast for any set of arrivals, from one look of a method that offers it; None where it cannot tell."""
        task = self._task(vintage, fitted_on)
        offered: Any = method
        made: MeansByArrivals | None = offered.means_by_arrivals(
            vintage, task, ask.rng_of(self.cache.seed, method, task), arrivals
        )
        return made

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
