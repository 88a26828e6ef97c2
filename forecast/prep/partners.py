"""Partners of a flow: the total over all of them, and the single countries whose figures are its parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from forecast.core.series import SeriesKey, partner_groups
from forecast.core.vintage import Vintage

WORLD = "WLD"
NOWHERE = ("XXX", "ZZZ")  # codes that ISO 3166 leaves free and sources write for an unknown country
REST = "REST"  # the partner that stands for all others
FEWEST = 24  # monthly figures of a partner that is forecast as a part of its own; others belong to the rest
SLACK = 0.005  # of a total: larger differences to the sum of its parts are not rounding


def total_of(key: SeriesKey) -> SeriesKey:
    """The total over partners of the flow that a series belongs to, in the same measure."""
    return replace(key, partner=WORLD)


def is_single(partner: str, reporter: str) -> bool:
    """Whether a partner is one other country: groups overlap with their members, and nobody trades abroad with oneself."""
    return len(partner) == 3 and partner not in (WORLD, reporter, *NOWHERE) and partner not in partner_groups()


def partners_by_flow(vintage: Vintage, totals: Iterable[SeriesKey]) -> dict[SeriesKey, tuple[str, ...]]:
    """The partners of each flow, countries and groups A to Z without the total, in one pass over the series."""
    found: dict[SeriesKey, list[str]] = {total: [] for total in totals}
    for series in vintage.series:
        key = SeriesKey.maybe(series)
        if key is not None and key.partner != WORLD and (own := found.get(total_of(key))) is not None:
            own.append(key.partner)
    return {total: tuple(partners) for total, partners in found.items()}


def single_partners(vintage: Vintage, key: SeriesKey) -> tuple[str, ...]:
    """The series of the same flow with a single country, A to Z."""
    total = total_of(key)
    partners = partners_by_flow(vintage, [total])[total]
    return tuple(str(replace(total, partner=partner)) for partner in partners if is_single(partner, key.reporter))
