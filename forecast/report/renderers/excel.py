"""A page as a workbook: a sheet of sources and notes, the run's tables as they are, and each table of the page.

The run's tables hold every figure unrounded, in the unit in which the report shows it, which a column names. In a table of the
page a cell that rounds one number is that number, shown in the page's digits and unit; any other cell is text. A month is text
(YYYY-MM, as in the run's files), since a span of months (YYYY-MM/YYYY-MM) is no date; single months have their first day
beside them as a date. No text is ever read as a formula, a number or a link.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

from forecast.core import schema
from forecast.core.control_characters import printable_text
from forecast.core.products import display_unit
from forecast.report.blocks import Callout, Column, FigureBlock, Prose, TableBlock, TableCell
from forecast.report.credits import credit
from forecast.report.inline_markup import strip_markup
from forecast.report.numbers import MINUS, NBSP
from forecast.report.page import Page, flat, tables
from forecast.report.renderers.optional_library import load
from forecast.report.run_data import RunData

RUN_TABLES = {  # tables of the run behind each page; those of single scores and placebos are too long to be read
    "report": ("forecasts", "sums", "effects", "scenarios", "regimes", "gates", "claims", "comparisons", "observations"),
    "effects": ("effects", "gates"),
    "forecasts": ("forecasts", "sums", "scenarios", "regimes"),
    "brief": ("forecasts", "sums", "effects", "scenarios", "regimes"),
}
MOST_ROWS = 1_048_575  # rows below the heads of one sheet
MOST_LETTERS = 32_767  # in one cell
_OPTIONS = {
    "in_memory": True, "constant_memory": False, "strings_to_formulas": False, "strings_to_urls": False,
    "strings_to_numbers": False, "nan_inf_to_errors": False,
}  # fmt: skip
_SHOWN = re.compile(rf"([{MINUS}+-]?)([\d,]+)(?:\.(\d+))?({NBSP}[^\d\s;]+)?")  # a number and its unit, as the page prints it


def render_page(page: Page) -> bytes:
    """The workbook."""
    library = load("xlsxwriter", "xlsx", "excel", "XlsxWriter")
    out = io.BytesIO()
    book = _Book(library.Workbook(out, _OPTIONS), page)
    book.write()
    return out.getvalue()


class _Book:
    """A workbook being written."""

    def __init__(self, book: Any, page: Page) -> None:
        self.book, self.page = book, page
        self.bold = book.add_format({"bold": True})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.text = book.add_format({"num_format": "@", "valign": "top"})
        self.wrapped = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        self.date = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})
        self.formats: dict[str, Any] = {}
        self.names: dict[str, str] = {}  # sheet -> what it holds

    def write(self) -> None:
        about = self.book.add_worksheet("About")
        data, name = self.page.data, self.page.name
        as_of = dt.datetime.fromisoformat(data.as_of)
        self.book.set_properties(
            {"title": _plain(self.page.title), "comments": f"forecast, {data.run.folder.name}", "created": as_of}
        )
        for table in RUN_TABLES.get(name, ()):
            if table in schema.ROWS and data.holds(table):
                self._run_table(table, _rows(data, table))
        for i, block in enumerate(tables(self.page.blocks), 1):
            self._page_table(f"T{i} {_plain(block.caption)}", block)
        self._about(about)
        self.book.close()

    def _about(self, sheet: Any) -> None:
        """The first sheet: what the workbook rests on, what each sheet holds, rules of units and months, sources, notes."""
        data = self.page.data
        sheet.set_column(0, 0, 30, self.text)
        sheet.set_column(1, 1, 110, self.wrapped)
        sheet.write_string(0, 0, _plain(self.page.title), self.title)
        observed = sorted(data.histories)
        rows = [
            ("As of", f"{data.as_of}: what was known on this day, and nothing later"),
            ("Run", data.run.folder.name),
            ("Package", f"forecast {(data.run.info.get('versions') or {}).get('forecast', '')}"),
            ("Units", "a column 'unit' or the head of a column names them; tables of the page show them in the cell"),
            ("Months", "text YYYY-MM, a span YYYY-MM/YYYY-MM; 'first day' is the same single month as a date; days YYYY-MM-DD"),
            ("Missing", "an empty cell or a dash: not known; never zero"),
            ("Sources", _plain(credit(data, observed, "table")) or "see the sheet 'observations'"),
            *_notes(self.page),
            ("Sheets", ""),
            *self.names.items(),
        ]
        for at, (left, right) in enumerate(rows, 2):
            if left in self.names:
                sheet.write_url(at, 0, f"internal:'{left}'!A1", None, left)
            else:
                sheet.write_string(at, 0, left, self.text)
            sheet.write_string(at, 1, right[:MOST_LETTERS], self.wrapped)

    def _run_table(self, table: str, rows: Sequence[Any]) -> None:
        held = {"sums": "sums of months: ", "forecasts": "single months: ", "scenarios": "single months: "}.get(table, "")
        sheet = self._sheet(table, f"{held}the run's table '{table}', unrounded, in the unit of each row")
        columns = [name for name in schema.COLUMNS[table] if name != "job"]
        dated = "month" in columns
        heads = [h for name in columns for h in ((name, "first day") if dated and name == "month" else (name,))]
        for at, name in enumerate(heads):
            sheet.write_string(0, at, name, self.head)
        for line, row in enumerate(rows[:MOST_ROWS], 1):
            at = 0
            for name in columns:
                self._cell(sheet, line, at, getattr(row, name))
                at += 1
                if dated and name == "month":
                    self._day(sheet, line, at, getattr(row, name))
                    at += 1
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(min(len(rows), MOST_ROWS), 1), len(heads) - 1)
        sheet.set_column(0, len(heads) - 1, 14)

    def _page_table(self, name: str, table: TableBlock) -> None:
        sheet = self._sheet(name, _plain(table.caption))
        sheet.write_string(0, 0, _plain(table.caption), self.bold)
        noted = [any(len(row) > i and row[i].sub for row in table.rows) for i in range(len(table.columns))]
        places, at = [], 0
        for column, more in zip(table.columns, noted, strict=True):
            places.append(at)
            sheet.write_string(2, at, _plain(column.head), self.head)
            if more:
                sheet.write_string(2, at + 1, f"{_plain(column.head)}: note", self.head)
            at += 1 + more
        for line, row in enumerate(table.rows, 3):
            for cell, column, place in zip(row, table.columns, places, strict=False):
                self._page_cell(sheet, line, place, cell, column)
        if table.note:
            sheet.write_string(len(table.rows) + 4, 0, _plain(table.note), self.text)
        sheet.freeze_panes(3, 1)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, max(at - 1, 1), 18)

    def _page_cell(self, sheet: Any, line: int, at: int, cell: TableCell, column: Column) -> None:
        shown = _SHOWN.fullmatch(cell.text)
        if cell.value is not None and shown:
            sheet.write_number(line, at, cell.value, self._number_format(shown))
        elif column.numeric and cell.text.isascii() and cell.text.isdigit():  # a count
            sheet.write_number(line, at, int(cell.text), self._format("General"))
        elif cell.text:
            sheet.write_string(line, at, _plain(cell.text), self.text)
        if cell.sub:
            sheet.write_string(line, at + 1, _plain(cell.sub), self.text)

    def _cell(self, sheet: Any, line: int, at: int, value: Any) -> None:
        match value:
            case bool():
                sheet.write_boolean(line, at, value)
            case int() | float() if math.isfinite(value):
                sheet.write_number(line, at, value, self._format("General" if isinstance(value, int) else "#,##0.######"))
            case str() if value:
                sheet.write_string(line, at, _plain(value), self.text)

    def _day(self, sheet: Any, line: int, at: int, month: str) -> None:
        if len(month) == 7:
            sheet.write_datetime(line, at, dt.datetime.fromisoformat(f"{month}-01"), self.date)

    def _number_format(self, shown: re.Match[str]) -> Any:
        """The format by which a spreadsheet shows a number as the page does: digits, thousands, sign, unit."""
        sign, _, decimals, unit = shown.groups()
        unit = (unit or "").strip(NBSP).replace('"', "")
        digits = "#,##0" + (f".{'0' * len(decimals)}" if decimals else "")
        digits += "%" if unit == "%" else f'" {unit}"' if unit else ""
        return self._format(f"+{digits};-{digits};{digits}" if sign == "+" else digits)

    def _format(self, code: str) -> Any:
        if code not in self.formats:
            self.formats[code] = self.book.add_format({"num_format": code, "valign": "top"})
        return self.formats[code]

    def _sheet(self, name: str, told: str) -> Any:
        """A new sheet with a name that the format allows."""
        clean = re.sub(r"[\[\]:*?/\\']", " ", _plain(name)).strip()[:31] or "Table"
        at = 2
        while clean.lower() in {"history", *(used.lower() for used in ("About", *self.names))}:
            mark = f" {at}"
            clean, at = clean[: 31 - len(mark)] + mark, at + 1
        self.names[clean] = told
        sheet = self.book.add_worksheet(clean)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        return sheet


def _rows(data: RunData, table: str) -> Sequence[Any]:
    """The rows of a table in display units; of forecasts and their sums those that stand on the run's own day."""
    rows: list[Any] = data.rows(schema.ROWS[table])
    if table in ("forecasts", "sums"):
        rows = [row for row in rows if row.cutoff == data.as_of]
    return [_shown(row) for row in rows]


def _shown(row: Any) -> Any:
    """A row with its figures in the unit in which the report shows them, and that unit in the column that names it."""
    named = {f.name for f in fields(row)}
    unit, scale = display_unit(str(row.series).split("+")[0]) if "series" in named else ("", 1.0)
    for column in {"unit", "level_unit"} & named:
        if getattr(row, column) == "kg":
            row = replace(schema.divide_figures(row, scale, column), **{column: unit})
    return row


def _notes(page: Page) -> Iterator[tuple[str, str]]:
    """What the page says beneath its tables and figures, and its limits."""
    for block in flat(page.blocks):
        if isinstance(block, TableBlock) and block.note:
            yield f"Note, {_plain(block.caption)[:60]}", _plain(block.note)
        elif isinstance(block, FigureBlock):
            yield f"Figure {block.name}", _plain(f"{block.title}. {block.caption}")
        elif isinstance(block, Callout):
            yield "Limit", _plain(block.text)
        elif isinstance(block, Prose) and block.role == "footer":
            yield "Made by", _plain(block.text)


def _plain(text: str) -> str:
    return printable_text(strip_markup(text)).replace("\n", " ")[:MOST_LETTERS]
