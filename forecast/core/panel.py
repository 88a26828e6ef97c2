"""Plain panels: a long table of units, times and values as a Vintage in which every figure is already released."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.errors import DataError, nearest, with_place
from forecast.core.input_files import MAX_FIGURE, InputFile, describe_fault, parse_number
from forecast.core.step_figures import StepFigures
from forecast.core.time_axis import Steps
from forecast.core.vintage import Vintage

if TYPE_CHECKING:
    import pandas as pd

SPREADSHEET_EPOCH = dt.date(1899, 12, 30)  # day zero of spreadsheet serial dates
EMPTY_CELLS = ("", "na", "n/a", "#n/a", "nan", "<na>", "null", "none")  # read as missing, in lower case
TRUTH_VALUES = {"true": 1.0, "false": 0.0}
FURTHEST = 10**15  # of whole numbers that are times; beyond, floats skip some
MAX_STEPS = 1_000_000  # from the first time to the last: 2,700 years of days


def panel(
    data: str | Path | pd.DataFrame,
    unit: str | None = None,
    time: str = "time",
    value: str = "value",
    controls: Iterable[str] = (),
    *,
    season: int | None = None,
    nonnegative: bool = False,
) -> Vintage:
    """A Vintage from a CSV file or a long DataFrame, one row per unit and time.

    Parameters
    ----------
    data : str, Path or DataFrame
        the table, or the path of a CSV file. A cell left empty is missing
    unit : str, optional
        column of unit names (None: one unit, named after `value`)
    time : str, default "time"
        column of years, quarters, months, weeks, days or integers, of a regular step (whole numbers such as 202401, and a
        spreadsheet's serial days a month apart, are months; 2024-Q1 is a quarter, 2024-W05 a week, as are dates seven days
        apart; dates in one month of each year are years)
    value : str, default "value"
        column of the outcome, in any unit
    controls : sequence of str, optional
        columns of known series
    season : int, optional
        number of steps in a cycle, such as 12 for months (default: no season)
    nonnegative : bool, default False
        whether the outcome cannot be below zero

    Returns
    -------
    Vintage
        one in which every figure is already released

    Raises
    ------
    ConfigError
        where an argument is of another kind
    DataError
        where a column is missing, a unit has two rows at one time, or a time or a figure cannot be read; it names the row

    Examples
    --------
    >>> import pandas as pd
    >>> import forecast as fc
    >>> table = pd.DataFrame({"state": ["A", "A", "B", "B"], "year": [2023, 2024] * 2, "packs": [90.0, 80.0, 70.0, 75.0]})
    >>> vintage = fc.panel(table, unit="state", time="year", value="packs")
    >>> vintage.series, vintage.steps.unit, vintage.observed("A").values.tolist()
    (('A', 'B'), 'year', [90.0, 80.0])
    """
    controls = tuple(controls)
    wanted = (time, value, *controls, *([unit] if unit else []))
    where = str(data) if isinstance(data, str | Path) else "the table"
    table = _read_csv(Path(data), wanted) if isinstance(data, str | Path) else data
    _check_columns(list(table.columns), wanted, where)
    times, at = _distinct(table[time])
    stamps = normalise_times(times)
    steps = steps_of(stamps, season, where)
    when = np.array(step_numbers(stamps, steps, where), np.int64)[at]
    if unit:
        units, of = _distinct(table[unit])
        owners = unit_names(units, where).tolist()
    else:
        owners, of = [value], np.zeros(len(table), np.int64)
    outcome = parse_column(table[value], where)
    if nonnegative and np.any(negative := outcome < 0):
        row = table.index[negative][0]
        problem = f"{outcome[negative][0]:g} is below zero, and the figures are said to be nonnegative"
        raise DataError(problem, where=f"{where}, row {row}", hint="nonnegative=False, or a figure of zero or more")
    columns = {name: parse_column(table[name], where) for name in controls}
    known: dict[tuple[str, str], dict[int, float]] = {}
    for column, values in columns.items():
        finite = np.flatnonzero(np.isfinite(values))
        for i, step, control in zip(of[finite].tolist(), when[finite].tolist(), values[finite].tolist(), strict=True):
            known.setdefault((owners[i], column), {})[step] = control
    vintage = vintage_of(table.index, owners, of, when, outcome, steps, where)
    return replace(vintage, nonnegative=nonnegative, controls=known)


def _distinct(column: pd.Series) -> tuple[pd.Series, Ints]:
    """The distinct cells of a column, each under the label of its first row, and for each row the number of its own."""
    import pandas as pd

    codes, cells = pd.factorize(column, use_na_sentinel=False)
    first = np.unique(codes, return_index=True)[1]
    return pd.Series(cells, index=column.index[first], name=column.name), codes.astype(np.int64)


def vintage_of(rows: pd.Index, names: Sequence[str], of: Ints, when: Ints, values: Floats, steps: Steps, where: str) -> Vintage:
    """The Vintage of rows, all of them released; figures may be negative.

    rows : labels, for messages, over and over where there are more figures; names[of[i]] : the unit of a row
    when, values : its step and figure, or NaN
    """
    numbers: dict[str, int] = {}
    unit = np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)[of]
    order = np.lexsort((when, unit))
    unit, when, values = unit[order], when[order], values[order]
    twice = np.flatnonzero((unit[1:] == unit[:-1]) & (when[1:] == when[:-1])) + 1
    if len(twice):
        at = twice[np.argmin(order[twice])]  # the first row of the table that repeats an earlier one
        problem = f"{list(numbers)[unit[at]]} has two rows at {steps.label(int(when[at]))}"
        raise DataError(problem, where=f"{where}, row {rows[order[at] % len(rows)]}", hint="one row per unit and time")
    known = np.isfinite(values)
    if not known.any():
        raise DataError("the panel holds no figure", where=where, hint="at least one row with a number")
    unit, when, values = unit[known], when[known], values[known]
    cuts = np.searchsorted(unit, np.arange(1, len(numbers)))
    parts = zip(numbers, np.split(when, cuts), np.split(values, cuts), strict=True)
    cells = {name: StepFigures(own.copy(), figures.copy()) for name, own, figures in parts if len(own)}
    return Vintage(day=dt.date.max, cells=cells, steps=steps, nonnegative=False)


def _read_csv(path: Path, wanted: Iterable[str]) -> pd.DataFrame:
    """The wanted columns of a CSV file as text, indexed by the file's line numbers."""
    import pandas as pd

    columns = list(dict.fromkeys(wanted))
    records = list(InputFile(path, hint="the path of a CSV file").records(columns))
    cells = {name: np.array([row[name] for _, row in records], object) for name in columns}
    return pd.DataFrame(cells, index=pd.Index([line for line, _ in records]))


