"""The default model under the law as written: the path under present measures, times what measures to come let through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core import months as mm
from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Failure, Forecast, Used
from forecast.core.vintage import Vintage
from forecast.prep.pass_through import DeclaredShares, KnownRegimes, PassThrough
from forecast.prep.policy_measures import (
    RESTRICTING_INSTRUMENTS,
    MeasuresInForce,
    measures_in_force,
    months_under_way,
)
from forecast.prep.settling import transition_months

Spec = str | dict[str, Any]


@dataclass(frozen=True)
class _Course:
    """What the law as written does to one series: measures now in force, and those of each asked month.

    last : the last known month; present : its measures; ahead : those of each asked month; under_way : months of transit
    restricting : measures among them whose instrument restricts trade
    """

    series: str
    present: MeasuresInForce
    ahead: tuple[MeasuresInForce, ...]
    last: int
    under_way: int
    restricting: frozenset[str]

    def lift(self, month: int) -> frozenset[str]:
        """Restricting measures now in force that no longer are in an asked month."""
        return (self.present.measures - self.ahead[month].measures) & self.restricting

    def addition(self, month: int) -> frozenset[str]:
        """Measures in force in an asked month, and not now, that restrict trade or state the share that they stop."""
        regime = self.ahead[month]
        return (regime.measures - self.present.measures) & (self.restricting | regime.closing)

    @property
    def lifts(self) -> list[frozenset[str]]:
        """The different sets of lifted measures."""
        return list(dict.fromkeys(one for i in range(len(self.ahead)) if (one := self.lift(i))))


@model
@dataclass(frozen=True)
class Measures:
    """Another model's path under the measures now in force, times what the law as written adds or lifts.

    The calendar known on the day says which measures hold in each asked month, scheduled ends and returns included. The model
    `base` is asked what comes if the present ones go on, on a history without the months of transition to a measure
    (`prep.settling`). A month in which further measures hold is that path times what these let through, a factor from 0 to 1
    with its uncertainty (`prep.pass_through`): from months under them relative to months without, else as their texts
    declare. A month in which measures are lifted is the path of a history without the months under them, and draw by draw no
    less than the path under them; where a measure that began after them goes on, no known month tells the two apart, and each
    draw lies evenly anywhere between the two paths. Without a change of measures the answer is the base's own.

    So a measure takes away, draw by draw, in the months that it covers and in no other: imposed, not found. Calendars that
    differ only after the day share their random numbers (the same paths, and for each month the same uniform numbers).

    Parameters
    ----------
    base : str or dict, optional
        name or spec of the model of what comes if the present measures go on
    lag_months : int, default 1
        months that goods are under way before an import shows a measure of the exporter
    leak : float, default 0.05
        median and log standard deviation of what a full ban leaves, where no month tells what passes
    leak_sd : float, default 1.0
        median and log standard deviation of what a full ban leaves, where no month tells what passes
    part_sd : float, default 0.35
        log standard deviation around a declared part
    unknown : float, default 0.3
        median and log standard deviation of what passes, where nothing is declared or known
    unknown_sd : float, default 1.2
        median and log standard deviation of what passes, where nothing is declared or known
    """

    base: Spec = field(default_factory=lambda: {"use": "menu", "base": {"use": "conformal"}})
    lag_months: int = 1
    leak: float = 0.05
    leak_sd: float = 1.0
    part_sd: float = 0.35
    unknown: float = 0.3
    unknown_sd: float = 1.2

    def __post_init__(self) -> None:
        if self.lag_months < 0:
            raise ConfigError(f"{self.lag_months} months under way", where="option 'lag_months'", hint="0 or more")
        for name in ("leak", "unknown"):
            if not 0 < getattr(self, name) <= 1:
                raise ConfigError(f"{getattr(self, name)} is no share", where=f"option '{name}'", hint="0.05")

    def asks(self, vintage: Vintage, task: Task) -> list[tuple[Spec, Task, Vintage]]:
        """The base, series by series: if present measures go on, then for each set of lifted ones as if they had never been."""
        out = []
        for series in task.series:
            course = self._course(vintage, series, task)
            inner = task.for_series(series)
            seen = _held_vintage(vintage, course)
            out.append((self.base, inner, seen))
            out += [(self.base, inner, _vintage_without(vintage, seen, course, lift)) for lift in course.lifts]
        return out

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws, series by series; TooShortError where the base cannot answer."""
        queue = list(answers)
        blocks, used, first = [], [], None
        for series in task.series:
            course = self._course(vintage, series, task)
            if len(queue) < 1 + len(course.lifts):
                raise ConfigError(f"{len(answers)} answers are too few", hint="ask through fc.predict")
            own, queue = queue[: 1 + len(course.lifts)], queue[1 + len(course.lifts) :]
            if isinstance(own[0], Failure):
                raise TooShortError(own[0].reason, where=series, hint=own[0].detail)
            first = first or own[0]
            seed = int(rng.integers(2**62))
            draws, notes = self._under_the_law(vintage, task, course, own, seed)
            blocks.append(draws)
            used.append(_with_notes(own[0].used[0], notes))
        parameters = first.parameters if first is not None and len(task.series) == 1 else {}
        return Forecast(task, np.stack(blocks, axis=1), tuple(used), vintage.steps, parameters)

    def _course(self, vintage: Vintage, series: str, task: Task) -> _Course:
        under_way = months_under_way(series, self.lag_months)
        asked = np.array(task.ordinals(vintage))
        known = vintage.observed(series).months[np.isfinite(vintage.observed(series).values)]
        last = int(max(known[known < asked.min()], default=asked.min() - 1))
        present, *ahead = measures_in_force(vintage, series, np.array([last, *asked]), under_way=under_way)
        if len(known) and known[-1] > asked.min():  # a hole: what held in it is history, for the base to know
            last, ahead = int(known[-1]), [present] * len(asked)
        named = present.measures.union(*(regime.measures for regime in ahead))
        restricting = frozenset(name for name in named if vintage.events[name].instrument in RESTRICTING_INSTRUMENTS)
        return _Course(series, present, tuple(ahead), last, under_way, restricting)

    def _under_the_law(
        self, vintage: Vintage, task: Task, course: _Course, own: Sequence[Any], seed: int
    ) -> tuple[Floats, list[str]]:
        """Draws (draws, months) of one series under the measures of each month, and what was done."""
        present = own[0].draws[:, 0]
        notes = _transition_notes(vintage, course.series)
        if all(regime.measures == course.present.measures for regime in course.ahead):
            return present, notes
        open_paths: dict[frozenset[str], Floats] = {}
        for lift, answer in zip(course.lifts, own[1:], strict=True):
            if isinstance(answer, Failure):
                notes.append(f"{_words(lift)} lifted: what there would be without is not known ({answer.reason}), as before")
            else:
                back = _share_back(vintage, course, lift, task.draws, seed)
                open_paths[lift] = present + back * np.maximum(answer.draws[:, 0] - present, 0.0)
        out = present.copy()
        fitted = replace(task.fitting_vintage(vintage), events=vintage.events)  # figures of one day, the law of the other
        known = KnownRegimes.of(fitted, course.series, course.under_way) if vintage.nonnegative else None
        declared = DeclaredShares(self.leak, self.leak_sd, self.part_sd, self.unknown, self.unknown_sd)
        made: dict[tuple[frozenset[str], frozenset[str]], PassThrough | None] = {}
        for j, (label, regime) in enumerate(zip(task.months, course.ahead, strict=True)):
            out[:, j] = open_paths.get(course.lift(j), present)[:, j]
            added = course.addition(j)
            if not added or known is None:
                continue
            key = (regime.measures, added)
            if key not in made:
                made[key] = known.pass_through(regime, added, declared, task.draws, seed)
                notes.append(_passage_note(label, added, made[key]))
            if (passage := made[key]) is not None:
                uniform = np.random.default_rng([seed, vintage.steps.ordinal(label)]).random(task.draws)
                out[:, j] *= passage.factor(uniform)
        return out, notes


