"""Teunter, Syntetos and Babai: smoothed chance of trade times smoothed size, for flows that thin out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.core.registry import model
from forecast.core.results import Forecast
from forecast.kernels import intermittent
from forecast.prep.batches import Paths, SeriesHistory, VintageTask, batch_model, forecast_batch

FEWEST = 6  # months


@model
@batch_model
@dataclass(frozen=True)
class Tsb:
    """Smoothed chance of trade times smoothed size, each with a rate of its own; the chance falls in every empty month.

    Teunter, Syntetos and Babai (2011, Eur. J. Oper. Res. 214:606). The method has no error model of its own; draws are
    Bernoulli months times sizes resampled relative to their level, run forward through the smoothing equations, with the rates
    drawn by their one-step likelihoods (`kernels.intermittent.simulate_tsb`). No season.
    """

    def _all(self, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator]) -> list[Forecast | Exception]:
        """All series filtered at once. TooShortError below six months."""
        return forecast_batch(questions, rngs, "none", lambda season: FEWEST, _solve)


def _solve(lanes: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> list[Paths | Exception]:
    if not lanes:
        return []
    now = intermittent.filter_tsb(intermittent.pad_at_start([(lane.now.z, lane.now.known) for lane in lanes]))
    trained = intermittent.filter_tsb(intermittent.pad_at_start([(lane.training.z, lane.training.known) for lane in lanes]))
    out: list[Paths | Exception] = []
    for i, (lane, rng) in enumerate(zip(lanes, rngs, strict=True)):
        drawn = intermittent.simulate_tsb(now, trained, i, lane.horizon, lane.draws, rng)
        out.append(Paths(drawn, "TSB: smoothed chance and size"))
    return out