def _check_columns(names: list[object], wanted: Iterable[str], where: str) -> None:
    for column in wanted:
        if column not in names:
            raise DataError(f"the panel has no column '{column}'", where=where, hint=nearest(column, map(str, names)))
        if names.count(column) > 1:
            raise DataError(f"two columns are called '{column}'", where=where, hint="give each its own name")


def step_numbers(stamps: pd.Series, steps: Steps, where: str) -> list[int]:
    """The step of every row as an integer; an error where they are more than `MAX_STEPS` apart."""
    out = []
    for row, stamp in zip(stamps.index, stamps.tolist(), strict=True):
        with with_place(f"{where}, row {row}, column '{stamps.name}'"):
            out.append(steps.ordinal(stamp if stamp == stamp else str(stamp)))  # NaN and NaT differ from themselves
    if out and max(map(abs, out)) > FURTHEST:
        problem = f"the times reach to {max(out, key=abs)}, which is no number of steps"
        raise DataError(problem, where=f"{where}, column '{stamps.name}'", hint="steps counted from 0 or 1, or dates")
    if out and max(out) - min(out) > MAX_STEPS:
        problem = f"the times reach from {steps.label(min(out))} to {steps.label(max(out))}"
        raise DataError(problem, where=f"{where}, column '{stamps.name}'", hint=f"at most {MAX_STEPS:,} steps")
    return out


def unit_names(column: pd.Series, where: str) -> pd.Series:
    """Unit names as text; an error where a row has none."""
    names = column.astype(str).str.strip()
    lost = (column.isna() | (names == "")).to_numpy()
    if lost.any():
        place = f"{where}, row {column.index[lost][0]}, column '{column.name}'"
        raise DataError("a row names no unit", where=place, hint="a name in every row, or no column of units")
    return names


