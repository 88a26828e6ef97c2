"""Reading the rows of an archive from one CSV or Parquet file in the package's own schema."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from forecast.core.archive_table import COLUMNS, TEXTS
from forecast.core.archive_validation import check_column_name
from forecast.core.errors import ForecastError
from forecast.core.figure_columns import FigureColumns, TextColumn
from forecast.core.input_files import InputFile, describe_fault, parse_number

MAX_ROWS = 20_000_000  # a small damaged Parquet file may claim any number of rows


def read_columns(path: Path) -> FigureColumns:
    """The rows of a CSV or Parquet file with their numbers in it; `archive_validation.validate` checks what they hold."""
    file = InputFile(path, hint="the path of a CSV or Parquet file")
    return _from_parquet(file) if path.suffix.lower() == ".parquet" else _from_csv(file)


def _from_csv(file: InputFile) -> FigureColumns:
    records = list(file.records(COLUMNS, whole=True))
    numbers = np.array([line for line, _ in records], np.int64)
    texts = {name: TextColumn.of(cells[name] for _, cells in records) for name in TEXTS}
    values = _numbers((cells["value"] for _, cells in records), file, texts, numbers)
    return FigureColumns(values, texts, numbers)


def _numbers(cells: Iterable[Any], file: InputFile, texts: dict[str, TextColumn], numbers: Any) -> Any:
    """Cells of the value column as numbers, NaN where they are empty; an error for the first that is no number."""
    values = []
    for i, cell in enumerate(cells):
        value = parse_number(cell.strip()) if isinstance(cell, str) else np.nan if cell is None else float(cell)
        if value != value and isinstance(cell, str) and cell.strip():
            place = f"row {numbers[i]}, {texts['series'][i]}, {texts['period'][i]}, column 'value'"
            hint = "a number, or an empty cell with the status missing"
            raise file.refusal(f"'{cell}' {describe_fault(cell.strip())}", hint, place)
        values.append(value)
    return np.array(values, float)


def _from_parquet(file: InputFile) -> FigureColumns:
    """The rows of a Parquet file; every column must be there once and hold text, or for the values numbers or text."""
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
        check_column_name(names, column, str(file.path))
        kind = types[names.index(column)]
        if not (_is_text(kind) or (column == "value" and _is_number(kind))):
            hint = "numbers" if column == "value" else "text; months as YYYY-MM, days as YYYY-MM-DD"
            raise file.refusal(f"the column holds {kind}", hint, f"column '{column}'")
    try:
        table = parquet.read(columns=list(COLUMNS), use_threads=False)
        table.validate(full=True)
        texts = {name: text_column(table.column(name)) for name in TEXTS}
        column = table.column("value")
        cells = column.to_pylist() if _is_text(column.type) else None
        plain = None if cells is not None else column.cast(pa.float64(), safe=False).to_numpy()
    except Exception as error:  # as above: the pages may be damaged although the footer is not
        raise _damage_error(file, error) from None
    numbers = np.arange(1, table.num_rows + 1)
    values = _numbers(cells, file, texts, numbers) if cells is not None else np.array(plain, float)
    return FigureColumns(values, texts, numbers)


def text_column(column: Any) -> TextColumn:
    """A column of text of Arrow's, dictionary-encoded or not; null is the empty text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = []
    for chunk in column.chunks:
        if pa.types.is_null(chunk.type):
            parts.append(TextColumn(np.zeros(len(chunk), np.int32), [""]))
            continue
        held = chunk if pa.types.is_dictionary(chunk.type) else pc.dictionary_encode(chunk)
        words = [word or "" for word in held.dictionary.to_pylist()]
        indices = held.indices if not held.indices.null_count else held.indices.cast(pa.int32()).fill_null(len(words))
        codes = indices.to_numpy()
        parts.append(TextColumn(codes, [*words, ""]))
    if len(parts) == 1:
        return parts[0]
    return TextColumn.concat(parts) if parts else TextColumn(np.zeros(0, np.int32), [""])


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
