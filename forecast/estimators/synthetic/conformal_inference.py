"""Conformal inference: how strange the months after an event look among the months before it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecast.arrays import Floats

INTERPOLATED = 24  # points looked at between two candidates
MAX_CANDIDATES = 60  # candidates on either side
TIE_TOLERANCE = 1e-9  # relative difference below which two gaps are the same


def moving_block_p_value(residuals: Floats, after: int) -> float:
    """p-value that the last `after` of T residuals are like the others: the share of cyclic shifts at least as large.

    The size of a stretch is its sum of absolute residuals (S_1); all T shifts of the whole series are tried, the true order
    among them, so the least p is 1 / T (Chernozhukov, Wuethrich and Zhu 2021, J. Am. Stat. Assoc. 116: 1849-1864, eq. 4 and 9,
    moving-block permutations).
    """
    size = np.abs(residuals)
    months = len(size)
    shifted = np.array([size[(np.arange(months - after, months) + shift) % months].sum() for shift in range(months)])
    return float((shifted >= shifted[0] * (1.0 - TIE_TOLERANCE)).mean())


def conformal_bounds(residuals: Callable[[float], Floats], centre: float, scale: float) -> tuple[Floats, Floats]:
    """Values a new month may take: (lower, upper) (m,), entry k - 1 where k or more of m residuals are as large as its own.

    `residuals(c)` (m,) are those of all months when the new one, the last, is c; its p-value is k / m, so the interval of level
    1 - a begins with entry floor(a m) (Chernozhukov et al. 2021, sec. 2.2). They bend but do not jump as c moves, so they are
    made for some c and drawn straight between, from `centre` outwards by steps that grow from `scale` / 2. Entry 0, which no
    value leaves, repeats entry 1.
    """
    middle = residuals(centre)
    sides = [_candidates_outwards(residuals, centre, direction * scale) for direction in (-1.0, 1.0)]
    where = np.array([c for c, _ in sides[0]][::-1] + [centre] + [c for c, _ in sides[1]])
    table = np.array([u for _, u in sides[0]][::-1] + [middle] + [u for _, u in sides[1]])
    spot = np.arange((len(where) - 1) * INTERPOLATED + 1) / INTERPOLATED
    low = np.minimum(spot.astype(int), len(where) - 2)
    part = spot - low
    fine = where[low] + part * (where[low + 1] - where[low])
    drawn = np.abs(table[low] + part[:, None] * (table[low + 1] - table[low]))
    slack = TIE_TOLERANCE * max(float(np.abs(table).max()), 1e-300)
    count = (drawn >= drawn[:, -1:] - slack).sum(axis=1)
    months = table.shape[1]
    lower, upper = np.full(months, centre), np.full(months, centre)
    for k in range(2, months + 1):
        inside = fine[count >= k]
        if len(inside):
            lower[k - 1], upper[k - 1] = min(inside[0], centre), max(inside[-1], centre)
    if months > 1:
        lower[0], upper[0] = lower[1], upper[1]
    return lower, upper


def _candidates_outwards(residuals: Callable[[float], Floats], centre: float, unit: float) -> list[tuple[float, Floats]]:
    """Candidates on one side, until the new month's residual is the largest of all."""
    found: list[tuple[float, Floats]] = []
    away = 0.0
    for _ in range(MAX_CANDIDATES):
        away += max(0.5, 0.2 * away)
        found.append((centre + away * unit, residuals(centre + away * unit)))
        size = np.abs(found[-1][1])
        if len(size) < 2 or size[-1] > size[:-1].max() * (1.0 + TIE_TOLERANCE):
            break
    return found


def conformal_draws(lower: Floats, upper: Floats, centre: float, count: int) -> Floats:
    """`count` sorted values whose equal-tailed intervals are the conformal ones at every level, their median the centre.

    Levels that the number of months cannot reach repeat the widest interval.
    """
    months = len(lower)
    half = count // 2
    tail = (np.arange(half) + 0.5) / count
    # a grid of levels: one draw's width is added, so that a quantile asked at a step lies on its inner side
    at = np.minimum((2.0 * (tail + 1.0 / count) * months).astype(int), months - 1)
    low, high = np.sort(lower[at]), np.sort(upper[at])
    made = np.concatenate([np.minimum(low, centre), np.full(count - 2 * half, centre), np.maximum(high, centre)])
    if half > 1:
        made[half - 1], made[count - half] = centre, centre
    return made
