"""How far apart times lie: months, quarters, years, weeks, days or plain steps; where two readings are possible, a question."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.core import months
from forecast.core.errors import ConfigError, DataError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

ALIASES = {
    "m": "month", "me": "month", "ms": "month", "q": "quarter", "qe": "quarter", "qs": "quarter", "y": "year", "ye": "year",
    "ys": "year", "a": "year", "w": "week", "d": "day", "step": "integer",
}  # fmt: skip
UNITS = ("month", "quarter", "year", "week", "day", "integer")
OWN_SEASONS = {"month": 12, "quarter": 4, "year": None}  # of the steps that are answered without asking
EDGE = 3  # days from an end of the month at which a month's last or first working day lies


def unit_named(freq: str | None) -> str | None:
    """The unit of a word for a frequency: `month`, or pandas' `MS`."""
    if freq is None:
        return None
    word = str(freq).lower().partition("-")[0]
    word = ALIASES.get(word, word)
    if word not in UNITS:
        raise ConfigError(f"'{freq}' is no frequency", where="freq", hint=nearest(word, UNITS))
    return word


def season_of(unit: str, season: int | None, where: str) -> int | None:
    """The number of steps in a cycle; weeks, days and plain steps have none of their own and are refused without one."""
    if season is not None:
        return season if season > 1 else None
    if unit not in OWN_SEASONS:
        words = {"week": "weeks", "day": "days"}.get(unit, "plain steps")
        example = {"week": "season=52 (a year)", "day": "season=7 (a week)"}.get(unit, "season=12")
        problem = f"the times are {words}, and nothing tells how many of them make a cycle"
        raise DataError(problem, where=where, hint=f"{example}, season=1 for none, or figures by month")
    return OWN_SEASONS[unit]


def unit_of_offset(offset: Any, where: str) -> str:
    """The unit of a pandas frequency (the `freq` of a DatetimeIndex or a PeriodIndex)."""
    name, count = type(offset).__name__, int(getattr(offset, "n", 1))
    base = next((unit for unit in ("Quarter", "Year", "Month") if unit in name), "")
    length = {"Month": 1, "Quarter": 3, "Year": 12}.get(base, 0) * count
    if length in (1, 3, 12):
        return {1: "month", 3: "quarter", 12: "year"}[length]
    if name == "Week" and count == 1:
        return "week"
    if name == "Day" and count in (1, 7):
        return "week" if count == 7 else "day"
    if name == "BusinessDay":
        raise working_days(where)
    raise DataError(
        f"the times have the frequency {offset.freqstr}", where=where, hint="sums by month, quarter, year, week or day"
    )


def unit_of_months(found: Sequence[int], where: str, *, dates: bool) -> str:
    """The unit of times of which each lies in a month of its own.

    dates : whether they are days. Three of them three months apart are quarters, a year apart years; labels of months are not.
    """
    apart = int(np.gcd.reduce(np.diff(sorted(found)))) if len(found) > 1 else 0
    if apart == 1 or (apart == 0 and not dates):
        return "month"
    if dates and len(found) > 2 and (apart % 12 == 0 or (apart % 3 == 0 and apart % 6)):
        return "quarter" if apart % 12 else "year"
    if not apart:
        raise _question(
            "there is one time only, which may be a month, a quarter or a year", ["month", "quarter", "year"], where
        )
    whole = ["month", *(["quarter"] if apart % 3 == 0 else []), *(["year"] if apart % 12 == 0 else [])]
    holes = f"the times lie {apart} months apart, or multiples of that"
    raise _question(f"{holes}: months with holes or something longer", whole, where)


def working_days(where: str) -> DataError:
    """The error for days of which none is a weekend's: half of the days asked for would be days without figures."""
    return DataError("the times are working days only", where=where, hint="means or sums by week or month")


def check_places_in_month(days: Sequence[dt.date], where: str) -> None:
    """Ask where days, each in a month of its own, lie at no fixed place in it: they may be weeks or days with holes."""
    from_end = [months.days_in(months.ordinal(day)) - day.day for day in days]
    in_month = [day.day for day in days]
    if min(max(from_end), max(in_month) - 1, max(in_month) - min(in_month)) > EDGE:
        problem = f"the days lie anywhere in their months, from the {min(in_month)}. to the {max(in_month)}."
        raise _question(f"{problem}: figures of months, or weeks or days with holes", ["month", "week", "day"], where)


def _question(problem: str, units: Sequence[str], where: str) -> DataError:
    return DataError(problem, where=where, hint=" or ".join(f'freq="{unit}"' for unit in units))
