"""Numbers, months and series in a reader's words."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

from forecast.core import months as mm
from forecast.core.bundled_data import bundled_rows
from forecast.core.products import products
from forecast.core.series import SeriesKey
from forecast.report.blocks import MISSING

NBSP = "\u00a0"
MINUS = "\u2212"
SMALLEST = 1e-12  # below it a figure is what rounding left of a zero
_WIDE = Context(prec=400)  # holds every float
WITH_ARTICLE = ("ARE", "COD", "EU27", "GBR", "NLD", "PHL", "USA")  # countries whose names have one in a sentence
CLASSIFICATIONS = {
    "CHN": "CN8",
    "USA": "HTS10",
}  # whose own codes the concordance lists for goods of one grade
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def digits(value: float, unit: str = "") -> int:
    """Decimals worth printing: none for kilograms and large figures, enough for a small one not to look like zero.

    >>> [decimal(value, digits(value)) for value in (0.0123, 0.000456)]
    ['0.01', '0.00046']
    """
    size = abs(value)
    if size == 0 or size >= 100 or (unit == "kg" and size >= 1):
        return 0
    if size >= 10 or unit == "kg":
        return 1
    if size >= 0.01:
        return 2
    return max(4, 1 - math.floor(math.log10(size))) if size >= SMALLEST else 0


def decimal(value: float, decimals: int, sign: bool = False) -> str:
    """A number with a true minus and thousands separators; a dash for NaN and infinities."""
    if not math.isfinite(value):
        return MISSING
    # a value computed in two ways may differ in its last bits, and must not round to two different texts
    exact = Decimal(f"{abs(value):.13g}").quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _WIDE)
    return ("" if exact == 0 else MINUS if value < 0 else "+" if sign else "") + f"{exact:,f}"


def quantity(value: float, unit: str = "", sign: bool = False) -> str:
    """A quantity with its unit, joined by a non-breaking space.

    >>> quantity(7055.4, "t") == f"7,055{NBSP}t"
    True
    """
    text = decimal(value, digits(value, unit), sign).removesuffix(".0")
    return text if text == MISSING or not unit else f"{text}{NBSP}{unit}"


def percent(fraction: float, sign: bool = True) -> str:
    """A fraction as per cent, one decimal below ten."""
    value = 100.0 * fraction
    decimals = 0 if abs(value) >= 9.95 else 1 if abs(value) >= 0.095 else 2
    if 99.5 <= abs(value) < 100:
        decimals = 1 if abs(value) < 99.95 else 2  # 99.8 must not print as 100
    text = decimal(value, decimals, sign)
    return text if text == MISSING else f"{text}{NBSP}%"


def share_text(fraction: float) -> str:
    """A share in per cent, always to one decimal."""
    text = decimal(100.0 * fraction, 1)
    return text if text == MISSING else f"{text}{NBSP}%"


def percentage_points(fraction: float, sign: bool = True) -> str:
    """A difference of shares in percentage points."""
    text = decimal(100.0 * fraction, 1, sign)
    return text if text == MISSING else f"{text}{NBSP}pp"


def month(text: str) -> str:
    """``2025-04`` as Apr 2025; other text is returned unchanged."""
    if len(text) != 7 or text[4:5] != "-" or not (text[:4] + text[5:]).isdigit():
        return text
    return f"{_MONTHS[int(text[5:]) - 1]}{NBSP}{text[:4]}"


def day(text: str) -> str:
    """``2025-04-09`` as 9 Apr 2025."""
    year, _, rest = text.partition("-")
    name, _, number_of_day = rest.partition("-")
    return f"{int(number_of_day)}{NBSP}{month(f'{year}-{name}')}"


def window(first: str, last: str) -> str:
    """A window of months: Apr–Jun 2025, Dec 2024–Nov 2025."""
    if not last or first == last:
        return month(first)
    if first[:4] == last[:4] and month(first) != first:
        if first[5:] == "01" and last[5:] == "12":
            return first[:4]
        return f"{month(first)[:3]}–{month(last)}"
    return f"{month(first)}–{month(last)}"


def period(text: str) -> str:
    """A period label: one month or a span."""
    first, _, last = text.partition("/")
    return window(first, last)


def listed_months(labels: Sequence[str]) -> str:
    """Months as a list, runs as one, the year given once: Jun and Aug 2023; Nov 2023, Jan–Mar and May 2024.

    >>> listed_months(["2023-06", "2023-08"]) == f"Jun and Aug{NBSP}2023"
    True
    """
    runs: list[tuple[int, int]] = []
    for at in map(mm.ordinal, labels):
        runs = [*runs[:-1], (runs[-1][0], at)] if runs and at == runs[-1][1] + 1 else [*runs, (at, at)]
    words = [window(mm.label(first), mm.label(last)) for first, last in runs]
    for i, following in enumerate(words[1:]):
        year = following[-5:]
        if words[i].count(NBSP) == 1 and words[i].endswith(year):
            words[i] = words[i].removesuffix(year)
    return join_with_and(words)


def number_in_words(number: int) -> str:
    """A number in words up to twelve, in figures from there on."""
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else str(number)


def month_of(ordinal: int) -> str:
    """A month's integer as Apr 2025."""
    return month(mm.label(ordinal))


