"""Direction of the error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.arrays import Floats
from forecast.core.registry import metric


@metric
@dataclass(frozen=True)
class Bias:
    """Whether forecasts lie too high (towards +1) or too low (towards -1); free of units.

    P(X > y) - P(X < y) over the draws (Funk et al. 2019; there 1 - P(X <= y) - P(X <= y - 1)). Zero on average for honest
    forecasts.

    References
    ----------
    Funk, S., Camacho, A., Kucharski, A. J., Lowe, R., Eggo, R. M. and Edmunds, W. J. (2019). Assessing the performance of
    real-time epidemic forecasts. PLoS Computational Biology 15(2), e1006785.
    """

    label: ClassVar[str] = "Bias"
    unit_free: ClassVar[bool] = True
    better: ClassVar[float] = 0.0

    def score(self, draws: Floats, truth: Floats, scale: Floats) -> Floats:
        """Scores of `draws` (draws, n) against `truth` (n,); `scale` is not used."""
        value = (draws > truth).mean(axis=0) - (draws < truth).mean(axis=0)
        return np.where(np.isfinite(truth), value, np.nan)
