"""A user's table as an archive: its columns judged, its figures in kg, USD or USD/kg, and what was inferred in sentences."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from forecast.core import months
from forecast.core.archive import Archive, bundled_archive
from forecast.core.archive_table import VALID_YEARS, ArchiveRow, table_of
from forecast.core.errors import DataError, with_place
from forecast.core.input_files import MAX_FIGURE
from forecast.core.plurals import pluralize
from forecast.core.series import SeriesKey
from forecast.tables.doubtful_columns import check_meaning, refuse_signs_of_nines
from forecast.tables.grid import grid_of_frame, read_grid, text_of
from forecast.tables.mapping import TableMapping
from forecast.tables.number_column import CellFigure, NumberForm, read_form, with_flag
from forecast.tables.records import Record, Records, read_records
from forecast.tables.time_column import Months, read_times, restore_lost_zeros
from forecast.tables.time_steps import (
    LENGTHS,
    ask_for_longer_steps,
    ask_for_sums,
    first_month_of_sums,
    periods_under_way,
    span_of,
    sum_span,
)
from forecast.tables.twins import add_up_twins, refuse_twins
from forecast.tables.unit_words import EXAMPLES, unit_factor
from forecast.tables.unread_columns import check_unit_column, unread_flags

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class OwnTable(TableMapping):
    """A table under its mapping, read when its archive or its sentences are asked for."""

    @functools.cached_property
    def _reading(self) -> tuple[list[ArchiveRow], tuple[str, ...]]:
        return rows_of_table(self)

    def read(self) -> Archive:
        """The table as an archive; quantities in kg, values in USD."""
        return self._archive(self._reading[0])

    def read_frame(self, frame: pd.DataFrame) -> Archive:
        """A DataFrame under the same mapping as an archive; `path` only names it in messages."""
        return self._archive(rows_of_records(read_records(grid_of_frame(frame, self.path), self), self)[0])

    def _archive(self, rows: list[ArchiveRow]) -> Archive:
        if self.join:
            return bundled_archive().append(table_of(rows))
        return Archive.of(rows, pseudo=not (self.released or self.revised))

    def held_back_until(self, series: str, month: int) -> tuple[dt.date, str] | None:
        """The day from which a month's figure counts as out, and by which rule; None where no rule of the table says.

        A column of release days gives each figure its own day, and series of the bundled data set follow the release clock.

        Parameters
        ----------
        series : str
            key of a series
        month : int
            as an integer

        Returns
        -------
        (date, str), or None
            the day, and the rule in words
        """
        if self.released or (self.join and series in bundled_archive().series):
            return None
        length = LENGTHS.get(self.frequency, 1)
        last = month - month % length + length - 1
        steps = f"{self.frequency or 'month'}'s end"
        return out_after(last, self.lag_days), f"as the table is read, {pluralize(self.lag_days, 'day')} after the {steps}"

    def describe_reading(self) -> tuple[str, ...]:
        """How the table was read, in sentences: what was inferred, and which rows were left out."""
        return self._reading[1]


def out_after(last: int, lag_days: int) -> dt.date:
    """The day on which a figure counts as out where no column tells it: so many days after the end of its last month."""
    return months.last_day(last) + dt.timedelta(days=lag_days)


def rows_of_table(mapping: TableMapping, today: dt.date | None = None) -> tuple[list[ArchiveRow], tuple[str, ...]]:
    """The rows of an archive that a table holds under a mapping, and how it was read, in sentences.

    today : the day on which months not yet over are known; DataError, naming the lines to write, where two readings fit
    """
    names = [*mapping.columns_of_period, *([mapping.value] if mapping.value else []), *mapping.columns_of_series]
    grid = read_grid(mapping.path, mapping.sheet, mapping.encoding, mapping.delimiter, names)
    return rows_of_records(read_records(grid, mapping), mapping, today)


def rows_of_records(
    records: Records, mapping: TableMapping, today: dt.date | None = None
) -> tuple[list[ArchiveRow], tuple[str, ...]]:
    """The rows of an archive that the figures of a table are, and how they were read, in sentences."""
    today = today or dt.date.today()
    records = _with_lost_zeros(records)
    judged = _Judgement(records, mapping, today)
    told = check_unit_column(records, mapping)
    check_meaning(records, mapping)
    figures = [judged.figure(record) for record in records.figures]
    refuse_signs_of_nines(records, [figure.value for figure in figures])
    rows, lines = judged.rows(figures)
    if all(row.status in ("missing", "suppressed") for row in rows):
        raise DataError("the file holds no figure", where=mapping.path, hint="a header and at least one row with a number")
    rows = add_up_twins(rows, lines, records) if mapping.add_up else rows
    if not mapping.add_up:
        refuse_twins(rows, lines, records, mapping)
    return rows, tuple(dict.fromkeys([*records.notes, *judged.notes, *told, *unread_flags(records, mapping)]))


def _with_lost_zeros(records: Records) -> Records:
    """The figures with the times that lost a zero restored."""
    times = restore_lost_zeros([(f"{record.series}\t{record.released}", record.time) for record in records.figures])
    if all(record.time == time for record, time in zip(records.figures, times, strict=True)):
        return records
    figures = tuple(replace(record, time=time) for record, time in zip(records.figures, times, strict=True))
    note = "of two times such as 2018.1 in one year, the one beside 2018.9 or 2018.11 is October without its zero"
    return replace(records, figures=figures, notes=(*records.notes, note))


def _first_of(records: Records, field: str) -> dict[Any, Record]:
    """The first record with each value of a field."""
    return {getattr(record, field): record for record in reversed(records.figures)}


class _Judgement:
    """What was inferred of the whole table: how its times and numbers are written, what stands behind its months."""

    def __init__(self, records: Records, mapping: TableMapping, today: dt.date) -> None:
        self.records, self.mapping, self.today = records, mapping, today
        self.notes: list[str] = []
        self.units = {series: self._unit_of_key(record) for series, record in _first_of(records, "series").items()}
        entries = [(f"{record.series}\t{record.released}", record.time) for record in records.figures]
        places = {time: self._at_time(record) for time, record in _first_of(records, "time").items()}
        times = read_times(entries, places, mapping.ways, today)
        cells = {text: self.at(record) for text, record in _first_of(records, "cell").items() if isinstance(text, str)}
        counts = Counter(record.cell for record in records.figures if isinstance(record.cell, str))
        self.form: NumberForm = read_form(cells, counts, mapping.decimal, mapping.thousands, mapping.marks, mapping.statuses)
        self.months: Mapping[str, Months] = times.months
        self.notes += [*times.notes, *self.form.notes]

    def at(self, record: Record) -> str:
        """The place of a record in words."""
        return self.records.grid.at(record.row, record.column)

    def _at_time(self, record: Record) -> str:
        if self.mapping.across:
            return self.records.grid.at(self.records.header.row, record.column)
        columns = self.mapping.columns_of_period
        return self.records.grid.at(record.row, " and ".join(columns)) if columns else self.records.grid.at(record.row)

    def _unit_of_key(self, record: Record) -> str:
        """The unit in which an archive holds the series of a record."""
        if SeriesKey.maybe(record.series) is None:
            columns = " and ".join(self.mapping.columns_of_series)
            where = self.records.grid.at(record.row, columns) if columns else "[data], key"
            raise DataError(
                f"'{record.series}' does not spell a series", where=where,
                hint="REPORTER.flow.PARTNER.product, or a row of [data.keys] that turns the label into one",
            )  # fmt: skip
        return SeriesKey.parse(record.series).unit

    def figure(self, record: Record) -> CellFigure:
        """The figure of a record in its own unit."""
        text = text_of(record.cell)
        if not isinstance(record.cell, str | float):
            raise DataError(f"'{text}' is a day, not a number", where=self.at(record), hint="a number, empty where unknown")
        try:
            figure = self.form.read(text) if isinstance(record.cell, str) else self.form.read_number(record.cell, text)
        except DataError as error:
            raise DataError(error.problem, where=self.at(record), hint=error.hint) from None
        if not record.flag:
            return figure
        where = self.at(record)
        if record.flag not in self.mapping.statuses:
            found = Counter(r.flag for r in self.records.figures if r.flag and r.flag not in self.mapping.statuses)
            lines = ", ".join(f'"{flag}" = "provisional"' for flag in found)
            problem = f"nothing explains the flag '{record.flag}' ({found[record.flag]} figures)"
            hint = f'statuses = {{ {lines} }} under [data], each "provisional", "estimated", "suppressed", "missing" or "value"'
            raise DataError(problem, where=where, hint=hint)
        with with_place(where):
            return with_flag(figure, self.mapping.statuses[record.flag], record.flag)

    def rows(self, figures: Sequence[CellFigure]) -> tuple[list[ArchiveRow], list[Record]]:
        """The rows of the archive, and the record of each."""
        mapping = self.mapping
        kept = self._within(figures)
        begun = first_month_of_sums(mapping.sums) if mapping.sums else None
        known: dict[str, dict[int, float]] = {}
        with_sums = {record.series for record, _ in kept if len(set(self.months[record.time])) == 2}  # these say what they are
        for record, figure in kept:
            first = self.months[record.time][0]
            if record.series not in with_sums and not math.isnan(figure.value):
                known.setdefault(record.series, {})[first] = figure.value
        where = mapping.path if not mapping.columns_of_period else f"{mapping.path}, column '{mapping.columns_of_period[0]}'"
        if not mapping.frequency and begun is None:
            ask_for_longer_steps(known, where)
        if not mapping.sums:
            ask_for_sums(known, where)
        if LENGTHS.get(mapping.frequency, 1) > 1:  # rows between the figures of longer steps are no steps
            kept = [(record, figure) for record, figure in kept if figure.status or not math.isnan(figure.value)]
        rows = [self._row(record, figure, begun) for record, figure in kept]
        self._tell_spans(rows, begun)
        return rows, [record for record, _ in kept]

    def _within(self, figures: Sequence[CellFigure]) -> list[tuple[Record, CellFigure]]:
        """The figures of months since and until the declared ones, without empty cells of months that are not over."""
        mapping = self.mapping
        pairs = list(zip(self.records.figures, figures, strict=True))
        since = months.ordinal(mapping.since) if mapping.since else -1
        until = months.ordinal(mapping.until) if mapping.until else 12 * 9999
        inside = [(r, f) for r, f in pairs if since <= self.months[r.time][0] and self.months[r.time][1] <= until]
        if len(inside) < len(pairs):
            self.notes.append(f"cells left out, since they lie outside the declared months: {len(pairs) - len(inside)}")
        late = set(periods_under_way((self.months[r.time] for r, _ in inside), self.today)) if not mapping.until else set()
        held = [(r, f) for r, f in inside if self.months[r.time] in late and not math.isnan(f.value)]
        if held:
            record, _ = min(held, key=lambda pair: self.months[pair[0].time])
            period = months.period_label(*self.months[record.time])
            what = (
                "zeros of months not yet out" if all(f.value == 0 for _, f in held) else "parts of a month, plans or forecasts"
            )
            last_over = months.label(months.ordinal(self.today) - 1)
            problem = (
                f"{period} is not over on {self.today}, and {len(held)} figures of such months stand in the table: {what}?"
            )
            furthest = months.label(max(last for _, last in late))
            hint = f'until = "{last_over}" leaves them out; until = "{furthest}" takes them as they are'
            raise DataError(problem, where=self.at(record), hint=hint)
        if late:
            self.notes.append(f"months that are not over on {self.today}, without figures: {len(late)}")
            inside = [(r, f) for r, f in inside if self.months[r.time] not in late]
        return inside

    def _row(self, record: Record, figure: CellFigure, begun: int | None) -> ArchiveRow:
        """One row of the archive."""
        mapping, archive_unit = self.mapping, self.units[record.series]
        unit = record.unit or "kg"
        factor = unit_factor(unit, archive_unit)
        if factor is None:
            place = self.records.grid.at(record.row, mapping.unit_column or record.column)
            problem = f"unit '{unit}' does not fit {record.series}, which is held in {archive_unit}"
            if not record.unit:
                problem = f"nothing names a known unit of {record.series}, which is held in {archive_unit}"
            raise DataError(problem, where=place, hint=f"one of {EXAMPLES[archive_unit]}")
        value = figure.value * factor
        if value < 0 and archive_unit == "kg":
            hint = "correct the figure, or leave the cell empty if it is unknown"
            raise DataError(f"a quantity of {text_of(record.cell)} cannot be negative", where=self.at(record), hint=hint)
        if abs(value) > MAX_FIGURE:
            hint = f"at most {MAX_FIGURE:g} {archive_unit}"
            raise DataError(f"{text_of(record.cell)} {unit} is too large", where=self.at(record), hint=hint)
        first, last = self.months[record.time]
        if mapping.frequency and begun is None:
            first, last = span_of(first, last, mapping.frequency, self.at(record))
        if begun is not None and first == last:
            first, last = sum_span(first, begun)
        status = mapping.statuses.get(figure.flag, "")
        return ArchiveRow(
            series=record.series,
            period=months.period_label(first, last),
            value=value,
            status=figure.status,
            released=self._release_day(record, last),
            basis="actual" if record.released else "rule",
            publisher=mapping.publisher,
            note=f"estimated (flag {figure.flag})" if status == "estimated" else "",
        )

    def _release_day(self, record: Record, last: int) -> str:
        """Release day of a figure, never before its last month has begun."""
        mapping = self.mapping
        column = mapping.revised_on if record.column == mapping.revised else mapping.released
        if not column:
            return out_after(last, mapping.lag_days).isoformat()
        where = self.records.grid.at(record.row, column)
        with with_place(where):
            day = months.parse_day(record.released)
        if months.ordinal(day) < last or day.year > VALID_YEARS[-1]:
            problem = f"before {months.label(last)} began" if months.ordinal(day) < last else f"after {VALID_YEARS[-1]}"
            raise DataError(f"released on {day}, {problem}", where=where, hint="check the day")
        return day.isoformat()

    def _tell_spans(self, rows: Sequence[ArchiveRow], begun: int | None) -> None:
        spans = [row.period for row in rows if months.is_span(row.period)]
        if spans and (begun is not None or self.mapping.frequency):
            what = self.mapping.sums if begun is not None else f"of a {self.mapping.frequency}"
            self.notes.append(f"figures are sums {what}, as declared: the first is that of {spans[0]}")
        elif spans:
            self.notes.append(f"figures that are sums of several months: {len(spans)}, such as {spans[0]}")
        else:
            self.notes.append("each figure is that of a single month")
        units = Counter(record.unit or "kg" for record in self.records.figures)
        if self.mapping.unit is None and not self.mapping.unit_column:
            self.notes.append(f"figures are in {' and '.join(units)}")
