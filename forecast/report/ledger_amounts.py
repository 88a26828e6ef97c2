"""Amounts, intervals and months of a ledger in words."""

from __future__ import annotations

import math

from forecast.core.ledger import Ledger
from forecast.core.products import products
from forecast.report.numbers import NBSP, quantity, window

UNSETTLED = ", which is not told from zero"


def amount_text(made: Ledger, value: float) -> str:
    """An amount of a ledger in the unit of the report, without its sign."""
    known = products().get(made.question.product)
    unit, size = (known.display_unit, known.scale) if known else ("t", 1000.0)
    text = quantity(abs(value), unit) if made.unit != "kg" else quantity(abs(value) / size, unit)
    return f"{text} {made.content}".strip()


def span_text(made: Ledger, low: float, high: float) -> str:
    """Two ends of a span with their signs."""
    return " to ".join(f"{'−' if one < 0 else ''}{amount_text(made, one)}" for one in (low, high))


def interval_text(made: Ledger, low: float, high: float, of: str = "") -> str:
    """The 95 % interval of a figure in brackets; "" where nothing is estimated."""
    return f" (95{NBSP}% interval{of} {span_text(made, low, high)})" if math.isfinite(low) else ""


def limit_text(made: Ledger, value: float) -> str:
    """A one-sided limit in brackets; "" where nothing is estimated."""
    return f" (one-sided 95{NBSP}% limit {amount_text(made, value)})" if math.isfinite(value) else ""


def months_text(made: Ledger) -> str:
    """The months of the account: those of the imports, and of the exporter's record where they are others."""
    imports, sent = window(made.months_from, made.months_to), made.leg("L_X")
    exports = window(sent.months_from, sent.months_to)
    return imports if not sent.known or exports == imports else f"imports of {imports}, exports of {exports}"
