"""Step: full strength from the day the measure takes effect until it ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.core.events import Event
from forecast.core.registry import shape
from forecast.kernels import interval


@shape
@dataclass(frozen=True)
class Step:
    """Full strength from the day it takes effect until it ends; the first and last month count by their share of days."""

    def response(self, when: NDArray[np.int64], event: Event) -> NDArray[np.float64]:
        """Share of each month in which the measure held, shape (months,)."""
        return interval.coverage(when, *event.interval)
