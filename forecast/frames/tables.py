"""Tables of any shape as series: a Series, a column per series, or a row per series and time; and answers in that shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import DataError, nearest
from forecast.core.panel import parse_column, unit_names

if TYPE_CHECKING:
    import pandas as pd

ID, TIME, TARGET = "unique_id", "ds", "y"  # the names of Nixtla's libraries, read without being told
TIME_NAMES = ("ds", "date", "time", "period", "month", "quarter", "year", "week", "day")
UNNAMED = "value"  # a series without a name


@dataclass(frozen=True)
class Figures:
    """The series of a table, row by row.

    times : one per row, with the frequency `offset` that their index names; names : the series in the table's order
    columns : (label, series, figures) of each column; in a long table one column, whose `owners` are the series of its rows
    shape : "series", "wide" or "long"
    """

    shape: str
    times: pd.Series
    names: tuple[str, ...]
    columns: tuple[tuple[Any, str, Floats], ...]
    offset: Any = None
    owners: tuple[str, ...] = ()
    labels: dict[str, Any] = field(default_factory=dict)
    time: Any = None
    id: Any = None


def read_table(data: object, id: str | None = None, time: str | None = None, target: str | None = None) -> Figures:
    """The series of a table in memory.

    data : a Series; a DataFrame with a column per series, or with a row per series and time; an Arrow table, or anything that
        exports one (`__arrow_c_stream__`)
    id, time, target : columns of names, times and figures of a long table (default: unique_id, ds and y, if it has them)
    """
    import pandas as pd

    if isinstance(data, pd.Series):
        if id or target:
            raise DataError("a Series has no columns", where="id, target", hint="leave them out, or give a DataFrame")
        return _read_series(data)
    table = data if isinstance(data, pd.DataFrame) else _from_arrow(data)
    if table.index.name is not None and table.index.name == (id or ID) and table.index.name not in table.columns:
        table = table.reset_index()
    _check_labels(table)
    columns = list(table.columns)
    if id is None and ID in columns and (time or TIME) in columns:
        id = ID
    if id is not None:
        return _read_long(table, id, time or TIME, target or TARGET)
    times, offset, place = _times_of(table, time)
    if target is not None:
        _require(target, columns, "target")
        table = table[[target]]
    else:
        table = table.drop(columns=[place]) if place is not None else table
    return _read_wide(table, times, offset, place)


def _from_arrow(data: object) -> pd.DataFrame:
    import pyarrow as pa

    if not hasattr(data, "__arrow_c_stream__"):
        kind = type(data).__name__
        hint = "a pandas Series or DataFrame, or an Arrow table"
        raise DataError(f"figures are read from a table, not from a {kind}", where="data", hint=hint)
    try:
        table = pa.table(data)
    except (pa.ArrowException, ValueError, TypeError) as error:
        problem = f"the Arrow table cannot be read: {str(error).splitlines()[0]}"
        raise DataError(problem, where="data", hint="a table with a column of times") from None
    return table.to_pandas(use_threads=False, date_as_object=False)  # type: ignore[no-any-return]


def _check_labels(table: pd.DataFrame) -> None:
    import pandas as pd

    if isinstance(table.columns, pd.MultiIndex):
        hint = "table.columns = ['-'.join(map(str, c)) for c in table.columns]"
        raise DataError("the columns have several levels", where="the table", hint=hint)
    if isinstance(table.index, pd.MultiIndex):
        raise DataError("the index has several levels", where="the table", hint="table.reset_index(), with id= and time=")
    labels = [str(label) for label in table.columns]
    nameless = [pd.api.types.is_scalar(label) and pd.isna(label) for label in table.columns]
    if any(nameless) or "" in map(str.strip, labels):
        raise DataError("a column has no name", where="the table", hint="table.columns = [...]: a name for each")
    twice = next((label for label in labels if labels.count(label) > 1), None) if len(set(labels)) < len(labels) else None
    if twice is not None:
        raise DataError(f"two columns are called '{twice}'", where="the table", hint="give each its own name")
    if not len(table) or not len(labels):
        what = "row" if len(labels) else "column"
        raise DataError(f"the table has no {what}", where="the table", hint="a row for each time, with its figures")


def _require(name: str, columns: Sequence[Any], argument: str) -> None:
    if name not in columns:
        problem = f"the table has no column '{name}'"
        raise DataError(problem, where=f"{argument}={name!r}", hint=nearest(str(name), map(str, columns)))


def _read_series(data: pd.Series) -> Figures:
    import pandas as pd

    if isinstance(data.index, pd.MultiIndex):
        raise DataError("the index has several levels", where="the Series", hint="series.reset_index(), with id= and time=")
    if not len(data):
        raise DataError("the Series has no figure", where="the Series", hint="a figure for each time")
    name = UNNAMED if data.name is None else str(data.name)
    times, offset = _index_times(data.index)
    if times is None:
        times = pd.Series(data.index, name=data.index.name, dtype=data.index.dtype)
    values = _figures(data.rename(name).reset_index(drop=True), "the Series")
    return Figures("series", times, (name,), ((data.name, name, values),), offset, labels={name: data.name})


def _read_wide(table: pd.DataFrame, times: pd.Series, offset: Any, place: Any) -> Figures:
    columns = []
    for label in table.columns:
        column = table[label].reset_index(drop=True).rename(str(label))
        columns.append((label, str(label), _figures(column, "the table")))
    if not columns:
        raise DataError("the table has no column of figures", where="the table", hint="a column for each series")
    names = tuple(name for _, name, _ in columns)
    labels = {name: label for label, name, _ in columns}
    return Figures("wide", times, names, tuple(columns), offset, labels=labels, time=place)


def _read_long(table: pd.DataFrame, id: str, time: str, target: str) -> Figures:
    columns = list(table.columns)
    for argument, name in (("id", id), ("time", time), ("target", target)):
        _require(name, columns, argument)
    if len({id, time, target}) < 3:
        raise DataError(
            "one column cannot be two things", where=f"id={id!r}, time={time!r}, target={target!r}", hint="three columns"
        )
    table = table.reset_index(drop=True)
    owners = tuple(unit_names(table[id], "the table"))
    values = _figures(table[target], "the table")
    names = tuple(dict.fromkeys(owners))
    own = dict(zip(owners, table[id].tolist(), strict=True))
    spelled = {str(label) for label in own.values()}
    if len(set(table[id].tolist())) > len(spelled):
        raise DataError("two names are spelled alike", where=f"column '{id}'", hint="each name as text")
    return Figures("long", table[time], names, ((target, "", values),), None, owners, own, time, id)


def _figures(column: pd.Series, where: str) -> Floats:
    """A column of figures; truth values, complex numbers and text are refused with a way out."""
    if column.dtype.kind in "bcmM" or str(column.dtype) in ("bool", "boolean"):
        what = {"b": "truth values", "c": "complex numbers", "m": "durations", "M": "dates"}[column.dtype.kind]
        hint = f"leave the column out, or time={column.name!r}" if what == "dates" else "leave the column out, or numbers"
        raise DataError(f"column '{column.name}' holds {what}", where=where, hint=hint)
    known = column.dropna()
    if len(known) and (str(column.dtype) == "category" or _is_all_text(known)):
        hint = f"id={column.name!r} if it names the series, or leave the column out"
        raise DataError(f"column '{column.name}' holds text: '{known.iloc[0]}'", where=where, hint=hint)
    if any(isinstance(cell, bool | np.bool_) for cell in (known.tolist() if column.dtype == object else ())):
        raise DataError(f"column '{column.name}' holds truth values", where=where, hint="leave the column out, or numbers")
    return parse_column(column, where)


def _is_all_text(known: pd.Series) -> bool:
    """Whether no cell of a column is a number, or text that spells one."""
    import pandas as pd

    if known.dtype.kind in "iuf":
        return False
    return bool(all(isinstance(cell, str) for cell in known)) and bool(pd.to_numeric(known, errors="coerce").isna().all())


def _index_times(index: pd.Index) -> tuple[pd.Series | None, Any]:
    """An index as times, with the frequency it names; None for a plain count of rows."""
    import pandas as pd

    if isinstance(index, pd.RangeIndex) and index.name is None and index.start == 0 and index.step == 1:
        return None, None
    if isinstance(index, pd.CategoricalIndex):
        index = pd.Index(index.tolist(), name=index.name)
    return pd.Series(index, name=index.name, dtype=index.dtype), index.freq if isinstance(index, pd.DatetimeIndex) else None


def _times_of(table: pd.DataFrame, time: str | None) -> tuple[pd.Series, Any, Any]:
    """Times of a table's rows, the frequency that its index names, and the column they stand in (None: its index)."""
    import pandas as pd

    if time is not None:
        if time not in list(table.columns) and time == table.index.name:
            return pd.Series(table.index, name=time, dtype=table.index.dtype), getattr(table.index, "freq", None), None
        _require(time, list(table.columns), "time")
        return table[time].reset_index(drop=True), None, time
    times, offset = _index_times(table.index)
    if times is not None:
        return times, offset, None
    found = [label for label in table.columns if _looks_like_times(table[label], label)]
    if len(found) == 1:
        return table[found[0]].reset_index(drop=True), None, found[0]
    if found:
        hint = " or ".join(f"time={label!r}" for label in found[:4])
        raise DataError(f"{len(found)} columns may be the times", where="the table", hint=hint)
    return pd.Series(table.index, name=None, dtype=table.index.dtype), None, None


def _looks_like_times(column: pd.Series, label: Any) -> bool:
    """Whether a column holds periods or datetimes, or is called like times and holds text or whole numbers."""
    import datetime as dt

    import pandas as pd

    if column.dtype.kind == "M" or isinstance(column.dtype, pd.PeriodDtype):
        return True
    known = column.dropna()
    if column.dtype == object and len(known) and all(isinstance(cell, dt.date | pd.Period) for cell in known):
        return True
    return str(label).strip().lower() in TIME_NAMES and (column.dtype.kind in "iu" or not pd.api.types.is_numeric_dtype(column))
