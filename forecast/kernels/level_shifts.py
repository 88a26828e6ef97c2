"""A lasting fall of a level in the last months, found without a model."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats, Ints

LEAST = 6  # months since the fall, and (falls of four and five months of the M3 and tourism series were taken back)
MOST = 24  # the most
BEFORE = 12  # months before the fall that its size is taken from, and the fewest needed
MEMORY = 36  # months before the fall that the noise is taken from
NEAR = 4  # months on either side that tell a fall from a slope
ABRUPT = 0.7  # least part of the fall that lies between them
SIZE = -float(np.log(0.45))  # least fall of the logarithm: to 45 per cent
CERTAIN = 4.0  # least t statistic
APART = 2.0  # robust standard deviations that nearly every month since lies below the level before
SHARE = 0.8  # of the months since that do


def recent_fall(when: Ints, z: Floats) -> int | None:
    """The place in z (n,), logarithms at `when` (n,), of the first month of a lower level that has lasted to the end, or None.

    The fall at a place is the difference of the medians of the twelve months before and of those since. It counts where it
    leaves 45 per cent of the level or less, at once and not as a slope, and is `CERTAIN` standard errors large (noise from the
    median absolute deviation of the months before about their line, season included, so that a deep season is no fall); where
    nearly every month since lies below the level before; and where it is as lasting against the same months of the year
    before. The place with the largest t is returned. A level that rises is left to the models: rises of the M3 series were
    taken back more often than not.
    """
    best, found = CERTAIN, None
    starts = np.arange(max(BEFORE, len(z) - MOST), len(z) - LEAST + 1)
    if not len(starts):
        return None
    levels = _running_medians(z, BEFORE)[starts - BEFORE]
    falls = levels - _medians_to_the_end(z, starts)
    near = _running_medians(z, NEAR)
    abrupt = near[starts - NEAR] - near[starts] >= ABRUPT * falls
    candidates = np.flatnonzero((falls >= SIZE) & abrupt)
    by_month = dict(zip(when.tolist(), z.tolist(), strict=True)) if len(candidates) else {}
    for start, level, fall in zip(*(part[candidates].tolist() for part in (starts, levels, falls)), strict=True):
        before, since = z[max(start - MEMORY, 0) : start], z[start:]
        noise = _noise(when[max(start - MEMORY, 0) : start], before)
        if np.mean(level - since > APART * noise) < SHARE:
            continue
        same_month = [m for m in when[start:].tolist() if m < when[start] + 12 and m - 12 in by_month]
        # by the mean, of which a month of the old level takes its part: the fall begins where it begins
        t = float(level - np.mean(since)) / (noise * np.sqrt(1.0 / len(since) + 1.0 / BEFORE))
        if t > best and (not same_month or np.median([by_month[m - 12] - by_month[m] for m in same_month]) > 0.5 * fall):
            best, found = t, start
    return found


def _running_medians(z: Floats, length: int) -> Floats:
    """Medians of z[i : i + length] for every i that has so many, (n - length + 1,)."""
    medians: Floats = np.median(np.lib.stride_tricks.sliding_window_view(z, length), axis=1)
    return medians


def _medians_to_the_end(z: Floats, starts: Ints) -> Floats:
    """Medians of z[start:] for each start."""
    last = z[int(starts[0]) :]
    tails = np.where(np.arange(len(last)) >= (starts - starts[0])[:, None], last, np.inf)
    ordered, counts = np.sort(tails, axis=1), len(z) - starts
    at = np.arange(len(starts))
    medians: Floats = (ordered[at, (counts - 1) // 2] + ordered[at, counts // 2]) / 2
    return medians


def _noise(when: Ints, z: Floats) -> float:
    """Robust standard deviation of z about its line; a floor keeps it from the zero of months half of which are alike."""
    at = when.astype(float)
    rest = z - robust_slope(at, z) * (at - at.mean())
    return max(1.4826 * float(np.median(np.abs(rest - np.median(rest)))), 0.5 * float(np.std(rest)), 0.02)


def robust_slope(at: Floats, z: Floats) -> float:
    """Slope of a line through z (n,): the median of the slopes of all pairs (Theil 1950; Sen 1968, JASA 63:1379)."""
    i, j = np.triu_indices(len(z), 1)
    return float(np.median((z[j] - z[i]) / (at[j] - at[i])))
