"""Absolute error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.arrays import Floats
from forecast.core.registry import metric


@metric
@dataclass(frozen=True)
class Mae:
    """Absolute error of the median of the draws, the optimal point forecast under this loss.

    In the unit of the series; averaged over questions it is the mean absolute error. Lower is better.
    """

    label: ClassVar[str] = "MAE"
    unit_free: ClassVar[bool] = False
    better: ClassVar[str] = "lower"

    def score(self, draws: Floats, truth: Floats, scale: Floats) -> Floats:
        """Scores of `draws` (draws, n) against `truth` (n,); `scale` is not used."""
        error: Floats = np.abs(np.median(draws, axis=0) - truth)
        return error
