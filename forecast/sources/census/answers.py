"""Answers of the US Census Bureau: an array of arrays of text with the header first, read as rows with their meaning.

Guide to the International Trade Datasets (US Census Bureau): predicates of the question are added as columns behind those
asked for, some of them twice; totals (`-`) and groups of countries (`0003`, `5XXX`) stand among the countries; a quantity of 0
with the flag M is missing, and without a flag a true zero; an empty answer has the status 204. A quantity of 0 beside money is
missing here without a flag too: what was paid for weighs something, and less than half a unit is no other case.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from forecast.core import months
from forecast.core.archive_table import VALID_YEARS
from forecast.core.errors import DataError
from forecast.core.input_files import MAX_FIGURE
from forecast.interfaces.answer import Answer
from forecast.interfaces.faults import DamagedAnswerError, InterfaceError, KeyMissingError, KeyRefusedError

TOTAL = "-"
COUNTRY = re.compile(r"[1-7]\d{3}", re.ASCII)  # Schedule C; groups have letters or begin with 0
MASS = {"KG": 1.0, "T": 1000.0, "G": 0.001}  # kilograms in a unit of quantity; CKG, kilograms of content, is no weight
NUMBER = re.compile(r"-?\d{1,18}(\.\d+)?", re.ASCII)


@dataclass(frozen=True)
class TradeRow:
    """One commodity, country and month: value in USD, quantity in kg (NaN missing), and why a quantity is missing."""

    commodity: str
    country: str
    month: int
    value: float
    quantity: float
    reason: str
    updated: dt.date


@dataclass(frozen=True)
class Columns:
    """The names of one flow's variables."""

    commodity: str
    value: str
    quantities: tuple[tuple[str, str, str], ...]  # figure, flag, unit; the first whose unit is a mass counts

    @property
    def asked(self) -> tuple[str, ...]:
        """What a question for figures asks for."""
        measured = (name for triple in self.quantities for name in triple)
        return (self.commodity, "CTY_CODE", "CTY_NAME", self.value, *measured, "LAST_UPDATE")


IMPORTS = Columns(
    "I_COMMODITY",
    "GEN_VAL_MO",
    (("GEN_QY1_MO", "GEN_QY1_MO_FLAG", "UNIT_QY1"), ("GEN_QY2_MO", "GEN_QY2_MO_FLAG", "UNIT_QY2")),
)
EXPORTS = Columns(
    "E_COMMODITY",
    "ALL_VAL_MO",
    (("QTY_1_MO", "QTY_1_MO_FLAG", "UNIT_QY1"), ("QTY_2_MO", "QTY_2_MO_FLAG", "UNIT_QY2")),
)


def key_refusal(answer: Answer) -> InterfaceError | None:
    """The refusal of a key: a redirect to a page about it, or a header; the page itself comes with status 200."""
    target = answer.headers.get("location", "")
    page = answer.body[:4000].lower() if answer.media == "text/html" else b""
    obtained = "a free key: https://api.census.gov/data/key_signup.html, activated by the link in its mail"
    if "missing_key" in target or b"missing key" in page:
        return KeyMissingError(
            "the US Census Bureau asks for a key", where=answer.question, hint=f"{obtained}; then: export CENSUS_API_KEY=..."
        )
    if "invalid_key" in target or b"invalid key" in page or answer.headers.get("x-datawebapi-keyerror"):
        return KeyRefusedError(
            "the US Census Bureau does not know the key in CENSUS_API_KEY", where=answer.question,
            hint=f"look at it for a slip, or {obtained}",
        )  # fmt: skip
    return None


def read_trade(answer: Answer, columns: Columns) -> list[TradeRow]:
    """The rows of an answer: totals and single countries; groups of countries are left out."""
    rows = []
    for cells in _table(answer, columns.asked):
        country = cells["CTY_CODE"]
        if country != TOTAL and not COUNTRY.fullmatch(country):
            continue
        value = _number(answer, cells[columns.value], "value")
        quantity, reason = _quantity(answer, cells, columns, value)
        month = _month(answer, cells["time"])
        rows.append(
            TradeRow(
                commodity=cells[columns.commodity], country=country, month=month,
                value=value, quantity=quantity, reason=reason,
                updated=_day_of_update(answer, cells["LAST_UPDATE"], month),
            )
        )  # fmt: skip
    return _once(rows)


