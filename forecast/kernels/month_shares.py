"""Time intervals on a grid of months: the share of each month that is covered, ramps, and first-order transfer functions."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats, Ints


def coverage(when: Ints, start: float, stop: float) -> Floats:
    """Share of each month [m, m + 1) that lies in [start, stop), shape (months,)."""
    share: Floats = np.clip(np.minimum(stop, when + 1.0) - np.maximum(start, when), 0.0, 1.0)
    return share


def ramp_mean(when: Ints, start: float, stop: float, length: float) -> Floats:
    """Mean over each month of min((x - start) / length, 1) on [start, stop) and 0 elsewhere, shape (months,).

    The integral of the ramp from `start` to x is (x - start)^2 / (2 length) up to its top, and grows by one per month after.
    """

    def integral(x: Floats) -> Floats:
        run = np.clip(np.minimum(x, stop) - start, 0.0, None)
        return np.where(run <= length, run**2 / (2.0 * length), run - length / 2.0)

    at = when.astype(np.float64)
    return integral(at + 1.0) - integral(at)


def transfer_response(when: Ints, start: float, stop: float, delta: float, pulse: bool) -> Floats:
    """Response of the transfer function 1 / (1 - delta B) to an interval (Box and Tiao 1975, JASA 70:70, sec. 2), (months,).

    pulse=False : (1 - delta) / (1 - delta B) applied to the share covered: an interval from the first day of a month gives
        1 - delta^(k+1), and the response decays at the same rate after the interval ends.
    pulse=True : 1 / (1 - delta B) applied to one unit at `start` (split between two months if that is mid-month): delta^k.
    """
    out = np.zeros(len(when))
    if not len(when) or stop <= start:
        return out
    grid = np.arange(int(np.floor(start)), int(when.max()) + 1)
    if not len(grid):
        return out
    share = coverage(grid, start, start + 1.0 if pulse else stop) * (1.0 if pulse else 1.0 - delta)
    level, path = 0.0, np.zeros(len(grid))
    for k, x in enumerate(share):
        level = delta * level + x
        path[k] = level
    inside = when >= grid[0]
    out[inside] = path[when[inside] - grid[0]]
    return out
