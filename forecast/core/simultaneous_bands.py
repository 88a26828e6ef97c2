"""Simultaneous confidence bands: bounds for every step of a path that contain the whole path at the stated level."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats


def simultaneous_band(draws: Floats, level: float) -> tuple[Floats, Floats]:
    """Lower and upper bounds (steps,) of a band that contains a share `level` of the paths `draws` (count, steps).

    The sup-t band from draws (Montiel Olea and Plagborg-Moller 2019, J. Appl. Econometrics 34:1): middle +- c * spread with c
    the `level` quantile of max_t |path_t - middle_t| / spread_t. The middle is the median. Because draws transformed back from
    a logarithm are skewed, each side has its own spread: half the distance from the median to the 2.3 % or 97.7 % quantile, one
    standard deviation of a normal distribution. Never narrower than the pointwise interval.
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
