"""Times as a table writes them: read into the steps of a time axis, and written again for steps to come."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.core import months
from forecast.core.errors import DataError
from forecast.core.panel import normalise_times, step_numbers, steps_of
from forecast.core.time_axis import Steps
from forecast.frames.frequency import check_places_in_month, season_of, unit_named, unit_of_months, unit_of_offset, working_days
from forecast.tables.time_column import read_times as judge_times
from forecast.tables.time_spellings import choices_in, looks_like_time

if TYPE_CHECKING:
    import pandas as pd

SPELLINGS = {  # pattern of a label -> how a step is written so
    r"\d{4}-\d{2}": "{year:04d}-{month:02d}",
    r"\d{4}/\d{2}": "{year:04d}/{month:02d}",
    r"\d{4}M\d{2}": "{year:04d}M{month:02d}",
    r"(19|20)\d{2}(0[1-9]|1[0-2])": "{year:04d}{month:02d}",
    r"\d{4}Q[1-4]": "{year:04d}Q{quarter}",
    r"\d{4}-Q[1-4]": "{year:04d}-Q{quarter}",
    r"(1[5-9]|20)\d{2}": "{year:04d}",
}
DAY = r"(\d{4}-\d{2}-\d{2})([ T]00:00(:00(\.0+)?)?)?"
FEWEST_JUDGED = 3  # times of which a whole column settles what one alone leaves open
YEARS = range(1, 9999)  # that a day can have


@dataclass(frozen=True)
class Times:
    """The times of a table: its time axis, and how one of them is written.

    form : "period", "datetime", "date" (days of Python), "text" or "number"
    name : of the column or index
    anchor : one step and its Period, where they are periods; offset : frequency of pandas that places a step's day, None where
        it is the `day` of the month that lies `late` months into the step
    tz, resolution : of datetimes; spelling : of text and numbers
    """

    steps: Steps
    form: str
    name: Any = None
    anchor: tuple[int, Any] | None = None
    offset: Any = None
    day: int = 1
    late: int = 0
    tz: Any = None
    resolution: Any = "ns"
    spelling: str = ""

    def write(self, wanted: Sequence[int]) -> pd.Index:
        """Steps in the form of the table."""
        import pandas as pd

        if self.anchor is not None:
            known, period = self.anchor
            return pd.PeriodIndex(
                [period + (step - known) for step in wanted], dtype=pd.PeriodDtype(period.freq), name=self.name
            )
        if self.form == "number" or self.spelling or self.steps.unit == "integer":
            spelled = [self._spell(step) for step in wanted]
            if self.form == "number":
                return pd.Index([int(text) for text in spelled], dtype="int64", name=self.name)
            return pd.Index(spelled, name=self.name)
        days = [self._day(step) for step in wanted]
        if self.form == "text":
            return pd.Index([day.isoformat() for day in days], name=self.name)
        if self.form == "date":
            return pd.Index(days, dtype=object, name=self.name)
        stamps = pd.DatetimeIndex([pd.Timestamp(day) for day in days], name=self.name).as_unit(self.resolution)
        if self.tz is None:
            return stamps
        return stamps.tz_localize(self.tz, nonexistent="shift_forward", ambiguous=np.ones(len(stamps), bool))

    def step(self, time: object) -> int:
        """The step of a time that a caller writes: in the form of the table, as a day, or as a label of the axis."""
        import pandas as pd

        if isinstance(time, pd.Period):
            time = (time.end_time if self.steps.unit in ("quarter", "year") else time.start_time).date()
        if isinstance(time, np.datetime64):
            time = pd.Timestamp(time)
        if isinstance(time, dt.date) and self.steps.unit != "integer" and time == time:  # NaT differs from itself
            return self.steps.of(time.date() if isinstance(time, dt.datetime) else time)
        if self.steps.unit == "integer":
            return self.steps.ordinal(time)
        text = _in_hyphens(str(time).strip())
        days = re.fullmatch(DAY, text)
        return self.steps.of(months.parse_day(days[1])) if days else self.steps.ordinal(text)

    def _spell(self, step: int) -> str:
        day = self.steps.begin(step)
        if day is None:
            return str(step)
        month = months.ordinal(day) + self.late
        return self.spelling.format(year=month // 12, month=month % 12 + 1, quarter=month % 12 // 3 + 1)

    def _day(self, step: int) -> dt.date:
        import pandas as pd

        first = self.steps.begin(step)
        assert first is not None, "plain steps are written as numbers"
        if self.offset is not None:
            placed: dt.date = self.offset.rollforward(pd.Timestamp(first)).date()
            return placed
        if self.steps.unit in ("week", "day"):
            return first
        month = months.ordinal(first) + self.late
        return dt.date(month // 12, month % 12 + 1, min(self.day, months.days_in(month)))


def read_times(
    column: pd.Series, freq: str | None, season: int | None, where: str, offset: Any = None
) -> tuple[list[int], Times]:
    """The step of each row, and the times of a table.

    column : periods, datetimes, dates, text or whole numbers; offset : the frequency that a DatetimeIndex names itself
    freq : what a step is ("month", ..., or as pandas writes it), where the times can be read in two ways
    """
    import pandas as pd

    if column.isna().any():
        row = column.index[column.isna()][0]
        raise DataError("a row has no time", where=f"{where}, row {row}", hint="a time in every row, or leave the row out")
    column = _of_objects(column, where)
    unit = unit_named(freq)
    if isinstance(column.dtype, pd.PeriodDtype):
        return _read_periods(column, unit, season, where)
    if column.dtype.kind == "M":
        return _read_datetimes(column, unit, season, where, offset)
    if column.dtype.kind in "bc":
        raise DataError(f"the times are {column.dtype}", where=where, hint="months, quarters, years or whole numbers")
    return _read_labels(column, unit, season, where)


def _of_objects(column: pd.Series, where: str) -> pd.Series:
    """A column of Python objects that are all periods, or all datetimes, as a column of these."""
    import pandas as pd

    kinds = set(map(type, column.tolist())) if column.dtype == object else set()
    try:
        if kinds and all(issubclass(kind, pd.Period) for kind in kinds):
            return pd.Series(pd.PeriodIndex(column), index=column.index, name=column.name)
        if kinds and all(issubclass(kind, dt.datetime) for kind in kinds):
            if len({(t.tzinfo is None, str(t.tzinfo)) for t in column.tolist()}) > 1:
                raise DataError("the times are of several time zones", where=where, hint="one time zone, or none")
            return pd.Series(pd.DatetimeIndex(column.tolist()), index=column.index, name=column.name)
    except (ValueError, TypeError) as error:
        problem = f"the times cannot be read together: {str(error).splitlines()[0]}"
        raise DataError(problem, where=where, hint="times of one frequency and one kind") from None
    if len(kinds) > 1 and any(issubclass(kind, dt.date) for kind in kinds):
        names = " and ".join(sorted(kind.__name__ for kind in kinds))
        raise DataError(f"the times are of several kinds: {names}", where=where, hint="one kind, such as pd.to_datetime makes")
    return column


def _read_periods(column: pd.Series, unit: str | None, season: int | None, where: str) -> tuple[list[int], Times]:
    import pandas as pd

    freq = column.dtype.freq  # type: ignore[union-attr]
    own = unit_of_offset(freq, where)
    if unit is not None and unit != own:
        problem = f"the times are {column.dtype}, not of a {unit}"
        raise DataError(problem, where=where, hint=f'freq="{own}", or none')
    periods = pd.PeriodIndex(column)
    first = periods[0]
    weekday = first.start_time.weekday() if own == "week" else 0
    steps = Steps(own, season_of(own, season, where), weekday)
    begun = steps.of((first.end_time if own in ("quarter", "year") else first.start_time).date())
    apart = periods.asi8 - first.ordinal
    count = 7 if own == "week" and type(freq).__name__ == "Day" else 1
    found = [begun + int(n) // count for n in apart]
    return found, Times(steps, "period", column.name, (begun, first))


def _read_datetimes(
    column: pd.Series, unit: str | None, season: int | None, where: str, offset: Any
) -> tuple[list[int], Times]:
    import pandas as pd

    stamps = pd.DatetimeIndex(column)
    zone, resolution = stamps.tz, stamps.unit
    local = stamps.tz_localize(None)
    if offset is not None:
        unit_of_offset(offset, where)  # hours are refused by their name
    if (local != local.normalize()).any():
        late = stamps[local != local.normalize()][0]
        raise DataError(f"'{late}' is a time of day", where=where, hint="days, such as times.dt.normalize() gives")
    found, times = _read_days(local, unit, season, where, offset, column.name)
    return found, replace(times, form="datetime", tz=zone, resolution=resolution)


def _read_days(
    days: pd.DatetimeIndex, unit: str | None, season: int | None, where: str, offset: Any, name: Any
) -> tuple[list[int], Times]:
    """Steps of days, whose unit is given, named by the frequency of their index, or seen from how they lie."""
    unique = sorted({day.date() for day in days.unique()})
    if not all(day.year in YEARS for day in (unique[0], unique[-1])):
        raise DataError(f"the times reach to the year {unique[-1].year}", where=where, hint="times of the calendar")
    if unit is None:
        unit = unit_of_offset(offset, where) if offset is not None else _unit_of_days(unique, where)
    if unit == "integer":
        raise DataError("the times are days, not plain steps", where=where, hint='freq="day"')
    weekday = unique[0].weekday() if unit == "week" else 0
    steps = Steps(unit, season_of(unit, season, where), weekday)
    if unit == "week" and any(day.weekday() != weekday for day in unique):
        raise DataError("the weeks are dated on several weekdays", where=where, hint="one weekday, or sums by month")
    found = [steps.of(day.date()) for day in days]
    places = offset is not None and offset.n == 1 and unit in ("month", "quarter", "year")
    own = offset if places and unit_of_offset(offset, where) == unit else None
    last = unique[-1]
    late = months.ordinal(last) - months.ordinal(steps.begin(steps.of(last)) or last)
    return found, Times(steps, "date", name, offset=own or _placing_offset(unique, unit), day=last.day, late=late)


def _unit_of_days(unique: Sequence[dt.date], where: str) -> str:
    """The unit that days show: months where each lies in a month of its own, and so on."""
    import pandas as pd

    by_month = sorted({months.ordinal(day) for day in unique})
    if len(by_month) < len(unique):
        unit = steps_of(pd.Series([day.isoformat() for day in unique], name="time"), None, where).unit
        if unit == "day" and len(unique) > 5 and all(day.weekday() < 5 for day in unique):
            raise working_days(where)
        return unit
    unit = unit_of_months(by_month, where, dates=True)
    check_places_in_month(unique, where)
    return unit


def _placing_offset(unique: Sequence[dt.date], unit: str) -> Any:
    """The frequency of pandas on which all days lie: the end of the month before its last working day; None if on none."""
    import pandas as pd

    o = pd.offsets
    stamps = [pd.Timestamp(day) for day in unique]
    month = stamps[-1].month
    quarterly = (month - 1) % 3 + 1
    kinds: dict[str, list[Any]] = {
        "month": [o.MonthBegin(), o.MonthEnd(), o.BMonthEnd(), o.BMonthBegin()],
        "quarter": [kind(startingMonth=quarterly) for kind in (o.QuarterBegin, o.QuarterEnd, o.BQuarterEnd, o.BQuarterBegin)],
        "year": [kind(month=month) for kind in (o.YearBegin, o.YearEnd, o.BYearEnd, o.BYearBegin)],
    }
    return next((kind for kind in kinds.get(unit, []) if all(kind.is_on_offset(stamp) for stamp in stamps)), None)


def _read_labels(column: pd.Series, unit: str | None, season: int | None, where: str) -> tuple[list[int], Times]:
    """Steps of text and whole numbers."""
    import pandas as pd

    form = "number" if column.dtype.kind in "iuf" else "text"
    text = column.astype(str).str.strip()
    text = text.str.removesuffix(".0") if form == "number" else text
    if text.str.fullmatch(DAY).all() or column.map(lambda cell: isinstance(cell, dt.date)).all():
        try:
            days = pd.DatetimeIndex([pd.Timestamp(months.parse_day(day[:10])) for day in text])
        except (ValueError, OverflowError, DataError):
            wrong = next(day for day in text if pd.isna(pd.to_datetime(day, errors="coerce")))
            raise DataError(f"'{wrong}' is not a day", where=where, hint="YYYY-MM-DD") from None
        found, times = _read_days(days, unit, season, where, None, column.name)
        return found, replace(times, form="text" if isinstance(column.iloc[0], str) else "date")
    spelling = next((spelled for pattern, spelled in SPELLINGS.items() if text.str.fullmatch(pattern).all()), "")
    if not spelling and form == "text":
        text, spelling = _judge_words(text, where)
    stamps = text.map(_in_hyphens) if spelling else normalise_times(pd.Series(text, name=column.name))
    axis = steps_of(stamps, None, where)
    own = unit or axis.unit
    if axis.unit == "month" and unit is None:
        own = unit_of_months(sorted(set(step_numbers(stamps, axis, where))), where, dates=False)
    longer = {"month": ("month", "quarter", "year"), "quarter": ("quarter", "year"), "year": ("year", "integer")}
    if own not in longer.get(axis.unit, (axis.unit,)):
        raise DataError(f"the times are no {own}s: {text.iloc[0]}", where=where, hint=f'freq="{axis.unit}", or none')
    axis = Steps(own, None, axis.weekday)
    found = step_numbers(stamps, axis, where)
    steps = Steps(axis.unit, season_of(axis.unit, season, where), axis.weekday)
    if not spelling and steps.unit in ("month", "quarter", "year"):
        spelling = "{year:04d}-{month:02d}"
        form = "text"
    if axis.unit == "week":
        form = "text"
    if spelling and "month" in spelling and steps.unit != "month":
        late = max(step_numbers(stamps, Steps("month"), where)) - months.ordinal(steps.begin(max(found)) or dt.date.min)
        return found, Times(steps, form, column.name, spelling=spelling, late=late)
    return found, Times(steps, form, column.name, spelling=spelling)


def _judge_words(text: pd.Series, where: str) -> tuple[pd.Series, str]:
    """Times that tables write in other ways, such as Jan-24 or 1/1/2024, as labels of months or quarters, and their spelling.

    The text as it stands, and no spelling, where it is none of these; an error where the column can be read in two ways.
    """
    unique = list(dict.fromkeys(text.tolist()))
    if all(one.isdecimal() for one in unique) or not all(map(looks_like_time, unique)):
        return text, ""
    if len(unique) < FEWEST_JUDGED and any(map(choices_in, unique)):  # two days of one month as well as a day of two
        return text, ""
    try:
        found = judge_times([("", one) for one in unique], dict.fromkeys(unique, where)).months
    except DataError as error:
        if "two ways" not in error.problem:
            return text, ""
        hint = "pd.to_datetime(times, dayfirst=True), or dayfirst=False"
        raise DataError(error.problem, where=where, hint=hint) from None
    lengths = {last - first + 1 for first, last in found.values()}
    if lengths == {1}:
        return text.map(lambda one: months.label(found[one][0])), SPELLINGS[r"\d{4}-\d{2}"]
    if lengths == {3} and all(first % 3 == 0 for first, _ in found.values()):
        spelled = {one: f"{first // 12:04d}Q{first % 12 // 3 + 1}" for one, (first, _) in found.items()}
        return text.map(spelled.__getitem__), SPELLINGS[r"\d{4}Q[1-4]"]
    return text, ""


def _in_hyphens(text: str) -> str:
    """A month written as 2025/04, 2025M04 or 202504 as 2025-04; other text as it stands.

    >>> [_in_hyphens(text) for text in ("2025/04", "202504", "2025Q2")]
    ['2025-04', '2025-04', '2025Q2']
    """
    match = re.fullmatch(r"(\d{4})[/M](\d{2})", text) or re.fullmatch(r"((?:19|20)\d{2})(0[1-9]|1[0-2])", text)
    return f"{match[1]}-{match[2]}" if match else text
