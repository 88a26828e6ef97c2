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


def ridge_path(x: Floats, y: Floats, penalties: Floats = PENALTIES) -> Floats:
    """Ridge regressions of samples x (s, n, k), y (s, n) for all penalties: constants and slopes (s, penalties, 1 + k).

    min |y - a - Xb|^2 + penalty |b|^2 on standardised columns (Hoerl and Kennard 1970), from one eigendecomposition a sample.
    """
    centre, width = x.mean(axis=1), x.std(axis=1)
    width = np.where(width > 1e-12, width, 1.0)
    z = (x - centre[:, None]) / width[:, None]
    mean = y.mean(axis=1)
    values, vectors = np.linalg.eigh(z.transpose(0, 2, 1) @ z)
    turned = vectors.transpose(0, 2, 1) @ (z.transpose(0, 2, 1) @ (y - mean[:, None])[..., None])
    slopes = ((vectors @ (turned / (values[..., None] + penalties))) / width[..., None]).transpose(0, 2, 1)
    constants = mean[:, None] - (slopes * centre[:, None]).sum(axis=2)
    return np.concatenate([constants[..., None], slopes], axis=2)


def cross_validated_ridge(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Ridge regressions of samples x (s, n, k), y (s, n), the penalty of each chosen by contiguous folds.

    Returns constants and slopes (s, 1 + folds, 1 + k), of the whole sample and without each fold, and the errors (s, n) of the
    months of each fold, forecast without it.
    """
    paths, errors = [ridge_path(x, y)], np.empty((len(y), len(PENALTIES), y.shape[1]))
    for part in contiguous_folds(y.shape[1]):
        rest = np.setdiff1d(np.arange(y.shape[1]), part)
        made = ridge_path(x[:, rest], y[:, rest])
        errors[:, :, part] = y[:, None, part] - made[..., :1] - made[..., 1:] @ x[:, part].transpose(0, 2, 1)
        paths.append(made)
    rows, best = np.arange(len(y)), (errors**2).sum(axis=2).argmin(axis=1)
    return np.stack([path[rows, best] for path in paths], axis=1), errors[rows, best]


def contiguous_folds(n: int, count: int = FOLDS) -> list[Ints]:
    """Contiguous blocks of 0 .. n-1 (blocked cross-validation, Bergmeir and Benítez 2012)."""
    return [block for block in np.array_split(np.arange(n), min(count, n)) if len(block)]
