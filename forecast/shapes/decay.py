"""Decay: full strength at once, fading geometrically."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.errors import ConfigError
from forecast.core.events import Event
from forecast.core.registry import shape
from forecast.kernels import month_shares


@shape
@dataclass(frozen=True)
class Decay:
    """Full strength at once, fading by the factor `rate` a month: omega / (1 - rate B) of a pulse (Box and Tiao 1975).

    The default is the transitory change of X-13ARIMA-SEATS (TC, 0.7). It is zero once the measure ends.

    Parameters
    ----------
    rate : float or {"estimate"}, default 0.7
        factor a month, or "estimate": estimated with the coefficients by the estimator `regression`, 0.7 everywhere else

    References
    ----------
    Box, G. E. P. and Tiao, G. C. (1975). Intervention analysis with applications to economic and environmental problems.
    Journal of the American Statistical Association 70(349), 70-79.
    """

    estimable: ClassVar[dict[str, tuple[float, float]]] = {"rate": (0.02, 0.98)}

    rate: float | Literal["estimate"] = 0.7

    def __post_init__(self) -> None:
        if not isinstance(self.rate, str) and not 0 < self.rate < 1:
            raise ConfigError(f"a decay rate of {self.rate} does not fade", hint="a rate above 0 and below 1")

    def response(self, when: Ints, event: Event) -> Floats:
        """1, rate, rate^2, ... from the month it takes effect, a mid-month pulse split over two months; shape (months,)."""
        start, stop = event.interval
        rate = 0.7 if isinstance(self.rate, str) else self.rate
        fading = month_shares.transfer_response(when, start, stop, rate, pulse=True)
        return fading * month_shares.coverage(when, np.floor(start), stop)
