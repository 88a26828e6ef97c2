"""Hurdle: whether there is any trade in a month, and how much where there is; both levels move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats
from forecast.core.registry import model
from forecast.core.results import Forecast
from forecast.kernels import intermittent
from forecast.prep.batches import Paths, SeriesHistory, VintageTask, batch_model, forecast_batch

FEWEST = 6  # months
TINY = 1e-6  # of the median positive figure


@model
@batch_model
@dataclass(frozen=True)
class Hurdle:
    """Occurrence times size for thin flows: a zero is an observation, and both levels move with time.

    Whether there is trade: a Beta-Bernoulli whose past is discounted; how much: Student t of the logarithm about a level whose
    past is discounted (of the figure itself where values may be negative). Discounts are integrated over by their one-step
    likelihoods, so draws carry level, spread and discount uncertainty (`kernels.intermittent`). No season: thin flows do not
    show one. A zero published inside a sum is a zero; a month that is not known is no month.
    """

    def _all(self, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator]) -> list[Forecast | Exception]:
        """All series filtered at once. TooShortError below six months."""
        return forecast_batch(questions, rngs, "none", lambda season: FEWEST, _solve)


def _solve(lanes: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> list[Paths | Exception]:
    if not lanes:
        return []
    now = _filter_states([(lane.now.z, lane.now.known) for lane in lanes], lanes)
    trained = _filter_states([(lane.training.z, lane.training.known) for lane in lanes], lanes)
    out: list[Paths | Exception] = []
    for i, (lane, rng) in enumerate(zip(lanes, rngs, strict=True)):
        occurs, size = intermittent.simulate_hurdle(now, trained, i, lane.horizon, lane.draws, rng)
        with np.errstate(over="ignore"):
            amount = np.minimum(np.exp(size), lane.scale.top / lane.scale.unit) if lane.vintage.nonnegative else size
        out.append(Paths(np.where(occurs > 0, amount, 0.0), "hurdle: discounted chance and size"))
    return out


def _filter_states(
    parts: Sequence[tuple[Floats, Bools]], lanes: Sequence[SeriesHistory]
) -> tuple[intermittent.OccurrenceStates, intermittent.SizeStates]:
    y = intermittent.pad_at_start(parts)
    signed = np.array([not lane.vintage.nonnegative for lane in lanes], dtype=bool)[:, None]
    y = np.where(~signed & (y <= TINY), 0.0, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(y > 0, np.log(y), np.nan)
    return intermittent.filter_occurrence(y), intermittent.filter_sizes(np.where(signed, np.where(y != 0, y, np.nan), logs))
