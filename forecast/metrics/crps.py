"""Continuous ranked probability score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.arrays import Floats
from forecast.core.registry import metric


@metric
@dataclass(frozen=True)
class Crps:
    """Continuous ranked probability score of the draws: mean absolute error, less credit for honest spread.

    CRPS(F, y) = E|X - y| - E|X - X'| / 2 with both expectations over the draws (Gneiting and Raftery 2007, eq. 21), in the
    unit of the series. It is exact for the distribution function of the draws, so it equals twice the pinball loss averaged
    over all probabilities. Lower is better.

    References ---------- Gneiting, T. and Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation.
    Journal of the American Statistical Association 102(477), 359-378, eq. 21.

    References ---------- Gneiting, T. and Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation.
    Journal of the American Statistical Association 102(477), 359-378, eq. 21.

    References
    ----------
    Gneiting, T. and Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation. Journal of the American
    Statistical Association 102(477), 359-378, eq. 21.
    """

    label: ClassVar[str] = "CRPS"
    unit_free: ClassVar[bool] = False
    better: ClassVar[str] = "lower"

    def score(self, draws: Floats, truth: Floats, scale: Floats) -> Floats:
        """Scores of `draws` (draws, n) against `truth` (n,); `scale` is not used."""
        m = len(draws)
        ordered = np.sort(draws, axis=0)
        error: Floats = np.abs(ordered - truth).mean(axis=0)
        weights = 2.0 * np.arange(1, m + 1) - m - 1.0
        spread = 2.0 * (weights @ ordered) / m**2
        return error - 0.5 * spread
