"""Cutoffs: past forecast dates, one after each monthly release of trade statistics."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

from forecast.core import months
from forecast.core.archive import Archive, bundled_archive
from forecast.core.errors import ConfigError, DataError, nearest
from forecast.core.release_clock import bundled_clock, source_of
from forecast.core.vintage import Vintage
from forecast.study.data.real_time import RealTimeView

STEP_MONTHS = {"month": 1, "quarter": 3, "year": 12}
REPORTERS_WITH_CLOCK = ("CHN", "USA")  # reporters with a known release calendar


def cutoffs(
    first: str | dt.date,
    last: str | dt.date | None = None,
    every: str = "month",
    series: str | None = None,
    archive: Archive | Vintage | RealTimeView | None = None,
) -> tuple[dt.date, ...]:
    """The day after each month's release, from `first` to `last`.

    China releases nothing in February, and January together with February in March, so that a year has eleven cutoffs. A
    plain panel has no release days: its cutoffs are the first days of months.

    Parameters
    ----------
    first : str or date
        a month, "YYYY-MM", or a day
    last : str or date, optional
        a month or a day (default: the last release of the archive, the bundled one)
    every : {"month", "quarter", "year"}, default "month"
        the latter two keep the releases of their last months
    series : str, optional
        whose release calendar counts (default: China's detailed tables)
    archive : Archive, Vintage or RealTimeView, optional
        needed for a reporter without a known release calendar, and gives the release days of its series; or a plain panel

    Returns
    -------
    tuple of date
        in order

    Raises
    ------
    ConfigError
        where an argument is of another kind, `every` is none of these, or `last` lies before `first`
    DataError
        where nothing tells the release days of the series

    Examples
    --------
    >>> import forecast as fc
    >>> [str(day) for day in fc.cutoffs("2025-01", "2025-04")]
    ['2025-01-21', '2025-03-21', '2025-04-21']
    """
    if every not in STEP_MONTHS:
        raise ConfigError(f"cutoffs cannot be made every '{every}'", hint=nearest(every, STEP_MONTHS))
    source = archive.source if isinstance(archive, RealTimeView) else archive
    start = _day(first, end=False)
    if isinstance(source, Vintage):
        return _first_days(source, start, _day(last, end=True) if last is not None else None, STEP_MONTHS[every])
    archive = source
    stop = _day(last, end=True) if last is not None else (archive or bundled_archive()).last_release + dt.timedelta(days=1)
    if stop < start:
        raise ConfigError(f"the last cutoff ({stop}) lies before the first ({start})", hint="check first and last")
    releases = _releases(series, start, stop, archive)
    kept = {day for month, day in releases if (month + 1) % STEP_MONTHS[every] == 0 and start <= day <= stop}
    return tuple(sorted(kept))


def _first_days(panel: Vintage, start: dt.date, stop: dt.date | None, every: int) -> tuple[dt.date, ...]:
    """The first day of every month (quarter, year) up to `stop`, or up to the month after the panel's last one."""
    end = months.ordinal(stop) if stop else max(panel.last_month(name) for name in panel.series) + 1
    days = [dt.date(m // 12, m % 12 + 1, 1) for m in range(months.ordinal(start), end + 1) if m % every == 0]
    return tuple(day for day in days if start <= day and (stop is None or day <= stop))


def _day(label: str | dt.date, *, end: bool) -> dt.date:
    """The day itself, or the first or last day of a month."""
    if isinstance(label, dt.date) or len(label.strip()) > 7:
        return months.parse_day(label)
    month = months.ordinal(label)
    return months.last_day(month) if end else dt.date(month // 12, month % 12 + 1, 1)


def _releases(series: str | None, start: dt.date, stop: dt.date, archive: Archive | None) -> list[tuple[int, dt.date]]:
    """(month, day after its release); a month released together with the next one is left out."""
    next_day = dt.timedelta(days=1)
    if series is not None and series.split(".")[0] not in REPORTERS_WITH_CLOCK:
        if archive is None:
            raise DataError(
                f"no release clock is known for '{series}'", where=series, hint="hand over the archive that holds the series"
            )
        found = {cell.released: cell.last for cell in archive.states(series)}
        return [(month, day + next_day) for day, month in sorted(found.items())]
    source = source_of(series) if series is not None else ("CHN", "detail")
    clock = bundled_clock()
    days = [
        (month, clock.release_day(*source, month)[0] + next_day)
        for month in range(months.ordinal(start) - 4, months.ordinal(stop) + 2)
    ]
    return [early for early, late in pairwise(days) if early[1] < late[1]]


def released_together(series: str, month: int) -> bool:
    """Whether a month and the next are released on one day, like China's January and February."""
    if series.split(".")[0] not in REPORTERS_WITH_CLOCK:
        return False
    clock, source = bundled_clock(), source_of(series)
    return month % 12 == 0 and clock.release_day(*source, month)[0] == clock.release_day(*source, month + 1)[0]
