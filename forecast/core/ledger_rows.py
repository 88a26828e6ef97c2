"""A ledger as rows of one table: its entries, routes, legs and origins."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.ledger_parts import Route


def ledger_rows(made: Any) -> list[dict[str, Any]]:
    """Entries, routes, legs and origins of a ledger as rows of one table; `kind` says which."""
    question = made.question
    base = dict[str, Any](
        question=question.name, event=question.event_ids, exporter=question.exporter, destination=question.destination,
        product=question.product, unit=f"{made.unit} {made.content}".strip(), reading=made.reading,
    )  # fmt: skip
    blank = dict.fromkeys(("series", "state", "note", "wanted"), "") | dict.fromkeys(
        ("at_lower", "at_upper", "lo95", "hi95", "p_value", "p_holm", "own_sources"), math.nan
    )
    span = {"months_from": made.months_from, "months_to": made.months_to, "months": made.months}
    rows = [
        base | {"kind": "entry", "item": e.symbol, "country": ""} | span | blank
        | {"at_lower": e.at_lower, "at_upper": e.at_upper, "lo95": e.lo95, "hi95": e.hi95, "wanted": "; ".join(e.wanted),
           "state": "no data" if not e.known else made.reading}
        for e in made.entries
    ]  # fmt: skip
    rows += [
        base | {"kind": "route", "item": "R", "country": r.country} | span | blank
        | {"at_lower": r.lower, "at_upper": r.upper, "lo95": r.lower_limit, "hi95": r.upper_limit, "p_value": r.p_value,
           "p_holm": r.p_holm, "own_sources": r.own_sources, "note": r.contradiction, "state": _route_state(r)}
        for r in made.routes
    ]  # fmt: skip
    for leg in made.legs:
        low, high = _interval(leg.draws)
        rows.append(
            base | {"kind": "leg", "item": leg.role, "country": leg.country} | blank
            | {"months_from": leg.months_from, "months_to": leg.months_to, "months": leg.months, "series": leg.series,
               "state": leg.state, "at_lower": leg.value, "at_upper": leg.value, "lo95": low, "hi95": high,
               "p_value": leg.p_value, "wanted": leg.wanted, "note": leg.note}
        )  # fmt: skip
    for change in made.gap.changes if made.gap else ():
        rows.append(
            base | {"kind": "origin", "item": "change", "country": change.origin} | span | blank
            | {"at_lower": change.value, "at_upper": change.value, "lo95": change.lo95, "hi95": change.hi95,
               "state": made.reading, "note": change.production}
        )  # fmt: skip
    return rows


def _route_state(route: Route) -> str:
    if route.contradiction:
        return "contradiction"
    if route.found:
        return "found"
    return "bounded" if math.isfinite(route.upper) else "no data"


def _interval(draws: Floats | None) -> tuple[float, float]:
    if draws is None:
        return math.nan, math.nan
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)
