"""How tables write months, quarters, years and days, and the months that each spelling means under a way of reading."""

from __future__ import annotations

import calendar
import datetime as dt
import functools
import re
import unicodedata
from dataclasses import dataclass

from forecast.core import months

SERIAL = dt.date(1899, 12, 30)  # day zero of spreadsheet dates
EVENING = 10  # hour from which a time may be midnight of a zone further east (14 hours at most)
MONTH_NAMES = (
    ("january", "januar", "janvier", "enero", "janeiro", "gennaio"),
    ("february", "februar", "fevrier", "febrero", "fevereiro", "febbraio"),
    ("march", "marz", "maerz", "mars", "marzo", "marco"),
    ("april", "avril", "abril", "aprile"),
    ("may", "mai", "mayo", "maio", "maggio"),
    ("june", "juni", "juin", "junio", "junho", "giugno"),
    ("july", "juli", "juillet", "julio", "julho", "luglio"),
    ("august", "aout", "agosto"),
    ("september", "septembre", "septiembre", "setembro", "settembre"),
    ("october", "oktober", "octobre", "octubre", "outubro", "ottobre"),
    ("november", "novembre", "noviembre", "novembro"),
    ("december", "dezember", "decembre", "diciembre", "dezembro", "dicembre"),
)
CLOCK = r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)? ?([AaPp][Mm])? ?(?:Z|UTC|[+-]\d{2}:?\d{2})?)"
ISO_DAY = re.compile(rf"(\d{{4}})[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})日?{CLOCK}?")
SLASHED_DAY = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}|\d{{2}}){CLOCK}?")
YEAR_FIRST = re.compile(r"(\d{4}) ?[-/:_] ?(\d{1,2})|(\d{4})[- :]?[Mm] ?(\d{1,2})|(\d{4}) ?年 ?(\d{1,2}) ?月份?")
YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{4})")
DOTTED = re.compile(r"(\d{4})[.,](\d{1,2})")
FIVE = re.compile(r"(\d{5})(?:\.0+)?")
QUARTER = re.compile(r"(\d{4})[-/:_ ]*[Qq]([1-4])|[Qq]([1-4])[-/ ']*(\d{4}|\d{2})|([1-4])[Qq][-/ ']?(\d{4}|\d{2})")
HALF = re.compile(r"(\d{4})[-/ ]?[HhSs]([12])")
YEAR = re.compile(r"((?:19|20)\d{2})年?")
WORDED = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?[-/. ]+)?([^\W\d_]{3,10})[-/.,' ]*(?:(\d{1,2})(?:st|nd|rd|th)?,? +)?(\d{4}|\d{2})"
)
WORDED_LAST = re.compile(r"(\d{4}|\d{2})[-/.,' ]+([^\W\d_]{3,10})\.?(?:[-/ ]+(\d{1,2}))?")
WORDED_SPAN = re.compile(r"([^\W\d_]{3,10})\.? ?[-–—/] ?([^\W\d_]{3,10})\.?[ ,]*(\d{4})")
CHINESE_SPAN = re.compile(r"(\d{4}) ?年 ?(\d{1,2}) ?[-–—至] ?(\d{1,2}) ?月")
SPAN = re.compile(r"(\d{4}-\d{1,2}(?:-\d{1,2})?) ?(?:/|\.\.| to ) ?(\d{4}-\d{1,2}(?:-\d{1,2})?)")


@dataclass(frozen=True)
class WayOfReading:
    """What the spellings of a column mean where one of them alone may mean two things.

    day_first : 1/2/2024 is 1 February; serial : five digits are a spreadsheet's day, else a year and an unpadded month
    lost_zero : 2018.1 is October, written as a number; next_day : a time before midnight belongs to the day that follows
    """

    day_first: bool = True
    serial: bool = True
    lost_zero: bool = False
    next_day: bool = False


def choices_in(text: str) -> frozenset[str]:
    """The fields of a `WayOfReading` on which the meaning of a spelling depends."""
    found = set()
    slashed = SLASHED_DAY.fullmatch(text)
    if slashed or re.fullmatch(r"\d{8}", text):
        found.add("day_first")
    if FIVE.fullmatch(text):
        found.add("serial")
    if DOTTED.fullmatch(text):
        found.add("lost_zero")
    clocked = slashed or ISO_DAY.fullmatch(text)
    if clocked and _evening(clocked.groups()[3:7]):
        found.add("next_day")
    return frozenset(found)


@functools.lru_cache(maxsize=100_000)
def months_meant(text: str, way: WayOfReading, this_year: int) -> tuple[int, int] | None:
    """First and last month of a spelling; None for text that is no month, nor a sum of months.

    this_year : the year to which two digits are the nearest that is not later than the year after it

    >>> [months_meant(text, WayOfReading(), 2026) for text in ("2024M01", "Jan-24", "Q1 2024")]
    [(24288, 24288), (24288, 24288), (24288, 24290)]
    """
    if len(text) > 40:
        return None
    for read in (_numeric, _days, _in_words, _longer):
        found = read(text, way, this_year)
        if found is not None:
            return found
    return None