def _share_back(vintage: Vintage, course: _Course, lift: frozenset[str], draws: int, seed: int) -> Floats:
    """How far a draw goes from the path under lifted measures to that without them, (draws, 1)."""
    first = min(vintage.events[name].start for name in lift)
    since = [n for n in (course.present.measures & course.restricting) - lift if vintage.events[n].start >= first]
    return np.random.default_rng([seed, 1]).random((draws, 1)) if since else np.ones((draws, 1))


def _held_vintage(vintage: Vintage, course: _Course) -> Vintage:
    """The vintage in whose calendar the present measures go on, with the months of transition hidden."""
    if vintage.steps.unit != "month" or not len(vintage.events.touching(course.series, ("default",))):
        return vintage
    held = replace(vintage, events=vintage.events.held_at(course.last - course.under_way + 0.5))
    return _hide_months(held, course.series, sorted(transition_months(vintage, course.series)))


def _vintage_without(vintage: Vintage, seen: Vintage, course: _Course, lift: frozenset[str]) -> Vintage:
    """The same vintage as if the lifted measures had never been: the months under them hidden, and they themselves."""
    observed = vintage.observed(course.series)
    regimes = measures_in_force(vintage, course.series, observed.months, under_way=course.under_way)
    under = [int(m) for m, regime in zip(observed.months, regimes, strict=True) if lift & regime.measures]
    return _hide_months(seen, course.series, under).without_events(lift)


def _hide_months(vintage: Vintage, series: str, when: Sequence[int]) -> Vintage:
    """The vintage with some months of a series hidden, run by run."""
    months = np.array(when, dtype=np.int64)
    for run in np.split(months, np.flatnonzero(np.diff(months) > 1) + 1):
        if len(run):
            vintage = vintage.hide(series, int(run[0]), int(run[-1]))
    return vintage


def _transition_notes(vintage: Vintage, series: str) -> list[str]:
    """Which months were hidden as the transition to which measure."""
    found: dict[str, list[int]] = {}
    for month, name in transition_months(vintage, series).items():
        found.setdefault(name, []).append(month)
    return [f"transition to {name} left out: {', '.join(mm.label(m) for m in sorted(own))}" for name, own in found.items()]


def _passage_note(label: str, added: frozenset[str], made: PassThrough | None) -> str:
    if made is None:
        return f"from {label} {_words(added)}: nothing is known of what passes, as before"
    return f"from {label} {_words(added)}: passes {made.words}"


def _words(names: frozenset[str]) -> str:
    return " + ".join(sorted(names))


def _with_notes(used: Used, notes: Sequence[str]) -> Used:
    return replace(used, notes=(*notes, *used.notes))
