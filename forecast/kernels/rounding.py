"""What is left of a difference beyond the rounding of binary arithmetic, in any unit of the figures."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats

ROUNDING = 1e-12  # of the largest figure that enters a difference; a smaller difference is none


def beyond_rounding(differences: Floats, size: float) -> Floats:
    """Differences of figures as large as `size`, zero where they are rounding alone.

    A series that others fit without error would else leave gaps that are noise of the last digits: another unit of the data,
    another noise, and tests and ratios made of it.
    """
    found: Floats = np.where(np.abs(differences) > ROUNDING * size, differences, 0.0)
    return found


def largest(*figures: Floats) -> float:
    """The largest of some figures, in amount."""
    return max(float(np.abs(one).max(initial=0.0)) for one in figures)
