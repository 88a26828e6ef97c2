"""The table of an archive: its columns, what may stand in them, and how it is read from a CSV or Parquet file."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.core import months
from forecast.core.errors import DataError, nearest
from forecast.core.input_files import MAX_FIGURE, InputFile, describe_fault, parse_number
from forecast.core.series import SeriesKey

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """One published figure, as sources build it; kg, or USD in series that end in `:usd`.

    What is left out follows from the rest: `unit` from the series, `status` from the value (NaN is missing, 0 a true zero),
    `kind` from the period (a month is reported, a sum of months cumulative).

    basis : how the day of release is known: "actual", of the office's "calendar", by "rule"; derived_from : the figures that a
    derived one was made of; excluded : why the row enters no series, if it does not

    >>> ArchiveRow("COD.export.WLD.cobalt", "2025-01", 9_500_000.0, released="2025-02-20", publisher="own").kind
    'reported'
    """

    series: str
    period: str
    value: float
    unit: str = ""
    status: str = ""
    stage: str = ""
    kind: str = ""
    derived_from: str = ""
    released: str = ""
    basis: str = "rule"
    publisher: str = ""
    article_date: str = ""
    url: str = ""
    excluded: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        fill = functools.partial(object.__setattr__, self)
        if not self.unit:
            fill("unit", SeriesKey.parse(self.series).unit)
        if not self.status:
            fill("status", "missing" if math.isnan(self.value) else "zero" if self.value == 0 else "value")
        if not self.kind:
            fill("kind", "cumulative" if "/" in self.period else "reported")


COLUMNS = tuple(field.name for field in fields(ArchiveRow))
TEXTS = tuple(column for column in COLUMNS if column != "value")
STATUSES = ("value", "zero", "missing", "suppressed", "provisional")
KINDS = ("reported", "derived", "cumulative")
VALID_YEARS = range(1900, 2101)  # a month outside these is a slip of the pen
ROW_INDEX = "row"  # name of an index that holds the rows of the file a table was read from
MAX_ROWS = 5_000_000  # a small damaged Parquet file may claim any number


def table_of(rows: Iterable[ArchiveRow]) -> pd.DataFrame:
    """Rows as the table of an archive."""
    import pandas as pd

    return pd.DataFrame([[getattr(row, name) for name in COLUMNS] for row in rows], columns=list(COLUMNS))


def rows_of(table: pd.DataFrame) -> list[ArchiveRow]:
    """The rows of an archive's table."""
    columns = (table[name].to_numpy(object).tolist() for name in COLUMNS)  # much faster than a table's own records
    return [ArchiveRow(*cells) for cells in zip(*columns, strict=True)]


def read_table(path: Path) -> pd.DataFrame:
    """The table of a CSV or Parquet file, its index the rows of the file; what stands in its cells is not yet checked."""
    given = InputFile(path, hint="the path of a CSV or Parquet file")
    table = _from_parquet(given) if path.suffix.lower() == ".parquet" else _from_csv(given)
    values = [_parse_value(cell) for cell in table["value"].tolist()]
    for row, cell, value in zip(table.index, table["value"].tolist(), values, strict=True):
        if np.isnan(value) and isinstance(cell, str) and cell.strip():
            named = f"row {row}, {table['series'][row]}, {table['period'][row]}, column 'value'"
            raise given.refused(
                f"'{cell}' {describe_fault(cell.strip())}", "a number, or an empty cell with the status missing", named
            )
    return table.assign(value=np.array(values, float))


def _parse_value(cell: Any) -> float:
    """A cell of the column of values as a number, NaN where it is empty or none."""
    return parse_number(cell.strip()) if isinstance(cell, str) else float(cell)


def _from_csv(given: InputFile) -> pd.DataFrame:
    import pandas as pd

    records = list(given.records(COLUMNS, whole=True))
    columns = {column: np.array([cells[column] for _, cells in records], object) for column in COLUMNS}
    return pd.DataFrame(columns, index=pd.Index([line for line, _ in records], name=ROW_INDEX))


def _from_parquet(given: InputFile) -> pd.DataFrame:
    import pandas as pd

    columns = _columns_of_parquet(given)
    for column, cells in columns.items():
        columns[column] = [(np.nan if column == "value" else "") if cell is None else cell for cell in cells]
    rows = pd.RangeIndex(1, len(columns["series"]) + 1, name=ROW_INDEX)
    return pd.DataFrame({column: np.array(cells, object) for column, cells in columns.items()}, index=rows)


