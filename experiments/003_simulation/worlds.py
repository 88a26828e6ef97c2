"""Worlds in which the truth is known: monthly trade-like flows, one treated and six donors, seeded.

Every world returns lognormal flows without any event, shape (months, 1 + donors), the treated first. A planted fall multiplies
the months after the event, so the true effect is what was taken away.
"""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import forecast as fc
from forecast.core import months as mm

Floats = NDArray[np.float64]

NOISE = 0.15  # sd of a month's own noise in logs
# Monthly step of a wandering level over the noise. Local levels fitted to the 20 bundled flows with 40 months of trade or more
# have ratios from 0 to 1 with median 0.24: 0.2 is a usual flow, 0.5 one of the restless (4 of 20 are above). At 0.2 and this
# noise a level moves by 10 % (one sd) in a year.
DRIFT, WANDER = 0.2 * NOISE, 0.5 * NOISE
COMMON = 0.05  # monthly step of the factor that all flows share: 17 % in a year
DONORS = 6
TRADING = 0.4  # share of months with trade in the lumpy world
SIZES = 0.8  # sd in logs of a lumpy shipment
START = "2015-01"
TREATED = "USA.import.WLD.treated"
UNITS = (TREATED, *(f"USA.import.WLD.donor_{k + 1}" for k in range(DONORS)))
WORLDS = ("steady", "common", "drift", "wander", "lumpy")


def rng_of(seed: int, world: str, before: int, after: int, run: int) -> np.random.Generator:
    """One generator per world, cell and run: any part of the study can be made again on its own."""
    return np.random.default_rng([seed, zlib.crc32(world.encode()), before, after, run])


def flows(world: str, months: int, rng: np.random.Generator) -> Floats:
    """Flows without an event, shape (months, 1 + donors).

    steady : constant levels, independent noise
    common : a random-walk factor that treated and donors share, independent noise of each: the correct world of donor methods
    drift, wander : every unit's own level is a random walk, of a usual or a restless step: the correct world of local levels
    lumpy : a month has trade with probability `TRADING`, of a lognormal size
    """
    units = 1 + DONORS
    levels = np.log(1000.0) + 0.5 * rng.standard_normal(units)
    noise = NOISE * rng.standard_normal((months, units))
    if world == "steady":
        return np.exp(levels + noise)
    if world == "common":
        return np.exp(levels + np.cumsum(COMMON * rng.standard_normal(months))[:, None] + noise)
    if world in ("drift", "wander"):
        step = DRIFT if world == "drift" else WANDER
        return np.exp(levels + np.cumsum(step * rng.standard_normal((months, units)), axis=0) + noise)
    if world == "lumpy":
        sizes = np.exp(levels + SIZES * rng.standard_normal((months, units)))
        return np.where(rng.random((months, units)) < TRADING, sizes, 0.0)
    raise ValueError(f"no world is called {world!r}: one of {', '.join(WORLDS)}")


def planted(y: Floats, before: int, effect: float) -> Floats:
    """The flows with the treated multiplied by 1 + effect from the month of the event on."""
    out = y.copy()
    out[before:, 0] *= 1.0 + effect
    return out


def labels(months: int) -> list[str]:
    """Month labels from `START` on."""
    first = mm.ordinal(START)
    return [mm.label(first + i) for i in range(months)]


def panel(y: Floats, units: tuple[str, ...] = UNITS) -> fc.Vintage:
    """The flows as a Vintage, through the package's own door for plain tables; the first `len(units)` columns."""
    when = labels(len(y))
    table = pd.DataFrame(
        {"unit": np.repeat(units, len(when)), "time": when * len(units), "value": y[:, : len(units)].T.ravel()}
    )
    return fc.panel(table, unit="unit", season=12, nonnegative=True)


def design(before: int, donors: bool, draws: int, **rest: object) -> fc.Design:
    """The question what happened from month `before` on (counted from 0)."""
    start = labels(before + 1)[-1]
    return fc.Design.at(start, TREATED, UNITS[1:] if donors else None, draws=draws, **rest)
