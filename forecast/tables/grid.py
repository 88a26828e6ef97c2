"""A table as it stands in its file: rows of cells with the numbers of their lines, before anything is known of them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.core.errors import DataError
from forecast.core.input_files import InputFile
from forecast.tables.parquet_files import rows_of_parquet
from forecast.tables.text_files import read_text
from forecast.tables.workbooks import SUFFIXES, read_workbook

if TYPE_CHECKING:
    import pandas as pd

Cell = str | float | dt.date  # numbers and days of files that have them as such; text of all others
EXACT = 1e15  # whole numbers up to here are written without a decimal point


@dataclass(frozen=True)
class Grid:
    """The rows of a table that are not blank.

    where : how messages name the table; lines : the number of each row in its file; notes : how it was read, in sentences
    """

    where: str
    lines: tuple[int, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def at(self, row: int, column: str = "") -> str:
        """The place of a row, and of a column of it, in words."""
        place = f"{self.where}, row {self.lines[row]}"
        return f"{place}, column '{column}'" if column else place


def read_grid(path: str | Path, sheet: str = "", encoding: str = "", delimiter: str = "", wanted: Sequence[str] = ()) -> Grid:
    """The cells of a CSV or TSV file, an Excel workbook or a Parquet file.

    sheet : of a workbook (default: the one with the most numbers); encoding, delimiter : of text (default: detected)
    wanted : names that stand in its header, by which the delimiter is recognised
    """
    file = InputFile(Path(path), hint="path is read from the folder of the config")
    suffix = Path(path).suffix.lower()
    if suffix in SUFFIXES:
        where, rows, notes = read_workbook(file, sheet)
    elif sheet:
        raise DataError("only a workbook has sheets", where=f"{path}, sheet", hint="leave the word sheet out")
    elif suffix in (".parquet", ".pq"):
        where, rows, notes = rows_of_parquet(file)
    else:
        where, rows, notes = read_text(file, encoding, delimiter, wanted)
    return _grid(where, rows, notes)


def grid_of_frame(frame: pd.DataFrame, where: str = "the table") -> Grid:
    """The cells of a DataFrame, its column labels as the first row; an index that is no plain count is the first column."""
    import pandas as pd

    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    header = [str(label) for label in frame.columns]
    columns = [frame[label].tolist() for label in frame.columns]
    rows = [(1, header), *((i, list(cells)) for i, cells in enumerate(zip(*columns, strict=True), 2))]
    return _grid(where, rows, ())


def _grid(where: str, rows: Iterable[tuple[int, Sequence[Any]]], notes: Sequence[str]) -> Grid:
    numbered = [(line, tuple(map(_clean, cells))) for line, cells in rows]
    filled = [(line, cells) for line, cells in numbered if any(cell != "" for cell in cells)]
    if not filled:
        raise DataError("the file is empty", where=where, hint="a header and at least one row")
    return Grid(where, tuple(line for line, _ in filled), tuple(cells for _, cells in filled), tuple(notes))


def _clean(cell: Any) -> Cell:
    """A cell as text, number or day; what a library has for nothing is empty text."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or isinstance(cell, bool):
        return "" if cell is None else str(cell).upper()
    if isinstance(cell, dt.datetime):
        return cell if cell == cell else ""  # NaT differs from itself
    if isinstance(cell, dt.date):
        return cell
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace").strip()
    try:
        number = float(cell)
    except (TypeError, ValueError, OverflowError):
        return str(cell).strip().replace("NaT", "")
    return "" if math.isnan(number) else number


def text_of(cell: Cell) -> str:
    """A cell as text: whole numbers without a point, days as YYYY-MM-DD, with the time only where it is not midnight."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time() and cell.tzinfo is None
        return cell.date().isoformat() if midnight else cell.isoformat(" ")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    number = float(cell)
    return str(int(number)) if number.is_integer() and abs(number) < EXACT else repr(number)
