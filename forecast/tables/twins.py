"""Rows of one series, period and release: refused with the column in which they differ, or added up where they are parts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import DataError
from forecast.tables.columns import TOTAL_NAME
from forecast.tables.grid import text_of
from forecast.tables.mapping import TableMapping
from forecast.tables.records import Record, Records

ROUNDED = 0.002  # of a total, by which parts that were rounded may miss it
FEWEST_TOTALS = 3  # months from which one part's being the sum of the others is no chance


def refuse_twins(rows: Sequence[ArchiveRow], lines: Sequence[Record], records: Records, mapping: TableMapping) -> None:
    """Refuse two figures of one series and period in one release, naming a column in which their rows differ."""
    seen: dict[tuple[str, str, str], Record] = {}
    for record, row in zip(lines, rows, strict=True):
        cell = row.series, row.period, row.released
        if cell in seen:
            one, grid = seen[cell], records.grid
            where = f"{grid.where}, rows {grid.lines[one.row]} and {grid.lines[record.row]}"
            hint = "keep one row per series and month (and release day)"
            apart = _difference(one, record, records, mapping)
            if apart:
                name, first, other = apart
                where += f", which differ in the column '{name}' ('{first}', '{other}')"
                hint = f'where = {{ "{name}" = "{first}" }}, series = [..., "{name}"], add_up = true, or keep one row'
            raise DataError(f"{row.series} has two figures for {row.period}", where=where, hint=hint)
        seen[cell] = record


def _difference(one: Record, other: Record, records: Records, mapping: TableMapping) -> tuple[str, str, str] | None:
    """A column of text in which two rows differ, with what stands there."""
    used = {*mapping.columns_of_period, *mapping.columns_of_series, one.column, other.column, "period", "value"}
    for place, name in enumerate(records.header.names):
        first, second = (
            text_of(row[place]) if place < len(row) else "" for row in (records.grid.rows[r.row] for r in (one, other))
        )
        if name not in used and first and second and first != second and len(first + second) < 80:
            return name, first, second
    return None


def add_up_twins(rows: Sequence[ArchiveRow], lines: Sequence[Record], records: Records) -> list[ArchiveRow]:
    """Figures of one series, period and release added up; rows that are the same in every cell are refused, not added."""
    cells: dict[tuple[str, str, str], list[int]] = {}
    for i, row in enumerate(rows):
        cells.setdefault((row.series, row.period, row.released), []).append(i)
    out = []
    for (series, period, _), found in cells.items():
        seen: dict[tuple[object, ...], int] = {}
        for i in found:
            whole = (*records.grid.rows[lines[i].row], lines[i].column)
            if whole in seen:
                twin = " and ".join(str(records.grid.lines[lines[j].row]) for j in (seen[whole], i))
                problem = f"{series}, {period}: two rows are the same in every cell, and would be added up"
                raise DataError(problem, where=f"{records.grid.where}, rows {twin}", hint="keep one of them")
            seen[whole] = i
        out.append(_sum([rows[i] for i in found]))
    _refuse_totals([found for found in cells.values() if len(found) > 1], rows, lines, records)
    return out


def _refuse_totals(cells: Sequence[list[int]], rows: Sequence[ArchiveRow], lines: Sequence[Record], records: Records) -> None:
    """Refuse parts among which one is the sum of the others: by its label, or wherever three or more are known."""
    added = []
    for found in cells:
        for texts in itertools.zip_longest(
            *([text_of(c) for c in records.grid.rows[lines[i].row]] for i in found), fillvalue=""
        ):
            labels = [bool(TOTAL_NAME.fullmatch(text)) for text in texts]
            if any(labels) and not all(labels):
                place = labels.index(True)
                problem = f"'{texts[place]}' stands among parts that are added up: their total?"
                raise _total_question(records, lines[found[place]], problem)
        values = [rows[i].value for i in found]
        if sum(value > 0 for value in values) >= 3:
            largest = max(found, key=lambda i: rows[i].value)
            added.append((abs(2 * rows[largest].value - math.fsum(values)) <= ROUNDED * rows[largest].value, largest))
    if len(added) >= FEWEST_TOTALS and all(total for total, _ in added):
        problem = f"in all {len(added)} months with three parts or more, the largest is the sum of the others: their total?"
        raise _total_question(records, lines[added[0][1]], problem)


def _total_question(records: Records, line: Record, problem: str) -> DataError:
    hint = "where = {...} with the rows that are parts, or the total alone without add_up"
    return DataError(problem, where=records.grid.at(line.row), hint=hint)


def _sum(parts: Sequence[ArchiveRow]) -> ArchiveRow:
    """Rows of one series and period as one; what is unknown in part is unknown."""
    first = parts[0]
    if len(parts) == 1:
        return first
    unknown = next((row.status for row in parts if math.isnan(row.value)), "")
    provisional = "provisional" if any(row.status == "provisional" for row in parts) else ""
    value = math.nan if unknown else math.fsum(row.value for row in parts)
    note = "; ".join(dict.fromkeys(row.note for row in parts if row.note))
    return ArchiveRow(
        first.series, first.period, value, status=unknown or provisional, released=first.released, basis=first.basis,
        publisher=first.publisher, note=note,
    )  # fmt: skip
