"""Scaled root mean squared error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.arrays import Floats
from forecast.core.registry import metric


@metric
@dataclass(frozen=True)
class Rmsse:
    """Error of the mean over the in-sample root mean squared error of the seasonal naive forecast.

    As Hyndman and Koehler (2006), with squares. A row holds `|mean - y| / scale`, and questions are pooled by the root of the
    mean of squares (`pooled`), which gives the RMSSE. Undefined where the scale is zero or unknown.

    References
    ----------
    Hyndman, R. J. and Koehler, A. B. (2006). Another look at measures of forecast accuracy. International Journal of
    Forecasting 22(4), 679-688.
    """

    label: ClassVar[str] = "RMSSE"
    unit_free: ClassVar[bool] = True
    better: ClassVar[str] = "lower"
    scale_power: ClassVar[int] = 2
    pooled: ClassVar[str] = "root mean square"

    def score(self, draws: Floats, truth: Floats, scale: Floats) -> Floats:
        """Scores of `draws` (draws, n) against `truth` (n,), divided by `scale` (n,)."""
        safe = np.where(scale > 0, scale, np.nan)
        error: Floats = np.abs(draws.mean(axis=0) - truth) / safe
        return error
