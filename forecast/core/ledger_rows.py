"""A ledger as rows of one table: its entries, routes, flows, origins, share, identities and remarks."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.ledger_parts import Leg, Route
from forecast.core.schema import LedgerRow, join_names

if TYPE_CHECKING:
    pass

NO_DATA = "no data"


def ledger_rows(made: Any) -> list[LedgerRow]:
    """All lines of a ledger; `kind` says what a line is: entry, others, route, leg, origin, share, closure, note."""
    question = made.question
    base = LedgerRow(
        question=question.name, event=question.event_ids, exporter=question.exporter, destination=question.destination,
        product=question.product, unit=f"{made.unit} {made.content}".strip(), reading=made.reading,
        months_from=made.months_from, months_to=made.months_to, months=made.months, state=made.reading,
    )  # fmt: skip
    rows = [
        replace(
            base, kind=kind, item=e.symbol, at_lower=e.at_lower, at_upper=e.at_upper, lo95=e.lo95, hi95=e.hi95,
            state=made.reading if e.known else NO_DATA, wanted=join_names(e.wanted),
        )
        for kind, e in (*(("entry", one) for one in made.entries), ("others", made.to_others))
    ]  # fmt: skip
    rows += [
        replace(
            base, kind="route", item="R", country=r.country, at_lower=r.lower, at_upper=r.upper, lo95=r.lower_limit,
            hi95=r.upper_limit, p_value=r.p_value, p_holm=r.p_holm, own_sources=r.own_sources, note=r.contradiction,
            state=_route_state(r),
        )
        for r in made.routes
    ]  # fmt: skip
    rows += [_leg_row(base, leg) for leg in made.legs]
    if (gap := made.gap) is not None:
        state = "adds up" if gap.complete else "does not add up"
        rows += [
            replace(
                base,
                kind="origin",
                item="total",
                at_lower=gap.total,
                at_upper=gap.total,
                lo95=gap.lo95,
                hi95=gap.hi95,
                state=state,
            ),
            replace(base, kind="origin", item="lost", at_lower=gap.lost, at_upper=gap.lost, state=state),
        ]
        rows += [
            replace(
                base, kind="origin", item="change", country=c.origin, at_lower=c.value, at_upper=c.value, lo95=c.lo95,
                hi95=c.hi95, note=c.production,
            )
            for c in gap.changes
        ]  # fmt: skip
    share = made.share
    rows.append(
        replace(
            base, kind="share", item="R of the loss", unit="", at_lower=share.lower, at_upper=share.upper, lo95=share.lo95,
            hi95=share.hi95, state=NO_DATA if share.undefined else made.reading, note=share.undefined,
        )
    )  # fmt: skip
    rows += [
        replace(base, kind="closure", item=side, unit="", at_lower=error, at_upper=error)
        for side, error in made.closure.items()
    ]
    rows += [replace(base, kind="note", item="note", note=text) for text in made.notes]
    return [replace(row, place=i) for i, row in enumerate(rows)]


def _leg_row(base: LedgerRow, leg: Leg) -> LedgerRow:
    low, high = _interval(leg.draws)
    return replace(
        base, kind="leg", item=leg.role, country=leg.country, months_from=leg.months_from, months_to=leg.months_to,
        months=leg.months, series=leg.series, state=leg.state, at_lower=leg.value, at_upper=leg.value, lo95=low, hi95=high,
        p_value=leg.p_value, wanted=leg.wanted, note=leg.note,
    )  # fmt: skip


def _route_state(route: Route) -> str:
    if route.contradiction:
        return "contradiction"
    if route.found:
        return "found"
    return "bounded" if math.isfinite(route.upper) else NO_DATA


def _interval(draws: Floats | None) -> tuple[float, float]:
    if draws is None:
        return math.nan, math.nan
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)
