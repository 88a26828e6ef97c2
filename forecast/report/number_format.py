"""A number as text for somebody's own document: its unit, digits, and the marks of a language.

The rules, in every language alike:

- The minus sign is the true one (U+2212), which is as wide as a plus and never breaks from its figure.
- A missing figure is an en dash, never a zero.
- The unit stands after a non-breaking space, the sign for per cent too (ISO 80000-1, 7.1.4).
- Without `digits`, the decimals are those of the report, so that a number quoted is the number printed there.

The language "C" is for programs: a point, no mark of thousands, a hyphen for minus, a plain space before the unit.
"""

from __future__ import annotations

import math

from forecast.core.errors import ConfigError, nearest
from forecast.core.units import conversion_factor
from forecast.report.blocks import MISSING
from forecast.report.numbers import MINUS, NBSP, decimal, percent, percentage_points, quantity

NARROW = "\u202f"
# decimal mark, thousands mark, and whether a number of four digits has one (Unicode CLDR 46, `numbers`)
MARKS = {
    "C": (".", "", False),
    "cs": (",", NBSP, True),
    "da": (",", ".", True),
    "de": (",", ".", True),
    "de-AT": (",", NBSP, True),
    "de-CH": (".", "’", True),
    "en": (".", ",", True),
    "en-ZA": (",", NBSP, True),
    "es": (",", ".", False),
    "es-MX": (".", ",", True),
    "fi": (",", NBSP, True),
    "fr": (",", NARROW, True),
    "fr-CH": (",", NARROW, True),
    "it": (",", ".", False),
    "it-CH": (".", "’", True),
    "ja": (".", ",", True),
    "ko": (".", ",", True),
    "nb": (",", NBSP, True),
    "nl": (",", ".", True),
    "pl": (",", NBSP, False),
    "pt": (",", ".", True),
    "pt-PT": (",", NBSP, False),
    "sv": (",", NBSP, True),
    "tr": (",", ".", True),
    "uk": (",", NBSP, True),
    "zh": (".", ",", True),
}
MOST_DECIMALS = 15  # a float holds no more


def format_number(
    value: float | None,
    unit_from: str = "",
    unit: str | None = None,
    digits: int | str | None = None,
    locale: str = "en",
    *,
    with_unit: bool = True,
    sign: bool = False,
) -> str:
    """A number in the unit, with the digits and in the marks asked for; an en dash where there is none.

    unit_from : the unit of `value`: kg, t, kt, g, lb, st, USD, kUSD, mUSD, one over another, "" for a part of one, or any text
    unit : the unit of the text (default: the same); a part of one can be given in "%", and a difference of parts in "pp"
    digits : an integer is a number of decimals (-2: whole hundreds), "3s" is three significant digits; default: the report's
    locale : the language of the marks, such as "de", "de-CH" or "pt_BR.UTF-8"; the words stay English
    with_unit : whether the unit stands behind the number
    sign : whether a positive number has a plus

    ConfigError for a unit that does not fit, digits or a language that are not known.

    >>> format_number(7055400, "kg", "t", locale="de") == f"7.055{NBSP}t"
    True
    >>> format_number(-0.4713, "", "%", 1, "fr", with_unit=False) == f"{MINUS}47,1"
    True
    """
    marks = _marks(locale)
    shown = unit_from if unit is None else unit
    if value is None or not math.isfinite(value):
        conversion_factor(unit_from, shown)
        return MISSING
    if digits is None:
        text = _house_text(value * conversion_factor(unit_from, shown), shown, sign)
    else:
        rounded, decimals = _round_to(value * conversion_factor(unit_from, shown), digits)
        text = decimal(rounded, decimals, sign)
    text = _in_marks(text, marks, plain=locale == "C")
    space = " " if locale == "C" else NBSP
    return f"{text}{space}{shown}" if with_unit and shown else text


def _house_text(value: float, unit: str, sign: bool) -> str:
    """The number as the report prints it, without its unit."""
    if unit == "%":
        return percent(value / 100.0, sign).partition(NBSP)[0]
    if unit == "pp":
        return percentage_points(value / 100.0, sign).partition(NBSP)[0]
    return quantity(value, unit, sign).partition(NBSP)[0]


def _round_to(value: float, digits: int | str) -> tuple[float, int]:
    """A value rounded to decimals or to significant digits, and the decimals to print it with."""
    text = str(digits).strip()
    number = text.removesuffix("s")
    if isinstance(digits, bool) or not number.removeprefix("-").isdecimal():
        hint = '2 (decimals), -2 (whole hundreds) or "3s" (significant digits)'
        raise ConfigError(f"digits cannot be {digits!r}", where="digits", hint=hint)
    asked = int(number)
    if number == text:
        if abs(asked) > MOST_DECIMALS:
            raise ConfigError(f"{asked} decimals are more than a number holds", where="digits", hint=f"at most {MOST_DECIMALS}")
        return _nearest(value, asked), max(asked, 0)
    if not 1 <= asked <= MOST_DECIMALS:
        raise ConfigError(f"a number has no {asked} significant digits", where="digits", hint=f"1s to {MOST_DECIMALS}s")
    if value == 0:
        return 0.0, asked - 1
    # rounding may carry into a new digit: 0.0996 to two of them is 0.10, not 0.100
    first = _nearest(value, asked - 1 - _magnitude(value))
    decimals = asked - 1 - _magnitude(first)
    return _nearest(value, decimals), max(decimals, 0)


def _nearest(value: float, decimals: int) -> float:
    """Rounded to whole tens, hundreds, ... with ties away from zero; decimals are left to the printing."""
    if decimals >= 0:
        return _number(decimal(value, decimals))
    step = 10.0**-decimals
    return _number(decimal(value / step, 0)) * step


def _number(text: str) -> float:
    return float(text.replace(",", "").replace(MINUS, "-"))


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value)) + 1e-12)


def _in_marks(text: str, marks: tuple[str, str, bool], plain: bool) -> str:
    """A number printed in English marks, in those of another language."""
    point, thousands, four = marks
    whole, _, rest = text.partition(".")
    if not four and sum(c.isdigit() for c in whole) == 4:
        whole = whole.replace(",", "")
    text = whole.replace(",", thousands) + (point + rest if rest else "")
    return text.replace(MINUS, "-") if plain else text


def _marks(locale: str) -> tuple[str, str, bool]:
    """The marks of a language, of its region where that has its own."""
    name = locale.partition(".")[0].replace("_", "-")
    language, _, region = name.partition("-")
    known = {key.lower(): marks for key, marks in MARKS.items()}
    found = known.get(f"{language}-{region}".lower()) or known.get(language.lower())
    if found is None:
        raise ConfigError(f"the marks of the language '{locale}' are not known", where="locale", hint=nearest(locale, MARKS))
    return found
