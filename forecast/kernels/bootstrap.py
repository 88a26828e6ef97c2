"""Resampling that keeps neighbours together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def moving_blocks(values: Floats, length: int, draws: int, rng: np.random.Generator, block: int | None = None) -> Floats:
    """Paths of `length` steps made of blocks of consecutive values, wrapped around the end, shape (draws, length).

    The circular block bootstrap (Politis and Romano 1992), whose resampled mean is centred on the sample mean. Block length
    N^(1/3) unless given (the rate of Hall, Horowitz and Jing 1995, Biometrika 82, for a variance).
    """
    n = len(values)
    size = block or max(1, round(n ** (1 / 3)))
    starts = rng.integers(0, n, size=(draws, -(-length // size)))
    at = (starts[:, :, None] + np.arange(size)).reshape(draws, -1)[:, :length] % n
    return values[at]
