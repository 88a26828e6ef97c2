"""Tables in Excel workbooks (.xlsx, .xlsm, .xls), read by python-calamine."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import Any

from forecast.core.errors import MissingExtraError, nearest
from forecast.core.input_files import InputFile
from forecast.tables.compound_files import has_endless_chain

SUFFIXES = (".xlsx", ".xlsm", ".xls")
MAX_CELLS = 20_000_000  # a small damaged workbook may claim any number of cells
SECTOR = 512  # bytes, of which old workbooks are made
MAX_UNPACKED = 1 << 30  # bytes; so may a packed one


def read_workbook(file: InputFile, sheet: str) -> tuple[str, list[tuple[int, list[Any]]], list[str]]:
    """Name, numbered rows and notes of one sheet: the one named, or the one with the most numbers."""
    try:
        import python_calamine as calamine
    except ImportError as error:
        problem = "Excel workbooks are read by python-calamine, which is not installed"
        raise MissingExtraError(
            problem, where=str(error), hint="pip install 'forecast[tables]', or save the sheet as CSV"
        ) from None
    data = file.data()
    if not data.startswith(b"PK"):
        data += b"\0" * (-len(data) % SECTOR)  # the library panics where the last sector is cut short
    if _is_unsafe(data):
        raise file.refusal(
            "this is no whole workbook: it never ends, or claims more than it can hold", "save it again, or as CSV"
        )
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = list(book.sheet_names)
        if sheet and sheet not in names:
            raise file.refusal(f"there is no sheet '{sheet}'", nearest(sheet, names), "sheet")
        sheets = {name: _rows(book, name) for name in ([sheet] if sheet else names)}
    except (calamine.CalamineError, ValueError, OSError) as error:
        raise file.refusal(
            f"this is no whole workbook: {str(error).partition(chr(10))[0]}", "save it again, or as CSV"
        ) from None
    except BaseException as error:  # a damaged file can make the library panic, which is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise file.refusal("this is no whole workbook", "save it again, or as CSV") from None
    if not sheets:
        raise file.refusal("the workbook has no sheet", "a sheet with a table")
    chosen = max(sheets, key=lambda name: sum(_is_number(cell) for _, cells in sheets[name] for cell in cells))
    twins = [name for name in names if name in sheets and not sheet and _is_alike(sheets[name], sheets[chosen])]
    if len(twins) > 1:
        hint = " or ".join(f'sheet = "{name}"' for name in twins[:4])
        raise file.refusal(f"{len(twins)} sheets have the same columns: {', '.join(twins[:6])}", hint)
    notes = [f"sheet '{chosen}' is read, of {', '.join(names)}; sheet = '...' chooses another"] if len(sheets) > 1 else []
    return f"{file.path}, sheet '{chosen}'", sheets[chosen], notes


def _is_unsafe(data: bytes) -> bool:
    """Whether a reader would wait or take memory without end: chains that lead back, cells far away, bombs."""
    if not data.startswith(b"PK"):
        return has_endless_chain(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                return True
            sheets = [part for part in packed.infolist() if part.filename.startswith("xl/worksheets/")]
            return any(_claimed_cells(packed.read(part)) > MAX_CELLS for part in sheets if part.filename.endswith(".xml"))
    except Exception:  # a damaged archive can make the library raise anything
        return True


def _claimed_cells(xml: bytes) -> int:
    """The cells of the rectangle from the first cell to the furthest one that a sheet names."""
    columns = max(map(_column_number, set(re.findall(rb'\br="([A-Za-z]+)\d+"', xml))), default=1)
    rows = max(map(int, set(re.findall(rb'\br="[A-Za-z]*(\d{1,12})"', xml))), default=1)
    return columns * rows


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper()[:8]:
        number = 26 * number + letter - 64
    return number


def _rows(book: Any, name: str) -> list[tuple[int, list[Any]]]:
    one = book.get_sheet_by_name(name)
    if one.total_height * one.total_width > MAX_CELLS:
        raise ValueError(f"sheet '{name}' claims {one.total_height:,} rows of {one.total_width:,} cells")
    return list(enumerate(one.to_python(skip_empty_area=False), 1))


def _is_alike(sheet: list[tuple[int, list[Any]]], chosen: list[tuple[int, list[Any]]]) -> bool:
    """Whether a sheet has the column names of the chosen one, two of text at least, and numbers below them."""
    if sheet is chosen:
        return True
    names = next((cells for _, cells in chosen if sum(isinstance(cell, str) and bool(cell) for cell in cells) >= 2), None)
    at = next((i for i, (_, cells) in enumerate(sheet) if names and cells == names), None)
    return at is not None and any(_is_number(cell) for _, cells in sheet[at + 1 :] for cell in cells)


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float | dt.date) and not isinstance(cell, bool)