@functools.cache
def _countries() -> dict[str, str]:
    """Names of countries and of partner groups by code."""
    return {row["code"]: row["name"] for row in bundled_rows("countries.csv")}


def country_name(code: str) -> str:
    """The name of a country or group of countries, or its code where it has none."""
    return _countries().get(code, code)


def country_in_text(code: str) -> str:
    """The name of a country as it stands in a sentence: with its article, if it has one."""
    return f"the {country_name(code)}" if code in WITH_ARTICLE else country_name(code)


def product_name(product: str) -> str:
    """The name of a product, or its id in words."""
    known = products().get(product)
    return known.name if known else product.replace("_", " ")


def good_name(series: str) -> str:
    """The name of the good that a series counts, with its grade where a code that holds this grade alone is the reporter's."""
    stem = series.partition(":")[0]
    product = stem.rsplit(".", 1)[-1]
    known, codes = products().get(product), f"{CLASSIFICATIONS.get(stem.partition('.')[0])}:"
    return f"{known.name}, {known.grade}" if known and known.grade and codes in known.hs_codes else product_name(product)


def capitalize(text: str) -> str:
    """A text with a capital at its start."""
    return text[:1].upper() + text[1:]


def join_with_and(words: Sequence[str]) -> str:
    """Words as a list in a sentence: a, b and c."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def series_name(series: str) -> str:
    """A series in words: who sends what to whom."""
    key = SeriesKey.maybe(series)
    if key is None:
        return series
    measure = {"usd": ", value", "usd_per_kg": ", unit value"}.get(key.measure, "")
    return f"{capitalize(good_name(series))}{measure}: {flow_name(series)}"


def inline_name(series: str) -> str:
    """A series inside a sentence: gallium (US imports, all origins)."""
    key = SeriesKey.maybe(series)
    if key is None:
        return series
    measure = {"usd": ", value", "usd_per_kg": ", unit value"}.get(key.measure, "")
    return f"{good_name(series)} ({flow_name(series)}{measure})"


def treated_name(treated: Sequence[str]) -> str:
    """The treated series of a question; of several, the first with the number of others."""
    first, *rest = treated
    return series_name(first) + (f" and {len(rest)} more" if rest else "")


def flow_name(series: str, most: int = 0) -> str:
    """The flow of a series alone: China to world, US imports of Chinese origin; by codes where that is longer than `most`."""
    key = SeriesKey.maybe(series)
    if key is None:
        return series
    named = _flow(key, country_name(key.reporter), country_name(key.partner))
    if not most or len(named) <= most:
        return named
    return _flow(key, *(country_name(c) if c == "WLD" else c for c in (key.reporter, key.partner)))


def _flow(key: SeriesKey, reporter: str, partner: str) -> str:
    """A flow between two ends by their names."""
    if key.flow == "export":
        return f"{reporter} to {partner}"
    if key.partner == "WLD":
        return f"{reporter} imports, all origins"
    return f"{reporter} imports of {'Chinese' if key.partner == 'CHN' else partner} origin"
