"""Files of the online query of China's customs: columns by name, in any order, with rows of the same good to be summed.

The query writes one row for each month, code, partner and, where they were ticked, trade mode and place of registration. Rows
without trade are left out. Since a query asks for every combination of its months, codes and partners, what has no row although
its month, code and partner stand elsewhere in the file had no trade: a true zero.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from forecast.core import months
from forecast.core.archive_table import VALID_YEARS
from forecast.core.errors import nearest
from forecast.core.input_files import InputFile, describe_fault, parse_number
from forecast.sources.china_customs.saved_text import decode

COLUMNS = {
    "数据年月": "month",
    "商品编码": "code",
    "商品名称": "good",
    "贸易伙伴编码": "partner",
    "贸易伙伴名称": "partner name",
    "贸易方式编码": "mode",
    "贸易方式名称": "mode name",
    "注册地编码": "place",
    "注册地名称": "place name",
    "第一数量": "quantity",
    "第一计量单位": "unit",
    "第二数量": "second quantity",
    "第二计量单位": "second unit",
    "美元": "usd",
    "人民币": "cny",
    "进出口": "flow",
}
KNOWN = frozenset(COLUMNS.values())
FLOWS = {"出口": "export", "进口": "import", "export": "export", "import": "import"}
MASS = {"千克": 1.0, "公斤": 1.0, "kg": 1.0, "吨": 1000.0, "克": 0.001, "百千克": 100.0}
GROUPED = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
SMALL_SHARE = 0.01  # of a sum's money: a weight of 0 beside no more than this is one that rounds to nothing
FULL_PAGE = 10_000  # rows: a file with a multiple of these may have been cut by the website


@dataclass
class Sum:
    """Rows of one month, code and partner: weights in kg and values in USD, with what is unknown of them."""

    kilograms: float = 0.0
    dollars: float = 0.0
    unweighed_dollars: float = 0.0
    weighed: bool = True
    valued: bool = True
    unmassed: bool = False
    weight_status: str = ""
    value_status: str = ""

    @property
    def weight(self) -> float | None:
        """Kilograms; None where a part of them is unknown."""
        known = self.weighed and not self.unmassed and self.unweighed_dollars <= SMALL_SHARE * self.dollars
        return self.kilograms if known else None

    @property
    def value(self) -> float | None:
        """USD; None where a part of them is unknown."""
        return self.dollars if self.valued else None


Cell = tuple[int, int, str, str]  # first and last month, code, partner


@dataclass(frozen=True)
class QueryFile:
    """One file: flow (empty where it does not say), sums by month, code and partner, and what the query asked.

    partners : whether it has a column of partners; values : whether it has one of US dollars; weights : one of quantities
    breakdown : names of further columns over which rows were summed
    full : whether the file may have been cut by the website
    """

    path: Path
    flow: str
    sums: Mapping[Cell, Sum]
    partners: bool
    values: bool
    weights: bool
    breakdown: tuple[str, ...]
    full: bool

    @property
    def months(self) -> tuple[tuple[int, int], ...]:
        """First and last month of each period that the query surely asked: those with a row, and months between such."""
        found = sorted({(first, last) for first, last, _, _ in self.sums})
        single = [first for first, last in found if first == last]
        between = {(m, m) for m in range(min(single), max(single) + 1)} if single else set()
        return tuple(sorted(between | set(found)))

    @functools.cached_property
    def years_of_codes(self) -> frozenset[tuple[str, int]]:
        """Codes and the years in which they have a row: codes change with the year, and one without may not be in force."""
        return frozenset((code, last // 12) for _, last, code, _ in self.sums)

    @property
    def codes(self) -> frozenset[str]:
        """Codes with a row."""
        return frozenset(code for _, _, code, _ in self.sums)

    @property
    def named_partners(self) -> frozenset[str]:
        """Partners with a row, as the file spells them: code, or name where it has no codes."""
        return frozenset(partner for *_, partner in self.sums)


@dataclass
class _Reader:
    """What one row needs to be read: the file, its header, and the meaning of marks."""

    file: InputFile
    header: dict[str, int]
    marks: Mapping[str, str]
    breakdown: list[int]
    sums: dict[Cell, Sum] = field(default_factory=dict)
    seen: dict[tuple[str, ...], int] = field(default_factory=dict)
    flows: set[str] = field(default_factory=set)

    def take(self, line: int, cells: list[str]) -> None:
        """Add one row to the sums."""
        first, last = self._months(line, self._cell(cells, "month"))
        code = re.sub(r"\D", "", self._cell(cells, "code"))
        if not code:
            raise self.file.refusal("a row has no code of a good", "the file as the website gave it", f"row {line}")
        code = code.zfill(8) if len(code) == 7 else code  # a spreadsheet drops the first zero
        partner = self._cell(cells, "partner") or self._cell(cells, "partner name")
        if "flow" in self.header:
            self.flows.add(self._flow(line, self._cell(cells, "flow")))
        key = (str(first), str(last), code, partner, *(cells[i] for i in self.breakdown))
        if key in self.seen:
            raise self.file.refusal(
                f"{months.period_label(first, last)}, {code}, {partner or 'no partner'} stands twice",
                "each query saved once; trade mode and place ticked if rows differ by them",
                f"rows {self.seen[key]} and {line}",
            )  # fmt: skip
        self.seen[key] = line
        self._add(self.sums.setdefault((first, last, code, partner), Sum()), line, cells)

    def _add(self, total: Sum, line: int, cells: list[str]) -> None:
        value, value_status = self._number(line, cells, "usd")
        weight, weight_status, is_mass = self._kilograms(line, cells)
        total.weight_status = total.weight_status or weight_status
        total.value_status = total.value_status or value_status
        total.dollars += value or 0.0
        total.valued &= value is not None
        total.unmassed |= not is_mass
        total.kilograms += weight or 0.0
        total.weighed &= weight is not None
        if weight == 0 and value:
            total.unweighed_dollars += value

    def _cell(self, cells: list[str], name: str) -> str:
        at = self.header.get(name)
        return cells[at].strip().strip('="\t ') if at is not None and at < len(cells) else ""

    def _kilograms(self, line: int, cells: list[str]) -> tuple[float | None, str, bool]:
        """Weight of a row in kg, the status of a mark in its place, and whether one of its units is a mass at all."""
        for quantity, unit in (("quantity", "unit"), ("second quantity", "second unit")):
            factor = MASS.get(self._cell(cells, unit).lower())
            if factor is not None:
                number, status = self._number(line, cells, quantity)
                return (None if number is None else number * factor), status, True
        known_unit = self._cell(cells, "unit") or self._cell(cells, "second unit")
        if "quantity" in self.header and not known_unit and self._cell(cells, "quantity"):
            raise self.file.refusal("a quantity has no unit", "a query with its columns of units", f"row {line}")
        return None, "", False

    def _number(self, line: int, cells: list[str], name: str) -> tuple[float | None, str]:
        """The number in a cell and the status that a mark in its place means; None where there is none."""
        text = self._cell(cells, name)
        if not text:
            return None, ""
        if text in self.marks:
            status = self.marks[text]
            return (0.0, "") if status == "zero" else (None, "" if status == "missing" else status)
        number = parse_number(text.replace(",", "") if GROUPED.fullmatch(text) else text)
        place = f"row {line}, column '{_title(name)}'"
        if number != number:
            hint = f'[data.marks] with \'"{text}" = "missing"\' (or "suppressed", "zero"), if it is a mark'
            raise self.file.refusal(f"'{text}' {describe_fault(text)}", hint, place)
        if number < 0:
            raise self.file.refusal(f"'{text}' is negative", "the file as the website gave it", place)
        return number, ""

    def _months(self, line: int, text: str) -> tuple[int, int]:
        """First and last month of '202506', or of '202501-202506'."""
        match = re.fullmatch(r"(\d{4})[-./年]?(\d{1,2})月?(?: ?[-~至到/] ?(\d{4})[-./年]?(\d{1,2})月?)?", text)
        place = f"row {line}, column '{_title('month')}'"
        if not match or not 1 <= int(match[2]) <= 12 or (match[4] and not 1 <= int(match[4]) <= 12):
            raise self.file.refusal(f"'{text}' is not a month", "YYYYMM: a query by month, not by year", place)
        first = 12 * int(match[1]) + int(match[2]) - 1
        last = 12 * int(match[3]) + int(match[4]) - 1 if match[3] else first
        if last < first or first // 12 not in VALID_YEARS or last // 12 not in VALID_YEARS:
            raise self.file.refusal(f"'{text}' is not a month", f"YYYYMM, {VALID_YEARS[0]} to {VALID_YEARS[-1]}", place)
        return first, last

    def _flow(self, line: int, text: str) -> str:
        if text.lower() not in FLOWS:
            raise self.file.refusal(
                f"'{text}' is no flow", "出口 (export) or 进口 (import)", f"row {line}, column '{_title('flow')}'"
            )
        return FLOWS[text.lower()]


def read_query_file(path: Path, marks: Mapping[str, str]) -> QueryFile:
    """A file of the online query, in UTF-8 or GB18030."""
    file = InputFile(path, "query file", hint="a file saved from stats.customs.gov.cn")
    lines = csv.reader(io.StringIO(decode(file), newline=""), strict=True)
    reader: _Reader | None = None
    count = 0
    try:
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if reader is None:
                reader = _reader(file, cells, marks)
                width = len(cells)
                continue
            if len(cells) < width - 1 or any(cell.strip() for cell in cells[width:]):
                hint = "the file as the website gave it: was it cut off?"
                raise file.refusal(f"the row has {len(cells)} cells for {width} columns", hint, f"row {lines.line_num}")
            reader.take(lines.line_num, cells + [""] * (width - len(cells)))
            count += 1
    except csv.Error as error:
        raise file.refusal(
            f"the row cannot be read: {error}", "the file as the website gave it", f"row {lines.line_num}"
        ) from None
    if reader is None or not reader.sums:
        raise file.refusal("the file holds no figure", "a header and at least one row: a query without trade gives none")
    if len(reader.flows) > 1:
        raise file.refusal("exports and imports stand in one file", "one query for each")
    names = reader.header
    return QueryFile(
        path=path,
        flow=next(iter(reader.flows), ""),
        sums=reader.sums,
        partners="partner" in names or "partner name" in names,
        values="usd" in names,
        weights="quantity" in names or "second quantity" in names,
        breakdown=tuple(_title(name) if name in KNOWN else name for name in _breakdown_names(names)),
        full=count % FULL_PAGE == 0,
    )


def _reader(file: InputFile, cells: list[str], marks: Mapping[str, str]) -> _Reader:
    """A reader for the columns of a header."""
    names = [cell.strip().lstrip("\ufeff") for cell in cells]
    header: dict[str, int] = {}
    for at, title in enumerate(names):
        name = COLUMNS.get(title, title)
        if name and name in header:
            raise file.refusal(f"two columns are called '{title}'", "the file as the website gave it", "row 1")
        if name:
            header[name] = at
    for name in ("month", "code"):
        if name not in header:
            raise file.refusal(f"there is no column '{_title(name)}'", nearest(_title(name), names), "row 1")
    if not {"quantity", "second quantity", "usd", "cny"} & set(header):
        raise file.refusal("there is no column of quantities or values", "第一数量 with 第一计量单位, and 美元", "row 1")
    return _Reader(file, header, marks, [header[name] for name in _breakdown_names(header)])


def _breakdown_names(header: Mapping[str, int]) -> list[str]:
    """Columns by which a good of one month and partner has several rows: trade mode, place, and any that is not known."""
    return [name for name in header if name in ("mode", "mode name", "place", "place name") or name not in KNOWN]


def _title(name: str) -> str:
    """A column's title in the file."""
    return next((title for title, known in COLUMNS.items() if known == name), name)
