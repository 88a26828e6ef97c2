"""Collapses of a level, detected month by month."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.kernels.remembered_answers import remember_answers

NORMAL = 12  # open months needed to detect a collapse
MEMORY = 36  # most recent open months used
FLOOR = 1e-3  # of the median positive figure: smaller figures count as this in logarithms


@remember_answers(64)
def detect_collapses(when: Ints, y: Floats, season: int | None, drop: float = 0.5, spread: float = 5.0) -> Bools:
    """Which months of y (n,) at `when` (n,) lie in a collapse, each decided from the months up to it alone.

    A month collapses where its log ratio to the median of the last open months (of the same season where two years of them
    are known) falls below log(`drop`) and `spread` robust standard deviations; the collapse ends with the first month back
    above half that distance on the logarithmic scale. Only open months enter the median, so a long collapse does not become
    normal. Series with fewer than `NORMAL` open months, or negative ones, show none.
    """
    out = np.zeros(len(y), dtype=bool)
    positive = y[y > 0]
    if not len(positive) or (y < 0).any():
        return out
    z = np.log(np.maximum(y, FLOOR * float(np.median(positive))))
    open_when: list[int] = []
    open_z: list[float] = []
    errors: list[float] = []
    shut = False
    for i, (month, value) in enumerate(zip(when.tolist(), z.tolist(), strict=True)):
        if len(open_z) >= NORMAL:
            usual = _expected_log(np.array(open_when[-MEMORY:]), np.array(open_z[-MEMORY:]), month, season)
            gap = value - usual
            usual_errors = np.array(errors[-MEMORY:]) if len(errors) >= NORMAL else np.array(open_z) - np.median(open_z)
            limit = max(-np.log(drop), spread * max(1.4826 * float(np.median(np.abs(usual_errors))), 0.05))
            shut = gap < (-0.5 * limit if shut else -limit)  # hysteresis: it ends nearer to the old level than it began
            if not shut:
                errors.append(gap)
        if shut:
            out[i] = True
        else:
            open_when.append(month)
            open_z.append(value)
    return out


def _expected_log(when: Ints, z: Floats, month: int, season: int | None) -> float:
    """The expected log figure: the level of the last year, plus half the mean deviation of the same calendar month."""
    level = float(np.median(z[-NORMAL:]))
    if not season or len(z) < 2 * season:
        return level
    same = z[(when % season) == month % season]
    return level + 0.5 * float(np.mean(same) - np.mean(z)) if len(same) else level


def positions_of(months: Ints, wanted: Ints) -> Ints:
    """Positions of the wanted months among `months`, which may be in any order."""
    order = np.argsort(months)
    return order[np.searchsorted(months[order], wanted)]


def trimmed_mean(draws: Floats) -> Floats:
    """Mean of the middle nine tenths of the draws (n, h), by month."""
    n = len(draws)
    middle: Floats = np.sort(draws, axis=0)[n // 20 : n - n // 20].mean(axis=0)
    return middle