def read_months(answer: Answer, columns: Columns) -> dict[int, dt.date]:
    """Month -> day of its last update, of the months that an answer about all countries has rows for."""
    found = {}
    for cells in _table(answer, (columns.commodity, "CTY_CODE", columns.value, "LAST_UPDATE")):
        if cells["CTY_CODE"] == TOTAL:
            month = _month(answer, cells["time"])
            found[month] = _day_of_update(answer, cells["LAST_UPDATE"], month)
    return found


def _table(answer: Answer, wanted: Sequence[str]) -> list[dict[str, str]]:
    """The rows by column; of a column that stands twice the first counts."""
    if answer.status == 204:
        return []
    table = answer.json()
    if not isinstance(table, list) or not table or not all(isinstance(row, list) for row in table):
        raise _damage(answer, "the answer is no table")
    header = table[0]
    missing = [name for name in (*wanted, "time") if name not in header]
    if missing:
        raise _damage(answer, f"the answer lacks the column {missing[0]}")
    places = {name: header.index(name) for name in (*wanted, "time")}
    if any(len(row) != len(header) for row in table):
        raise _damage(answer, "a row of the answer has not as many cells as its header")
    return [{name: _text(answer, row[place]) for name, place in places.items()} for row in table[1:]]


def _text(answer: Answer, cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool) or not isinstance(cell, (str, int)):
        raise _damage(answer, f"'{str(cell)[:40]}' is no cell of text")
    return str(cell).strip()


def _quantity(answer: Answer, cells: dict[str, str], columns: Columns, value: float) -> tuple[float, str]:
    """The weight in kg and, if there is none, why: the first quantity whose unit is a mass; `value` is the row's, in USD."""
    units = []
    for figure, flag, unit in columns.quantities:
        name = cells[unit].upper()
        if name in MASS:
            if cells[flag]:
                return math.nan, f"flag {cells[flag]}" + (" (missing)" if cells[flag] == "M" else "")
            if not cells[figure]:
                return math.nan, "no quantity stated"
            weight = _number(answer, cells[figure], "quantity") * MASS[name]
            if weight == 0 and value > 0:
                return math.nan, f"a weight of 0 beside USD {value:,.0f}"
            return (weight, "") if weight >= 0 else (math.nan, f"a negative quantity: {cells[figure]}")
        units += [name] if name not in ("", "-", "X") else []
    return math.nan, f"counted in {' and '.join(units)}, not by weight" if units else "not counted at all"


def _number(answer: Answer, text: str, what: str) -> float:
    if not text:
        return math.nan
    if not NUMBER.fullmatch(text) or abs(float(text)) > MAX_FIGURE:
        raise _damage(answer, f"'{text[:40]}' is no {what}")
    return float(text)


def _month(answer: Answer, text: str) -> int:
    try:
        month = months.ordinal(text)
    except DataError:
        raise _damage(answer, f"'{text[:40]}' is no month") from None
    if month // 12 not in VALID_YEARS:
        raise _damage(answer, f"'{text[:40]}' lies in no year of these data")
    return month


def _day_of_update(answer: Answer, text: str, month: int) -> dt.date:
    """The day of an update; the day of the answer where the cell is empty or no day after the month began."""
    try:
        day = dt.date.fromisoformat(text[:10])
    except ValueError:
        return answer.day
    return day if months.ordinal(day) >= month and day.year in VALID_YEARS else answer.day


def _once(rows: list[TradeRow]) -> list[TradeRow]:
    """The rows without repetitions; where two differ about one cell, neither is believed."""
    found: dict[tuple[str, str, int], TradeRow] = {}
    for row in rows:
        cell = row.commodity, row.country, row.month
        former = found.setdefault(cell, row)
        if (former.value, str(former.quantity)) != (row.value, str(row.quantity)):
            found[cell] = replace(row, value=math.nan, quantity=math.nan, reason="two rows differ about it")
    return list(found.values())


def _damage(answer: Answer, problem: str) -> DamagedAnswerError:
    return DamagedAnswerError(problem, where=answer.question, hint="the same command later; the raw answer is kept")
