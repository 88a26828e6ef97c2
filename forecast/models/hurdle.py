"""Hurdle model: occurrence of trade in a month times its size, both with time-varying levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.arrays import Bools, Floats
from forecast.core.registry import model
from forecast.kernels import intermittent
from forecast.prep.batches import Paths, PathsOrErrors, batch_model
from forecast.prep.histories import SeriesHistory
from forecast.prep.working_scale import trade_floor

FEWEST = 6  # months


@model
@batch_model
@dataclass(frozen=True)
class Hurdle:
    """Occurrence times size for thin flows: a zero is an observation, and both levels move with time.

    Whether there is trade: a Beta-Bernoulli whose past is discounted; how much: Student t of the logarithm about a level
    whose past is discounted (of the figure itself where values may be negative). Discounts are integrated over by their
    one-step likelihoods, so draws carry level, spread and discount uncertainty (`kernels.intermittent`). No season: thin
    flows do not show one. A zero published inside a sum is a zero; unknown months are skipped.
    """

    transform: ClassVar[str] = "none"

    def fewest_months(self, season: int | None) -> int:
        """Six months."""
        return FEWEST

    def simulate_batch(self, histories: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> PathsOrErrors:
        """All series filtered in one pass."""
        now = _filter_states([(history.latest.z, history.latest.known) for history in histories], histories)
        trained = _filter_states([(history.training.z, history.training.known) for history in histories], histories)
        out: PathsOrErrors = []
        for i, (history, rng) in enumerate(zip(histories, rngs, strict=True)):
            occurs, size = intermittent.simulate_hurdle(now, trained, i, history.horizon, history.draws, rng)
            with np.errstate(over="ignore"):
                amount = (
                    np.minimum(np.exp(size), history.scale.top / history.scale.unit) if history.vintage.nonnegative else size
                )
            out.append(Paths(np.where(occurs > 0, amount, 0.0), "hurdle: discounted chance and size"))
        return out


def _filter_states(
    parts: Sequence[tuple[Floats, Bools]], histories: Sequence[SeriesHistory]
) -> tuple[intermittent.OccurrenceStates, intermittent.SizeStates]:
    y = intermittent.pad_at_start(parts)
    # a kilogram in a flow of hundreds is no shipment: on logarithms it would set the spread of all
    floors = np.array([trade_floor(own[known & ~np.isnan(own)]) for own, known in parts])[:, None]
    signed = np.array([not history.vintage.nonnegative for history in histories], dtype=bool)[:, None]
    y = np.where(~signed & (y <= floors), 0.0, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(y > 0, np.log(y), np.nan)
    return intermittent.filter_occurrence(y), intermittent.filter_sizes(np.where(signed, np.where(y != 0, y, np.nan), logs))
