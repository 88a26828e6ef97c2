"""The figures of a table, judged once over all of them: decimal mark, separator of thousands, marks for what is not known."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from forecast.core.errors import ConfigError, DataError, nearest
from forecast.core.input_files import MAX_FIGURE, describe_fault, parse_number
from forecast.tables.unit_words import measured_by

EMPTY = ("", "na", "n/a", "nan", "null", "<na>", "none")  # nothing is known, and nothing need be said
SAID_MISSING = ("..", ":", "#n/a")  # marks that mean nothing else in any table known here
MARKS = re.compile(r"[-–—―−‐*.…xXcCsSwWdDzZ]|\.{3}|\*{2}|[Nn]il|\(?[DWXSZCdwxszc]\)|c\.?|#+")
STATUSES = ("zero", "missing", "suppressed", "provisional", "estimated", "value")
SEPARATORS = ("", ",", ".", " ", "'")
GROUPED = {sign: re.compile(rf"[-+]?[1-9]\d{{0,2}}(?:{re.escape(sign)}\d{{3}})+") for sign in SEPARATORS if sign}
DOTTED = re.compile(r"[-+]?[1-9]\d{0,2}\.\d{3}")  # 1.234: a decimal, or a thousand where points group digits
FEWEST_POINTS = 3  # such figures from which their meaning must be declared, where there is no other
WITH_FLAG = re.compile(r"(.{1,30}\d) ?[(\[]?([A-Za-z*†‡]{1,3})[)\]]?")
SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'"})
LARGEST_OF_MACHINES = (2**31 - 1, 2**32 - 1)


@dataclass(frozen=True)
class CellFigure:
    """The figure of a cell: NaN where there is none, with its status where it is not what the number says."""

    value: float
    status: str = ""
    flag: str = ""


@dataclass(frozen=True)
class NumberForm:
    """How numbers are written, and what marks and flags mean."""

    decimal: str = "."
    thousands: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def read(self, text: str) -> CellFigure:
        """The figure of a cell's text."""
        if text in self.marks:
            return _figure_of_mark(self.marks[text])
        if text.lower() in EMPTY + SAID_MISSING:
            return CellFigure(math.nan)
        plain = text.translate(SPACES)
        number = _number(plain, self.decimal, self.thousands)
        if not math.isnan(number):
            return self.read_number(number, text)
        flagged = WITH_FLAG.fullmatch(plain)
        if flagged and not math.isnan(_number(flagged[1].strip(), self.decimal, self.thousands)):
            number, flag = _number(flagged[1].strip(), self.decimal, self.thousands), flagged[2]
            if flag in self.statuses:
                return with_flag(CellFigure(number), self.statuses[flag], flag)
            if measured_by(flag):
                problem = f"'{text}' names its unit in the cell"
                hint = f'a column of units, or unit = "{flag}" with statuses = {{ "{flag}" = "value" }} where all are in it'
                raise DataError(problem, hint=hint)
            if flag.lower() != "e":
                hint = f'statuses = {{ "{flag}" = "provisional" }}, or "estimated", "value" (it changes nothing)'
                raise DataError(f"'{text}' carries the mark '{flag}', which nothing explains", hint=hint)
        raise self._refusal(text, plain)

    def read_number(self, number: float, text: str) -> CellFigure:
        """The figure of a number, written as `text`."""
        if text in self.marks:
            return _figure_of_mark(self.marks[text])
        if number in LARGEST_OF_MACHINES:
            problem = f"{text} is the largest number that 32 bits hold"
            raise DataError(problem, hint="the figure ran over in the file's program: take it from its source")
        if abs(number) > MAX_FIGURE:
            raise DataError(f"'{text}' is too large for a figure", hint="a number, empty where unknown")
        return CellFigure(number)

    def _refusal(self, text: str, plain: str) -> DataError:
        thousands, decimal = self.thousands, self.decimal
        if thousands and thousands in plain:
            hint = f"'{decimal}' before decimals, and the separator between thousands only"
            return DataError(f"'{text}' is not grouped in threes by '{thousands}'", hint=hint)
        other = "," if decimal == "." else "."
        if other in plain and re.fullmatch(r"[-+]?[\d.,' ]+", plain) and not math.isnan(_number(plain, other, "")):
            named, right = ("comma", "point") if other == "," else ("point", "comma")
            hint = f'write decimals with a {right}; set thousands = "{other}" or decimal = "{other}" if it is one'
            return DataError(f"'{text}' has a {named}, which may mean decimals or thousands", hint=hint)
        fault = describe_fault(plain)
        hint = "a number, empty where unknown"
        if "number" in fault and len(text) <= 12 and not any(map(str.isdigit, text)):
            hint += f'; marks = {{ {_quote(text)} = "missing" }} if it says that'
        return DataError(f"'{text}' {fault}", hint=hint)


def with_flag(figure: CellFigure, status: str, flag: str) -> CellFigure:
    """A figure with the status that its flag stands for; a suppressed or missing one is no figure, whatever stands there."""
    if status in ("suppressed", "missing"):
        return CellFigure(math.nan, status, flag)
    if status == "zero" and not (figure.value == 0 or math.isnan(figure.value)):
        raise DataError(
            f"the flag '{flag}' says zero of a figure of {figure.value:g}", hint='another word: "provisional", "value"'
        )
    return CellFigure(0.0 if status == "zero" else figure.value, status if status == "provisional" else "", flag)


def _figure_of_mark(status: str) -> CellFigure:
    return CellFigure(0.0) if status == "zero" else CellFigure(math.nan, "suppressed" if status == "suppressed" else "missing")


