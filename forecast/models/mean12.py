"""Mean of the last twelve months."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.core.errors import ConfigError
from forecast.core.registry import model
from forecast.kernels.resample import error_growth, moving_blocks, spread_inflation
from forecast.prep.batches import Paths, batch_model
from forecast.prep.histories import SeriesHistory

ERRORS = 2  # fewest one-step errors to estimate a spread from


@model
@batch_model
@dataclass(frozen=True)
class Mean12:
    """The mean of the last twelve months, flat, with the errors this rule made in the past.

    The mean is taken of the quantities themselves. Errors: past one-step errors of the rule on the working scale, resampled
    in blocks, centred, and inflated with the horizon as its past h-step errors grew (`kernels.resample.error_growth`).

    Parameters
    ----------
    window : int, default 12
        months averaged
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros
    """

    window: int = 12
    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ConfigError("window must be at least 1 month", hint="12")

    def fewest_months(self, season: int | None) -> int:
        """The window and two errors."""
        return self.window + ERRORS

    def simulate(self, history: SeriesHistory, rng: np.random.Generator) -> Paths:
        """The mean of the window plus resampled past errors of the same rule."""
        w, past = self.window, history.training.z
        quantities = history.scale.inverse(history.latest.z[-w:])
        middle = float(history.scale.forward(np.array([quantities.mean()]))[0])
        errors = past[w:] - np.convolve(past, np.full(w, 1.0 / w), mode="valid")[:-1]
        length = min(w, max(len(errors) // 3, 1))
        noise = moving_blocks(errors, history.draws, history.horizon, length, rng, fair=True)
        noise = noise * spread_inflation(len(errors), history.draws, rng)
        return Paths(middle + noise * error_growth(past, w, history.horizon), f"mean of {w} months")
