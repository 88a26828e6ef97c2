"""Same month of the year before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.core.registry import model
from forecast.core.results import Forecast
from forecast.kernels.resample import moving_blocks, seasonal_cumulative_sum, spread_inflation
from forecast.prep.batches import Paths, SeriesHistory, VintageTask, batch_model, forecast_batch, simulate_each

ERRORS = 2  # seasonal differences below which no spread can be told


@model
@batch_model
@dataclass(frozen=True)
class SeasonalNaive:
    """The same month of the year before, with the errors this rule made in the past.

    Median of the draws: z(T+h) = z(T+h-12k), the last figure of that calendar month, on the working scale (Hyndman and
    Athanasopoulos 2021, eq. 5.2). Errors: past seasonal differences drawn in blocks of up to a season, centred, one more for
    every further year. Without a season in the data: the last figure and first differences.
    """

    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def _all(self, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator]) -> list[Forecast | Exception]:
        """TooShortError below one season and two errors."""
        return forecast_batch(questions, rngs, self.transform, lambda season: (season or 1) + ERRORS, simulate_each(_paths))


def _paths(lane: SeriesHistory, rng: np.random.Generator) -> Paths:
    z, season = lane.now.z, lane.season or 1
    past = lane.training.z
    both = lane.training.known[season:] & lane.training.known[:-season]
    errors = (past[season:] - past[:-season])[both]
    if len(errors) < ERRORS:
        errors = past[season:] - past[:-season]
    middle = np.array([z[len(z) - season + h % season] for h in range(lane.horizon)])
    length = min(season, max(len(errors) // 3, 1))
    noise = moving_blocks(errors, lane.draws, lane.horizon, length, rng, fair=True) * spread_inflation(
        len(errors), lane.draws, rng
    )
    return Paths(
        middle + seasonal_cumulative_sum(noise, season), f"seasonal naive, season {season}" if season > 1 else "last value"
    )
