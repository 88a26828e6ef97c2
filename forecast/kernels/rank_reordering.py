"""Joint draws from draws made apart: each margin keeps its values, their order takes on the correlation of residuals."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats, Ints


def shrunk_correlation(residuals: Floats) -> Floats:
    """Rank correlation (j, j) of residuals (n, j), shrunk towards none by its own sampling error.

    Off the diagonal r is multiplied by 1 - min(1, sum Var(r) / sum r^2), Var(r) = (1 - r^2)^2 / (n - 1) (Schaefer and Strimmer
    2005, Statistical Applications in Genetics and Molecular Biology 4:32, with the variance of a normal sample's correlation),
    so that series without a common part stay independent.
    """
    count, size = residuals.shape
    ranks = residuals.argsort(axis=0).argsort(axis=0).astype(float)
    found = np.corrcoef(ranks, rowvar=False).reshape(size, size)
    off = ~np.eye(size, dtype=bool)
    noise, signal = ((1.0 - found[off] ** 2) ** 2 / (count - 1)).sum(), (found[off] ** 2).sum()
    kept = 1.0 - min(1.0, noise / signal) if signal > 0 else 0.0
    made: Floats = np.where(off, kept * found, 1.0)
    return made


def joint_order(draws: Floats, correlation: Floats, shocks: Floats) -> Ints:
    """For each column of draws (n, j) the order (n,) of its rows in which the columns have a rank correlation.

    Scores with that correlation are made of shocks (n, j), independent draws of the standard normal distribution, by the
    symmetric root of the correlation, which favours no column; each column is put in the order of its scores (Iman and Conover
    1982, Communications in Statistics B 11:311; in forecasting the shuffle of Clark et al. 2004, Journal of Hydrometeorology
    5:243). A column's values, and so all that is said of it alone, stay as they are.
    """
    values, vectors = np.linalg.eigh(correlation)
    scores = shocks @ ((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)
    places = scores.argsort(axis=0).argsort(axis=0)
    made: Ints = np.take_along_axis(draws.argsort(axis=0), places, axis=0)
    return made
