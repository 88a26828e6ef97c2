"""Random walk with drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.core.registry import model
from forecast.core.results import Forecast
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.prep.batches import Paths, SeriesHistory, VintageTask, batch_model, forecast_batch, simulate_each

FEWEST = 5  # months: four first differences
LONGEST = 12  # months a block of differences may cover


@model
@batch_model
@dataclass(frozen=True)
class Drift:
    """A random walk with drift: the last figure and the mean step, with past steps drawn again in blocks.

    z(T+h) = z(T) + h b + sum of errors, b ~ N(mean step, s^2 / n) (Hyndman and Athanasopoulos 2021, eq. 5.3). Blocks of steps
    keep their dependence, so the spread at h steps is that of past h-step changes where steps tend to reverse.

    drift : False leaves the mean step out: the last value
    """

    drift: bool = True
    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def _all(self, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator]) -> list[Forecast | Exception]:
        """TooShortError below five months."""
        return forecast_batch(questions, rngs, self.transform, lambda season: FEWEST, simulate_each(self._paths))

    def _paths(self, lane: SeriesHistory, rng: np.random.Generator) -> Paths:
        steps = np.diff(lane.training.z)
        n = len(steps)
        mean = float(steps.mean()) if self.drift else 0.0
        length = min(LONGEST, max(n // 3, 1))
        scatter = spread_inflation(n - 1, lane.draws, rng)
        noise = moving_blocks(steps - mean, lane.draws, lane.horizon, length, rng, fair=not self.drift) * scatter
        slope = mean + scatter * rng.standard_normal((lane.draws, 1)) * steps.std(ddof=1) / np.sqrt(n) if self.drift else 0.0
        ahead = np.arange(1, lane.horizon + 1)
        z = lane.now.z[-1] + slope * ahead + np.cumsum(noise, axis=1)
        return Paths(z, "random walk with drift" if self.drift else "last value", parameters=(("drift", mean),))
