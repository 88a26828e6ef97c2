"""Months that can be filed on a day: those whose release lies after it, by the release clock as far as it is known then."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.errors import DataError
from forecast.core.release_clock import bundled_clock, source_of as clock_of
from forecast.core.release_schedule import HeldBack, by_no_rule
from forecast.jobs.config import Config
from forecast.jobs.load import held_back_by, source_of

UNDER_WAY = "month not over"  # basis of a day of release where no release clock is known


@dataclass(frozen=True)
class FiledMonth:
    """A month whose release lies after the day of filing: `due`, the expected day, and how it is known (`basis`)."""

    month: str
    due: str
    basis: str


def open_months_of(series: str, asked: Sequence[str], config: Config, day: dt.date, archive: Archive) -> tuple[FiledMonth, ...]:
    """The asked months of a series, as far as the config files, neither released on a day nor up to its last figure."""
    until, last, held_back = config.filed.until or "9999-12", last_figure(archive, series), held_back_by(source_of(config))
    wanted = [month for month in asked if last < month <= until]
    return tuple(due for month in wanted if (due := release_after(series, month, day, held_back)) is not None)


def last_figure(archive: Archive, series: str) -> str:
    """The last month of which the data read hold a figure, whatever its day of release: whoever files can see it.

    "" where there is none.
    """
    states = archive.states(series) if series in archive.series else ()
    return max((months.label(cell.last) for cell in states if math.isfinite(cell.value)), default="")


def release_after(series: str, month: str, day: dt.date, held_back: HeldBack = by_no_rule) -> FiledMonth | None:
    """When a month is expected, if that is after a day; None if it was released by then, or may have been.

    By the release clock as far as it was known on the day. Without one for the series, only a month that is not over on the day
    is surely unreleased, and its last day is the earliest of its release. A table that counts figures as out by a rule of its
    own is held against by that rule, so the month is due by it.
    """
    ordinal = months.ordinal(month)
    try:
        due, basis = bundled_clock().expected_release_day(*clock_of(series), ordinal, day)
    except DataError:
        due, basis = months.last_day(ordinal), UNDER_WAY
    if due <= day:
        return None
    due, basis = held_back(series, ordinal) or (due, basis)
    return FiledMonth(month, due.isoformat(), basis) if due > day else None
