"""Types of numeric arrays in signatures: figures, integers (months, rows, counts) and flags."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
