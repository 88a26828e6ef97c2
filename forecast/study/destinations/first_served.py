"""Who was served first after a measure: the month in which each partner was back at its own level of before.

A month without a figure is neither at the level nor below it, so the month of return is known between two bounds, and a
partner without figures is never ranked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from forecast.core import months
from forecast.core.event import Event
from forecast.study.destinations.shares import PartnerFlow, split

BEFORE = 12  # months whose mean is a partner's level before
AFTER = 12  # months after the event that are looked at
LEVELS = (1.0, 0.9)  # parts of that level that count as back


@dataclass(frozen=True)
class Return:
    """When a partner was back at a part of its own level of before.

    level : mean of its known months before, in kg a month; NaN where none is known
    n_before : months that the mean is of
    ratios : its months after the event, over that level
    earliest, latest : bounds of the month of return; `latest` is None where no known month is that high, `earliest` too where
        none can have been
    state : "dated", "bounds", "not seen" or "not yet"; "no level" or "no figure" where nothing can be said
    """

    partner: str
    level: float
    n_before: int
    part: float
    ratios: dict[int, float] = field(default_factory=dict)
    earliest: int | None = None
    latest: int | None = None
    state: str = "no figure"


def months_before(event: Event, reversed_event: Event | None) -> tuple[int, int]:
    """The months whose mean is the level before: the year that ends before the event, or before the one that it reverses."""
    start = reversed_event or event
    days = [day for day in (start.anticipation_from, start.announced, start.effective) if day is not None]
    until = months.ordinal(min(days)) - 1
    return until - BEFORE + 1, until


def level_before(flow: PartnerFlow, partner: str, first: int, last: int) -> tuple[float, int]:
    """Mean of a partner's months in a window, from months and published sums inside it, and the number of months."""
    if not flow.vintage.knows(flow.series(partner)):
        return math.nan, 0
    cells = flow.vintage.observed(flow.series(partner)).periods(first, last)
    known = [cell for cell in cells if math.isfinite(flow.amount(partner, cell.first, cell.last))]
    count = sum(cell.last - cell.first + 1 for cell in known)
    return (sum(cell.value for cell in known) / count, count) if count else (math.nan, 0)


def month_of_return(
    flow: PartnerFlow, partner: str, before: tuple[int, int], after: tuple[int, int], part: float = 1.0
) -> Return:
    """Bounds of the first month from `after[0]` to `after[1]` in which a partner was at `part` of its level of before.

    A month without a figure can be that month unless what the total leaves for partners without figures is too little.
    """
    level, count = level_before(flow, partner, *before)
    if not count or level <= 0:
        return Return(partner, level, count, part, state="no level")
    window = range(after[0], after[1] + 1)
    ratios = {m: amount / level for m in window if math.isfinite(amount := flow.amount(partner, m, m))}
    if not ratios:
        return Return(partner, level, count, part)
    back = [m for m, ratio in ratios.items() if ratio >= part]
    open_months = [m for m in window if m not in ratios and not split(flow, m, m).rest < part * level]
    latest = min(back, default=None)
    earliest = min([*back, *open_months], default=None)
    dated = "dated" if earliest == latest else "bounds"
    state = dated if latest is not None else "not seen" if earliest is not None else "not yet"
    return Return(partner, level, count, part, ratios, earliest, latest, state)
