"""Pulse: full strength for a given length of time, then nothing."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.arrays import Floats, Ints
from forecast.core.errors import ConfigError
from forecast.core.events import Event
from forecast.core.registry import shape
from forecast.kernels import month_shares


@shape
@dataclass(frozen=True)
class Pulse:
    """Full strength for `length` months from the day it takes effect, then nothing; months count by their share of days.

    A length of 1 from the first of a month is an additive outlier (X-13: AO).

    Parameters
    ----------
    length : float, default 1.0
        in months
    """

    length: float = 1.0

    def __post_init__(self) -> None:
        if not self.length > 0:
            raise ConfigError(f"a pulse of length {self.length} is none", hint="a length in months above 0")

    def response(self, when: Ints, event: Event) -> Floats:
        """Share of each month inside the pulse and before the measure's end, shape (months,)."""
        start, stop = event.interval
        return month_shares.coverage(when, start, min(start + self.length, stop))
