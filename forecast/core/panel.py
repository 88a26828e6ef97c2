"""Plain panels: a long table of units, times and values as a Vintage in which everything is already released."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from forecast.core.errors import DataError, nearest
from forecast.core.events import EventCalendar
from forecast.core.steps import Steps
from forecast.core.vintage import Cell, Vintage

if TYPE_CHECKING:
    import pandas as pd

SERIAL = dt.date(1899, 12, 30)  # day zero of spreadsheet dates


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

    unit : column of unit names (None: one unit, named after `value`); time : column of years, days, months or integers, of a
    regular step (whole numbers such as 202401, and a spreadsheet's serial days a month apart, are months); value : column of
    the outcome, in any unit; controls : columns of known series. A cell left empty is missing.
    """
    import pandas as pd

    where = str(data) if isinstance(data, str | Path) else "the table"
    try:
        table = pd.read_csv(data) if isinstance(data, str | Path) else data
    except (OSError, ValueError) as error:
        raise DataError("the panel cannot be read", where=f"{where}: {error}", hint="the path of a CSV file") from None
    for column in (time, value, *controls, *([unit] if unit else [])):
        if column not in table.columns:
            raise DataError(f"the panel has no column '{column}'", where=where, hint=nearest(column, map(str, table.columns)))
    stamps = _spelled(table[time])
    steps = Steps(_step_unit(stamps), season)
    names = table[unit].astype(str) if unit else pd.Series(value, index=table.index)
    when = [steps.ordinal(t) for t in stamps]
    outcome = _numbers(table[value])
    cells: dict[str, list[Cell]] = {}
    known: dict[tuple[str, str], dict[int, float]] = {}
    seen: set[tuple[str, int]] = set()
    columns = {name: _numbers(table[name]) for name in controls}
    for i, (name, step, y) in enumerate(zip(names, when, outcome, strict=True)):
        if (name, step) in seen:
            raise DataError(f"{name} has two rows at {steps.label(step)}", hint="one row per unit and time")
        seen.add((name, step))
        if np.isfinite(y):
            cells.setdefault(name, []).append(Cell(step, step, float(y)))
        for column, values in columns.items():
            if np.isfinite(values[i]):
                known.setdefault((name, column), {})[step] = float(values[i])
    return Vintage(
        day=dt.date.max,
        cells={name: tuple(sorted(c, key=lambda cell: cell.first)) for name, c in cells.items()},
        events=EventCalendar(),
        steps=steps,
        nonnegative=nonnegative,
        controls=known,
    )


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    """The column as finite numbers, NaN where a cell is empty."""
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = column.notna().to_numpy() & ~np.isfinite(numbers)
    if wrong.any():
        raise DataError(
            f"'{column[wrong].iloc[0]}' in column '{column.name}' is not a number",
            hint="numbers without separators of thousands, a point before decimals, empty where missing",
        )
    return numbers


def _spelled(column: pd.Series) -> pd.Series:
    """The column of times, with months that are spelled as whole numbers as YYYY-MM.

    202401 is January 2024. A spreadsheet's serial days (45322 is 31 January 2024) are months where each lies in a month of its
    own and most are 28 to 31 days apart.
    """
    text = column.astype(str).str.strip().str.removesuffix(".0")
    if text.str.fullmatch(r"\d{4}-\d{2}-\d{2}[ T]00:00:00").all():
        return text.str[:10]
    if text.str.fullmatch(r"(19|20)\d{2}(0[1-9]|1[0-2])").all():
        return text.str[:4] + "-" + text.str[4:]
    if not len(text) or not text.str.fullmatch(r"[2-8]\d{4}").all():
        return column
    days = {int(serial): SERIAL + dt.timedelta(days=int(serial)) for serial in text.unique()}
    labels = {serial: f"{day:%Y-%m}" for serial, day in days.items()}
    apart = np.diff(sorted(days))
    if len(apart) and 28 <= np.median(apart) <= 31 and len(set(labels.values())) == len(labels):
        return text.map(lambda serial: labels[int(serial)])
    return column


def _step_unit(column: pd.Series) -> str:
    """Months where every month has one stamp (of any day), days where one has more."""
    text = column.astype(str).str.strip()
    if text.str.fullmatch(r"\d{4}-\d{2}").all():
        return "month"
    if text.str.match(r"\d{4}-\d{2}-\d{2}").all():
        return "month" if len(set(text.str[:7])) == len(set(text.str[:10])) else "day"
    return "integer"
