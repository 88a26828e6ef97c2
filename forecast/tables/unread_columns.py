"""Titles and columns of units, multiples and flags that a mapping does not read: refused where they differ, else told."""

from __future__ import annotations

import math
from collections import Counter

from forecast.core.errors import DataError
from forecast.tables.columns import FLAG_NAME, MULTIPLE_NAME, UNIT_NAME
from forecast.tables.header import unit_in_titles
from forecast.tables.mapping import TableMapping
from forecast.tables.records import Records
from forecast.tables.unit_words import TONNE, measured_by, multiple_in, unit_factor, unit_in_label

UNIT_WITH_MULTIPLE = 'a unit with its multiple, such as unit = "thousand USD"'


def check_unit_column(records: Records, mapping: TableMapping) -> list[str]:
    """Refuse a unit, or a multiple, that a title or an unread column names, where another one is taken; tell declared ones."""
    if mapping.units:
        return []
    multiple, notes = _multiple(records, mapping)
    if mapping.unit_column:
        return notes
    if mapping.unit is None:
        _check_labels(records, mapping)
    taken = {record.unit or "kg" for record in records.figures}
    named = False
    for name in records.header.names:
        if not UNIT_NAME.fullmatch(name) or records.header.names.count(name) > 1 or name in mapping.where:
            continue
        texts = [text for text in dict.fromkeys(records.texts(name)) if text]
        found = [text for text in texts if measured_by(text)]
        named = named or bool(found)
        factors = {_factor(text) * multiple for text in found}
        same = {unit_factor(text, measured_by(found[0])) for text in taken} if found else set()
        where = records.grid.at(records.header.row, name)
        said = ", ".join(f"'{text}'" for text in (found or texts)[:4])
        if len(factors) > 1 or (found and factors != same):
            beside = f", times {multiple:,.0f}" if multiple != 1.0 else ""
            problem = f"the column '{name}' says {said}{beside}, and figures would be read in {' and '.join(sorted(taken))}"
            raise DataError(problem, where=where, hint=f'unit_column = "{name}"' if not beside else UNIT_WITH_MULTIPLE)
        if texts and not found and mapping.unit is None:
            problem = f"the column '{name}' says {said}, which is no unit known here"
            raise DataError(problem, where=where, hint='unit = "t", or the like, says what the figures are in')
        if texts and not found:
            notes.append(f"the column '{name}' says {said}; figures are read in {mapping.unit}, as declared")
    if not named:
        held = {_factor(unit) / multiple for unit in taken}
        if multiple != 1.0 and (mapping.unit is None or held.isdisjoint((1.0, TONNE))):
            problem = f"{notes.pop()}, and figures would be read in {' and '.join(sorted(taken))}"
            raise DataError(problem, where=records.grid.where, hint=UNIT_WITH_MULTIPLE)
        if mapping.unit is None:
            _check_titles(records)
    return [*notes, *_differing_names(records, mapping)]


def _factor(unit: str) -> float:
    """What a figure in a unit is multiplied by to be in the archive's; NaN where the unit is not known."""
    measured = measured_by(unit)
    factor = unit_factor(unit, measured) if measured else None
    return math.nan if factor is None else factor


def _multiple(records: Records, mapping: TableMapping) -> tuple[float, list[str]]:
    """The multiple that a column such as UNIT_MULT or SCALAR_FACTOR names for all figures, with a sentence; 1 for none.

    Refused where it differs by row, and where a column of units is read, which knows nothing of it.
    """
    for name in records.header.names:
        if not MULTIPLE_NAME.fullmatch(name) or records.header.names.count(name) > 1 or name in mapping.where:
            continue
        texts = [text for text in dict.fromkeys(records.texts(name)) if text]
        multiples = {multiple_in(text) or 1.0 for text in texts}
        if multiples <= {1.0}:
            continue
        said = f"the column '{name}' says {', '.join(map(repr, texts[:4]))}"
        if len(multiples) > 1 or mapping.unit_column:
            hint = 'units = { "SERIES KEY" = "million USD" }, or where = {...} with unit = "million USD"'
            raise DataError(f"{said}, which no unit holds", where=records.grid.at(records.header.row, name), hint=hint)
        return multiples.pop(), [f"{said}, which the unit has to hold"]
    return 1.0, []


def _check_titles(records: Records) -> None:
    """Refuse figures taken as kg below a title that names another unit."""
    unit, title = unit_in_titles(records.grid, records.header)
    if unit and any(not record.unit for record in records.figures) and unit_factor(unit, "kg") != 1.0:
        problem = f"'{title}' names the unit {unit}, and nothing says whether the figures are in it"
        raise DataError(problem, where=records.grid.where, hint=f'unit = "{unit}", or unit = "kg"')


def _differing_names(records: Records, mapping: TableMapping) -> list[str]:
    """A sentence on each column of figures whose name says another unit than the one declared."""
    if mapping.unit is None:
        return []
    below = records.header.units
    named = {
        name: below.get(name) or unit_in_label(name) for name in dict.fromkeys(record.column for record in records.figures)
    }
    return [
        f"'{name}' names the unit {unit}, and its figures are read in {mapping.unit}, as declared"
        for name, unit in named.items()
        if unit and _factor(unit) != _factor(mapping.unit)
    ]


def _check_labels(records: Records, mapping: TableMapping) -> None:
    """Refuse labels of series that name a unit, such as QUANTITY_IN_100KG, where figures would be read in kg."""
    for name in mapping.columns_of_series:
        for label in dict.fromkeys(records.texts(name)):
            unit = unit_in_label(label)
            if unit and unit_factor(unit, measured_by(unit)) != 1.0:
                problem = f"the label '{label}' names the unit {unit}, and nothing says whether its figures are in it"
                where = records.grid.at(records.header.row, name)
                raise DataError(problem, where=where, hint=f'units = {{ "SERIES KEY" = "{unit}" }}, or unit = "kg" for all')


def unread_flags(records: Records, mapping: TableMapping) -> list[str]:
    """A sentence on each column of flags that the mapping does not read."""
    notes = []
    for name in records.header.names:
        used = name in (mapping.flags, *mapping.where) or records.header.names.count(name) > 1
        if FLAG_NAME.fullmatch(name) and not used:
            found = Counter(text for text in records.texts(name) if text)
            if found:
                said = ", ".join(f"'{text}' ({count})" for text, count in found.most_common(4))
                notes.append(f"the column '{name}' is not read; it holds {said}; flags = \"{name}\" reads it")
    return notes
