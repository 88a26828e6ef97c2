"""Anticipation: the months between announcement and effect, in which traders can act on what is coming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.core import months
from forecast.core.events import Event
from forecast.core.registry import shape
from forecast.kernels import interval


@shape
@dataclass(frozen=True)
class Anticipation:
    """The months between announcement and effect: one column, or one pulse per month with `each_month`.

    The window runs from `anticipation_from` (never before the announcement) to the day the measure takes effect.
    """

    each_month: bool = False

    def response(self, when: NDArray[np.int64], event: Event) -> NDArray[np.float64]:
        """Share of each month inside the window, shape (months,); with `each_month` (months, months of the window)."""
        first = months.position(max(event.anticipation_from or event.announced, event.announced))
        share = interval.coverage(when, first, event.interval[0])
        if not self.each_month:
            return share
        stop = max(int(np.ceil(event.interval[0])), int(np.floor(first)) + 1)
        inside = np.arange(int(np.floor(first)), stop)
        return np.asarray(share[:, None] * (when[:, None] == inside[None, :]))
