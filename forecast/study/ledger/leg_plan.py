"""LegPlan: the series and the months of one flow of a ledger, before it is answered."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.core.ledger import Role


@dataclass(frozen=True)
class LegPlan:
    """A leg before it is answered: its months as integers, and its series, "" where none is at hand.

    shift : months from those of the destination's imports to those of the series
    """

    role: Role
    country: str
    series: str
    mirror: bool
    shift: int
    first: int = 0
    last: int = 0
    wanted: str = ""
    note: str = ""
