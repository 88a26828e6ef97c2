"""The release schedule: the next days on which figures of some series are due, by series and month of data.

It uses only the release clock, as far as it was known on the day, and no figures. Months released together (China's January and
February since 2020) have the same day and a row each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from forecast.core import months
from forecast.core.errors import DataError
from forecast.core.presentation import shown
from forecast.core.release_clock import ReleaseClock, bundled_clock, source_of

HeldBack = Callable[[str, int], tuple[dt.date, str] | None]  # series, month -> day from which a source counts it as out, rule
LONGEST_DELAY = 12  # months a release may be late: the search for unreleased months begins this far back


@shown
@dataclass(frozen=True)
class ScheduledRelease:
    """One scheduled figure: `series` for `month` is due on `day`, by the rules of `source` and `stage`.

    Parameters
    ----------
    day : date
        on which it is due
    series : str
        its key
    month : int
        of data, as an integer
    source, stage : str
        whose rules of release apply
    basis : str
        "calendar": published in advance; "rule": assumed; "late": the rule's day has passed and nobody knows the next one;
        `day` is the actual one
    ahead : int
        days from the query day
    horizon : int
        months from the query day's month to that of the data; negative for months that are over (a nowcast)
    together : bool
        whether the month is released on the same day as a neighbour
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
    """Releases after `day`, sorted by day, series and month: the next `count` of each series, none after `until`.

    A release of two months is one release and two rows. A figure due on `day` itself counts as released and is not listed (a
    vintage of that day contains it).

    Parameters
    ----------
    day : str or date
        "YYYY-MM-DD", or a date
    series : sequence of str
        keys of series
    count : int, default 3
        releases of each series
    until : str or date, optional
        the last day (default: none)
    clock : ReleaseClock, optional
        rules of release (default: the bundled ones)

    Returns
    -------
    tuple of ScheduledRelease
        sorted by day, series and month

    Raises
    ------
    ConfigError
        where an argument is of another kind
    DataError
        where a series' reporter has no release rules, because its days are unknown

    Examples
    --------
    >>> import forecast as fc
    >>> for due in fc.coming("2025-03-31", ["CHN.export.WLD.re_magnets"], 2):
    ...     print(due.day, due.label, due.basis)
    2025-04-20 2025-03 calendar
    2025-05-20 2025-04 calendar
    """
    start = months.parse_day(day)
    stop = months.parse_day(until) if until is not None else dt.date.max
    if count < 1:
        raise DataError(f"{count} coming releases cannot be listed", hint="a count of one or more")
    clock = clock or bundled_clock()
    found = [due for name in dict.fromkeys(series) for due in _releases_of(name, start, count, clock) if due.day <= stop]
    return tuple(sorted(found, key=lambda due: (due.day, due.series, due.month)))


def known_release_day(series: str, month: int, on: dt.date) -> dt.date | None:
    """Release day of a month as far as known on day `on`; None where no rule applies or the month is late."""
    try:
        day, basis = bundled_clock().expected_release_day(*source_of(series), month, on)
    except DataError:
        return None
    return None if basis == "late" else day


def by_no_rule(series: str, month: int) -> tuple[dt.date, str] | None:
    """The `HeldBack` of figures that no source holds back by a rule of its own."""
    return None


def _releases_of(series: str, start: dt.date, count: int, clock: ReleaseClock) -> list[ScheduledRelease]:
    """The next `count` releases of one series, with every month they contain."""
    source, stage = source_of(series)
    now = months.ordinal(start)
    found: list[ScheduledRelease] = []
    month, open_until = now - LONGEST_DELAY, start
    while True:
        released, basis = clock.expected_release_day(source, stage, month, start)
        if released <= open_until != start:  # a month is not released before an earlier one that is late
            released, basis = clock.release_day(source, stage, month)[0], "late"
        open_until = max(open_until, released) if basis == "late" else open_until
        if released > start:
            if released not in {due.day for due in found} and len({due.day for due in found}) == count:
                return found
            neighbours = {clock.expected_release_day(source, stage, month + step, start)[0] for step in (-1, 1)}
            together = released in neighbours
            found.append(
                ScheduledRelease(released, series, month, source, stage, basis, (released - start).days, month - now, together)
            )
        month += 1