def _number(plain: str, decimal: str, thousands: str) -> float:
    """The number that a text spells in a form; NaN for none."""
    if thousands and thousands in plain:
        whole, point, rest = plain.partition(decimal)
        if not GROUPED[thousands].fullmatch(whole) or thousands in rest:
            return math.nan
        plain = whole.replace(thousands, "") + point + rest
    if decimal != ".":
        if "." in plain:
            return math.nan
        plain = plain.replace(decimal, ".")
    return parse_number(plain)


def read_form(
    places: Mapping[str, str],
    counts: Mapping[str, int],
    decimal: str = "",
    thousands: str = "",
    marks: Mapping[str, str] | None = None,
    statuses: Mapping[str, str] | None = None,
) -> NumberForm:
    """The form in which all figures of a table are written.

    places : where each text first stands, in words, without cells that are numbers by themselves; counts : how often
    decimal, thousands : where declared; marks, statuses : what marks in place of figures and flags beside them mean
    """
    marks, statuses = dict(marks or {}), dict(statuses or {})
    check_statuses(marks, "marks")
    check_statuses(statuses, "statuses")
    texts = [text for text in reversed(list(places)) if text not in marks and text.lower() not in EMPTY]
    said = [text for text in texts if text.lower() in SAID_MISSING]
    notes = [f"'{mark}' is missing (cells with it: {counts[mark]})" for mark in said]
    texts = [text for text in texts if text not in said]
    _ask_for_marks(texts, places, counts)
    plain = {text.translate(SPACES): places[text] for text in texts}
    for text in list(plain):  # flags are explained cell by cell
        flagged = WITH_FLAG.fullmatch(text)
        if flagged and not math.isnan(_number(flagged[1].strip(), ".", "")):
            del plain[text]
    form, told = _judge(plain, decimal, thousands)
    return NumberForm(*form, marks, statuses, (*notes, *told))


def check_statuses(table: Mapping[str, str], word: str) -> None:
    """Refuse a word for a status that there is not."""
    allowed = STATUSES if word == "statuses" else STATUSES[:3]
    for mark, status in table.items():
        if status not in allowed:
            where = f"[data.{word}], {_quote(mark)}"
            raise ConfigError(f"'{status}' is no status", where=where, hint=nearest(status, allowed))


def _ask_for_marks(texts: Sequence[str], places: Mapping[str, str], counts: Mapping[str, int]) -> None:
    """Refuse signs that one table prints for nil and another for what is not known, or secret."""
    found = [text for text in texts if MARKS.fullmatch(text)]
    if not found:
        return
    cells = sum(counts[text] for text in texts)
    said = ", ".join(f"'{mark}' in {counts[mark]} of {cells} cells" for mark in found)
    default = {mark: "zero" if mark in "-–—―−‐" or mark.lower() == "nil" else "suppressed" for mark in found}
    lines = ", ".join(f'{_quote(mark)} = "{status}"' for mark, status in default.items())
    problem = f"a mark in place of a figure: {said}; tables print it for nil, for what is not known, or for what is secret"
    hint = f'marks = {{ {lines} }} under [data], each "zero", "missing" or "suppressed"'
    raise DataError(problem, where=places[found[0]], hint=hint)


def _quote(mark: str) -> str:
    return '"' + mark.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _judge(plain: Mapping[str, str], decimal: str, thousands: str) -> tuple[tuple[str, str], list[str]]:
    """Decimal mark and separator of thousands of all texts (each with its place), and a sentence on what was inferred."""
    marked = {text: place for text, place in plain.items() if any(sign in text for sign in ",. '")}
    default = (decimal or ("," if thousands == "." else "."), thousands)
    forms = [
        (point, sign)
        for point in ([decimal] if decimal else [".", ","])
        for sign in ([thousands] if thousands else SEPARATORS)
        if point != sign
    ]
    forms.sort(key=lambda form: form != default)
    read = {form: tuple(_number(text, *form) for text in marked) for form in forms}
    whole = [form for form in forms if not any(map(math.isnan, read[form]))]
    if not whole:
        return default if decimal or thousands else max(forms, key=lambda form: _count(read[form])), []
    different = {read[form]: form for form in reversed(whole)}
    if len(different) == 1:
        chosen = whole[0]
        return chosen, [_sentence_on(chosen, next(iter(marked)))] if chosen != default else []
    pointed = [text for text in marked if "." in text]
    if default == (".", "") and default in whole and len(pointed) == len(marked):
        if len(pointed) < FEWEST_POINTS or not all(DOTTED.fullmatch(text) for text in pointed):
            return default, []
        text = pointed[0]
        problem = f"'{text}' has three digits behind its point, as all figures have: decimals or thousands?"
        hint = 'decimal = "." for decimals; thousands = "." with decimal = "," if not'
        raise DataError(problem, where=marked[text], hint=hint)
    one, other = list(different)[:2]
    text = next(t for t, a, b in zip(marked, one, other, strict=True) if a != b)
    sign = "," if "," in text else "."
    problem = f"'{text}' has a {'comma' if sign == ',' else 'point'}, which may mean decimals or thousands in all figures"
    raise DataError(problem, where=marked[text], hint=f'thousands = "{sign}", or decimal = "{sign}"')


def _count(read: Sequence[float]) -> int:
    return sum(not math.isnan(number) for number in read)


def _sentence_on(form: tuple[str, str], example: str) -> str:
    decimal, thousands = form
    parts = [f"'{decimal}' before decimals"] if decimal != "." else []
    parts += [f"'{thousands}' between thousands"] if thousands else []
    return f"figures such as '{example}' are written with {' and '.join(parts)}"
