"""Ridge regression over a path of penalties, and contiguous folds for cross-validating the penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints

PENALTIES = np.logspace(-1.0, 3.0, 9)
FOLDS = 5


@dataclass(frozen=True)
class LinearRule:
    """A fitted linear prediction rule on standardised columns."""

    centre: Floats
    width: Floats
    intercept: float
    weights: Floats

    def __call__(self, x: Floats) -> Floats:
        """Predictions (rows,) for `x` (rows, k)."""
        # a sum, not a matrix product: BLAS may add in another order for another number of rows
        out: Floats = ((x - self.centre) / self.width * self.weights).sum(axis=1) + self.intercept
        return out


def column_mean_and_scale(x: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each column; the latter is one where a column is constant."""
    width = x.std(axis=0)
    return x.mean(axis=0), np.where(width > 1e-12, width, 1.0)


def ridge_path(x: Floats, y: Floats, penalties: Floats = PENALTIES) -> list[LinearRule]:
    """Ridge regressions for all penalties: min |y - a - Xb|^2 + penalty |b|^2 on standardised columns.

    Hoerl and Kennard (1970), from one singular value decomposition.
    """
    centre, width = column_mean_and_scale(x)
    u, s, vt = np.linalg.svd((x - centre) / width, full_matrices=False)
    mean = float(y.mean())
    turned = u.T @ (y - mean)
    return [LinearRule(centre, width, mean, vt.T @ (s / (s**2 + p) * turned)) for p in penalties]


def contiguous_folds(n: int, count: int = FOLDS) -> list[Ints]:
    """Contiguous blocks of 0 .. n-1 (blocked cross-validation, Bergmeir and Benítez 2012)."""
    return [block for block in np.array_split(np.arange(n), min(count, n)) if len(block)]
