"""The cells of a table as one record for each figure, whether months stand down, across, or in a row for each year."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from forecast.core.errors import DataError, nearest
from forecast.core.series import SeriesKey
from forecast.tables.columns import TIME_NAME, are_times
from forecast.tables.grid import Cell, Grid, text_of
from forecast.tables.header import Header, column_of, find_header, is_number, months_across
from forecast.tables.mapping import TableMapping
from forecast.tables.time_spellings import looks_like_time, month_named
from forecast.tables.unit_words import unit_in_label

YEAR_COLUMN = re.compile(r"(?i)year|jahr|ano|año|année|年")


@dataclass(frozen=True, slots=True)
class Record:
    """A figure as its table writes it: the row of the grid, the column, and the texts that tell what it is."""

    row: int
    column: str
    series: str
    time: str
    cell: Cell
    unit: str = ""
    flag: str = ""
    released: str = ""


@dataclass(frozen=True)
class Records:
    """All figures of a table, and how they were found, in sentences."""

    grid: Grid
    header: Header
    figures: tuple[Record, ...]
    notes: tuple[str, ...]

    def texts(self, column: str) -> list[str]:
        """The cells of a column in the rows that are read, as text."""
        place = column_of(self.grid, self.header, column)
        rows = dict.fromkeys(record.row for record in self.figures)
        return [_text(self.grid.rows[row], place) for row in rows]


def read_records(grid: Grid, mapping: TableMapping) -> Records:
    """The figures of a table under a mapping."""
    header = find_header(grid, _names_asked(mapping), mapping.header)
    for name in _names_asked(mapping):
        column_of(grid, header, name)
    rows, notes = _chosen_rows(grid, header, mapping)
    labels = _Labels(grid, header, mapping)
    if mapping.across:
        figures, found = _across(grid, header, mapping, rows, labels)
    else:
        figures, found = _down(grid, header, mapping, rows, labels)
    if not figures:
        raise DataError("the file holds no figure", where=grid.where, hint="a header and at least one row with a number")
    return Records(grid, header, tuple(figures), (*grid.notes, *header.notes, *notes, *found))


def _names_asked(mapping: TableMapping) -> list[str]:
    """The names that the header must have."""
    figures = list(mapping.values) if mapping.values else [] if mapping.across or mapping.value is None else [mapping.value]
    period = () if mapping.across and mapping.period == "period" else mapping.columns_of_period
    others = [mapping.unit_column, mapping.released, mapping.flags, mapping.revised, mapping.revised_on, *mapping.where]
    return list(dict.fromkeys([*period, *figures, *filter(None, [*mapping.columns_of_series, *others])]))


def _text(cells: Sequence[Cell], place: int) -> str:
    return text_of(cells[place]) if place < len(cells) else ""


def _chosen_rows(grid: Grid, header: Header, mapping: TableMapping) -> tuple[list[int], list[str]]:
    """The rows below the header that the filters leave."""
    rows = list(range(header.body, len(grid.rows)))
    for row in rows:
        if any(text_of(cell) for cell in grid.rows[row][len(header.names) :]):
            hint = "quote text that holds the delimiter, or set thousands without it"
            raise DataError("there are more cells than columns", where=grid.at(row), hint=hint)
    for name, value in mapping.where.items():
        place = column_of(grid, header, name)
        kept = {text_of(float(v)) if isinstance(v, int | float) else v for v in (value if isinstance(value, list) else [value])}
        found = Counter(_text(grid.rows[row], place) for row in rows)
        if not kept & set(found):
            where = f"{grid.where}, column '{name}'"
            raise DataError(f"no row has {' or '.join(map(repr, sorted(kept)))}", where=where, hint=nearest(min(kept), found))
        rows = [row for row in rows if _text(grid.rows[row], place) in kept]
    left = len(grid.rows) - header.body - len(rows)
    return rows, [f"rows left out by where: {left}"] if left else []


class _Labels:
    """The series of a row, from its columns, the template and the keys of a mapping."""

    def __init__(self, grid: Grid, header: Header, mapping: TableMapping) -> None:
        self.mapping, self.grid = mapping, grid
        self.places = {name: column_of(grid, header, name) for name in mapping.columns_of_series}
        self.template = list(Formatter().parse(mapping.template)) if mapping.template else []
        self.made: dict[tuple[str, ...], str] = {}

    def of(self, row: int, column: str) -> str:
        """The key of a figure, as the mapping spells it."""
        mapping = self.mapping
        if not self.places and not mapping.key:
            return mapping.values[column]
        measure = mapping.values.get(column, "quantity")
        suffix = "" if measure == "quantity" else f":{measure}"
        cells = self.grid.rows[row]
        parts = tuple(_text(cells, place) for place in self.places.values())
        if parts not in self.made:
            self.made[parts] = self._key(dict(zip(self.places, parts, strict=True)))
        return self.made[parts] + suffix

    def _key(self, parts: Mapping[str, str]) -> str:
        keys = self.mapping.keys
        if not parts:
            return keys.get(self.mapping.key, self.mapping.key)
        if self.template:
            told = {name: keys.get(text, text) for name, text in parts.items()}
            label = "".join(literal + (told[name] if name else "") for literal, name, _, _ in self.template)
        else:
            label = ".".join(parts.values())
        if label not in keys and not self.template and len(parts) > 1:
            label = ".".join(keys.get(text, text) for text in parts.values())
        return keys.get(label, label)


def _down(
    grid: Grid, header: Header, mapping: TableMapping, rows: list[int], labels: _Labels
) -> tuple[list[Record], list[str]]:
    """Figures of a table with a row for each month, and of each series or with a column for each."""
    periods, notes = _period_columns(grid, header, mapping, rows)
    columns, said = _value_columns(grid, header, mapping, rows, periods)
    places = {name: column_of(grid, header, name) for name in columns}
    at = [column_of(grid, header, name) for name in periods]
    times = {row: _join_parts([_text(grid.rows[row], place) for place in at]) for row in rows}
    rows, left = _body(grid, rows, times, list(places.values()))
    read = _Cells(grid, header, mapping)
    figures = [
        record
        for row in rows
        for name, place in places.items()
        for record in read.records(row, name, place, times[row], labels.of(row, name))
    ]
    return figures, [*notes, *said, *left]


def _period_columns(grid: Grid, header: Header, mapping: TableMapping, rows: Sequence[int]) -> tuple[list[str], list[str]]:
    """The columns of the months: those named, or the one in which times stand."""
    if mapping.period is not None:
        return list(mapping.columns_of_period), []
    found = []
    for name in header.names:
        texts = [_text(grid.rows[row], header.names.index(name)) for row in rows]
        if are_times(name, [text for text in texts if text], len(rows)):
            found.append(name)
    found = [name for name in found if TIME_NAME.fullmatch(name)][:1] or found
    if len(found) != 1:
        what = f"{len(found)} columns may hold the months" if found else "no column holds months"
        hint = " or ".join(f'period = "{name}"' for name in (found or list(header.names))[:4])
        raise DataError(
            what, where=grid.where, hint=hint + ("" if found else "; across = true where months stand in the header")
        )
    return found, [f"months stand in the column '{found[0]}'"]


def _value_columns(
    grid: Grid, header: Header, mapping: TableMapping, rows: Sequence[int], periods: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The columns of figures: those named, or the one column of numbers that nothing else claims."""
    if mapping.values:
        return list(mapping.values), []
    if mapping.value is not None:
        return [mapping.value], []
    used = {*periods, *mapping.columns_of_series, *mapping.where, mapping.unit_column, mapping.released, mapping.flags}
    found = []
    for place, name in enumerate(header.names):
        known = [cell for row in rows for cell in grid.rows[row][place : place + 1] if text_of(cell)]
        if name not in used and known and sum(map(is_number, known)) >= 0.5 * len(known):
            found.append(name)
    if len(found) != 1:
        what = f"{len(found)} columns of numbers may be the figures" if found else "no column holds numbers"
        hint = " or ".join(f'value = "{name}"' for name in (found or list(header.names))[:4])
        raise DataError(what, where=grid.where, hint=hint)
    return found, [f"figures stand in the column '{found[0]}'"]


