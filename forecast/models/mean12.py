"""Mean of the last twelve months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.core.errors import ConfigError
from forecast.core.registry import model
from forecast.core.results import Forecast
from forecast.kernels.resample import error_growth, moving_blocks, spread_inflation
from forecast.prep.batches import Paths, SeriesHistory, VintageTask, batch_model, forecast_batch, simulate_each

ERRORS = 2  # one-step errors below which no spread can be told


@model
@batch_model
@dataclass(frozen=True)
class Mean12:
    """The mean of the last twelve months, flat, with the errors this rule made in the past.

    The mean is taken of the quantities themselves. Errors: the rule's past one-step errors on the working scale drawn in
    blocks, centred, widened with the horizon as its own h-step errors were (`kernels.resample.error_growth`).

    window : months averaged
    """

    window: int = 12
    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ConfigError("window must be at least 1 month", hint="12")

    def _all(self, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator]) -> list[Forecast | Exception]:
        """TooShortError below the window and two errors."""
        return forecast_batch(questions, rngs, self.transform, lambda season: self.window + ERRORS, simulate_each(self._paths))

    def _paths(self, lane: SeriesHistory, rng: np.random.Generator) -> Paths:
        w, past = self.window, lane.training.z
        quantities = lane.scale.inverse(lane.now.z[-w:])
        middle = float(lane.scale.forward(np.array([quantities.mean()]))[0])
        errors = past[w:] - np.convolve(past, np.full(w, 1.0 / w), mode="valid")[:-1]
        length = min(w, max(len(errors) // 3, 1))
        noise = moving_blocks(errors, lane.draws, lane.horizon, length, rng, fair=True) * spread_inflation(
            len(errors), lane.draws, rng
        )
        return Paths(middle + noise * error_growth(past, w, lane.horizon), f"mean of {w} months")
