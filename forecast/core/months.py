"""Months as integers: labels, calendar days, fractions of a month, Lunar New Year.

A month is the integer ``12 * year + month - 1``, so differences are horizons. Labels are ``YYYY-MM``; a span of months is
``YYYY-MM/YYYY-MM`` with both ends included.
"""

from __future__ import annotations

import calendar
import datetime as dt
import functools
import re
from collections.abc import Mapping, Sequence

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.bundled_data import bundled_rows
from forecast.core.errors import DataError

_MONTH = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?", re.ASCII)


def ordinal(label: str | dt.date) -> int:
    """The integer of a month; any day of the month is accepted."""
    if isinstance(label, dt.date):
        return 12 * label.year + label.month - 1
    match = _MONTH.fullmatch(label.strip())
    if not match or not 1 <= int(match[2]) <= 12 or not int(match[1]):
        raise DataError(f"'{label}' is not a month", hint="YYYY-MM, for example 2025-06")
    return 12 * int(match[1]) + int(match[2]) - 1


def label(month: int) -> str:
    """The label of a month: ``label(24305) == '2025-06'``.

    >>> label(ordinal("2025-06") + 7)
    '2026-01'
    """
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def parse_period(text: str) -> tuple[int, int]:
    """First and last month of ``YYYY-MM`` or ``YYYY-MM/YYYY-MM``."""
    first, _, last = text.partition("/")
    start = ordinal(first)
    end = ordinal(last) if last else start
    if end < start:
        raise DataError(f"the span '{text}' ends before it begins", hint="first month / last month")
    return start, end


def is_span(text: str) -> bool:
    """Whether the label of a period is that of several months."""
    return "/" in text


def period_label(first: int, last: int) -> str:
    """Inverse of `parse_period`."""
    return label(first) if first == last else f"{label(first)}/{label(last)}"


def months(first: str, last: str) -> tuple[str, ...]:
    """All months from `first` to `last`, both included.

    Parameters
    ----------
    first, last : str
        "YYYY-MM"

    Returns
    -------
    tuple of str
        in order; empty where `last` lies before `first`

    Raises
    ------
    ConfigError
        where an argument is no text
    DataError
        where a label is no month

    Examples
    --------
    >>> import forecast as fc
    >>> fc.months("2025-11", "2026-01")
    ('2025-11', '2025-12', '2026-01')
    """
    return tuple(label(m) for m in range(ordinal(first), ordinal(last) + 1))


def parse_day(day: str | dt.date) -> dt.date:
    """A calendar day from ``YYYY-MM-DD``."""
    if isinstance(day, dt.datetime):
        return day.date()
    if isinstance(day, dt.date):
        return day
    try:
        return dt.datetime.fromisoformat(str(day).strip()).date()
    except ValueError:
        raise DataError(f"'{day}' is not a day", hint="YYYY-MM-DD, for example 2025-03-31") from None


def days_in(month: int) -> int:
    """Number of days of a month."""
    return calendar.monthrange(month // 12, month % 12 + 1)[1]


def last_day(month: int) -> dt.date:
    """Last calendar day of a month."""
    return dt.date(month // 12, month % 12 + 1, days_in(month))


def position(day: dt.date) -> float:
    """A day as a real number of months: the month plus the fraction of it that has passed at the start of the day.

    15 September 2024 lies 14/30 into September, so 0.533 of September is left.
    """
    month = ordinal(day)
    return month + (day.day - 1) / days_in(month)


@functools.cache
def lunar_new_year_days() -> dict[int, dt.date]:
    """First day of the lunar year by calendar year (bundled table)."""
    return {int(row["year"]): dt.date.fromisoformat(row["day"]) for row in bundled_rows("lunar_new_year.csv")}


def lunar_new_year(
    when: Sequence[int] | Ints, start: int = -1, end: int = 6, days: Mapping[int, dt.date] | None = None
) -> Floats:
    """Share of the holiday window that falls in each month, less its calendar-month mean.

    The window runs from `start` to `end` days relative to the first day of the lunar year. This is X-13's ``genhol`` with
    calendar centring (R package *seasonal*): the regressor moves between January and February and has no fixed seasonal
    pattern. `days` holds the first days of the lunar years, by calendar year, over which the mean is taken (default: the
    bundled table).

    Returns an array of the length of `when`; zero in calendar months that never hold a day of the window.
    """
    table = lunar_new_year_days() if days is None else days
    share = _bundled_window_shares(start, end) if days is None else _window_shares(days, start, end)
    means = np.array([np.mean([share.get(12 * year + m, 0.0) for year in table]) for m in range(12)])
    return np.array([share.get(int(m), 0.0) - means[int(m) % 12] if int(m) // 12 in table else 0.0 for m in when])


@functools.cache
def _bundled_window_shares(start: int, end: int) -> dict[int, float]:
    return _window_shares(lunar_new_year_days(), start, end)


def _window_shares(days: Mapping[int, dt.date], start: int, end: int) -> dict[int, float]:
    share: dict[int, float] = {}
    width = end - start + 1
    for day in days.values():
        for offset in range(start, end + 1):
            month = ordinal(day + dt.timedelta(days=offset))
            share[month] = share.get(month, 0.0) + 1.0 / width
    return share
