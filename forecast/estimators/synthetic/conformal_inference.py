"""Conformal inference: permutation p-values and intervals from the residuals of the months before and after an event."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecast.arrays import Floats

INTERPOLATED = 24  # interpolated points between two candidates
MAX_CANDIDATES = 60  # candidate values on either side
TIE_TOLERANCE = 1e-9  # relative difference below which two residuals are tied


def moving_block_p_value(residuals: Floats, after: int) -> float:
    """Moving-block permutation p-value of the last `after` of T residuals: share of cyclic shifts with a statistic as large.

    The statistic is the sum of absolute residuals (S_1) over all T cyclic shifts, the true order among them, so the smallest p
    is 1 / T (Chernozhukov, Wuethrich and Zhu 2021, J. Am. Stat. Assoc. 116: 1849-1864, eq. 4 and 9).
    """
    size = np.abs(residuals)
    months = len(size)
    shifted = np.array([size[(np.arange(months - after, months) + shift) % months].sum() for shift in range(months)])
    return float((shifted >= shifted[0] * (1.0 - TIE_TOLERANCE)).mean())


def conformal_bounds(residuals: Callable[[float], Floats], centre: float, scale: float) -> tuple[Floats, Floats]:
    """Conformal bounds (lower, upper) (m,) of a new month; entry k - 1 holds values with k or more of m residuals as large.

    `residuals(c)` (m,) are those of all months when the new one, the last, equals c; its p-value is k / m, so the interval of
    level 1 - a is entry floor(a m) (Chernozhukov et al. 2021, sec. 2.2). Residuals are continuous in c, so they are computed
    for some candidates and interpolated linearly, from `centre` outwards in steps that grow from `scale` / 2. Entry 0, which
    would be unbounded, repeats entry 1.
    """
    # residuals at the candidates, outwards from the centre on both sides, then interpolated between neighbours
    central = residuals(centre)
    sides = [_candidates_outwards(residuals, centre, direction * scale) for direction in (-1.0, 1.0)]
    where = np.array([c for c, _ in sides[0]][::-1] + [centre] + [c for c, _ in sides[1]])
    table = np.array([u for _, u in sides[0]][::-1] + [central] + [u for _, u in sides[1]])
    spot = np.arange((len(where) - 1) * INTERPOLATED + 1) / INTERPOLATED
    low = np.minimum(spot.astype(int), len(where) - 2)
    part = spot - low
    fine = where[low] + part * (where[low + 1] - where[low])
    interpolated = np.abs(table[low] + part[:, None] * (table[low + 1] - table[low]))
    slack = TIE_TOLERANCE * max(float(np.abs(table).max()), 1e-300)
    count = (interpolated >= interpolated[:, -1:] - slack).sum(axis=1)
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
    """Candidate values on one side, until the new month's residual is the largest of all."""
    found: list[tuple[float, Floats]] = []
    distance = 0.0
    for _ in range(MAX_CANDIDATES):
        distance += max(0.5, 0.2 * distance)
        found.append((centre + distance * unit, residuals(centre + distance * unit)))
        size = np.abs(found[-1][1])
        if len(size) < 2 or size[-1] > size[:-1].max() * (1.0 + TIE_TOLERANCE):
            break
    return found


def conformal_draws(lower: Floats, upper: Floats, centre: float, count: int) -> Floats:
    """`count` sorted values whose equal-tailed intervals are the conformal ones at every level, with median `centre`.

    Levels beyond the reach of the number of months repeat the widest interval.
    """
    months = len(lower)
    half = count // 2
    tail = (np.arange(half) + 0.5) / count
    # the levels form a grid: one draw's width is added, so that a quantile at a grid point falls on its inner side
    at = np.minimum((2.0 * (tail + 1.0 / count) * months).astype(int), months - 1)
    low, high = np.sort(lower[at]), np.sort(upper[at])
    values = np.concatenate([np.minimum(low, centre), np.full(count - 2 * half, centre), np.maximum(high, centre)])
    if half > 1:
        values[half - 1], values[count - half] = centre, centre
    return values
