"""Step: full strength from the day the measure takes effect until it ends."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.arrays import Floats, Ints
from forecast.core.events import Event
from forecast.core.registry import shape
from forecast.kernels import month_shares


@shape
@dataclass(frozen=True)
class Step:
    """Full strength from the day it takes effect until it ends; the first and last month count by their share of days."""

    def response(self, when: Ints, event: Event) -> Floats:
        """Share of each month in which the measure held, shape (months,)."""
        return month_shares.coverage(when, *event.interval)