def looks_like_time(text: str) -> bool:
    """Whether text is written as a month, quarter, year or day; a bare number of one to five digits but years does not."""
    if re.fullmatch(r"[-+]?\d{1,5}([.,]\d+)?", text) and not (YEAR.fullmatch(text) or DOTTED.fullmatch(text)):
        return False
    ways = (WayOfReading(), WayOfReading(day_first=False))
    return any((got := months_meant(text, way, 2026)) is not None and 1800 <= got[0] // 12 <= 2200 for way in ways)


def is_written_as_day(text: str) -> bool:
    """Whether text has the form of a calendar day, even of one that does not exist."""
    return bool(ISO_DAY.fullmatch(text) or SLASHED_DAY.fullmatch(text))


def month_named(word: str) -> int | None:
    """The number (1 to 12) of a month's name or abbreviation in English, German, French, Spanish, Portuguese or Italian."""
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().lower().rstrip(".")
    if len(plain) < 3:
        return None
    found = {i for i, names in enumerate(MONTH_NAMES, 1) for name in names if name.startswith(plain)}
    return found.pop() if len(found) == 1 else None


def _month(year: int, month: int) -> tuple[int, int] | None:
    return (12 * year + month - 1,) * 2 if 1 <= month <= 12 and 1 <= year <= 9999 else None


def _full_year(text: str, this_year: int) -> int:
    """A year of four digits, or of two: the latest that is not after next year."""
    year = int(text)
    if len(text) > 2:
        return year
    latest = this_year + 1
    return latest - (latest - year) % 100


def _numeric(text: str, way: WayOfReading, this_year: int) -> tuple[int, int] | None:
    if match := YEAR_FIRST.fullmatch(text):
        year, month = (int(part) for part in match.groups() if part)
        return _month(year, month)
    if match := YEAR_LAST.fullmatch(text):
        return _month(int(match[2]), int(match[1]))
    if match := DOTTED.fullmatch(text):
        month = int(match[2]) * (10 if way.lost_zero and match[2] == "1" else 1)
        return None if way.lost_zero and match[2] in "23456789" else _month(int(match[1]), month)
    if re.fullmatch(r"\d{6}", text):
        early = _month(int(text[:4]), int(text[4:])) if text[:2] in ("19", "20") else None
        return early or (_month(int(text[2:]), int(text[:2])) if text[2:4] in ("19", "20") else None)
    if match := FIVE.fullmatch(text):
        if way.serial:
            return (months.ordinal(SERIAL + dt.timedelta(days=int(match[1]))),) * 2
        return _month(int(text[:4]), int(text[4])) if text[:2] in ("19", "20") and len(text) == 5 else None
    return None


def _days(text: str, way: WayOfReading, this_year: int) -> tuple[int, int] | None:
    if re.fullmatch(r"\d{8}", text):
        if text[:2] in ("19", "20") and (found := _day(int(text[:4]), int(text[4:6]), int(text[6:]))):
            return found
        if text[4:6] not in ("19", "20"):
            return None
        text = f"{text[:2]}/{text[2:4]}/{text[4:]}"
    if match := ISO_DAY.fullmatch(text):
        year, month, day = map(int, match.groups()[:3])
        return _day(year, month, day, late=way.next_day and _evening(match.groups()[3:7]))
    if match := SLASHED_DAY.fullmatch(text):
        first, second = (match[1], match[2]) if way.day_first else (match[2], match[1])
        late = way.next_day and _evening(match.groups()[3:7])
        return _day(_full_year(match[3], this_year), int(second), int(first), late=late)
    return None


def _evening(clock: tuple[str | None, ...]) -> bool:
    """Whether a time of day lies in the hours that may be midnight elsewhere."""
    if clock[0] is None:
        return False
    half = (clock[3] or "").lower()
    hour = int(clock[0]) % 12 + (12 if half == "pm" else 0) if half else int(clock[0])
    return hour >= EVENING


def _day(year: int, month: int, day: int, late: bool = False) -> tuple[int, int] | None:
    if not (1 <= year <= 9998 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return _month(year, month) if year == 9999 else None
    return (months.ordinal(dt.date(year, month, day) + dt.timedelta(days=int(late))),) * 2


def _in_words(text: str, way: WayOfReading, this_year: int) -> tuple[int, int] | None:
    if match := WORDED_SPAN.fullmatch(text):
        first, last = month_named(match[1]), month_named(match[2])
        return _span(int(match[3]), first, last) if first and last else None
    if match := WORDED.fullmatch(text):
        year, month = match[4], month_named(match[2])
    elif match := WORDED_LAST.fullmatch(text):
        year, month = match[1], month_named(match[2])
    else:
        return None
    return _month(_full_year(year, this_year), month) if month else None


def _span(year: int, first: int, last: int) -> tuple[int, int] | None:
    return (12 * year + first - 1, 12 * year + last - 1) if 1 <= first <= last <= 12 and 1 <= year <= 9999 else None


def _longer(text: str, way: WayOfReading, this_year: int) -> tuple[int, int] | None:
    if match := QUARTER.fullmatch(text):
        a, b, c, d, e, f = match.groups()
        year, quarter = (a, b) if a else (d, c) if d else (f, e)
        return _span(_full_year(year, this_year), 3 * int(quarter) - 2, 3 * int(quarter))
    if match := HALF.fullmatch(text):
        return _span(int(match[1]), 6 * int(match[2]) - 5, 6 * int(match[2]))
    if match := YEAR.fullmatch(text):
        return _span(int(match[1]), 1, 12)
    if match := CHINESE_SPAN.fullmatch(text):
        return _span(*map(int, match.groups()))
    if match := SPAN.fullmatch(text):
        first, last = (months_meant(part, way, this_year) for part in match.groups())
        return (first[0], last[1]) if first and last and first[0] <= last[1] else None
    return None
