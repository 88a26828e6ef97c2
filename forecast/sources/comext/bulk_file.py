"""Monthly bulk files of Comext, unpacked by the user: one row per reporter, partner, eight-digit code, flow and procedure.

Weights are in kg here. Columns are found by name, in the files since 2023 or before. Besides the codes there are a total of all
goods and codes under which a member hides trade of a chapter.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from forecast.core import months
from forecast.core.errors import DataError
from forecast.core.input_files import MAX_FIGURE, parse_number
from forecast.sources.comext.answers import FLOWS, OUTSIDE, UNION, WORLD, ComextRow, country
from forecast.sources.comext.figures import NORTHERN_IRELAND, ProductTrade, ReleasedMonths, members

NAMES = {
    "reporter": ("REPORTER", "DECLARANT_ISO"),
    "partner": ("PARTNER_ISO", "PARTNER"),  # before 2023 PARTNER was a number
    "product": ("PRODUCT_NC",),
    "flow": ("FLOW",),
    "period": ("PERIOD",),
    "value": ("VALUE_EUR", "VALUE_IN_EUROS"),
    "weight": ("QUANTITY_KG", "QUANTITY_IN_KG"),
}
UNNAMED = "QY"  # partners inside the Union that are not named


@dataclass
class _Total:
    """Weight in kg and value in EUR of some rows; the weight is NaN once one of them has none."""

    weight: float = 0.0
    value: float = 0.0

    def add(self, weight: float, value: float) -> None:
        """Add one row; a weight of 0 beside money is none."""
        self.weight += math.nan if weight == 0 and value > 0 else weight
        self.value += value


@dataclass
class BulkFile:
    """One month: totals by code asked, reporter and partner; members with a row, and their hidden trade by chapter."""

    month: int
    saved: dt.date
    totals: dict[tuple[str, str, str], _Total] = field(default_factory=dict)
    reporters: set[str] = field(default_factory=set)
    hidden: dict[str, dict[str, set[str]]] = field(default_factory=dict)  # chapter -> reporter -> partners
    others: set[str] = field(default_factory=set)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, in words."""
        return (f"rows of {', '.join(sorted(self.others))} were left out: no member states",) if self.others else ()

    def trade(self, code: str, flow: str) -> ProductTrade:
        """The rows of a code as the interface would give them, the Union's and those of all partners among them."""
        own = {(r, p): total for (c, r, p), total in self.totals.items() if c == code}
        rows = [ComextRow(r, p, self.month, total.weight, total.value, "") for (r, p), total in own.items()]
        rows += self._sums(WORLD, own)
        outside = {(UNION, p): total for (_, p), total in _by_partner(own).items()}
        rows += [ComextRow(UNION, p, self.month, total.weight, total.value, "") for (_, p), total in outside.items()]
        rows += self._sums(OUTSIDE, outside)
        covered = {one: {self.month} for one in self.reporters} | ({"EU27": {self.month}} if self.reporters else {})
        suspects: dict[str, set[str]] = {}
        for reporter, partners in self.hidden.get(code[:2], {}).items():
            suspects.setdefault(reporter, set()).update(partners)
            suspects.setdefault("EU27", set()).update(partners)
        return ProductTrade(
            code, flow, rows, ReleasedMonths(covered, self.saved), {self.month // 12} if own else set(), suspects
        )

    def _sums(self, partner: str, own: Mapping[tuple[str, str], _Total]) -> list[ComextRow]:
        """One row for each reporter: all its partners together."""
        sums: dict[str, _Total] = {}
        for (reporter, _), total in own.items():
            one = sums.setdefault(reporter, _Total())
            one.weight += total.weight
            one.value += total.value
        return [ComextRow(reporter, partner, self.month, one.weight, one.value, "") for reporter, one in sums.items()]


def _by_partner(own: Mapping[tuple[str, str], _Total]) -> dict[tuple[str, str], _Total]:
    """Totals of all members together by partner outside the Union."""
    out: dict[tuple[str, str], _Total] = {}
    for (_, partner), total in own.items():
        if partner not in (UNNAMED, NORTHERN_IRELAND) and country(partner) not in members():
            one = out.setdefault(("", partner), _Total())
            one.weight += total.weight
            one.value += total.value
    return out


def read_bulk_file(path: Path, codes: Sequence[str], flow: str) -> BulkFile:
    """The rows of some codes in a monthly file; a code of fewer than eight digits is the sum of those that begin with it."""
    file: BulkFile | None = None
    for line, cells in _records(path):
        month = _month(path, line, cells["period"])
        if file is None:
            file = BulkFile(month, dt.date.fromtimestamp(path.stat().st_mtime))
        if month != file.month:
            raise _refusal(
                path, line, f"the file holds {months.label(file.month)} and {months.label(month)}", "one file a month"
            )
        if cells["flow"] != FLOWS[flow]:
            continue
        reporter, product = cells["reporter"], cells["product"]
        name = country(reporter)
        if name is None or name not in members():
            file.others.add(reporter)
            continue
        file.reporters.add(name)
        if not product.isdigit():
            if re.fullmatch(r"\d\d\w+", product) and product[:2] != "00":
                file.hidden.setdefault(product[:2], {}).setdefault(name, set()).add(country(cells["partner"]) or "")
            continue
        product = product.zfill(8)
        for code in codes:
            if product.startswith(code):
                total = file.totals.setdefault((code, reporter, cells["partner"]), _Total())
                total.add(_number(path, line, cells["weight"]), _number(path, line, cells["value"]))
    if file is None:
        raise DataError("the file holds no row", where=str(path), hint="a monthly file full_v2_YYYYMM.dat, unpacked")
    return file


def _records(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells by their meaning, one row at a time: a file has millions."""
    if path.suffix.lower() in (".7z", ".zip", ".gz"):
        raise DataError("this is a packed file", where=str(path), hint="unpack it, for example: 7z x full_v2_202506.7z")
    if not path.is_file():
        raise DataError("there is no such file", where=str(path), hint="a monthly file full_v2_YYYYMM.dat, unpacked")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines, strict=True)
            places = _places(path, next(reader, []))
            width = max(places.values()) + 1
            for cells in reader:
                if len(cells) < width:
                    raise _refusal(path, reader.line_num, "a row is cut off", "the file unpacked once more")
                yield reader.line_num, {name: cells[at].strip() for name, at in places.items()}
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(
            f"the file cannot be read: {error}", where=str(path), hint="a monthly file full_v2_YYYYMM.dat, unpacked"
        ) from None


def _places(path: Path, header: list[str]) -> dict[str, int]:
    """Where each column stands."""
    titles = [cell.strip().upper() for cell in header]
    places = {}
    for name, known in NAMES.items():
        at = next((titles.index(title) for title in known if title in titles), None)
        if at is None:
            raise _refusal(path, 1, f"there is no column {' or '.join(known)}", "a monthly file full_v2_YYYYMM.dat, unpacked")
        places[name] = at
    return places


def _month(path: Path, line: int, text: str) -> int:
    if text[4:] == "52" and len(text) == 6:
        raise _refusal(path, line, "this is the file of a year, not of a month", "the twelve files of its months")
    if not re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])", text, re.ASCII):
        raise _refusal(path, line, f"'{text}' is no month", "YYYYMM")
    return 12 * int(text[:4]) + int(text[4:]) - 1


def _number(path: Path, line: int, text: str) -> float:
    if not text:
        return math.nan
    number = parse_number(text)
    if not 0 <= number <= MAX_FIGURE:
        raise _refusal(path, line, f"'{text}' is no figure", "the file unpacked once more")
    return number


def _refusal(path: Path, line: int, problem: str, hint: str) -> DataError:
    return DataError(problem, where=f"{path}, row {line}", hint=hint)
