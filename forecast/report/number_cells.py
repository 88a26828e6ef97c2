"""Table cells that print one number and carry it, so that a table can be sorted and a spreadsheet can calculate."""

from __future__ import annotations

import math

from forecast.report.blocks import TableCell
from forecast.report.effect_rows import EffectAnswer
from forecast.report.numbers import decimal, percent, quantity
from forecast.report.prose import amount


def decimal_cell(value: float, decimals: int, sub: str = "") -> TableCell:
    """A number without a unit."""
    return _cell(decimal(value, decimals), value, sub)


def quantity_cell(value: float, unit: str = "", sub: str = "", sign: bool = False) -> TableCell:
    """A quantity with its unit."""
    return _cell(quantity(value, unit, sign), value, sub)


def percent_cell(fraction: float, sub: str = "", sign: bool = True) -> TableCell:
    """A fraction in per cent; the number it carries is the fraction."""
    return _cell(percent(fraction, sign), fraction, sub)


def amount_cell(answer: EffectAnswer, value: float, sub: str = "") -> TableCell:
    """A value of an answer's measure: a quantity, a fraction in per cent, or a difference of shares in percentage points."""
    return _cell(amount(answer, value), 100.0 * value if answer.measure == "share" else value, sub)


def _cell(text: str, value: float, sub: str) -> TableCell:
    return TableCell(text, sub, value=value if math.isfinite(value) else None)
