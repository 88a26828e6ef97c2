"""Tables in Parquet files."""

from __future__ import annotations

from typing import Any

from forecast.core.input_files import InputFile

MAX_ROWS = 5_000_000  # a small damaged file may claim any number of rows


def rows_of_parquet(file: InputFile) -> tuple[str, list[tuple[int, list[Any]]], list[str]]:
    """Name, numbered rows (the names of the columns first) and notes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = file.data()
    try:
        parquet = pq.ParquetFile(pa.BufferReader(data))
        count = parquet.metadata.num_rows
    except Exception as error:  # a damaged file can make the library raise anything
        raise _damage(file, error) from None
    if count > MAX_ROWS:
        raise file.refusal(f"the file claims {count:,} rows", f"at most {MAX_ROWS:,}")
    try:
        table = parquet.read(use_threads=False)
        table.validate(full=True)
        columns = [column.to_pylist() for column in table.columns]
    except Exception as error:  # as above: the pages may be damaged although the footer is not
        raise _damage(file, error) from None
    rows = enumerate(zip(*columns, strict=True), 2)
    return str(file.path), [(1, list(table.column_names)), *((i, list(cells)) for i, cells in rows)], []


def _damage(file: InputFile, error: Exception) -> Exception:
    reason = str(error).partition("\n")[0]
    return file.refusal(f"this is no whole Parquet file: {reason}", "write the file again, or a CSV file")
