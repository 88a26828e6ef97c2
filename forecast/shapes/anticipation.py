"""Anticipation: the months between announcement and effect, in which traders can react in advance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core import months
from forecast.core.events import Event
from forecast.core.registry import shape
from forecast.kernels import month_shares


@shape
@dataclass(frozen=True)
class Anticipation:
    """The months between announcement and effect: one column, or one pulse per month with `each_month`.

    The window runs from `anticipation_from` (never before the announcement) to the day the measure takes effect.

    Parameters
    ----------
    each_month : bool, default False
        one pulse per month, instead of one column
    """

    each_month: bool = False

    def response(self, when: Ints, event: Event) -> Floats:
        """Share of each month inside the window, shape (months,); with `each_month` (months, months of the window)."""
        first = months.position(max(event.anticipation_from or event.announced, event.announced))
        share = month_shares.coverage(when, first, event.interval[0])
        if not self.each_month:
            return share
        stop = max(int(np.ceil(event.interval[0])), int(np.floor(first)) + 1)
        inside = np.arange(int(np.floor(first)), stop)
        return np.asarray(share[:, None] * (when[:, None] == inside[None, :]))
