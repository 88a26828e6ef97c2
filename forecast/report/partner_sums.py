"""Sums of several months of a flow's partners, in sentences: what is known by them alone, and which cannot all hold."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from forecast.core import months as mm
from forecast.core.destinations import Destinations
from forecast.core.products import display_unit
from forecast.core.schema import DestinationRow, group_rows
from forecast.report.numbers import join_with_and, listed_months, period, quantity, share_text
from forecast.report.partners import NAMED, REST, WORLD, partner_name


def sums_sentence(made: Destinations) -> str:
    """What is known of partners without any month's figure: the sums published of several months, each with its months."""
    monthly = {r.partner for r in made.of("figures") if r.value > 0}
    sums = [
        r for r in made.of("volume") if "/" in r.month and r.partner not in (WORLD, REST, *monthly) and math.isfinite(r.value)
    ]
    if not sums:
        return ""
    unit, scale = display_unit(made.series)
    shares = {(r.partner, r.month): r.value for r in made.of("share")}

    def one_sum(row: DestinationRow) -> str:
        share = shares.get((row.partner, row.month))
        part = "" if share is None else f" ({share_text(share)} of the total)"
        return f"{quantity(row.value / scale, unit)}{part} in {period(row.month)}"

    found = [
        f"{partner_name(partner)} {join_with_and([one_sum(row) for row in rows])}"
        for partner, rows in group_rows(sums, lambda r: r.partner).items()
    ]
    shown = found[:NAMED] + ([f"{len(found) - NAMED} partners more"] if len(found) > NAMED else [])
    return (
        f"Known by sums of several months alone: {'; '.join(shown)}. How these fall on single months is not known, and no "
        f"month is given a part of them{_overlap(sums)}."
    )


def _overlap(sums: Sequence[DestinationRow]) -> str:
    """That sums of one partner share months, where two do."""
    for rows in group_rows(sums, lambda r: r.partner).values():
        spans = sorted(mm.parse_period(r.month) for r in rows)
        if any(later[0] <= earlier[1] for earlier, later in itertools.pairwise(spans)):
            return "; sums that share months do not add up"
    return ""


def sums_beyond_sentence(made: Destinations) -> str:
    """Partners (or the total) of which nothing is known in the months told but sums that hold other months too."""
    sums = made.of("sum beyond")
    if not sums:
        return ""
    unit, scale = display_unit(made.series)

    def amounts(rows: Sequence[DestinationRow]) -> str:
        return join_with_and([f"{quantity(row.value / scale, unit)} in {period(row.month)}" for row in rows])

    by_partner = group_rows(sums, lambda r: r.partner)
    found = [f"{_partner_or_total(partner)} {amounts(rows)}" for partner, rows in by_partner.items()]
    shown = found[:NAMED] + ([f"{len(found) - NAMED} partners more"] if len(found) > NAMED else [])
    told = period(made.of("figures")[0].month)
    return (
        f"Known only as a sum of months that reach beyond {told}: {'; '.join(shown)}. How much of it falls into {told} is not "
        "known, and no share is formed of it."
    )


def contradicting_sums_sentence(made: Destinations) -> str:
    """Sums that the other figures of their own series do not allow, each with its months and both figures."""
    rows = made.of("contradiction")
    if not rows:
        return ""
    unit, scale = display_unit(made.series)

    def one_sum(row: DestinationRow) -> str:
        more = row.lo > row.value
        left, labels = row.lo if more else row.hi, row.note.split(", ")
        single, longer = [m for m in labels if "/" not in m], [m for m in labels if "/" in m]
        when = [*([listed_months(single)] if single else []), *map(period, longer)]
        bound = "" if row.lo == row.hi else "at least " if more else "at most "
        those = "those" if labels[1:] else "that"
        return (
            f"{_partner_or_total(row.partner)} {quantity(row.value / scale, unit)} in {period(row.month)}, but {bound}"
            f"{quantity(left / scale, unit)} by {those} of {join_with_and(when)}"
        )

    shown = [*map(one_sum, rows[:NAMED]), *([f"{len(rows) - NAMED} sums more"] if len(rows) > NAMED else [])]
    none = "Neither is preferred: what rests on them has no figure and no share"
    return f"Figures that cannot all hold: {'; '.join(shown)}. {none}."


def _partner_or_total(code: str) -> str:
    return "the total" if code == WORLD else partner_name(code)
