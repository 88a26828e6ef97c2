"""Answers of Eurostat's Comext: SDMX-CSV with one row per reporter, partner, product, flow, indicator and month.

Weights are in 100 kg. Flow 1 is imports, 2 exports. Rows without trade are left out. No data is status 404, too much is 413.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from dataclasses import dataclass

from forecast.core import months
from forecast.core.archive_table import VALID_YEARS
from forecast.core.errors import DataError
from forecast.core.input_files import MAX_FIGURE, parse_number
from forecast.interfaces.answer import Answer
from forecast.interfaces.country_codes import country_of
from forecast.interfaces.faults import DamagedAnswerError, QuestionRefusedError

MEDIA = ("application/vnd.sdmx.data+csv", "text/csv", "application/csv")
FLOWS = {"import": "1", "export": "2"}
WEIGHT, VALUE = "QUANTITY_IN_100KG", "VALUE_IN_EUROS"
KILOGRAMS = 100.0  # in one unit of weight
COLUMNS = ("freq", "reporter", "partner", "product", "flow", "indicators", "time_period", "obs_value")
UNION, WORLD, OUTSIDE = "EU27_2020", "WORLD", "EXT_EU27_2020"
HIDDEN = ("QY", "QZ")  # partners that are not named for commercial or military reasons
UNITED_KINGDOM = ("GB", "XU")  # with and without Northern Ireland, XI, whose goods count as a member's
OTHER_CODES = {"EL": "GRC", "XS": "SRB", "XU": "GBR", UNION: "EU27"}
NO_DATA = re.compile(rb"no results found|no data|ERR_NOT_FOUND", re.IGNORECASE)


@dataclass(frozen=True)
class ComextRow:
    """One reporter, partner and month: weight in kg and value in EUR (NaN if not stated), and their flags."""

    reporter: str
    partner: str
    month: int
    weight: float
    value: float
    flag: str


@dataclass(frozen=True)
class ComextAnswer:
    """The rows of an answer, and the day on which the data set was last updated (None if it holds no row)."""

    rows: tuple[ComextRow, ...]
    updated: dt.date | None


def country(code: str) -> str | None:
    """The country of a code of Comext; None for a rest, a group or a code that hides one."""
    return OTHER_CODES.get(code) or country_of("iso2").get(code)


def read_answer(answer: Answer, product: str, flow: str) -> ComextAnswer | None:
    """The rows of an answer on a product; none where there is no data, None where the answer would be too large."""
    if answer.status == 413:
        return None
    if answer.status in (400, 404):
        if answer.status == 400 and not NO_DATA.search(answer.body):
            said = re.sub(r"<[^>]*>|\s+", " ", answer.body[:600].decode("utf-8", "replace")).strip()
            raise QuestionRefusedError(
                f"Eurostat does not understand the question: {said[:200] or 'no further word'}", where=answer.question,
                hint="codes of goods and countries that Comext has",
            )  # fmt: skip
        return ComextAnswer((), None)
    answer.expect(*MEDIA)
    text = answer.text()
    if not text.endswith("\n"):
        raise _damage(answer, "the answer ends in the middle of a line")
    figures: dict[tuple[str, str, int], dict[str, tuple[float, str]]] = {}
    updated: set[dt.date] = set()
    for line, cells in _records(answer, text):
        if cells["freq"] != "M":
            continue
        if cells["product"] != product or cells["flow"] != FLOWS[flow]:
            held = f"product {cells['product']}, flow {cells['flow']}"
            raise _damage(answer, f"line {line} answers another question: {held} where {product}, {FLOWS[flow]} was asked")
        if cells["indicators"] not in (WEIGHT, VALUE):
            continue
        month = _month(answer, line, cells["time_period"])
        cell = figures.setdefault((cells["reporter"], cells["partner"], month), {})
        if cells["indicators"] in cell:
            raise _damage(answer, f"line {line} stands twice")
        flag = (cells.get("obs_flag", "") or cells.get("conf_status", "")).strip().lower()
        cell[cells["indicators"]] = _number(answer, line, cells["obs_value"]), flag
        if day := _day(cells.get("last update", "")):
            updated.add(day)
    rows = tuple(_row(key, cell) for key, cell in figures.items())
    return ComextAnswer(rows, max(updated, default=answer.day if rows else None))


def _row(key: tuple[str, str, int], cell: dict[str, tuple[float, str]]) -> ComextRow:
    weight, weight_flag = cell.get(WEIGHT, (math.nan, ""))
    value, value_flag = cell.get(VALUE, (math.nan, ""))
    return ComextRow(*key, weight * KILOGRAMS, value, weight_flag if WEIGHT in cell else value_flag)


def _records(answer: Answer, text: str) -> list[tuple[int, dict[str, str]]]:
    """Line and cells by column of each row, with names of columns in lower case."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    out: list[tuple[int, dict[str, str]]] = []
    names: list[str] = []
    try:
        for cells in reader:
            if not names:
                names = [cell.strip().lower() for cell in cells]
                if missing := [name for name in COLUMNS if name not in names]:
                    raise _damage(answer, f"the answer has no column {missing[0]}")
            elif len(cells) != len(names):
                raise _damage(answer, f"line {reader.line_num} has {len(cells)} cells for {len(names)} columns")
            else:
                out.append((reader.line_num, dict(zip(names, map(str.strip, cells), strict=True))))
    except csv.Error as error:
        raise _damage(answer, f"line {reader.line_num} cannot be read: {error}") from None
    if not names:
        raise _damage(answer, "the answer is empty")
    return out


def _month(answer: Answer, line: int, text: str) -> int:
    try:
        month = months.ordinal(text.replace("-M", "-") if "-M" in text else text)
    except DataError as error:
        raise _damage(answer, f"line {line}: {error.problem}") from None
    if month // 12 not in VALID_YEARS:
        raise _damage(answer, f"line {line}: {text} is no month of trade")
    return month


def _number(answer: Answer, line: int, text: str) -> float:
    """A figure; NaN where the cell is empty or holds Eurostat's colon for none."""
    if text in ("", ":"):
        return math.nan
    number = parse_number(text)
    if not 0 <= number <= MAX_FIGURE / KILOGRAMS:
        raise _damage(answer, f"line {line}: '{text}' is no figure")
    return number


def _day(text: str) -> dt.date | None:
    """The day of an update: '15/09/26 11:00:00', '15/09/2026' or '2026-09-15T11:00:00'."""
    match = re.match(r"(?P<d>\d{2})/(?P<m>\d{2})/(?P<y>\d{4}|\d{2})\b|(?P<Y>\d{4})-(?P<M>\d{2})-(?P<D>\d{2})", text)
    if not match:
        return None
    parts = [match[name] or match[name.upper()] for name in "ymd"]
    try:
        return dt.date(int(parts[0]) + (2000 if len(parts[0]) == 2 else 0), int(parts[1]), int(parts[2]))
    except ValueError:
        return None


def _damage(answer: Answer, problem: str) -> DamagedAnswerError:
    return DamagedAnswerError(problem, where=answer.question, hint="the same command later: what is done is kept")