def _columns_of_parquet(given: InputFile) -> dict[str, list[Any]]:
    """The cells of each column, where all are there, once each, and of text (the values: of numbers or text)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = given.data()
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        kinds, names, rows = file.schema_arrow.types, list(file.schema_arrow.names), file.metadata.num_rows
    except Exception as error:  # damage makes the library raise whatever stands where it lies
        raise _damage_error(given, error) from None
    if rows > MAX_ROWS:
        raise given.refused(f"the file claims {rows:,} rows", f"at most {MAX_ROWS:,}")
    for column in COLUMNS:
        _check_column(names, column, str(given.path))
        kind = kinds[names.index(column)]
        if not (_is_text(kind) or (column == "value" and _is_number(kind))):
            hint = "numbers" if column == "value" else "text; months as YYYY-MM, days as YYYY-MM-DD"
            raise given.refused(f"the column holds {kind}", hint, f"column '{column}'")
    try:
        table = file.read(columns=list(COLUMNS), use_threads=False)
        table.validate(full=True)
        return {column: table.column(column).to_pylist() for column in COLUMNS}
    except Exception as error:  # as above: pages are damaged apart from the footer
        raise _damage_error(given, error) from None


def _damage_error(given: InputFile, error: Exception) -> DataError:
    told = str(error).partition("\n")[0]
    return DataError(
        f"this is no whole Parquet file: {told}", where=str(given.path), hint="write the file again, or a CSV file"
    )


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _check_column(names: list[Any], column: str, where: str = "") -> None:
    """Refuse names of columns in which one of an archive's is missing or stands twice."""
    if column not in names:
        raise DataError(f"the archive lacks the column '{column}'", where=where, hint=nearest(column, map(str, names)))
    if names.count(column) > 1:
        raise DataError(f"two columns are called '{column}'", where=where, hint="give each its own name")


def validate(table: pd.DataFrame) -> None:
    """Refuse a table that is no archive's: its first fault, with the row and the column."""
    for column in COLUMNS:
        _check_column(list(table.columns), column)
    _check_types(table)
    if not (table["excluded"] == "").any():
        raise DataError("the archive holds no figure", hint="at least one row, and not all of them excluded")
    for column, allowed in (("status", STATUSES), ("kind", KINDS)):
        for row, where in _first_wrong(table, ~table[column].isin(allowed), column):
            raise DataError(f"unknown {column} '{row[column]}'", where=where, hint=nearest(row[column], allowed))
    for column, parse in (("series", SeriesKey.parse), ("period", _check_period), ("released", _check_day)):
        for text in table[column].unique():
            _check_parses(table, column, text, parse)
    for row, where in _first_wrong(table, ~table["series"].str.contains(":") & (table["value"] < 0)):
        problem = f"a quantity of {row['value']} {row['unit']} cannot be negative"
        raise DataError(problem, where=where, hint="correct the figure, or leave the cell out if it is unknown")
    units = table["series"].map(lambda series: SeriesKey.parse(series).unit)
    for row, where in _first_wrong(table, units != table["unit"]):
        problem = f"unit '{row['unit']}' where the archive holds {SeriesKey.parse(row['series']).unit}"
        raise DataError(problem, where=where, hint="convert to kg (quantities) or USD (values)")


def _check_types(table: pd.DataFrame) -> None:
    """Text where text belongs; finite numbers, or none, in the column of values."""
    for column in TEXTS:
        for row, where in _first_wrong(table, [not isinstance(cell, str) for cell in table[column].tolist()], column):
            raise DataError(f"'{row[column]}' is no text", where=where, hint="text, empty where there is none")
    kind = table["value"].dtype
    if not isinstance(kind, np.dtype) or kind.kind not in "fiu":
        raise DataError(f"the values are {kind}, no plain numbers", where="column 'value'", hint="floats, NaN where unknown")
    for row, where in _first_wrong(table, table["value"].abs() > MAX_FIGURE, "value"):
        raise DataError(
            f"'{row['value']}' {describe_fault(str(row['value']))}",
            where=where,
            hint=f"a finite number, at most {MAX_FIGURE:g}",
        )


def _first_wrong(table: pd.DataFrame, wrong: Any, column: str = "") -> Iterator[tuple[pd.Series, str]]:
    """The first row that is wrong, if any, and its place."""
    for i in np.flatnonzero(np.asarray(wrong, bool))[:1]:
        row = table.iloc[i]
        parts = [f"row {table.index[i]}"] if table.index.name == ROW_INDEX else []
        yield row, ", ".join([*parts, f"{row['series']}, {row['period']}", *([f"column '{column}'"] if column else [])])


def _check_parses(table: pd.DataFrame, column: str, text: str, parse: Callable[[str], object]) -> None:
    try:
        parse(text)
    except DataError as error:
        for _, where in _first_wrong(table, table[column] == text, column):
            raise DataError(error.problem, where=where, hint=error.hint) from None


def _check_period(text: str) -> None:
    """A month or a span in the one spelling, because two spellings would be two cells."""
    first, last = months.parse_period(text)
    if text != months.period_label(first, last):
        raise DataError(f"'{text}' is not a month as an archive spells it", hint=f"'{months.period_label(first, last)}'")
    if first // 12 not in VALID_YEARS or last // 12 not in VALID_YEARS:
        raise DataError(f"'{text}' lies outside the years {VALID_YEARS[0]} to {VALID_YEARS[-1]}", hint="YYYY-MM")


def _check_day(text: str) -> None:
    """A day in the one spelling, because days are compared as they are spelled."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = dt.date.max
    if day.isoformat() != text or not VALID_YEARS[0] <= day.year < VALID_YEARS[-1] + 100:
        raise DataError(f"'{text}' is not a day", hint="YYYY-MM-DD, for example 2025-03-31")
