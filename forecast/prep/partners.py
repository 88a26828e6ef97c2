"""Partners of a flow: the total over all of them, and the single countries whose figures are its parts."""

from __future__ import annotations

from dataclasses import replace

from forecast.core.series import SeriesKey, partner_groups
from forecast.core.vintage import Vintage

WORLD = "WLD"
REST = "REST"  # the partner that stands for all others
FEWEST = 24  # monthly figures of a partner that is forecast as a part of its own; others belong to the rest
SLACK = 0.005  # of a total: larger differences to the sum of its parts are not rounding


def single_partners(vintage: Vintage, key: SeriesKey) -> tuple[str, ...]:
    """The series of the same flow with a single country, A to Z; groups overlap with their members and are left out."""
    return tuple(s for s in vintage.series if (found := SeriesKey.maybe(s)) and _is_part(found, key))


def partner_groupings(vintage: Vintage, key: SeriesKey) -> tuple[str, ...]:
    """The series of the same flow with a group of countries, such as EU27."""
    same = [s for s in vintage.series if (found := SeriesKey.maybe(s)) and _is_same_flow(found, key)]
    parts = set(single_partners(vintage, key))
    return tuple(s for s in same if s not in parts and SeriesKey.parse(s).partner != WORLD)


def _is_part(found: SeriesKey, key: SeriesKey) -> bool:
    single = len(found.partner) == 3 and found.partner != WORLD and found.partner not in partner_groups()
    return single and _is_same_flow(found, key)


def _is_same_flow(found: SeriesKey, key: SeriesKey) -> bool:
    return replace(found, partner=key.partner) == key
