"""Ramp: a linear rise to full strength."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.arrays import Floats, Ints
from forecast.core.errors import ConfigError
from forecast.core.events import Event
from forecast.core.registry import shape
from forecast.kernels import month_shares


@shape
@dataclass(frozen=True)
class Ramp:
    """A straight rise from nothing to full strength over `months` months, full until the measure ends.

    Parameters
    ----------
    months : float, default 3.0
        length of the rise
    """

    months: float = 3.0

    def __post_init__(self) -> None:
        if not self.months > 0:
            raise ConfigError(f"a ramp over {self.months} months is none", hint="months above 0, or the shape 'step'")

    def response(self, when: Ints, event: Event) -> Floats:
        """Mean strength over each month, shape (months,): 1/6, 3/6, 5/6, 1 for three months from the first of a month."""
        return month_shares.ramp_mean(when, *event.interval, self.months)
