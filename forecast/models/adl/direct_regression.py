"""Direct regression at a given horizon: complete rows and columns, the fitted rule, its out-of-fold errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels import ridge

Rule = Callable[[Floats], Floats]
Fitter = Callable[[Floats, Floats], "list[Rule]"]
TINY = 1e-10  # of the total sum of squares: a smaller residual sum counts as zero


def lag_values(values: Floats, lag: int) -> Floats:
    """`values` (T,) lagged by `lag` places, NaN where there is no earlier value."""
    out = np.full(len(values), np.nan)
    out[lag:] = values[: len(values) - lag] if lag < len(values) else values[:0]
    return out


def complete_cases(matrix: Floats, share: float, least: int) -> tuple[Ints, Ints]:
    """Columns known in at least `share` of the rows, and the rows in which all of them are known.

    matrix (n, k), NaN where unknown. While fewer than `least` rows are complete, the column that costs most rows is dropped:
    nothing is imputed, so that training rows have the same information as the forecast.
    """
    known = np.isfinite(matrix)
    columns = np.flatnonzero(known.mean(axis=0) >= share) if len(matrix) else np.empty(0, dtype=np.int64)
    rows = np.flatnonzero(known[:, columns].all(axis=1))
    while len(rows) < least and len(columns):
        # rows that a column alone makes incomplete count first, then how often it is unknown
        alone = (~known[:, columns]) & ((~known[:, columns]).sum(axis=1) == 1)[:, None]
        cost = alone.sum(axis=0) * len(known) + (~known[:, columns]).sum(axis=0)
        if cost.max() == 0:
            break
        columns = np.delete(columns, int(cost.argmax()))
        rows = np.flatnonzero(known[:, columns].all(axis=1))
    return columns, rows


def forward_selection(x: Floats, y: Floats, most: int) -> ridge.LinearRule:
    """Least squares on at most `most` columns, selected forward by the Bayesian information criterion.

    Orthogonal greedy selection (Chen, Cowan and Grant 1991; Schwarz 1978 for the criterion): each step adds the column that
    reduces the residual sum of squares most, until n log(RSS / n) + log(n) p no longer falls.
    """
    centre, width = ridge.column_mean_and_scale(x)
    left, n = (x - centre) / width, len(y)
    mean = float(y.mean())
    rest = y - mean
    whole = float(rest @ rest)
    sums, chosen = whole, list[int]()
    while len(chosen) < most and sums > TINY * max(whole, 1e-300):
        length = (left**2).sum(axis=0)
        free = length > 1e-8 * n
        free[chosen] = False
        fall = np.where(free, (left.T @ rest) ** 2 / np.where(free, length, 1.0), 0.0)
        best = int(fall.argmax()) if len(fall) else 0
        after = max(sums - float(fall[best]) if len(fall) else sums, TINY * whole)
        if not len(fall) or n * np.log(after / sums) + np.log(n) >= 0.0:
            break
        chosen.append(best)
        # project the chosen column out of the residual and of all other columns
        unit = left[:, best] / np.sqrt(length[best])
        rest, left = rest - unit * (unit @ rest), left - np.outer(unit, unit @ left)
        sums = float(rest @ rest)
    weights = np.zeros(x.shape[1])
    if chosen:
        taken = (x[:, chosen] - centre[chosen]) / width[chosen]
        weights[chosen] = np.linalg.lstsq(taken, y - mean, rcond=None)[0]
    return ridge.LinearRule(centre, width, mean, weights)


def partially_pooled_ridge(x: Floats, y: Floats, shared: Ints, more: Floats, more_y: Floats, penalties: Floats) -> list[Rule]:
    """Ridge rules whose coefficients of `shared` columns are shrunk towards those of other series, one rule per penalty.

    y = a + X c + X_s (b - c_s), with b common to the rows of the other series, `more` (m, len(shared)) and `more_y` (m,) on the
    standard scale; c - b and b carry the same penalty (a normal prior on both, as in partial pooling by an augmented ridge,
    Gelman and Hill 2007, sec. 12.4). The target is standardised, so rows of all series have equal weight.
    """
    centre, width = ridge.column_mean_and_scale(x)
    mean, size = float(y.mean()), float(y.std()) or 1.0
    scaled = (x - centre) / width
    top = np.hstack([scaled, scaled[:, shared]])
    below = np.hstack([np.zeros((len(more), x.shape[1])), more])
    stacked, target = np.vstack([top, below]), np.concatenate([(y - mean) / size, more_y])
    u, s, vt = np.linalg.svd(stacked, full_matrices=False)
    projected = u.T @ target
    out: list[Rule] = []
    for penalty in penalties:
        b = vt.T @ (s / (s**2 + penalty) * projected)
        weights = b[: x.shape[1]].copy()
        weights[shared] += b[x.shape[1] :]
        out.append(ridge.LinearRule(centre, width, mean, size * weights))
    return out


def cross_validate(fitter: Fitter, x: Floats, y: Floats) -> tuple[Rule, Floats]:
    """The rule of `fitter` with the least squared out-of-fold error, refitted on all rows, and its out-of-fold errors (n,).

    Folds are contiguous (blocked cross-validation, Bergmeir and Benítez 2012); every selection is repeated in each fold.
    """
    misses = []
    for part in ridge.contiguous_folds(len(y)):
        rest = np.setdiff1d(np.arange(len(y)), part)
        misses.append(np.array([y[part] - rule(x[part]) for rule in fitter(x[rest], y[rest])]))
    errors = np.concatenate(misses, axis=1)
    best = int((errors**2).sum(axis=1).argmin())
    return fitter(x, y)[best], errors[best]


def residual_paths(errors: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Resampled error paths of past origins (draws, horizons); `errors` (origins, horizons), NaN where there is none.

    A missing error is drawn from the other errors of its horizon, so the dependence over horizons comes from the origins that
    have both.
    """
    rows = np.flatnonzero(np.isfinite(errors).any(axis=1))
    out = errors[rows[rng.integers(0, len(rows), draws)]]
    for h in range(errors.shape[1]):
        gap = np.isnan(out[:, h])
        seen = errors[np.isfinite(errors[:, h]), h]
        out[gap, h] = seen[rng.integers(0, len(seen), int(gap.sum()))]
    return out
