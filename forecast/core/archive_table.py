"""The table of an archive: its columns, their valid contents, and reading it from a CSV or Parquet file."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.core import months
from forecast.core.errors import DataError, ForecastError, nearest
from forecast.core.input_files import MAX_FIGURE, InputFile, describe_fault, parse_number
from forecast.core.series import SeriesKey

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """One published figure, as sources build it; in kg, or in USD if the series ends in `:usd`.

    Fields left empty follow from the others: `unit` from the series, `status` from the value (NaN is missing, 0 a true zero),
    `kind` from the period (a month is reported, a sum of months cumulative).

    Parameters
    ----------
    series : str
        its key
    period : str
        "YYYY-MM", or "YYYY-MM/YYYY-MM" for a sum of months
    value : float
        in `unit`; NaN is missing
    unit : str, optional
        "kg", "USD" or "USD/kg"
    status : str, optional
        value, zero, missing, suppressed or provisional
    stage : str, optional
        of publication, such as "preliminary" or "detail"
    kind : str, optional
        reported, cumulative or derived
    derived_from : str, optional
        the figures from which a derived one was computed
    released : str, optional
        the day on which it became known, "YYYY-MM-DD"
    basis : str, default "rule"
        how that day is known: "actual", from the office's "calendar", or by "rule"
    publisher, article_date, url : str, optional
        who published it, when and where
    excluded : str, optional
        why the row belongs to no series, if it does not
    note : str, optional
        anything else

    Examples
    --------
    >>> from forecast.core.archive_table import ArchiveRow
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
        assign = functools.partial(object.__setattr__, self)
        if not self.unit:
            assign("unit", SeriesKey.parse(self.series).unit)
        if not self.status:
            assign("status", "missing" if math.isnan(self.value) else "zero" if self.value == 0 else "value")
        if not self.kind:
            assign("kind", "cumulative" if "/" in self.period else "reported")


COLUMNS = tuple(field.name for field in fields(ArchiveRow))
TEXTS = tuple(column for column in COLUMNS if column != "value")
STATUSES = ("value", "zero", "missing", "suppressed", "provisional")
KINDS = ("reported", "derived", "cumulative")
VALID_YEARS = range(1900, 2101)  # a month outside these years is a typing error
ROW_INDEX = "row"  # name of an index that holds the row numbers of the file
MAX_ROWS = 5_000_000  # a small damaged Parquet file may claim any number of rows


def table_of(rows: Iterable[ArchiveRow]) -> pd.DataFrame:
    """Rows as the table of an archive."""
    import pandas as pd

    return pd.DataFrame([[getattr(row, name) for name in COLUMNS] for row in rows], columns=list(COLUMNS))


def rows_of(table: pd.DataFrame) -> list[ArchiveRow]:
    """The rows of an archive's table."""
    columns = (table[name].to_numpy(object).tolist() for name in COLUMNS)  # much faster than pandas' own records
    return [ArchiveRow(*cells) for cells in zip(*columns, strict=True)]


def read_table(path: Path) -> pd.DataFrame:
    """The table of a CSV or Parquet file, indexed by the rows of the file; `validate` checks its cells."""
    file = InputFile(path, hint="the path of a CSV or Parquet file")
    table = _from_parquet(file) if path.suffix.lower() == ".parquet" else _from_csv(file)
    values = [_parse_value(cell) for cell in table["value"].tolist()]
    for row, cell, value in zip(table.index, table["value"].tolist(), values, strict=True):
        if np.isnan(value) and isinstance(cell, str) and cell.strip():
            place = f"row {row}, {table.series[row]}, {table.period[row]}, column 'value'"
            raise file.refusal(
                f"'{cell}' {describe_fault(cell.strip())}", "a number, or an empty cell with the status missing", place
            )
    return table.assign(value=np.array(values, float))


def _parse_value(cell: Any) -> float:
    """A cell of the value column as a number; NaN if it is empty or no number."""
    return parse_number(cell.strip()) if isinstance(cell, str) else float(cell)


def _from_csv(file: InputFile) -> pd.DataFrame:
    import pandas as pd

    records = list(file.records(COLUMNS, whole=True))
    columns = {column: np.array([cells[column] for _, cells in records], object) for column in COLUMNS}
    return pd.DataFrame(columns, index=pd.Index([line for line, _ in records], name=ROW_INDEX))


def _from_parquet(file: InputFile) -> pd.DataFrame:
    import pandas as pd

    columns = _columns_of_parquet(file)
    for column, cells in columns.items():
        columns[column] = [(np.nan if column == "value" else "") if cell is None else cell for cell in cells]
    rows = pd.RangeIndex(1, len(columns["series"]) + 1, name=ROW_INDEX)
    return pd.DataFrame({column: np.array(cells, object) for column, cells in columns.items()}, index=rows)


