"""Who filled the gap: gains and falls of every origin after a measure, which sum to the change of the total."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping

import numpy as np

from forecast.core.errors import ConfigError
from forecast.core.gap_filled import GapFilled, OriginChange
from forecast.core.ledger import REST, LedgerQuestion, Leg, Role
from forecast.core.simultaneous_bands import simultaneous_band
from forecast.study.ledger.candidates import production_of


def gap_filled_of(
    question: LedgerQuestion, legs: Mapping[tuple[Role, str], Leg], factor: float, day: dt.date
) -> GapFilled | None:
    """The changes of all origins but the one hit, with limits that hold for all together; None where none is known."""
    named = [legs["I", k] for k in (*question.through, *question.origins)]
    rest = legs["rest_I", REST]
    # an origin known by its own record alone is inside the rest of the destination's, and counts once
    known = [leg for leg in [*named, rest] if leg.known and not (leg.mirror and rest.known)]
    lost = -legs["L_M", question.exporter].value
    if not known:
        return None
    limits = [(math.nan, math.nan)] * len(known)
    ends = math.nan, math.nan
    if all(leg.draws is not None for leg in known):
        drawn = np.column_stack([leg.draws for leg in known if leg.draws is not None])
        low, high = simultaneous_band(drawn, 0.95)
        limits = list(zip(low.tolist(), high.tolist(), strict=True))
        ends = tuple(np.quantile(drawn.sum(axis=1), [0.025, 0.975]).tolist()) if rest.known else ends
    changes = [
        OriginChange(leg.country, leg.value, *joint, production=_production(question, leg.country, day))
        for leg, joint in zip(known, limits, strict=True)
    ]
    complete = rest.known
    total = sum(change.value for change in changes) if complete else math.nan
    if question.gains is not None and complete:
        changes = _divided_rest(changes, factor * 1000.0 * question.gains)
    return GapFilled(tuple(sorted(changes, key=lambda one: -one.value)), total, lost, complete, *ends)


def _production(question: LedgerQuestion, country: str, day: dt.date) -> str:
    """What is known of a country's own production at the table's stage; what it makes of others' goods is not in it."""
    if country == REST:
        return ""
    if question.producers is not None:
        return "producer" if country in question.producers else "not named as a producer"
    known = production_of(question, day)
    return known.standing(country) if known else ""


def _divided_rest(changes: list[OriginChange], gains: float) -> list[OriginChange]:
    """The changes with those that are not named divided into gains and falls, by the published sum of all gains."""
    rest = next(change for change in changes if change.origin == REST)
    named = [change for change in changes if change.origin != REST]
    more = gains - sum(change.value for change in named if change.value > 0)
    if more < -0.001 * gains or rest.value - more > 0.001 * gains:  # beyond rounding
        problem = "the sum of all gains is below what the named origins sent more, or the rest less it is a gain"
        raise ConfigError(problem, where="gains", hint="tonnes of the same months, of all origins that sent more")
    return [*named, OriginChange(f"{REST}+", more), OriginChange(f"{REST}-", rest.value - more)]
