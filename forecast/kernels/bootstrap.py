"""Resampling that keeps neighbours together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def moving_blocks(values: Floats, length: int, draws: int, rng: np.random.Generator, block: int) -> Floats:
    """Paths of `length` steps made of blocks of `block` consecutive values, wrapped around the end, shape (draws, length).

    The circular block bootstrap (Politis and Romano 1992), whose resampled mean is centred on the sample mean.
    """
    n = len(values)
    starts = rng.integers(0, n, size=(draws, -(-length // block)))
    at = (starts[:, :, None] + np.arange(block)).reshape(draws, -1)[:, :length] % n
    resampled: Floats = values[at]
    return resampled
