"""What rows an archive accepts: each fault is one error that names the row, the column and a way out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.arrays import Bools
from forecast.core import months
from forecast.core.archive_table import COLUMNS, KINDS, ROW_INDEX, STATUSES, TEXTS, VALID_YEARS
from forecast.core.errors import DataError, nearest
from forecast.core.figure_columns import FigureColumns, TextColumn
from forecast.core.input_files import MAX_FIGURE, describe_fault
from forecast.core.series import SeriesKey

if TYPE_CHECKING:
    import pandas as pd


def columns_of(table: pd.DataFrame) -> FigureColumns:
    """The columns of a table; an error if one is not there once, or holds anything but text or, for the values, numbers."""
    for column in COLUMNS:
        check_column_name(list(table.columns), column)
    texts = {name: _text_column(table, name) for name in TEXTS}
    kind = table["value"].dtype
    if not isinstance(kind, np.dtype) or kind.kind not in "fiu":
        raise DataError(f"the values are {kind}, no plain numbers", where="column 'value'", hint="floats, NaN where unknown")
    numbers = table.index.to_numpy(np.int64) if table.index.name == ROW_INDEX else None
    return FigureColumns(table["value"].to_numpy(float), texts, numbers)


def _text_column(table: pd.DataFrame, name: str) -> TextColumn:
    import pandas as pd

    cells = table[name].to_numpy(object)
    try:
        codes, words = pd.factorize(cells)
        sound = not (codes < 0).any() and all(isinstance(word, str) for word in words)
    except TypeError:  # a cell that is a list or a table
        sound = False
    if sound:
        return TextColumn(codes, words.tolist())
    at = next(i for i, cell in enumerate(cells.tolist()) if not isinstance(cell, str))
    parts = [f"row {table.index[at]}"] if table.index.name == ROW_INDEX else []
    place = ", ".join([*parts, f"{table['series'].iloc[at]}, {table['period'].iloc[at]}", f"column '{name}'"])
    raise DataError(f"'{cells[at]}' is no text", where=place, hint="text, empty where there is none")


def check_column_name(names: Sequence[Any], column: str, where: str = "") -> None:
    """Refuse column names in which a column of an archive is missing or stands twice."""
    if column not in names:
        raise DataError(f"the archive lacks the column '{column}'", where=where, hint=nearest(column, map(str, names)))
    if list(names).count(column) > 1:
        raise DataError(f"two columns are called '{column}'", where=where, hint="give each its own name")


def validate(rows: FigureColumns) -> None:
    """Refuse rows of which an archive cannot be made, naming the first fault."""
    _refuse_first(rows, ~(np.abs(rows.values) <= MAX_FIGURE) & ~np.isnan(rows.values), "value", _no_figure)
    if not rows.texts["excluded"].mask("").any():
        raise DataError("the archive holds no figure", hint="at least one row, and not all of them excluded")
    for column, allowed in (("status", STATUSES), ("kind", KINDS)):
        _refuse_first(rows, _foreign_words(rows.texts[column], allowed), column, _unknown_word(column, allowed))
    for column, parse in (("series", SeriesKey.parse), ("period", _check_period), ("released", _check_day)):
        _check_words(rows, column, parse)
    _check_quantities(rows)


def _no_figure(rows: FigureColumns, at: int) -> tuple[str, str]:
    fault = describe_fault(str(float(rows.values[at])))
    return f"'{float(rows.values[at])}' {fault}", f"a finite number, at most {MAX_FIGURE:g}"


def _foreign_words(column: TextColumn, allowed: Iterable[str]) -> Bools:
    """Which rows hold none of the allowed words, shape (rows,)."""
    foreign = np.array([word not in allowed for word in column.words], bool)
    return foreign[column.codes] if foreign.any() else np.zeros(len(column), bool)


def _unknown_word(column: str, allowed: Iterable[str]) -> Callable[[FigureColumns, int], tuple[str, str]]:
    def fault(rows: FigureColumns, at: int) -> tuple[str, str]:
        word = rows.texts[column][at]
        return f"unknown {column} '{word}'", nearest(word, allowed)

    return fault


def _check_words(rows: FigureColumns, column: str, parse: Callable[[str], object]) -> None:
    """Refuse the first row whose word in a column cannot be parsed."""
    faults: dict[int, DataError] = {}
    held = rows.texts[column]
    for code in held.used_codes:
        try:
            parse(held.words[code])
        except DataError as error:
            faults[code] = error
    if faults:
        at = int(np.flatnonzero(np.isin(held.codes, list(faults)))[0])
        fault = faults[int(held.codes[at])]
        raise DataError(fault.problem, where=_place(rows, at, column), hint=fault.hint)


def _check_quantities(rows: FigureColumns) -> None:
    """Refuse negative quantities, and units other than that of the series."""
    series, units = rows.texts["series"], rows.texts["unit"]
    unit_words: dict[str, int] = {word: i for i, word in enumerate(dict.fromkeys(units.words))}
    right, mass = np.full(len(series.words), -1), np.zeros(len(series.words), bool)
    for code in series.used_codes:
        name = series.words[code]
        right[code], mass[code] = unit_words.get(SeriesKey.parse(name).unit, -1), ":" not in name
    _refuse_first(
        rows,
        mass[series.codes] & (rows.values < 0),
        "",
        lambda rows, at: (
            f"a quantity of {float(rows.values[at])} {units[at]} cannot be negative",
            "correct the figure, or leave the cell out if it is unknown",
        ),
    )
    _refuse_first(
        rows,
        units.to_numbers(unit_words) != right[series.codes],
        "",
        lambda rows, at: (
            f"unit '{units[at]}' where the archive holds {SeriesKey.parse(series[at]).unit}",
            "convert to kg (quantities) or USD (values)",
        ),
    )


def _refuse_first(
    rows: FigureColumns, wrong: Bools, column: str, fault: Callable[[FigureColumns, int], tuple[str, str]]
) -> None:
    """Raise the error for the first row that is wrong, if any: problem and hint by `fault`."""
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        problem, hint = fault(rows, at)
        raise DataError(problem, where=_place(rows, at, column), hint=hint)


def _place(rows: FigureColumns, at: int, column: str = "") -> str:
    parts = [] if rows.numbers is None else [f"row {rows.numbers[at]}"]
    parts += [rows.texts["series"][at], rows.texts["period"][at]]
    return ", ".join([*parts, *([f"column '{column}'"] if column else [])])


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
