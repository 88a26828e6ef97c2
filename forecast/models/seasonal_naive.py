"""Same month of the year before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.core.registry import model
from forecast.kernels.resample import moving_blocks, seasonal_cumulative_sum, spread_inflation
from forecast.prep.batches import Paths, batch_model
from forecast.prep.histories import SeriesHistory

ERRORS = 2  # fewest seasonal differences to estimate a spread from


@model
@batch_model
@dataclass(frozen=True)
class SeasonalNaive:
    """The same month of the year before, with the errors this rule made in the past.

    Median of the draws: z(T+h) = z(T+h-12k), the last figure of that calendar month, on the working scale. Errors: past
    seasonal differences resampled in blocks of up to a season, centred, one more for every further year. Without a season in
    the data: the last figure and first differences.

    Parameters
    ----------
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros

    References
    ----------
    Hyndman, R. J. and Athanasopoulos, G. (2021). Forecasting: Principles and Practice, 3rd ed. OTexts, eq. 5.2.
    """

    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def fewest_months(self, season: int | None) -> int:
        """One season and two errors."""
        return (season or 1) + ERRORS

    def simulate(self, history: SeriesHistory, rng: np.random.Generator) -> Paths:
        """The last season repeated, plus resampled seasonal differences."""
        z, season = history.latest.z, history.season or 1
        past = history.training.z
        both = history.training.known[season:] & history.training.known[:-season]
        errors = (past[season:] - past[:-season])[both]
        if len(errors) < ERRORS:
            errors = past[season:] - past[:-season]
        middle = np.array([z[len(z) - season + h % season] for h in range(history.horizon)])
        length = min(season, max(len(errors) // 3, 1))
        noise = moving_blocks(errors, history.draws, history.horizon, length, rng, fair=True)
        noise = noise * spread_inflation(len(errors), history.draws, rng)
        return Paths(
            middle + seasonal_cumulative_sum(noise, season), f"seasonal naive, season {season}" if season > 1 else "last value"
        )
