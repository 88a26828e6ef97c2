"""Teunter, Syntetos and Babai: smoothed chance of trade times smoothed size, for flows that thin out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.core.registry import model
from forecast.kernels import intermittent
from forecast.prep.batches import Paths, PathsOrErrors, batch_model
from forecast.prep.histories import SeriesHistory

FEWEST = 6  # months


@model
@batch_model
@dataclass(frozen=True)
class Tsb:
    """Smoothed chance of trade times smoothed size, each with a rate of its own; the chance falls in every empty month.

    The method has no error model of its own; draws are Bernoulli months times sizes resampled relative to their level, run
    forward through the smoothing equations, with the rates drawn by their one-step likelihoods
    (`kernels.intermittent.simulate_tsb`). No season.

    References
    ----------
    Teunter, R. H., Syntetos, A. A. and Babai, M. Z. (2011). Intermittent demand: linking forecasting to inventory
    obsolescence. European Journal of Operational Research 214(3), 606-615.
    """

    transform: ClassVar[str] = "none"

    def fewest_months(self, season: int | None) -> int:
        """Six months."""
        return FEWEST

    def simulate_batch(self, histories: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> PathsOrErrors:
        """All series filtered in one pass."""
        now = intermittent.filter_tsb(
            intermittent.pad_at_start([(history.latest.z, history.latest.known) for history in histories])
        )
        trained = intermittent.filter_tsb(
            intermittent.pad_at_start([(history.training.z, history.training.known) for history in histories])
        )
        out: PathsOrErrors = []
        for i, (history, rng) in enumerate(zip(histories, rngs, strict=True)):
            drawn = intermittent.simulate_tsb(now, trained, i, history.horizon, history.draws, rng)
            out.append(Paths(drawn, "TSB: smoothed chance and size"))
        return out
