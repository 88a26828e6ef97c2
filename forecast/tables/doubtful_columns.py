"""Columns that a mapping reads although their names, or their figures, say something else: refused, with what to write."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from forecast.core.errors import DataError
from forecast.tables.columns import NO_AMOUNT, TO_DATE_NAME
from forecast.tables.grid import text_of
from forecast.tables.mapping import TableMapping
from forecast.tables.proposed_keys import FLOW_NAME, PARTNER_NAME, REPORTER_NAME
from forecast.tables.records import Records
from forecast.tables.unit_words import unit_in_label

NINES = re.compile(r"-?9{2,}(\.0+)?")
FAR = 10.0  # times the largest other figure, from which repeated nines are no figure


def check_meaning(records: Records, mapping: TableMapping) -> None:
    """Refuse rates and indices read as amounts, sums to date read as months, and flows of several kinds in one series."""
    where = records.grid.at(records.header.row)
    for name in dict.fromkeys(record.column for record in records.figures):
        if NO_AMOUNT.fullmatch(name) and not unit_in_label(name) and name not in mapping.units:
            problem = f"by its name '{name}' holds a rate, an index or a moving sum, not what was traded in a month"
            raise DataError(problem, where=where, hint=f'another column, or units = {{ "{name}" = "t" }} if it is an amount')
        if TO_DATE_NAME.fullmatch(name) and not mapping.sums:
            problem = f"by its name '{name}' holds sums to date"
            raise DataError(problem, where=where, hint='sums = "since January", or sums = "none" for single months')
    if not mapping.add_up:
        _refuse_mixed_flows(records, mapping)


def _refuse_mixed_flows(records: Records, mapping: TableMapping) -> None:
    """Refuse a series whose rows have several reporters, flows or partners, where no word of the mapping tells them apart."""
    names = records.header.names
    used = [*mapping.columns_of_series, *mapping.where]
    taken = {*used, *mapping.columns_of_period, *(record.column for record in records.figures)}
    for kind in (REPORTER_NAME, FLOW_NAME, PARTNER_NAME):
        if any(kind.fullmatch(name) for name in used):
            continue
        for place, name in enumerate(names):
            if not kind.fullmatch(name) or name in taken or names.count(name) > 1:
                continue
            seen: dict[str, str] = {}
            for record in records.figures:
                cells = records.grid.rows[record.row]
                text = text_of(cells[place]) if place < len(cells) else ""
                if text and seen.setdefault(record.series, text) != text:
                    problem = f"rows of {record.series} have '{seen[record.series]}' and '{text}' in the column '{name}'"
                    hint = f'where = {{ "{name}" = "{text}" }}, series = [..., "{name}"], or add_up = true if they are parts'
                    raise DataError(problem, where=records.grid.at(record.row, name), hint=hint)


def refuse_signs_of_nines(records: Records, values: Sequence[float]) -> None:
    """Refuse repeated numbers of nines, such as 99999 or -999, far from all other figures of their column."""
    columns: dict[str, list[int]] = {}
    for i, record in enumerate(records.figures):
        if not math.isnan(values[i]):
            columns.setdefault(record.column, []).append(i)
    for own in columns.values():
        texts = {i: text_of(records.figures[i].cell) for i in own}
        nines = Counter(text for text in texts.values() if NINES.fullmatch(text))
        others = [values[i] for i in own if texts[i] not in nines]
        for text, count in nines.items():
            first = next(i for i in own if texts[i] == text)
            value = values[first]
            far = abs(value) > FAR * max(map(abs, others), default=math.inf) or (value < 0 and min(others, default=-1.0) >= 0)
            if count > 1 and far:
                record = records.figures[first]
                problem = f"'{text}' stands in {count} cells, far from all other figures: a sign for what is not known?"
                hint = f'marks = {{ "{text}" = "missing" }} under [data]'
                raise DataError(problem, where=records.grid.at(record.row, record.column), hint=hint)
