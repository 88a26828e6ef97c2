"""A lasting shift of a level in the last months, found without a model."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats, Ints

LEAST = 3  # months since the shift, and
MOST = 18  # the most
NEAR = 4  # months on either side that tell a jump from a slope
ABRUPT = 0.7  # least part of the shift that lies between them
BEFORE = 12  # months before the shift that its size is taken from, and the fewest needed
MEMORY = 36  # months before the shift that the noise is taken from
SIZE = float(np.log(1.5))  # least shift of the logarithm
CERTAIN = 4.0  # least t statistic
APART = 2.0  # robust standard deviations that nearly every month since lies from the level before
SHARE = 0.8  # of the months since that do


def recent_level_shift(when: Ints, z: Floats) -> int | None:
    """The place in z (n,), logarithms at `when` (n,), of the first month of a new level that has lasted to the end; else None.

    The shift at a place is the difference of the medians of the months since and of the twelve before. It counts where it is at
    least half as much again, `CERTAIN` standard errors large (noise from the median absolute deviation of the months before
    about their line, season included, so that a deep season is no shift), and where nearly every month since lies apart from
    the level before and, as far as there are such months, from the same month of the year before. The place with the largest t
    is returned.
    """
    best, found = 0.0, None
    for start in range(max(BEFORE, len(z) - MOST), len(z) - LEAST + 1):
        before, since = z[max(start - MEMORY, 0) : start], z[start:]
        level = float(np.median(before[-BEFORE:]))
        shift = float(np.median(since)) - level
        if abs(shift) < SIZE:
            continue
        at = when[max(start - MEMORY, 0) : start].astype(float)
        slope = robust_slope(at, before)
        rest = before - slope * (at - at.mean())
        noise = max(1.4826 * float(np.median(np.abs(rest - np.median(rest)))), 0.5 * float(np.std(rest)), 0.02)
        t = shift / (noise * np.sqrt(1.0 / len(since) + 1.0 / BEFORE))
        jump = float(np.median(since[:NEAR]) - np.median(before[-NEAR:]))
        apart = np.sign(shift) * (since - level) > APART * noise
        earlier = {int(m): v for m, v in zip(when[:start], before if start <= MEMORY else z[:start], strict=True)}
        gaps = [
            np.sign(shift) * (v - earlier[int(m) - 12])
            for m, v in zip(when[start:], since, strict=True)
            if int(m) - 12 in earlier
        ]
        lasting = apart.mean() >= SHARE and jump / shift > ABRUPT and (not gaps or np.median(gaps) > 0.5 * abs(shift))
        if abs(t) > max(best, CERTAIN) and lasting:
            best, found = abs(t), start
    return found


def robust_slope(at: Floats, z: Floats) -> float:
    """Slope of a line through z (n,): the median of the slopes of all pairs (Theil 1950; Sen 1968, JASA 63:1379)."""
    i, j = np.triu_indices(len(z), 1)
    return float(np.median((z[j] - z[i]) / (at[j] - at[i])))
