"""Columns of units and flags that a mapping does not read: refused where they contradict the reading, else told."""

from __future__ import annotations

from collections import Counter

from forecast.core.errors import DataError
from forecast.tables.columns import FLAG_NAME, UNIT_NAME
from forecast.tables.mapping import TableMapping
from forecast.tables.records import Records
from forecast.tables.unit_words import measured_by, unit_factor, unit_in_label


def check_unit_column(records: Records, mapping: TableMapping) -> None:
    """Refuse a column of units that nothing reads, where it names another unit than the one taken, or several."""
    if mapping.unit_column or mapping.units:
        return
    if mapping.unit is None:
        _check_labels(records, mapping)
    for name in records.header.names:
        if not UNIT_NAME.fullmatch(name) or records.header.names.count(name) > 1 or name in mapping.where:
            continue
        found = [text for text in dict.fromkeys(records.texts(name)) if measured_by(text)]
        taken = {record.unit or "kg" for record in records.figures}
        factors = {unit_factor(text, measured_by(text)) for text in found}
        same = {unit_factor(text, measured_by(found[0])) for text in taken} if found else set()
        if len(factors) > 1 or (found and factors != same):
            said = ", ".join(f"'{text}'" for text in found[:4])
            problem = f"the column '{name}' says {said}, and figures would be read in {' and '.join(sorted(taken))}"
            raise DataError(problem, where=records.grid.at(records.header.row, name), hint=f'unit_column = "{name}"')


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
