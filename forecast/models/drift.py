"""Random walk with drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.core.registry import model
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.prep.batches import Paths, batch_model
from forecast.prep.histories import SeriesHistory

FEWEST = 5  # months: four first differences
LONGEST = 12  # months in a block of differences


@model
@batch_model
@dataclass(frozen=True)
class Drift:
    """A random walk with drift: the last figure and the mean step, with past steps drawn again in blocks.

    z(T+h) = z(T) + h b + sum of errors, b ~ N(mean step, s^2 / n) (Hyndman and Athanasopoulos 2021, eq. 5.3). Blocks of steps
    keep their dependence, so the spread at h steps is that of past h-step changes where steps are negatively correlated.

    Parameters
    ----------
    drift : bool, default True
        False leaves the mean step out: the last value
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros

    References
    ----------
    Hyndman, R. J. and Athanasopoulos, G. (2021). Forecasting: Principles and Practice, 3rd ed. OTexts, eq. 5.3.
    """

    drift: bool = True
    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def fewest_months(self, season: int | None) -> int:
        """Five months."""
        return FEWEST

    def simulate(self, history: SeriesHistory, rng: np.random.Generator) -> Paths:
        """The last figure plus the mean step, with past steps resampled in blocks."""
        steps = np.diff(history.training.z)
        n = len(steps)
        mean = float(steps.mean()) if self.drift else 0.0
        length = min(LONGEST, max(n // 3, 1))
        scatter = spread_inflation(n - 1, history.draws, rng)
        noise = moving_blocks(steps - mean, history.draws, history.horizon, length, rng, fair=not self.drift) * scatter
        slope = mean + scatter * rng.standard_normal((history.draws, 1)) * steps.std(ddof=1) / np.sqrt(n) if self.drift else 0.0
        ahead = np.arange(1, history.horizon + 1)
        z = history.latest.z[-1] + slope * ahead + np.cumsum(noise, axis=1)
        return Paths(z, "random walk with drift" if self.drift else "last value", parameters=(("drift", mean),))
