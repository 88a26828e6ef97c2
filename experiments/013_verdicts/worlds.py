"""Simulated monthly flows (kg), one treated and six others, in worlds as unlike as trade is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
AFTER, DONORS = 6, 6


@dataclass(frozen=True)
class World:
    """One kind of flow, on logarithms.

    noise : standard deviation of a month; tails : degrees of freedom of Student t noise, 0 for normal; empty : share of months
    without trade; step : of the level, half of its variance shared with the others; growth : per month; season : standard
    deviation of the month effects; memory : autocorrelation of the noise; stay : probability that an empty month is followed by
    one; spike : four months of five times the trade, at least twelve months before the event
    """

    noise: float
    tails: int
    empty: float
    step: float
    growth: float
    season: float
    memory: float = 0.0
    stay: float = 0.0
    spike: bool = False


WORLDS = {
    "seasonal": World(0.25, 0, 0.0, 0.03, 0.0, 0.2),
    "quiet": World(0.08, 0, 0.0, 0.01, 0.0, 0.1),
    "growing": World(0.10, 0, 0.0, 0.01, 0.015, 0.1),
    "falling": World(0.10, 0, 0.0, 0.01, -0.02, 0.1),
    "deep season": World(0.05, 0, 0.0, 0.01, 0.0, 0.6),
    "old spike": World(0.10, 0, 0.0, 0.01, 0.0, 0.1, spike=True),
    "lumpy": World(0.50, 5, 0.1, 0.03, 0.0, 0.2),
    "zeros": World(0.60, 5, 0.3, 0.03, 0.0, 0.2),
    "restless": World(0.20, 0, 0.0, 0.09, 0.0, 0.1),
    "slow noise": World(0.25, 0, 0.0, 0.01, 0.0, 0.1, memory=0.6),
    "clustered zeros": World(0.50, 5, 0.3, 0.03, 0.0, 0.1, stay=0.7),
}


def flows(name: str, months: int, rng: np.random.Generator) -> Floats:
    """Flows (months, 7), the treated one first, as they would be without any event."""
    world, units = WORLDS[name], 1 + DONORS
    season = rng.normal(0, world.season, (12, units))
    season -= season.mean(0)
    at = np.arange(months)
    shared = np.cumsum(rng.normal(0, world.step, months))[:, None]
    level = rng.normal(np.log(50_000), 1, units) + world.growth * at[:, None]
    level = level + (shared + np.cumsum(rng.normal(0, world.step, (months, units)), 0)) / np.sqrt(2)
    if world.tails:
        noise = rng.standard_t(world.tails, (months, units)) / np.sqrt(world.tails / (world.tails - 2)) * world.noise
    else:
        noise = rng.normal(0, world.noise, (months, units))
    for i in range(1, months if world.memory else 0):
        noise[i] = world.memory * noise[i - 1] + np.sqrt(1 - world.memory**2) * noise[i]
    y: Floats = np.exp(level + season[at % 12] + noise - world.noise**2 / 2)
    if world.stay:
        shut = rng.random((months, units)) < world.empty
        begin = world.empty * (1 - world.stay) / (1 - world.empty)
        for i in range(1, months):
            shut[i] = rng.random(units) < np.where(shut[i - 1], world.stay, begin)
        return np.where(shut, 0.0, y)
    if world.spike:
        first = int(rng.integers(3, months - AFTER - 12))
        y[first : first + 4, 0] *= 5
    return np.where(rng.random((months, units)) < world.empty, 0.0, y) if world.empty else y