def _columns_of_parquet(file: InputFile) -> dict[str, list[Any]]:
    """The cells of each column; every column must be there once and hold text, or for the values numbers or text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = file.data()
    try:
        parquet = pq.ParquetFile(pa.BufferReader(data))
        types, names, rows = parquet.schema_arrow.types, list(parquet.schema_arrow.names), parquet.metadata.num_rows
    except Exception as error:  # a damaged file can make the library raise anything
        raise _damage_error(file, error) from None
    if rows > MAX_ROWS:
        raise file.refusal(f"the file claims {rows:,} rows", f"at most {MAX_ROWS:,}")
    for column in COLUMNS:
        _check_column(names, column, str(file.path))
        kind = types[names.index(column)]
        if not (_is_text(kind) or (column == "value" and _is_number(kind))):
            hint = "numbers" if column == "value" else "text; months as YYYY-MM, days as YYYY-MM-DD"
            raise file.refusal(f"the column holds {kind}", hint, f"column '{column}'")
    try:
        table = parquet.read(columns=list(COLUMNS), use_threads=False)
        table.validate(full=True)
        return {column: table.column(column).to_pylist() for column in COLUMNS}
    except Exception as error:  # as above: the pages may be damaged although the footer is not
        raise _damage_error(file, error) from None


def _damage_error(file: InputFile, error: Exception) -> ForecastError:
    reason = str(error).partition("\n")[0]
    return file.refusal(f"this is no whole Parquet file: {reason}", "write the file again, or a CSV file")


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _check_column(names: list[Any], column: str, where: str = "") -> None:
    """Refuse column names in which a column of an archive is missing or stands twice."""
    if column not in names:
        raise DataError(f"the archive lacks the column '{column}'", where=where, hint=nearest(column, map(str, names)))
    if names.count(column) > 1:
        raise DataError(f"two columns are called '{column}'", where=where, hint="give each its own name")


def validate(table: pd.DataFrame) -> None:
    """Refuse a table that is no valid archive, naming the row and the column of its first fault."""
    for column in COLUMNS:
        _check_column(list(table.columns), column)
    _check_types(table)
    if not (table.excluded == "").any():
        raise DataError("the archive holds no figure", hint="at least one row, and not all of them excluded")
    for column, allowed in (("status", STATUSES), ("kind", KINDS)):
        for row, where in _first_wrong(table, ~table[column].isin(allowed), column):
            raise DataError(f"unknown {column} '{row[column]}'", where=where, hint=nearest(row[column], allowed))
    for column, parse in (("series", SeriesKey.parse), ("period", _check_period), ("released", _check_day)):
        for text in table[column].unique():
            try:
                parse(text)
            except DataError as error:
                for _, where in _first_wrong(table, table[column] == text, column):
                    raise DataError(error.problem, where=where, hint=error.hint) from None
    for row, where in _first_wrong(table, ~table.series.str.contains(":") & (table["value"] < 0)):
        problem = f"a quantity of {row.value} {row.unit} cannot be negative"
        raise DataError(problem, where=where, hint="correct the figure, or leave the cell out if it is unknown")
    units = table.series.map(lambda series: SeriesKey.parse(series).unit)
    for row, where in _first_wrong(table, units != table.unit):
        problem = f"unit '{row.unit}' where the archive holds {SeriesKey.parse(row.series).unit}"
        raise DataError(problem, where=where, hint="convert to kg (quantities) or USD (values)")


def _check_types(table: pd.DataFrame) -> None:
    """Refuse cells of a text column that are no text, and values that are neither finite nor NaN."""
    for column in TEXTS:
        for row, where in _first_wrong(table, [not isinstance(cell, str) for cell in table[column].tolist()], column):
            raise DataError(f"'{row[column]}' is no text", where=where, hint="text, empty where there is none")
    kind = table["value"].dtype
    if not isinstance(kind, np.dtype) or kind.kind not in "fiu":
        raise DataError(f"the values are {kind}, no plain numbers", where="column 'value'", hint="floats, NaN where unknown")
    for row, where in _first_wrong(table, table["value"].abs() > MAX_FIGURE, "value"):
        raise DataError(
            f"'{row.value}' {describe_fault(str(row.value))}",
            where=where,
            hint=f"a finite number, at most {MAX_FIGURE:g}",
        )


def _first_wrong(table: pd.DataFrame, wrong: Any, column: str = "") -> Iterator[tuple[pd.Series, str]]:
    """The first row that is wrong, if any, and its place in words."""
    for i in np.flatnonzero(np.asarray(wrong, bool))[:1]:
        row = table.iloc[i]
        parts = [f"row {table.index[i]}"] if table.index.name == ROW_INDEX else []
        yield row, ", ".join([*parts, f"{row.series}, {row.period}", *([f"column '{column}'"] if column else [])])


def _check_period(text: str) -> None:
    """Refuse a period that is not in canonical spelling, since two spellings would be two cells."""
    first, last = months.parse_period(text)
    if text != months.period_label(first, last):
        raise DataError(f"'{text}' is not a month as an archive spells it", hint=f"'{months.period_label(first, last)}'")
    if first // 12 not in VALID_YEARS or last // 12 not in VALID_YEARS:
        raise DataError(f"'{text}' lies outside the years {VALID_YEARS[0]} to {VALID_YEARS[-1]}", hint="YYYY-MM")


def _check_day(text: str) -> None:
    """Refuse a day that is not in ISO format, since days are compared as text."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = dt.date.max
    if day.isoformat() != text or not VALID_YEARS[0] <= day.year < VALID_YEARS[-1] + 100:
        raise DataError(f"'{text}' is not a day", hint="YYYY-MM-DD, for example 2025-03-31")
