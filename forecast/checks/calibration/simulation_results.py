"""Simulated size and coverage of each estimator, by length of history and of window."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from forecast.core.bundled_data import bundled_rows


@dataclass(frozen=True)
class SimulationCell:
    """One cell of the simulation study: a number of months before and after the event, in one kind of world.

    role : "correct" where the estimator's own assumptions hold, "drift" where the level drifts
    size : share of worlds without an event whose 95 % interval excluded zero
    cover90 : share of worlds whose 90 % interval covered the truth
    """

    estimator: str
    role: str
    world: str
    months_before: int
    months_after: int
    runs: int
    size: float
    size_se: float
    cover90: float
    cover90_se: float


@functools.cache
def load_simulation_cells() -> tuple[SimulationCell, ...]:
    """The bundled table, written by `experiments/003_simulation/run.py`."""
    return tuple(
        SimulationCell(
            row["estimator"],
            row["role"],
            row["world"],
            *(int(row[name]) for name in ("months_before", "months_after", "runs")),
            *(float(row[name]) for name in ("size", "size_se", "cover90", "cover90_se")),
        )
        for row in bundled_rows("calibration.csv")
    )


def nearest_cells(cells: Sequence[SimulationCell], estimator: str, clean: int, window: int) -> list[SimulationCell]:
    """The cells of both roles nearest to `clean` months before the event and a window of length `window`.

    The longest simulated history not above `clean` (empty if there is none); of its windows the shortest that is at least
    `window`, else the longest.
    """
    own = [c for c in cells if c.estimator == estimator and c.months_before <= clean]
    before = max((c.months_before for c in own), default=0)
    own = [c for c in own if c.months_before == before]
    lengths = sorted({c.months_after for c in own})
    after = next((length for length in lengths if length >= window), lengths[-1] if lengths else 0)
    return [c for c in own if c.months_after == after]
