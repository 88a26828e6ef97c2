"""What each column of a table may be, from its name and its cells: a time, a code or label, figures, a unit, a flag."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from forecast.tables.grid import Grid, text_of
from forecast.tables.header import Header, is_number
from forecast.tables.number_column import EMPTY, MARKS, SAID_MISSING
from forecast.tables.time_spellings import FIVE, YEAR, looks_like_time, month_named
from forecast.tables.unit_words import measured_by

UNIT_NAME = re.compile(
    r"(?i)units?|(.*[ _])?unit(s|_?abbr|_of_measure|_measure)?|uom|(ma(ß|ss)|mengen)?einheit|unidad(es)?( de medida)?|unités?"
    r"|计量单位"
)
MULTIPLE_NAME = re.compile(r"(?i)unit_?mult(iplier)?|scalar_factor|multiplier")
NO_AMOUNT = re.compile(  # "99.65 % min" is a grade, "(%)" a rate
    r"(?i)(.*[^\d ] *)?%.*|.*\b(per ?cent|prozent|pct|y[/-]?o?-?y|yoy)\b.*|.*\bgrowth( rate)?|.*\bindex\b.*= ?100\b.*"
    r"|.*\b((moving|rolling) (sum|total|average|mean)|12[- ]months?\b.*\b(sum|total|average))\b.*"
)
TOTAL_NAME = re.compile(
    r"(?i)(grand |sub-?)?totals?|world|all (countries|partners)|insgesamt|gesamt|summe|mundo|monde|合计|总计|总值|W00|WLD"
)
TO_DATE_NAME = re.compile(r"(?i).*(\bcumul|\bkumul|\bacumul|\bytd\b|year[- _]to[- _]date|累计).*")
FLAG_NAME = re.compile(r"(?i)(obs_|conf_)?(flags?|status)|flagcodes?|footnotes?|conf|confidential(ity)?|suppress(ed|ion)")
CODE_NAME = re.compile(r"(?i).*(code|hs\d*|cmd|kode|编码|_id)$|id|hs|no\.?|rank|vector|coordinate|.*iso\d?|decimals")
RELEASE_NAME = re.compile(r"(?i)released?|release_?da(y|te)|vintage|published|last_?updated?|out")
MONEY_NAME = re.compile(
    r"(?i).*(value|valor|wert|usd|fob|cif|dollar|price|precio|close|open|high|low|last|[uú]ltimo|美元|金额).*"
)
GENERAL_NAME = re.compile(r"(?i)(obs_?)?(value|valor|wert)s?")  # of figures of any kind
MASS_NAME = re.compile(r"(?i).*(wgt|weight|mass|qty|quantit|kilo|kg|tonn|volume|peso|menge|数量|重量).*")
TIME_NAME = re.compile(
    r"(?i)(time_?)?period|months?|dates?|time|ds|sasdate|fecha|datum|mes|mois|monat|yyyymm|年月|数据年月|月份"
)
ROW_SHARE = 0.5  # of the rows, in which a column of times stands at least


@dataclass(frozen=True)
class ColumnProfile:
    """A column: its place and name, its kind ("time", "year", "month", "number", "label", "unit", "flag", "release", "empty").

    texts : its cells in the rows of the body, as text
    """

    place: int
    name: str
    kind: str
    texts: tuple[str, ...]

    @property
    def distinct(self) -> list[str]:
        """Its texts, each once."""
        return list(dict.fromkeys(text for text in self.texts if text))


def profile_columns(grid: Grid, header: Header) -> list[ColumnProfile]:
    """The columns of a table with a row for each time."""
    rows = grid.rows[header.body :]
    out = []
    for place, name in enumerate(header.names):
        texts = tuple(text_of(row[place]) if place < len(row) else "" for row in rows)
        kind = _kind(name, [text for text in texts if text], len(rows))
        out.append(ColumnProfile(place, name, kind, texts))
    return out


def _kind(name: str, known: Sequence[str], rows: int) -> str:
    """What a column may be, by its name and its texts."""
    plain = [text for text in known if text.lower() not in EMPTY + SAID_MISSING and not MARKS.fullmatch(text)]
    digits = [text for text in known if any(map(str.isdigit, text))]
    if TIME_NAME.fullmatch(name) and are_times(name, known, rows):
        return "time"
    if not known:
        return "empty"
    if UNIT_NAME.fullmatch(name) and any(map(measured_by, known)):
        return "unit"
    if FLAG_NAME.fullmatch(name):
        return "flag"
    if are_times(name, known, rows):
        if RELEASE_NAME.fullmatch(name):
            return "release"
        years = all(YEAR.fullmatch(text) for text in digits)
        return ("year" if "year" in name.lower() or len(set(digits)) > 1 else "label") if years else "time"
    if all(month_named(text) for text in known) or (
        "month" in name.lower() and all(re.fullmatch(r"0?[1-9]|1[0-2]", text) for text in digits) and digits
    ):
        return "month"
    numbers = sum(is_number(text) for text in plain)
    if plain and numbers >= 0.8 * len(plain) and not CODE_NAME.fullmatch(name):
        return "number"
    return "label"


def are_times(name: str, known: Sequence[str], rows: int) -> bool:
    """Whether the texts of a column are times: nearly all that have a digit, and those of five digits if its name says so."""
    digits = [text for text in known if any(map(str.isdigit, text))]
    joined = bool(TIME_NAME.fullmatch(name)) and not all(re.fullmatch(r"\d{1,2}", text) for text in digits)
    times = sum(looks_like_time(text) or (joined and bool(FIVE.fullmatch(text))) for text in digits)
    return bool(digits) and times >= 0.9 * len(digits) and len(digits) >= ROW_SHARE * rows


def measure_of(name: str, unit: str) -> str:
    """What a column of figures measures, by its unit or its name: quantity, usd or usd_per_kg; "" where neither tells."""
    measured = measured_by(unit) if unit else measured_by(name)
    if measured:
        return {"kg": "quantity", "USD": "usd", "USD/kg": "usd_per_kg"}[measured]
    if GENERAL_NAME.fullmatch(name):
        return ""
    return "quantity" if MASS_NAME.fullmatch(name) else "usd" if MONEY_NAME.fullmatch(name) else ""