def _join_parts(parts: Sequence[str]) -> str:
    """A time whose year and month stand in columns of their own."""
    if len(parts) == 1:
        return parts[0]
    parts = [part for part in parts if part]
    return ("-" if all(part.isdecimal() for part in parts) else " ").join(parts)


def _body(grid: Grid, rows: list[int], times: Mapping[int, str], places: Sequence[int]) -> tuple[list[int], list[str]]:
    """The rows without those before the first time (a row of units or codes), and without totals and notes after the last."""
    timed = [i for i, row in enumerate(rows) if any(map(str.isdigit, times[row])) and len(times[row]) <= 40]
    if not timed:
        return rows, []
    kept, left = [], []
    for i, row in enumerate(rows):
        without_figure = not any(_text(grid.rows[row], place) for place in places)
        outside = i < timed[0] or i > timed[-1]
        note = without_figure and len(times[row]) > 12 and not looks_like_time(times[row])
        if note or (without_figure and not times[row]) or (outside and times[row] and row in times and i not in timed):
            left.append(row)
        else:
            kept.append(row)
    titles = [
        f"'{times[row] or text_of(next(c for c in grid.rows[row] if c != ''))}' in row {grid.lines[row]}" for row in left[:3]
    ]
    more = f" and {len(left) - 3} more" if len(left) > 3 else ""
    return kept, [f"rows without a month are left out: {', '.join(titles)}{more}"] if left else []


