"""Simultaneous bands: an interval for every step of a path that holds the whole path at the stated level."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats


def simultaneous_band(draws: Floats, level: float) -> tuple[Floats, Floats]:
    """Lower and upper bound (steps,) that a share `level` of the paths `draws` (count, steps) does not leave.

    middle +- c * spread, c the `level` quantile of max_t |path_t - middle_t| / spread_t (Montiel Olea and Plagborg-Moller 2019,
    J. Appl. Econometrics 34:1, the sup-t band from draws), with the median for middle and, because draws taken back from a
    logarithm lean, a spread of its own on either side of it: half the distance of the 2.3 % and 97.7 % quantiles, which is one
    standard deviation of a normal distribution. Never narrower than the interval of a single step.
    """
    if not draws.shape[1]:
        return np.empty(0), np.empty(0)
    tail = (1.0 - level) / 2
    single_low, middle, single_high = np.quantile(draws, [tail, 0.5, 1 - tail], axis=0)
    low, high = np.quantile(draws, [0.02275, 0.97725], axis=0)
    down, up = (middle - low) / 2, (high - middle) / 2
    side = np.where(draws < middle, down, up)
    away = np.divide(np.abs(draws - middle), side, out=np.zeros_like(draws), where=side > 0)
    reach = float(np.quantile(away.max(axis=1), level))
    return np.minimum(middle - reach * down, single_low), np.maximum(middle + reach * up, single_high)
