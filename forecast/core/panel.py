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
    regular step; value : column of the outcome, in any unit; controls : columns of known series. A cell left empty is missing.
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
    steps = Steps(_step_unit(table[time]), season)
    names = table[unit].astype(str) if unit else pd.Series(value, index=table.index)
    when = [steps.ordinal(t) for t in table[time]]
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
            f"'{column[wrong].iloc[0]}' in column '{column.name}' is not a number", hint="numbers, empty where missing"
        )
    return numbers


def _step_unit(column: pd.Series) -> str:
    """Months where every month has one stamp (of any day), days where one has more."""
    text = column.astype(str).str.strip()
    if text.str.fullmatch(r"\d{4}-\d{2}").all():
        return "month"
    if text.str.match(r"\d{4}-\d{2}-\d{2}").all():
        return "month" if len(set(text.str[:7])) == len(set(text.str[:10])) else "day"
    return "integer"