def _across(
    grid: Grid, header: Header, mapping: TableMapping, rows: list[int], labels: _Labels
) -> tuple[list[Record], list[str]]:
    """Figures of a table whose columns are months, or the twelve months of the year that its row names."""
    dated = {place: header.names[place] for place in months_across(header.names)}
    named = {place: name for place, name in enumerate(header.names) if month_named(name)}
    year: int | None = None
    if not dated and len(named) >= 4:
        years = mapping.columns_of_period or tuple(name for name in header.names if YEAR_COLUMN.fullmatch(name))
        if years and years[0] in header.names:
            year = column_of(grid, header, years[0])
    if not dated and year is None:
        hint = "across = false where months stand in a column; else names such as 2024-01 or Jan 2024 in the header"
        raise DataError("the header names no months", where=grid.at(header.row), hint=hint)
    order = [month_named(name) or 0 for name in named.values()] if year is not None else []
    if order not in (sorted(order), sorted(order, reverse=True)):
        after = header.names[max(named)]
        problem = (
            f"the months of a row run from {header.names[min(named)]} to {after}: is {after} of the year in front, or the next?"
        )
        hint = "columns from January to December, or names with their year such as Jan 2024"
        raise DataError(problem, where=grid.at(header.row), hint=hint)
    figures: list[Record] = []
    read, left = _Cells(grid, header, mapping), 0
    for row in rows:
        cells = grid.rows[row]
        if not any(_text(cells, place) for place in (dated or named)):
            left += 1
            continue
        for place, name in (dated or named).items():
            time = name if year is None else f"{_text(cells, year)} {name}"
            figures += read.records(row, name, place, time, labels.of(row, name))
    notes = [f"{len(dated or named)} columns are months, from '{header.names[min(dated or named)]}' on"]
    return figures, [*notes, *([f"rows left out, since they hold no figure: {left}"] if left else [])]


class _Cells:
    """The cells of a row that belong to a figure: its number, unit, flag and day of release."""

    def __init__(self, grid: Grid, header: Header, mapping: TableMapping) -> None:
        self.grid, self.header, self.mapping = grid, header, mapping
        self.units: dict[tuple[str, str], str] = {}
        named = (mapping.unit_column, mapping.flags, mapping.released, mapping.revised, mapping.revised_on)
        self.places = {name: header.names.index(name) for name in named if name}

    def records(self, row: int, column: str, place: int, time: str, series: str) -> Iterator[Record]:
        """The record of a cell, and a second one where the figure was revised."""
        cells, mapping, places = self.grid.rows[row], self.mapping, self.places
        unit = _text(cells, places[mapping.unit_column]) if mapping.unit_column else self._unit(column, series)
        flag = _text(cells, places[mapping.flags]) if mapping.flags else ""
        released = _text(cells, places[mapping.released]) if mapping.released else ""
        yield Record(row, column, series, time, cells[place] if place < len(cells) else "", unit, flag, released)
        if mapping.revised and _text(cells, places[mapping.revised]):
            day = _text(cells, places[mapping.revised_on])
            yield Record(row, mapping.revised, series, time, cells[places[mapping.revised]], unit, flag, day)

    def _unit(self, column: str, series: str) -> str:
        """The unit of a figure: that of its column or series, of the table, or the one that the header names."""
        if (column, series) not in self.units:
            mapping, key = self.mapping, SeriesKey.maybe(series)
            told = mapping.units.get(column) or mapping.units.get(series) or mapping.unit
            told = told or self.header.units.get(column) or unit_in_label(column)
            self.units[column, series] = told or (key.unit if key is not None and mapping.values else "")
        return self.units[column, series]
