"""Candidates: third countries chosen beforehand, those that produce little or nothing of the good themselves."""

from __future__ import annotations

import functools

from forecast.core.bundled_data import bundled_rows
from forecast.core.ledger import LedgerQuestion
from forecast.core.products import mineral_of
from forecast.core.series import SeriesKey, countries, partner_groups
from forecast.core.vintage import Vintage

LITTLE = 0.01  # of the world's production


@functools.cache
def production() -> dict[str, dict[str, float]]:
    """Mine (or primary) production in tonnes by mineral and country, of the latest year of the bundled table."""
    found: dict[str, dict[str, float]] = {}
    for row in bundled_rows("production.csv"):
        found.setdefault(row["mineral"], {})[row["country"]] = float(row["tonnes"])
    return found


def producers_of(product: str) -> frozenset[str] | None:
    """Countries with more than a hundredth of the world's production; None where the table does not know the mineral."""
    known = production().get(mineral_of(product))
    if known is None:
        return None
    world = sum(known.values())
    return frozenset(country for country, tonnes in known.items() if tonnes > LITTLE * world)


def candidates(question: LedgerQuestion, vintage: Vintage) -> tuple[str, ...]:
    """Third countries with a flow of the good from the exporter or to the destination, that produce little or nothing of it.

    In alphabetical order; none where no table of producers knows the mineral. The rule looks at names of series and at a table
    of past production, never at what the flows did.
    """
    producers = question.producers if question.producers is not None else producers_of(question.product)
    if producers is None:
        return ()
    ends = countries(question.exporter) | countries(question.destination)
    left_out = {"WLD", question.exporter, question.destination, *ends, *producers, *question.origins, *partner_groups()}
    found = set()
    for series in vintage.series:
        key = SeriesKey.maybe(series)
        if key is None or key.product != question.product or key.measure != "quantity":
            continue
        if key.origin == question.exporter or key.destination == question.destination:
            found |= {key.origin, key.destination}
    return tuple(sorted(found - left_out))
