"""Answers of UN Comtrade v1: an envelope with `data`, one row per reporter, partner, commodity and month.

Rows as the public clients comtradeapicall and comtradr have them in their fixtures: 47 fields, among them `netWgt` in kg (null
where unknown, sometimes 0 beside a value, sometimes only in `altQty` with the unit 8, kg), flags of estimation, and sub-totals
by mode of transport, customs procedure and second partner unless their totals are asked for.
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
from forecast.core.input_files import MAX_FIGURE
from forecast.interfaces.answer import Answer
from forecast.interfaces.faults import DamagedAnswerError, InterfaceError, QuestionRefusedError

KILOGRAM_UNITS = {8: 1.0, 21: 1000.0}  # kilograms in a unit of quantity, by Comtrade's number
QUOTA = re.compile(rb"out of call volume quota|rate limit is exceeded", re.IGNORECASE)
AGAIN_IN = re.compile(rb"try again in (\d{1,6}) second", re.IGNORECASE)


@dataclass(frozen=True)
class FlowRow:
    """One commodity, partner (M49) and month: value in USD, weight in kg (NaN missing, with the reason)."""

    commodity: str
    partner: int
    month: int
    value: float
    weight: float
    reason: str
    estimated: bool


@dataclass(frozen=True)
class DataSetRelease:
    """When a reporter's month came out first and last."""

    first: dt.date
    last: dt.date


def seconds_to_wait(answer: Answer) -> float | None:
    """Seconds that a refusal for too many calls asks to wait; -1 if it names none, as that of the day's quota.

    Some nodes of the gateway claim an empty quota while others still answer, so that it is worth asking again.
    """
    if answer.status not in (403, 429) or not QUOTA.search(answer.body[:500]):
        return None
    after = answer.headers.get("retry-after", "")
    named = AGAIN_IN.search(answer.body[:500])
    if answer.status == 429 and after.isdigit() and len(after) < 7:
        return float(after)
    return float(named[1]) if named else -1.0


def read_flows(answer: Answer, largest: int) -> list[FlowRow] | None:
    """The rows of an answer that are no sub-totals; None if it has as many rows as one may have, and so may be cut."""
    data = _data(answer)
    if len(data) >= largest:
        return None
    rows = []
    for cells in data:
        if any(str(cells.get(name, total)) not in (total, "None") for name, total in SUB_TOTALS):
            continue
        commodity, partner = cells.get("cmdCode"), cells.get("partnerCode")
        if not isinstance(commodity, str) or isinstance(partner, bool) or not isinstance(partner, int):
            raise _damage(answer, "a row has no commodity or no partner")
        value = _number(answer, cells, "primaryValue")
        weight, reason, estimated = _weight(answer, cells, value)
        rows.append(FlowRow(commodity, partner, _month(answer, cells.get("period")), value, weight, reason, estimated))
    return _once(rows)


SUB_TOTALS = (("motCode", "0"), ("customsCode", "C00"), ("partner2Code", "0"))


def read_releases(answer: Answer) -> dict[int, DataSetRelease]:
    """Month -> when its data set came out first and last; of several data sets of a month the span of all."""
    found: dict[int, DataSetRelease] = {}
    for cells in _data(answer):
        month = _month(answer, cells.get("period"))
        last = _day(answer, cells.get("lastReleased"))
        first = min(_day(answer, cells.get("firstReleased") or cells.get("lastReleased")), last)
        former = found.get(month, DataSetRelease(first, last))
        found[month] = DataSetRelease(min(first, former.first), max(last, former.last))
    return found


def _data(answer: Answer) -> Sequence[dict[str, Any]]:
    """The rows of the envelope, as many as it says."""
    envelope = answer.json()
    if not isinstance(envelope, dict):
        raise _damage(answer, "the answer is no envelope of rows")
    if envelope.get("error"):
        raise QuestionRefusedError(
            f"UN Comtrade does not answer this: {str(envelope['error'])[:200]}", where=answer.question, hint="codes that it has"
        )
    data = envelope.get("data")
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise _damage(answer, "the answer has no rows under 'data'")
    count = envelope.get("count", len(data))
    if count != len(data):
        raise _damage(answer, f"the answer says {str(count)[:20]} rows and holds {len(data)}")
    return data


def _weight(answer: Answer, cells: dict[str, Any], value: float) -> tuple[float, str, bool]:
    """Weight in kg, the reason if it is missing, and whether it is estimated: netWgt, else a quantity in kilograms.

    A weight of 0 beside a value is no weight: it was not stated.
    """
    candidates = [("netWgt", 1.0, "isNetWgtEstimated")]
    for quantity, unit, estimated in (
        ("altQty", "altQtyUnitCode", "isAltQtyEstimated"),
        ("qty", "qtyUnitCode", "isQtyEstimated"),
    ):
        factor = KILOGRAM_UNITS.get(cells[unit]) if isinstance(cells.get(unit), int) else None
        if factor is not None:
            candidates.append((quantity, factor, estimated))
    zero = False
    for name, factor, estimated in candidates:
        weight = _number(answer, cells, name) * factor
        if weight > 0:
            return weight, "", cells.get(estimated) is True
        zero = zero or weight == 0
    if zero and value == 0:
        return 0.0, "", False
    return math.nan, "a weight of 0 beside a value" if zero else "no weight stated", False


def _number(answer: Answer, cells: dict[str, Any], name: str) -> float:
    figure = cells.get(name)
    if figure is None:
        return math.nan
    if isinstance(figure, bool) or not isinstance(figure, (int, float)) or not 0 <= figure <= MAX_FIGURE:
        raise _damage(answer, f"{name} is '{str(figure)[:40]}', no figure")
    return float(figure)


def _month(answer: Answer, period: Any) -> int:
    text = str(period)
    if not re.fullmatch(r"\d{4}(0[1-9]|1[0-2])", text, re.ASCII) or int(text[:4]) not in VALID_YEARS:
        raise _damage(answer, f"'{text[:40]}' is no month")
    return months.ordinal(f"{text[:4]}-{text[4:]}")


def _day(answer: Answer, text: Any) -> dt.date:
    try:
        day = dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        raise _damage(answer, f"'{str(text)[:40]}' is no day of release") from None
    if day.year not in VALID_YEARS:
        raise _damage(answer, f"'{str(text)[:40]}' is no day of release")
    return day


def _once(rows: list[FlowRow]) -> list[FlowRow]:
    """The rows without repetitions; where two differ about one cell, neither is believed."""
    found: dict[tuple[str, int, int], FlowRow] = {}
    for row in rows:
        cell = row.commodity, row.partner, row.month
        former = found.setdefault(cell, row)
        if (str(former.value), str(former.weight)) != (str(row.value), str(row.weight)):
            found[cell] = replace(row, value=math.nan, weight=math.nan, reason="two rows differ about it")
    return list(found.values())


def _damage(answer: Answer, problem: str) -> InterfaceError:
    return DamagedAnswerError(problem, where=answer.question, hint="the same command later; the raw answer is kept")
