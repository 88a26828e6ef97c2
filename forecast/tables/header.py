"""Where a table begins and ends: the row of its column names, below titles, and its rows of figures, above footnotes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from forecast.core.errors import DataError, nearest
from forecast.core.input_files import DELIMITERS, NUMBER
from forecast.tables.grid import Cell, Grid, text_of
from forecast.tables.time_spellings import YEAR, looks_like_time
from forecast.tables.unit_words import measured_by, unit_in_label

SEARCHED = 60  # rows in which the header is looked for
UNIT_LINE = re.compile(
    r"(?i)(?:# ?|\()?(?:units?(?: of measure(?:ment)?)?|einheit|unidad|unité|单位) ?[:：=] ?(?:in )?([^()]{1,40})\)?"
)
FEWEST_ACROSS = 4  # columns of months from which a row is a header of months


@dataclass(frozen=True)
class Header:
    """The row of column names.

    row : its place in the grid; names : of the columns, "column 3" for the third where its cell is blank
    units : column -> unit, of a row of units below it; body : the first row after it
    """

    row: int
    names: tuple[str, ...]
    units: dict[str, str]
    body: int
    notes: tuple[str, ...] = ()


def find_header(grid: Grid, wanted: Sequence[str] = (), line: int = 0) -> Header:
    """The header of a table: the row of a line, the first one with all the wanted names, or the row above the figures."""
    if line:
        if line not in grid.lines:
            raise DataError(
                f"there is no row {line}", where=f"{grid.where}, [data], header", hint="the row of the column names"
            )
        return _header(grid, grid.lines.index(line))
    for row, cells in enumerate(grid.rows[:SEARCHED]):
        if wanted and set(wanted) <= {text_of(cell) for cell in cells}:
            return _header(grid, row)
    return _header(grid, _guess(grid))


def _header(grid: Grid, row: int) -> Header:
    width = max(map(len, grid.rows[row : row + SEARCHED]), default=0)
    cells = [text_of(cell) for cell in grid.rows[row]]
    blank_tail = not any(cells[len(cells) :])
    names = tuple(cell or f"column {i}" for i, cell in enumerate(cells, 1))
    if blank_tail and width > len(names) and _are_numbers(grid.rows, row, len(names)):
        names += tuple(f"column {i}" for i in range(len(names) + 1, width + 1))
    units: dict[str, str] = {}
    body = row + 1
    if body < len(grid.rows):
        below = [text_of(cell) for cell in grid.rows[body]]
        told = {name: text.strip("()[]") for name, text in zip(names, below, strict=False) if text and measured_by(text)}
        if len(told) * 2 > sum(map(bool, below)):
            units, body = told, body + 1
    notes = [f"the names of its columns stand in row {grid.lines[row]}; what stands above are titles"] if row else []
    return Header(row, names, units, body, tuple(notes))


def _are_numbers(rows: Sequence[Sequence[Cell]], row: int, first: int) -> bool:
    """Whether cells beyond the named columns are blank everywhere, as behind a delimiter at the end of each row."""
    return not any(text_of(cell) for cells in rows[row + 1 :] for cell in cells[first:])


def unit_in_titles(grid: Grid, header: Header) -> tuple[str, str]:
    """The unit that a title above the header, or a line "Unit: ..." anywhere, names, and that text; two blanks for none."""
    ends = [*range(min(len(grid.rows), SEARCHED)), *range(max(len(grid.rows) - SEARCHED, SEARCHED), len(grid.rows))]
    said_by = {text: row < header.row for row in ends for text in grid.rows[row] if isinstance(text, str)}
    for text, is_title in said_by.items():
        said = UNIT_LINE.fullmatch(text)
        unit = said[1].strip() if said else unit_in_label(text.replace("(in ", "(")) if is_title else ""
        if measured_by(unit) and (said or len(unit) > 1 or unit == "t"):
            return unit, text
    return "", ""


def is_number(cell: Cell) -> bool:
    """Whether a cell is a number, in any usual spelling."""
    if not isinstance(cell, str):
        return isinstance(cell, float)
    return (
        bool(NUMBER.fullmatch(cell) or re.fullmatch(r"[-+]?\d{1,3}([ ,.'\u00a0\u202f]\d{3})*([.,]\d+)?", cell))
        and len(cell) < 40
    )


def months_across(cells: Sequence[Cell]) -> list[int]:
    """The columns whose names are months, quarters or years; empty where they are too few to be a header of months."""
    texts = [text_of(cell) for cell in cells]
    found = [i for i, text in enumerate(texts) if looks_like_time(text)]
    values = [texts[i] for i in found]
    if len(found) < FEWEST_ACROSS or len(set(values)) < len(values):
        return []
    if all(re.fullmatch(r"\d{4}(\.\d+)?", text) for text in values) and not all(YEAR.fullmatch(text) for text in values):
        return []
    return found


def _guess(grid: Grid) -> int:
    """The row above the first one of figures; of several above it, the nearest that names most columns."""
    rows = grid.rows[:SEARCHED]
    for row, cells in enumerate(rows):
        if months_across(cells) and (row + 1 >= len(rows) or not months_across(grid.rows[row + 1])):
            return row
    begun = next((row for row in range(1, len(rows)) if _begins_figures(grid, row)), 1)
    while begun > 1 and _is_dated_alike(rows[begun - 1], rows[begun]):  # its figure is a mark, or carries one
        begun -= 1
    above = range(begun - 1, max(begun - 4, -1), -1)
    names = {row: sum(1 for cell in rows[row] if text_of(cell) and not is_number(cell)) for row in above}
    units = {row: sum(1 for cell in rows[row] if measured_by(text_of(cell))) for row in above}
    plain = [row for row in above if 2 * units[row] <= names[row]] or list(above)
    return max(plain, key=lambda row: (names[row], row), default=0)


def _is_dated_alike(above: Sequence[Cell], cells: Sequence[Cell]) -> bool:
    """Whether a row has a time where the row below it has one."""
    return any(looks_like_time(text_of(a)) and looks_like_time(text_of(b)) for a, b in zip(above, cells, strict=False))


def _begins_figures(grid: Grid, row: int) -> bool:
    """Whether a row has a number in a column in which most rows below have one too."""
    numeric = {i for i, cell in enumerate(grid.rows[row]) if is_number(cell)}
    below = grid.rows[row + 1 : row + 9]
    if not numeric:
        return False
    if not below:
        return True
    counts = Counter(i for cells in below for i, cell in enumerate(cells) if i in numeric and is_number(cell))
    filled = Counter(i for cells in below for i, cell in enumerate(cells) if i in numeric and text_of(cell))
    return any(counts[i] >= 0.5 * max(filled[i], 1) and counts[i] for i in numeric)


def column_of(grid: Grid, header: Header, name: str) -> int:
    """The place of a column in its rows; an error where there is none of that name, or two."""
    line = grid.lines[header.row]
    where = f"{grid.where}, row {line}"
    count = header.names.count(name)
    if count == 1:
        return header.names.index(name)
    if count:
        raise DataError(f"two columns are called '{name}'", where=where, hint="give each its own name")
    cells = header.names
    other = next((sign for sign in DELIMITERS if len(cells) == 1 and sign in cells[0]), "")
    hint = f"delimiter = {other!r}" if other else nearest(name, cells)
    raise DataError(f"there is no column '{name}'", where=where, hint=hint)
