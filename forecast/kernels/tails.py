"""Upper tails of draws that the data do not know."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats

HIGH = 0.9
ROUNDING = 1e-9  # by which the mean stays below


def bound_means(draws: Floats) -> Floats:
    """Draws (n, ...) of quantities, what exceeds the 90 per cent quantile scaled down where the mean would lie above it.

    A mean above its own 90 per cent quantile is made by a few draws beyond anything seen: it says that the tail is unknown,
    not that so much is expected. Ranks, and all draws up to the quantile, are kept. Where nine tenths of the draws are empty
    nothing is scaled: the quantile is zero, and the mean is above it by right.
    """
    high = np.quantile(draws, HIGH, axis=0, method="lower")  # a draw, not moved when those above it are
    low = np.minimum(draws, high)
    beyond = draws - low
    room, excess = high - low.mean(axis=0), beyond.mean(axis=0)
    scale = np.where((excess > room) & (high > 0), (1.0 - ROUNDING) * room / np.where(excess > 0, excess, 1.0), 1.0)
    bounded: Floats = np.where(scale < 1.0, low + beyond * scale, draws)
    return bounded