def parse_column(column: pd.Series, where: str) -> Floats:
    """The column as finite numbers, NaN for empty cells; an error for anything else."""
    if column.dtype.kind in "fiub":
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
        empty = column.isna().to_numpy()
    else:
        numbers = np.array([_parse_number(cell) for cell in column.tolist()], float)
        empty = (column.isna() | column.astype(str).str.strip().str.lower().isin(EMPTY_CELLS)).to_numpy()
    wrong = ~empty & ~(np.abs(numbers) <= MAX_FIGURE)
    if wrong.any():
        cell = column[wrong].iloc[0]
        raise DataError(
            f"'{cell}' in column '{column.name}' {describe_fault(str(cell).strip())}",
            where=f"{where}, row {column.index[wrong][0]}",
            hint="numbers without separators of thousands, a point before decimals, empty where missing",
        )
    return numbers


def _parse_number(cell: Any) -> float:
    if isinstance(cell, str):
        return TRUTH_VALUES.get(cell.strip().lower(), parse_number(cell.strip()))
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def normalise_times(column: pd.Series) -> pd.Series:
    """The column of times, with months written as whole numbers converted to YYYY-MM, and weeks to the day they begin.

    202401 is January 2024. Spreadsheet serial days (45322 is 31 January 2024) are read as months where each lies in a month of
    its own and their median distance is 28 to 31 days.
    """
    text = column.astype(str).str.strip().str.removesuffix(".0")
    if len(text) and text.str.fullmatch(r"\d{4}-?W\d{2}").all():
        return _mondays(text, column)
    if text.str.fullmatch(r"\d{4}-\d{2}-\d{2}[ T]00:00:00").all():
        return text.str[:10]
    if text.str.fullmatch(r"(19|20)\d{2}(0[1-9]|1[0-2])").all():
        return text.str[:4] + "-" + text.str[4:]
    if not len(text) or not text.str.fullmatch(r"[2-8]\d{4}").all():
        return column
    days = {int(serial): SPREADSHEET_EPOCH + dt.timedelta(days=int(serial)) for serial in text.unique()}
    labels = {serial: f"{day:%Y-%m}" for serial, day in days.items()}
    apart = np.diff(sorted(days))
    if len(apart) and 28 <= np.median(apart) <= 31 and len(set(labels.values())) == len(labels):
        return text.map(lambda serial: labels[int(serial)])
    return column


def _mondays(weeks: pd.Series, column: pd.Series) -> pd.Series:
    """The Mondays of ISO 8601 weeks (2024-W05); the column as it stands, to be refused, where a year lacks one of them."""
    try:
        return weeks.map(lambda week: dt.date.fromisocalendar(int(week[:4]), int(week[-2:]), 1).isoformat())
    except ValueError:
        return column


def steps_of(column: pd.Series, season: int | None, where: str) -> Steps:
    """The time axis of a column of times.

    Dates are months where each lies in a month of its own, years where these are the same month of every year, weeks where
    they fall on one weekday; other dates are days, which must not lie further apart than a day as a rule. Whole numbers of four
    figures are years, 2024-Q1 is a quarter.
    """
    text = column.astype(str).str.strip()
    if text.str.fullmatch(r"\d{4}-\d{2}").all():
        return Steps("month", season)
    if len(text) and text.str.fullmatch(r"\d{4}-?Q[1-4]").all():
        return Steps("quarter", season)
    if not text.str.match(r"\d{4}-\d{2}-\d{2}").all():
        years = text.str.removesuffix(".0").str.fullmatch(r"(1[5-9]|20)\d{2}").all()
        return Steps("year" if years and len(text) else "integer", season)
    dates = sorted(set(text.str[:10]))
    by_month = {date[:7] for date in dates}
    if len(by_month) == len(dates):
        yearly = len(dates) > 2 and len({date[5:7] for date in dates}) == 1
        return Steps("year" if yearly else "month", season)
    try:
        days = np.array([dt.date.fromisoformat(date).toordinal() for date in dates])
    except ValueError:
        return Steps("day", season)  # the row of the impossible date is named where it is read
    step, usual = int(np.gcd.reduce(np.diff(days))), float(np.median(np.diff(days)))
    if step == 7:
        return Steps("week", season, dt.date.fromordinal(int(days[0])).weekday())
    if len(dates) > 2 and (step > 1 or usual > 4):
        problem = f"the dates lie {usual:g} days apart as a rule, from {dates[0]} to {dates[-1]}"
        hint = "one date a day, a week (on one weekday), a month or a year; or the steps as whole numbers"
        raise DataError(problem, where=f"{where}, column '{column.name}'", hint=hint)
    return Steps("day", season)
