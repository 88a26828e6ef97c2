"""The mapping that a table suggests: looked at once, written down to be read and corrected."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from forecast.core.errors import DataError, ForecastError
from forecast.tables.columns import (
    MULTIPLE_NAME,
    NO_AMOUNT,
    TIME_NAME,
    TOTAL_NAME,
    ColumnProfile,
    measure_of,
    profile_columns,
)
from forecast.tables.grid import Grid, read_grid, text_of
from forecast.tables.header import Header, find_header, is_number, months_across, unit_in_titles
from forecast.tables.own_table import OwnTable, rows_of_table
from forecast.tables.proposed_keys import SUFFIXES, as_key, keys_of_columns, keys_of_labels
from forecast.tables.time_spellings import month_named
from forecast.tables.unit_words import measured_by, multiple_in, unit_in_label

MOST_KEYS = 300  # labels that are written out
KNOWN_FLAGS = {"p": "provisional", "e": "estimated", "s": "estimated", "c": "suppressed", "x": "suppressed", "r": "value"}


@dataclass(frozen=True)
class Proposal:
    """The words of [data] for a table, the series they give, and remarks; `refusal` is why the table cannot be read so yet."""

    words: Mapping[str, Any]
    series: tuple[str, ...]
    remarks: tuple[str, ...]
    refusal: ForecastError | None = None


def propose_mapping(path: str | Path, sheet: str = "") -> Proposal:
    """The mapping of a table, by what its columns are called and what stands in them.

    DataError where no header, no months or no figures can be found.
    """
    grid = read_grid(path, sheet)
    header = find_header(grid)
    words: dict[str, Any] = {"path": str(path)}
    if sheet:
        words["sheet"] = sheet
    if header.row:
        words["header"] = grid.lines[header.row]
    across = _is_across(grid, header)
    more, remarks = _across_words(grid, header) if across else _down_words(grid, header)
    words |= more
    refusal = None
    notes: Sequence[str] = ()
    series = tuple(dict.fromkeys((words.get("keys") or words.get("values") or {}).values()))
    series = (words["key"],) if "key" in words else series
    try:
        rows, notes = rows_of_table(OwnTable(**words))
        series = tuple(dict.fromkeys(row.series for row in rows))
    except ForecastError as error:
        refusal = error
    return Proposal(words, series, (*notes, *remarks), refusal)


def _is_across(grid: Grid, header: Header) -> bool:
    """Whether months stand in the header: more of them than other columns of numbers."""
    dated = months_across(header.names)
    named = [place for place, name in enumerate(header.names) if month_named(name)]
    body = grid.rows[header.body : header.body + 50]
    numeric = Counter(place for row in body for place, cell in enumerate(row) if is_number(cell))
    others = [place for place in numeric if place not in dated and place not in named]
    return len(dated) > len(others) or len(named) >= 10


def _across_words(grid: Grid, header: Header) -> tuple[dict[str, Any], list[str]]:
    """The words of a table whose columns are months."""
    months = set(months_across(header.names)) or {i for i, name in enumerate(header.names) if month_named(name)}
    columns = [c for c in profile_columns(grid, header) if c.place not in months]
    words: dict[str, Any] = {"across": True}
    years = [c for c in columns if c.kind == "year"]
    if not months_across(header.names) and years:
        words["period"] = years[0].name
    filled = [
        i for i, row in enumerate(grid.rows[header.body :]) if any(place < len(row) and text_of(row[place]) for place in months)
    ]
    labels = [c for c in columns if c.kind in ("label", "number", "time") and len({c.texts[i] for i in filled}) > 1]
    times = [years[0].texts[i] if years and "period" in words else "" for i in filled]
    chosen = _telling_columns(labels, [("", time) for time in times], filled)
    told = _unit_words(columns, unit_in_titles(grid, header)[0])
    words |= told | _series_words(chosen, filled, measure_of("", told.get("unit", "")) if told.get("unit") else "")
    return words, _key_remarks(chosen, words)


def _down_words(grid: Grid, header: Header) -> tuple[dict[str, Any], list[str]]:
    """The words of a table with a row for each month."""
    columns = profile_columns(grid, header)
    period = _period(columns)
    if not period:
        hint = "a column of months such as 2024-01 or Jan 2024, or a header of months"
        raise DataError("no column holds months", where=grid.at(header.row), hint=hint)
    rows = [i for i in range(len(grid.rows) - header.body) if any(map(str.isdigit, period[0].texts[i]))]
    columns = _with_codes(columns, period, rows)
    figures = [c for c in columns if c.kind == "number" and c not in period]
    if not figures:
        raise DataError("no column holds numbers", where=grid.at(header.row), hint="a column of figures")
    words: dict[str, Any] = {"period": period[0].name if len(period) == 1 else [c.name for c in period]}
    times = [(" ".join(c.texts[i] for c in period), "") for i in rows]
    labels = [
        c for c in columns if c.kind in ("label", "year", "time") and c not in period and len({c.texts[i] for i in rows}) > 1
    ]
    chosen = _telling_columns(labels, times, rows)
    figures = [c for c in figures if not NO_AMOUNT.fullmatch(c.name) or unit_in_label(c.name)] or figures
    common = _unit_words(columns, unit_in_titles(grid, header)[0]).get("unit", "")
    units = {
        c.name: header.units.get(c.name)
        or unit_of_label(c.name)
        or (common if measure_of(c.name, "") in ("", measure_of("", common)) else "")
        for c in figures
    }
    keys = {c.name for c in figures if as_key(c.name)}  # a key without a measure is one of a quantity, whose unit is not told
    measures = {c.name: measure_of(c.name, units[c.name]) or ("quantity" if c.name in keys else "") for c in figures}
    for c in figures:
        if not measures[c.name] and any(text.startswith(("-", "−")) and len(text) > 1 for text in c.texts):
            measures[c.name] = "usd"  # a quantity cannot be negative; a figure of money can
    if "usd" in measures.values() and "quantity" not in measures.values():
        measures = {name: measure or "usd" for name, measure in measures.items()}
    remarks = [
        f"'{name}' names no unit: its figures are taken as "
        f"{'kg' if measures[name] in ('', 'quantity') else 'money, which may be negative'};"
        " a key that ends in :usd or :usd_per_kg holds money or a price"
        for name in measures
        if not units[name] and (measures[name] != "quantity" or name in keys)
    ][:3]
    words |= _figure_words(chosen, figures, units, measures, rows)
    alone = words.get("value", "")
    words |= _unit_words(columns, units.get(alone) or ("USD" if measures.get(alone) == "usd" else ""))
    words |= _flag_words(columns)
    released = [c.name for c in columns if c.kind == "release" and c not in period]
    return words | ({"released": released[0]} if released else {}), [*remarks, *_key_remarks(chosen, words)]


def _with_codes(columns: Sequence[ColumnProfile], period: Sequence[ColumnProfile], rows: Sequence[int]) -> list[ColumnProfile]:
    """The columns, of which whole numbers that stand one for one beside labels, or beside figures with a name, are codes."""
    times = {tuple(c.texts[i] for c in period) for i in rows}
    labels = [c for c in columns if c.kind == "label"]
    numbers = [c for c in columns if c.kind == "number"]
    named = [c for c in numbers if measure_of(c.name, unit_in_label(c.name))]

    def is_code(column: ColumnProfile) -> bool:
        whole = all(text.isdecimal() for text in column.distinct)
        if whole and len(column.distinct) == 1 and any(len(c.distinct) > 1 for c in numbers):
            return True
        if column in named or not whole or len(column.distinct) > len(rows) / 3 or len(times) == len(rows):
            return False
        pairs = {c.name: {(column.texts[i], c.texts[i]) for i in rows} for c in labels}
        twins = [c for c in labels if len(pairs[c.name]) == len(column.distinct) == len(c.distinct) > 1]
        return bool(twins or named)

    return [replace(c, kind="label") if c.kind == "number" and is_code(c) else c for c in columns]


def _period(columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """The column of the months, or those of year and month; a column of years alone where there is no other."""
    times = [c for c in columns if c.kind == "time"]
    years, months = ([c for c in columns if c.kind == kind] for kind in ("year", "month"))
    if times:
        return [*(c for c in times if TIME_NAME.fullmatch(c.name)), *times][:1]
    return [*years[:1], *months[:1]] if years else []


def _telling_columns(
    labels: Sequence[ColumnProfile], times: Sequence[tuple[str, str]], rows: Sequence[int]
) -> list[ColumnProfile]:
    """The fewest columns that tell rows of one time apart, short codes before long descriptions of the same."""
    chosen: list[ColumnProfile] = []

    def count(columns: Sequence[ColumnProfile]) -> int:
        return len({(time, *(c.texts[i] for c in columns)) for time, i in zip(times, rows, strict=True)})

    known = count([])
    while known < len(rows):
        left = [c for c in labels if c not in chosen]
        best = max(
            left,
            key=lambda c: (
                count([*chosen, c]),
                -sum(not c.texts[i] for i in rows),
                -sum(map(len, c.distinct)) / max(len(c.distinct), 1),
            ),
            default=None,
        )
        if best is None or count([*chosen, best]) == known:
            break
        chosen.append(best)
        known = count(chosen)
    for column in list(chosen):
        if count([c for c in chosen if c is not column]) == known:
            chosen.remove(column)
    return sorted(chosen, key=lambda c: c.place)


def _figure_words(
    chosen: Sequence[ColumnProfile],
    figures: Sequence[ColumnProfile],
    units: Mapping[str, str],
    measures: Mapping[str, str],
    rows: Sequence[int],
) -> dict[str, Any]:
    """The words of the columns of figures, and of the series."""
    if not chosen:
        keys = keys_of_columns([c.name for c in figures], measures)
        told = {name: unit for name, unit in units.items() if unit}
        if len(figures) == 1:
            return {"value": figures[0].name, "key": keys[figures[0].name]}
        return {"values": keys, **({"units": told} if told else {})}
    by_measure: dict[str, str] = {}
    for c in sorted(figures, key=lambda c: "net" not in c.name.lower()):
        by_measure.setdefault(measures[c.name] or "quantity", c.name)
    values = {name: measure for measure, name in by_measure.items()}
    if len(values) == 1:
        name = next(iter(values))
        return {"value": name, **_series_words(chosen, rows, measures[name])}
    told = {name: units[name] for name in values if units[name]}
    return {"values": values, **({"units": told} if told else {}), **_series_words(chosen, rows, "")}


def _series_words(chosen: Sequence[ColumnProfile], rows: Sequence[int], measure: str) -> dict[str, Any]:
    """The words that make series keys of the labels in the chosen columns."""
    suffix = {"usd": ":usd", "usd_per_kg": ":usd_per_kg"}.get(measure, "")
    if not chosen:
        return {"key": f"OWN.export.WLD.goods{suffix}"}
    labels = list(dict.fromkeys(tuple(c.texts[i] for c in chosen) for i in rows))[:MOST_KEYS]
    keys = keys_of_labels(labels, [c.name for c in chosen])
    names = [c.name for c in chosen]
    units = {} if measure else {parts: next(filter(None, map(unit_of_label, parts)), "") for parts in keys}
    for parts, unit in units.items():  # a label such as QUANTITY_IN_100KG names the unit of its series
        keys[parts] = _with_measure(keys[parts], SUFFIXES[measure_of("", unit)] if unit else "")
    told = {keys[parts]: unit for parts, unit in units.items() if unit}
    return {
        "series": names[0] if len(names) == 1 else names,
        "keys": {".".join(parts): _with_measure(key, suffix) for parts, key in keys.items()},
        **({"units": told} if told else {}),
    }


def _with_measure(key: str, suffix: str) -> str:
    """A key with the suffix of what it measures, in place of its own."""
    return key.partition(":")[0] + suffix if suffix else key


def unit_of_label(label: str) -> str:
    """The unit that a label names, or that a label which is a key of money or a price has; "" for none."""
    key = as_key(label)
    return unit_in_label(label) if key is None else "" if key.measure == "quantity" else key.unit


def _unit_words(columns: Sequence[ColumnProfile], named: str) -> dict[str, Any]:
    """The word of the unit: of a column of units, with its multiple, or as the column of figures or a title names it."""
    for column in columns:
        if column.kind == "unit":
            known = [text for text in column.distinct if measured_by(text)]
            return {"unit_column": column.name} if len(column.distinct) > 1 else {"unit": _multiple(columns) + known[0]}
    return {"unit": named} if named else {}


def _multiple(columns: Sequence[ColumnProfile]) -> str:
    """The multiple that a column such as UNIT_MULT names for all figures, before a unit: "1000 "; "" for none."""
    found = [multiple_in(text) for c in columns if MULTIPLE_NAME.fullmatch(c.name) for text in c.distinct]
    return f"{found[0]:.0f} " if len(found) == 1 and found[0] not in (None, 1.0) else ""


def _key_remarks(chosen: Sequence[ColumnProfile], words: Mapping[str, Any]) -> list[str]:
    """What has to be known of the proposed keys: totals among them, and what no table says."""
    totals = [text for c in chosen for text in c.distinct if TOTAL_NAME.fullmatch(text)][:1]
    found = [words.get("key", ""), *words.get("keys", {}).values(), *words.get("values", {}).values()]
    guess = "OWN, export and WLD in the keys stand for who reports, which way and with whom: write the right ones"
    return [
        *(f"'{text}' is a total by its label: its series holds the sum of others" for text in totals),
        *([] if all(as_key(key) and not key.startswith("OWN.") for key in found if key) else [guess]),
    ]


def _flag_words(columns: Sequence[ColumnProfile]) -> dict[str, Any]:
    """The words of a column of flags."""
    for column in columns:
        if column.kind == "flag":
            known = {flag: KNOWN_FLAGS[flag.lower()] for flag in column.distinct if flag.lower() in KNOWN_FLAGS}
            return {"flags": column.name, **({"statuses": known} if known else {})}
    return {}


def words_as_toml(words: Mapping[str, Any]) -> str:
    """The words as the [data] table of a config."""
    plain = [f"{word} = {_toml(value)}" for word, value in words.items() if not isinstance(value, Mapping)]
    tables = [
        "\n".join([f"\n[data.{word}]", *(f"{json.dumps(key, ensure_ascii=False)} = {_toml(v)}" for key, v in value.items())])
        for word, value in words.items()
        if isinstance(value, Mapping) and value
    ]
    return "\n".join(["[data]", 'use = "table"', *plain, *tables])


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
