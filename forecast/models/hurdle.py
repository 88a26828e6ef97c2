"""Hurdle: whether there is any trade in a month, and how much where there is; both levels move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats
from forecast.core.registry import model
from forecast.core.results import Forecast
from forecast.kernels import intermittent
from forecast.prep.batches import Lane, Paths, Question, laned, predict_lanes

FEWEST = 6  # months
TINY = 1e-6  # of the median positive figure


@model
@laned
@dataclass(frozen=True)
class Hurdle:
    """Occurrence times size for thin flows: a zero is an observation, and both levels move with time.

    Whether there is trade: a Beta-Bernoulli whose past is discounted; how much: Student t of the logarithm about a level whose
    past is discounted (of the figure itself where values may be negative). Discounts are integrated over by their one-step
    likelihoods, so draws carry level, spread and discount uncertainty (`kernels.intermittent`). No season: thin flows do not
    show one. A zero published inside a sum is a zero; a month that is not known is no month.
    """

    def _all(self, questions: Sequence[Question], rngs: Sequence[np.random.Generator]) -> list[Forecast | Exception]:
        """All series filtered at once. TooShortError below six months."""
        return predict_lanes(questions, rngs, "none", lambda season: FEWEST, _solve)


def _solve(lanes: Sequence[Lane], rngs: Sequence[np.random.Generator]) -> list[Paths | Exception]:
    if not lanes:
        return []
    now = _filtered([(lane.now.z, lane.now.known) for lane in lanes], lanes)
    trained = _filtered([(lane.training.z, lane.training.known) for lane in lanes], lanes)
    out: list[Paths | Exception] = []
    for i, (lane, rng) in enumerate(zip(lanes, rngs, strict=True)):
        occurs, size = intermittent.hurdle_paths(now, trained, i, lane.horizon, lane.draws, rng)
        with np.errstate(over="ignore"):
            amount = np.minimum(np.exp(size), lane.scale.top / lane.scale.unit) if lane.vintage.nonnegative else size
        out.append(Paths(np.where(occurs > 0, amount, 0.0), "hurdle: discounted chance and size"))
    return out


def _filtered(parts: Sequence[tuple[Floats, Bools]], lanes: Sequence[Lane]) -> tuple[intermittent.Chance, intermittent.Size]:
    y = intermittent.padded(parts)
    signed = np.array([not lane.vintage.nonnegative for lane in lanes], dtype=bool)[:, None]
    y = np.where(~signed & (y <= TINY), 0.0, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(y > 0, np.log(y), np.nan)
    return intermittent.chance(y), intermittent.size(np.where(signed, np.where(y != 0, y, np.nan), logs))
