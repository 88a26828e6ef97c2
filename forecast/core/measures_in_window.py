"""Measures in the window of a question: others that begin or hold in it, and the months after the end of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forecast.core.events import Event, EventCalendar
from forecast.core.series import SeriesKey
from forecast.core.time_axis import MONTHS, Steps

SHORTLY = 3  # months; an event that begins less than this before the window acts in its months too
EASINGS_OF_LICENCES = ("relief", "deal", "agreement")  # after which a licence is granted more often, and still needed

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class TurningDay:
    """When a measure ended or was eased: the first day without it, or of its easing, and when it holds again."""

    day: dt.date
    event: str
    again: dt.date | None = None


@dataclass(frozen=True)
class Aftermath:
    """The months of a window after the end of the measures asked about, and the first day on which none applied."""

    ended: dt.date
    months: tuple[int, ...]


def other_measures(
    calendar: EventCalendar, own: Iterable[str], treated: Sequence[str], start: int, last: int, shortly: int = SHORTLY
) -> list[Event]:
    """Default events in force that touch a treated series and begin in the window or shortly before it, in order of effect."""
    found = {
        event.id: event
        for series in treated
        for event in calendar.touching(series, ("default",))
        if event.in_force and event.id not in set(own) and start - shortly < event.start <= last
    }
    return sorted(found.values(), key=lambda event: (event.effective or event.announced, event.id))


def standing_measures(
    calendar: EventCalendar, own: Iterable[str], treated: Sequence[str], first: int, last: int, lag: int = 0,
    steps: Steps = MONTHS,
) -> list[Event]:  # fmt: skip
    """Default events that touch a treated series, began before a window and hold in a month of it, in order of effect.

    What merely lifts or eases another measure is none. One that another lifted for a time holds again where that has lapsed.
    """
    found = {
        event.id: event
        for series in treated
        for event in calendar.touching(series, ("default",))
        if event.in_force and event.id not in set(own) and steps.of(event.effective or event.announced) < first
        if event.share_stopped or not (event.reversal_of or event.instrument in EASINGS_OF_LICENCES)
    }
    gone = {name: aftermath(calendar, [event], treated, first, last, lag, steps) for name, event in found.items()}
    held = [event for name, event in found.items() if len(without.months if (without := gone[name]) else ()) <= last - first]
    return sorted(held, key=lambda event: (event.effective or event.announced, event.id))


def turning_days(calendar: EventCalendar, measure: str, treated: Sequence[str], day: dt.date) -> list[TurningDay]:
    """Past ends, reversals and easings of a measure that reach all treated series, as known on a day, in order.

    A deal that eases a licence ends nothing, and a backlog may clear from it on: it is a turn like an end. What lifts a measure
    on the day of its end is named before that end.
    """
    found = [
        TurningDay(event.effective, event.id, event.until)
        for event in calendar
        if event.effective and _eases(event, measure, treated)
    ]
    if measure in calendar and (end := calendar[measure].until):
        found.append(TurningDay(end, measure))
    return sorted((turn for turn in found if turn.day <= day), key=lambda turn: (turn.day, turn.event == measure))


def _eases(event: Event, measure: str, treated: Sequence[str]) -> bool:
    return event.reversal_of == measure and event.in_force and all(map(event.touches, treated))


def aftermath(
    calendar: EventCalendar, events: Sequence[Event], treated: Sequence[str], first: int, last: int, lag: int = 0,
    steps: Steps = MONTHS,
) -> Aftermath | None:  # fmt: skip
    """The months of a window in which none of the events applies any more to a treated series; None where there are none.

    An event applies until its end or until another one reverses it, and again where that one has lapsed. A month in which it
    still applied for a day counts as one under it. With `lag`, the months are those of the arrival of goods that left earlier.
    """
    spans = [_spans_after_end(event, calendar, series, steps) for event in events for series in treated]
    ended: list[dt.date] = []
    months = []
    for month in range(first, last + 1):
        after = [[day for day, begin, stop in one if begin <= month - lag <= stop] for one in spans]
        if spans and all(after):
            months.append(month)
            ended.append(max(min(days) for days in after))
    return Aftermath(ended[0], tuple(months)) if months else None


def _spans_after_end(event: Event, calendar: EventCalendar, series: str, steps: Steps) -> list[tuple[dt.date, int, float]]:
    """Spans without the event: the day on which each begins, its first whole step, and its last."""
    reversals = [r for r in calendar if r.reversal_of == event.id and r.in_force and _lifts(r, event, series)]
    ends = [day for day in (event.until, event.called_off) if day]
    lapse = max((r.until or dt.date.max for r in reversals), default=dt.date.max)
    spans = [(min(ends), lapse)] if ends else []
    spans += [(r.effective, r.until or dt.date.max) for r in reversals if r.effective]
    return [(day, steps.of(day - DAY) + 1, float("inf") if stop == dt.date.max else steps.of(stop) - 1) for day, stop in spans]


def _lifts(reversal: Event, event: Event, series: str) -> bool:
    """Whether a reversal ends an event for a flow: it applies to the whole of it, or to all that the event targets.

    A licence that a deal or a relief makes easier to get stays in force, and so does a measure of which a share is left.
    """
    key = SeriesKey.maybe(series)
    if reversal.share_stopped or (event.instrument == "licence" and reversal.instrument in EASINGS_OF_LICENCES):
        return False
    covers = key is None or reversal.covers(key.product)
    everyone = "ALL" in reversal.targets or event.reached <= reversal.reached
    return covers and (everyone or reversal.directed_at(series))
