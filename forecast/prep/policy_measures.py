"""Policy measures in force: which measures apply in a month, and how much of the trade their texts stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core import months
from forecast.core.events import Event, EventCalendar
from forecast.core.series import SeriesKey, countries
from forecast.core.vintage import Vintage
from forecast.kernels.remembered_answers import remember_answers

MIN_SHARE_OF_MONTH = 0.5  # a measure in force for less of a month does not count in it
EASING_INSTRUMENTS = ("suspension", "relief", "deal", "agreement")
RESTRICTING_INSTRUMENTS = ("ban", "licence", "quota", "enforcement", "tariff", "regulation")


@dataclass(frozen=True)
class MeasuresInForce:
    """Ids of the measures in force in a month, and of those that close the trade (bans, and measures that stop a share)."""

    measures: frozenset[str]
    closing: frozenset[str]

    @property
    def closed(self) -> bool:
        """Whether a ban, or a measure that stops a declared share, is in force."""
        return bool(self.closing)

    @property
    def words(self) -> str:
        """Names of the measures, joined by `+`."""
        return " + ".join(sorted(self.measures)) or "no measure"


def measures_in_force(
    vintage: Vintage, series: str, when: Ints, whole: bool = True, under_way: int = 0
) -> list[MeasuresInForce]:
    """Measures in force in each month of `when`, from the default calendar's events that apply to the whole of the series.

    whole : False for events that apply to part of it only (a total over partners, a measure against one of them).
    under_way : months that goods are under way (`months_under_way`): a measure of the exporter counts as it was so many months
        before, when they left, one of the importer as it is when they arrive

    A measure reversed by another is suspended while that one holds and returns where it ends (a ban whose suspension lapses).
    Without calendar months there are no measures.
    """
    if vintage.steps.unit != "month":
        return [MeasuresInForce(frozenset(), frozenset())] * len(when)
    return list(_measures_in_force(vintage.events, series, when, whole, under_way))


@remember_answers(256)
def _measures_in_force(
    calendar: EventCalendar, series: str, when: Ints, whole: bool, under_way: int
) -> tuple[MeasuresInForce, ...]:
    events = [e for e in calendar.touching(series, ("default",)) if e.in_force and e.directed_at(series) is whole]
    key = SeriesKey.maybe(series)
    here = countries(key.destination) if key is not None else frozenset()
    left = {event.id: when - (under_way if here.isdisjoint(event.imposers) else 0) for event in events}
    share = {event.id: _share_in_force(event, events, left[event.id]) for event in events}
    out = []
    for i in range(len(when)):
        held = [
            event for event in events if share[event.id][i] >= MIN_SHARE_OF_MONTH and not _is_reversal_only(event, calendar)
        ]
        closing = [e.id for e in held if e.instrument == "ban" or (e.share_stopped or 0.0) > 0.0]
        out.append(MeasuresInForce(frozenset(e.id for e in held), frozenset(closing)))
    return tuple(out)


def months_under_way(series: str, months: int) -> int:
    """The months of transit that count for a series: those declared for imports, none where goods are counted as they leave."""
    key = SeriesKey.maybe(series)
    return months if key is not None and key.flow == "import" else 0


def declared_share_left(vintage: Vintage, regime: MeasuresInForce) -> float | None:
    """Share of the trade that the texts of the closing measures leave; None where one of them names no share.

    Remaining shares multiply; an easing with a share of its own replaces the measure it eases. Rounded, so that stopping 95 %
    leaves exactly 5 %.
    """
    held = [vintage.events[name] for name in sorted(regime.closing)]
    eased = {e.reversal_of for e in held if e.instrument in EASING_INSTRUMENTS and e.share_stopped is not None}
    left = [None if e.share_stopped is None else 1.0 - e.share_stopped for e in held if e.id not in eased]
    if not left or any(part is None for part in left):
        return None
    return round(float(np.prod([part for part in left if part is not None])), 12)


def _share_in_force(event: Event, events: list[Event], when: Ints) -> Floats:
    """Share of each month in which an event is in force, including its return after a lapsed reversal."""
    spans = [event.interval]
    for other in events:
        if other.reversal_of == event.id and other.until is not None and event.until is not None:
            begin, stop = months.position(other.until), float("inf")
            spans.append((begin, stop))
    share: Floats = np.sum(
        [np.clip(np.minimum(stop, when + 1.0) - np.maximum(start, when), 0.0, 1.0) for start, stop in spans], axis=0
    )
    return share


def _is_reversal_only(event: Event, calendar: EventCalendar) -> bool:
    """Whether an event merely ends another one and stops no share of the trade itself."""
    ended = bool(event.reversal_of) and event.reversal_of in calendar and calendar[event.reversal_of].until is not None
    return ended and not event.share_stopped
