"""Symmetric absolute percentage error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.arrays import Floats
from forecast.core.registry import metric


@metric
@dataclass(frozen=True)
class Smape:
    """Symmetric absolute percentage error of the median, on the scale 0 to 200 of the M3 and M4 competitions.

    `200 |y - m| / (|y| + |m|)` with the median m. A forecast of zero for a true zero is no error (0); any other forecast of a
    true zero is 200, so read it together with another metric where trade stops.

    References
    ----------
    Makridakis, S. and Hibon, M. (2000). The M3-competition: results, conclusions and implications. International Journal of
    Forecasting 16(4), 451-476.
    """

    label: ClassVar[str] = "sMAPE"
    unit_free: ClassVar[bool] = True
    better: ClassVar[str] = "lower"
    percent: ClassVar[float] = 1.0

    def score(self, draws: Floats, truth: Floats, scale: Floats) -> Floats:
        """Scores of `draws` (draws, n) against `truth` (n,); `scale` is not used."""
        middle = np.median(draws, axis=0)
        size = np.abs(middle) + np.abs(truth)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio: Floats = 200.0 * np.abs(middle - truth) / size
        return np.where(size == 0, 0.0, ratio)
