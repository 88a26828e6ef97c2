"""Scaled absolute error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.arrays import Floats
from forecast.core.registry import metric


@metric
@dataclass(frozen=True)
class Mase:
    """Absolute error of the median over the in-sample error of the seasonal naive forecast.

    The scale is the mean of `|y_t - y_{t-12}|` over the months before any control (one fixed scale per series, made by
    `study/evaluate/score.py`). Below 1: better than seasonal naive was in calm times. Undefined where the scale is zero or
    unknown.

    References
    ----------
    Hyndman, R. J. and Koehler, A. B. (2006). Another look at measures of forecast accuracy. International Journal of
    Forecasting 22(4), 679-688.
    """

    label: ClassVar[str] = "MASE"
    unit_free: ClassVar[bool] = True
    better: ClassVar[str] = "lower"
    scale_power: ClassVar[int] = 1

    def score(self, draws: Floats, truth: Floats, scale: Floats) -> Floats:
        """Scores of `draws` (draws, n) against `truth` (n,), divided by `scale` (n,)."""
        safe = np.where(scale > 0, scale, np.nan)
        error: Floats = np.abs(np.median(draws, axis=0) - truth) / safe
        return error
