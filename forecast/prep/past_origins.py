"""Past forecast origins: the same task at earlier origins of a series, with the vintage known then and the later outcomes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.questions import Task
from forecast.core.release_schedule import known_release_day
from forecast.core.vintage import ALL_SERIES, Vintage

VintageCache = dict[object, Vintage]
PAST_DRAWS = 250  # enough for the median and the width of a past forecast


@dataclass(frozen=True)
class PastOrigin:
    """A task at an earlier forecast origin: `task` on `vintage`, its `leads` (months after `origin`) and the outcomes `truth`.

    series : index of the series in today's task; age : 1 for the latest origin, 2 for the one before.
    """

    series: int
    age: int
    vintage: Vintage
    task: Task
    origin: int
    leads: Ints
    truth: Floats


def last_known_month(vintage: Vintage, series: str, first: int) -> int | None:
    """Last month before `first` with a figure of its own; None where there is none."""
    if not vintage.knows(series):
        return None
    observed = vintage.observed(series)
    known = observed.months[np.isfinite(observed.values) & (observed.months < first)]
    return int(known[-1]) if len(known) else None


def past_origins(vintage: Vintage, task: Task, origins: int, step: int = 0) -> list[PastOrigin]:
    """Up to `origins` earlier origins of every series of a task, `step` months apart (0: a third of the longest lead).

    On a real archive the vintage of an origin is that of the day before the next month was released; where all figures are
    released at once, the later months of all series are hidden. Tasks ask only for months known today.
    """
    base = task.fitting_vintage(vintage)
    asked = task.ordinals(vintage)
    seen: VintageCache = {}
    out = []
    for i, series in enumerate(task.series):
        last = last_known_month(base, series, min(asked))
        if last is None:
            continue
        longest = max(asked) - last
        apart = step or max(1, -(-longest // 3))
        for age in range(1, origins + 1):
            then = _vintage_at_origin(base, series, last - age * apart, seen)
            made = None if then is None else _past_origin(base, then, series, last, longest, i, age)
            if made is not None:
                out.append(made)
    return out


def _vintage_at_origin(base: Vintage, series: str, origin: int, seen: VintageCache) -> Vintage | None:
    """The vintage at an origin; None before the first figure, or where the next release has no known day."""
    if origin < base.observed(series).first:
        return None
    if base.past is None:
        if origin not in seen:
            seen[origin] = base.hide(ALL_SERIES, origin + 1)
        return seen[origin]
    released = [c.released for c in base.cells[series] if c.first == c.last == origin + 1]
    if not released or released[0] <= dt.date.min:
        return None
    day = released[0] - dt.timedelta(days=1)
    if day not in seen:
        seen[day] = base.earlier(day)
    return seen[day]


def _past_origin(base: Vintage, then: Vintage, series: str, last: int, longest: int, place: int, age: int) -> PastOrigin | None:
    """The origin that vintage `then` allows, its task cut to the months known today; None where it knows no less than today."""
    origin = last_known_month(then, series, last + 1)
    if origin is None or origin >= last:
        return None
    when = np.arange(origin + 1, min(origin + longest, last) + 1)
    return _asked_again(base, then, series, origin, when, place, age)


def _asked_again(
    base: Vintage, then: Vintage, series: str, origin: int, when: Ints, place: int = 0, age: int = 0
) -> PastOrigin:
    """The origin whose task asks for those of the months `when` that are known today."""
    observed = base.observed(series)
    truth = np.array([observed.at(m, m)[0] for m in when.tolist()])
    when, truth = when[np.isfinite(truth)], truth[np.isfinite(truth)]
    labels = [base.steps.label(int(m)) for m in when]
    return PastOrigin(place, age, then, Task.past(then.day, series, labels, draws=PAST_DRAWS), origin, when - origin, truth)


def past_nowcast_origins(vintage: Vintage, task: Task, origins: int, width: int = 7) -> list[PastOrigin]:
    """Up to `origins` earlier origins of every series of a task, each as many days before publication as the task is.

    The publication day is the release clock's for the first month of the task; the task's later months keep their distance to
    it. Days to publication are rounded up to a multiple of `width`, so that no past origin is nearer to publication than the
    task. A month released earlier than the clock says is left out. Where no publication day is known to lie ahead (a plain
    panel, a reporter without release rules, an overdue month), the origins are those of `past_origins`, one month apart.
    """
    base = task.fitting_vintage(vintage)
    asked = np.array(task.ordinals(vintage))
    seen: VintageCache = {}
    out: list[PastOrigin] = []
    for i, series in enumerate(task.series):
        due = known_release_day(series, int(asked.min()), base.day) if base.past is not None and base.knows(series) else None
        if due is None or due <= base.day:
            alone = Task(base.day, series, task.months, draws=task.draws)
            out += [replace(past, series=i) for past in past_origins(base, alone, origins, 1)]
            continue
        apart = dt.timedelta(days=-(-(due - base.day).days // width) * width)
        made: list[PastOrigin] = []
        for month in base.observed(series).months[::-1].tolist():
            if month < asked.min() and len(made) < origins:
                past = _past_nowcast_origin(base, series, month, asked - asked.min(), apart, seen)
                made += [replace(past, series=i, age=len(made) + 1)] if past else []
        out += made
    return out


def _past_nowcast_origin(
    base: Vintage, series: str, month: int, steps: Ints, apart: dt.timedelta, seen: VintageCache
) -> PastOrigin | None:
    """The origin `apart` before publication of `month`, asking for the months `steps` after it; None where it was known."""
    known, due = base.observed(series), known_release_day(series, month, base.day)
    if due is None or due - apart > base.day or not np.isfinite(known.at(month, month)[0]):
        return None
    day = due - apart
    if day not in seen:
        seen[day] = base.earlier(day)
    then = seen[day]
    origin = last_known_month(then, series, month)
    if origin is None or then.last_month(series) >= month:
        return None
    return _asked_again(base, then, series, origin, month + steps)
