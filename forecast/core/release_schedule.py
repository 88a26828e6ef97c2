"""Coming: the next days on which figures of some series are due, by series and month of data.

The answer rests on the release clock alone, as far as it was known on the day, and looks at no figure. Months that
come out together (China's January and February since 2020) stand on one day, each in a row of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from forecast.core import months
from forecast.core.errors import DataError
from forecast.core.release_clock import ReleaseClock, bundled_clock, source_of

LONGEST_DELAY = 12  # months a figure may be late: how far back the search for months still to come begins


@dataclass(frozen=True)
class ScheduledRelease:
    """One figure that is to come: `series` of `month`, on `day`, by the rules of `source` and `stage`.

    basis : `calendar` published in advance, `rule` assumed, `late` (the rule's day has passed and nobody knows the next one;
    `day` is that on which it came in the end)
    ahead : days from the day that was asked about
    horizon : `month` less the asked day's month; below zero for months that are over (a nowcast)
    together : whether the month comes out on one day with a neighbour
    """

    day: dt.date
    series: str
    month: int
    source: str
    stage: str
    basis: str
    ahead: int
    horizon: int
    together: bool

    @property
    def label(self) -> str:
        """The month of data, `YYYY-MM`."""
        return months.label(self.month)


def coming(
    day: str | dt.date,
    series: Iterable[str],
    count: int = 3,
    until: str | dt.date | None = None,
    clock: ReleaseClock | None = None,
) -> tuple[ScheduledRelease, ...]:
    """Releases after `day`, sorted by day, series and month: of each series the next `count` releases, none after `until`.

    A release that holds two months is one release and two rows. A figure due on `day` itself has been released and is not
    listed (a vintage of that day holds it). A series whose reporter has no release rules is a DataError: its days are not
    known and none is made up.
    """
    start = months.parse_day(day)
    stop = months.parse_day(until) if until is not None else dt.date.max
    if count < 1:
        raise DataError(f"{count} coming releases cannot be listed", hint="a count of one or more")
    clock = clock or bundled_clock()
    found = [due for name in dict.fromkeys(series) for due in _releases_of(name, start, count, clock) if due.day <= stop]
    return tuple(sorted(found, key=lambda due: (due.day, due.series, due.month)))


def known_release_day(series: str, month: int, on: dt.date) -> dt.date | None:
    """The day on which a month comes out, as far as it is known on a day; None where no rule tells, or the month is late."""
    try:
        day, basis = bundled_clock().expected_release_day(*source_of(series), month, on)
    except DataError:
        return None
    return None if basis == "late" else day


def _releases_of(series: str, start: dt.date, count: int, clock: ReleaseClock) -> list[ScheduledRelease]:
    """The next `count` releases of one series, with every month they hold."""
    source, stage = source_of(series)
    now = months.ordinal(start)
    found: list[ScheduledRelease] = []
    month, open_until = now - LONGEST_DELAY, start
    while True:
        released, basis = clock.expected_release_day(source, stage, month, start)
        if released <= open_until != start:  # it does not come before a month that is late
            released, basis = clock.release_day(source, stage, month)[0], "late"
        open_until = max(open_until, released) if basis == "late" else open_until
        if released > start:
            if released not in {due.day for due in found} and len({due.day for due in found}) == count:
                return found
            beside = {clock.expected_release_day(source, stage, month + step, start)[0] for step in (-1, 1)}
            together = released in beside
            found.append(
                ScheduledRelease(released, series, month, source, stage, basis, (released - start).days, month - now, together)
            )
        month += 1
