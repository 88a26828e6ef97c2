"""Gradual onset: a rise that slows as it approaches full strength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from forecast.arrays import Floats, Ints
from forecast.core.errors import ConfigError
from forecast.core.events import Event
from forecast.core.registry import shape
from forecast.kernels import month_shares


@shape
@dataclass(frozen=True)
class Gradual:
    """A rise to full strength as 1 - delta^(k+1): omega (1 - delta) / (1 - delta B) of a step (Box and Tiao 1975).

    After the measure ends it fades at the same rate. Its coefficient is the long-run effect; the effect of the first whole
    month, omega, is (1 - delta) times that.

    Parameters
    ----------
    delta : float or {"estimate"}, default 0.5
        factor a month, or "estimate": estimated with the coefficients by the estimator `regression`, 0.5 everywhere else

    References
    ----------
    Box, G. E. P. and Tiao, G. C. (1975). Intervention analysis with applications to economic and environmental problems.
    Journal of the American Statistical Association 70(349), 70-79.
    """

    estimable: ClassVar[dict[str, tuple[float, float]]] = {"delta": (0.0, 0.98)}

    delta: float | Literal["estimate"] = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.delta, str) and not 0 <= self.delta < 1:
            raise ConfigError(f"a gradual onset with delta {self.delta} never arrives", hint="delta from 0 to below 1")

    def response(self, when: Ints, event: Event) -> Floats:
        """1 - delta^(k+1) in the k-th month from the start, a mid-month start by its share of days; shape (months,)."""
        delta = 0.5 if isinstance(self.delta, str) else self.delta
        return month_shares.transfer_response(when, *event.interval, delta, pulse=False)
