"""Candidates: third countries chosen beforehand, those that produce little or nothing of the good themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from forecast.core.ledger import LedgerQuestion
from forecast.core.production import Production, production_before
from forecast.core.products import mineral_of
from forecast.core.series import SeriesKey, countries, partner_groups
from forecast.core.vintage import Vintage


def production_of(question: LedgerQuestion, day: dt.date) -> Production | None:
    """Production of the good's mineral in the last full year before the measure, as known on a day; None where none is."""
    onset = min((event.start for event in question.events), default=0)
    return production_before(mineral_of(question.product), onset, day)


def producers_of(question: LedgerQuestion, day: dt.date) -> Collection[str] | None:
    """Countries named as producers, else those of the bundled table; None where it does not tell who produces how much."""
    if question.producers is not None:
        return question.producers
    known = production_of(question, day)
    return None if known is None else known.producers()


def candidates(question: LedgerQuestion, vintage: Vintage) -> tuple[str, ...]:
    """Third countries with a flow of the good from the exporter or to the destination, that produce little or nothing of it.

    In alphabetical order; none where no table of producers knows the mineral. The rule looks at names of series and at a table
    of production before the measure, never at what the flows did.
    """
    producers = producers_of(question, vintage.day)
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


def third_countries_wanted(question: LedgerQuestion, day: dt.date) -> str:
    """What a ledger without a third country lacks."""
    if producers_of(question, day) is None:
        mineral = mineral_of(question.product).replace("_", " ")
        known = f", as known on {day.isoformat()}," if day < dt.date.max else ""
        table = f"the bundled table{known} does not tell who produces how much {mineral}"
        return f"third countries named in `through` ({table})"
    return "third countries: none is named in `through`, or found in the data"
