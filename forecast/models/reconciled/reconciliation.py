"""Forecast reconciliation by minimum trace (MinT), draw by draw, with non-negative parts if wanted."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats

RIDGE = 1e-10  # of the mean variance: added to that of every node, so that known ones do not make it singular
ROUNDING = 1e-12  # of a draw's largest figure: smaller ones are zeros


def shrunk_correlation(errors: Floats) -> tuple[Floats, float]:
    """Correlations of errors (n, nodes) shrunk towards zero, and the shrinkage intensity (0 to 1).

    Schaefer and Strimmer (2005, Stat. Appl. Genet. Mol. Biol. 4: 32, table 1, target D), as MinT takes it (Wickramasuriya,
    Athanasopoulos and Hyndman 2019, J. Am. Stat. Assoc. 114: 804, sec. 2.4): the intensity is the sum of the variances of the
    off-diagonal correlations over the sum of their squares. A node with constant errors has zero correlations.
    """
    n = len(errors)
    centred = errors - errors.mean(axis=0)
    sd = np.sqrt((centred**2).sum(axis=0) / (n - 1))
    x = np.divide(centred, sd, out=np.zeros_like(centred), where=sd > 0)
    r = x.T @ x / (n - 1)
    spread = n / (n - 1) ** 3 * ((x**2).T @ x**2 - (x.T @ x) ** 2 / n)
    off = ~np.eye(errors.shape[1], dtype=bool)
    squares = float((r[off] ** 2).sum())
    share = min(1.0, max(0.0, float(spread[off].sum()) / squares)) if squares > 0 else 1.0
    made = (1.0 - share) * r
    np.fill_diagonal(made, 1.0)
    return made, share


def reconcile(base: Floats, sums: Floats, weight: Floats) -> Floats:
    """Coherent parts (draws, parts) of base forecasts (draws, aggregates + parts), the nearest in the metric of `weight`.

    sums : C (aggregates, parts), the parts of each aggregate; weight : W, the covariance of the base errors, as a matrix or as
    its diagonal (ones: OLS; rows of the summing matrix summed: structural; variances: WLS). With U' = (I, -C) and J the part
    rows, b = J y - J W U (U' W U)^-1 U' y (Wickramasuriya et al. 2019, eq. 10 and 11), which needs no inverse of W: a node
    without variance keeps its value.
    """
    above, below = sums.shape
    gap = base[:, :above] - base[:, above:] @ sums.T  # U' y
    full = np.diag(weight) if weight.ndim == 1 else weight
    wu = full @ np.vstack([np.eye(above), -sums.T])
    inner = wu[:above] - sums @ wu[above:]  # U' W U
    step = np.linalg.pinv(inner, rcond=1e-12, hermitian=True) @ gap.T
    made: Floats = base[:, above:] - (wu[above : above + below] @ step).T
    return made


def reconcile_nonnegative(base: Floats, sums: Floats, weight: Floats) -> Floats:
    """Reconciliation with non-negative parts: only draws in which `reconcile` gives negative parts are solved again.

    min over b >= 0 of (y - S b)' W^-1 (y - S b), S = (C', I)' (Wickramasuriya, Turlach and Hyndman 2020, Stat. Comput. 30:
    1167, eq. 6), by non-negative least squares (Lawson and Hanson 1974).
    """
    from scipy.optimize import nnls

    parts = reconcile(base, sums, weight)
    tiny = ROUNDING * np.abs(base).max(axis=1, keepdims=True)
    below = np.flatnonzero((parts < -tiny).any(axis=1))
    full = np.diag(weight) if weight.ndim == 1 else weight
    ridge = RIDGE * float(np.diag(full).mean()) or 1.0
    root = np.linalg.inv(np.linalg.cholesky(full + ridge * np.eye(len(full))))
    a = root @ np.vstack([sums, np.eye(sums.shape[1])])
    size = max(float(np.abs(a).max()), 1e-300)
    for i in below:
        parts[i] = nnls(a / size, root @ base[i] / size)[0]
    return np.where(parts < tiny, 0.0, parts)


def schaake_shuffle(draws: Floats, template: Floats) -> Floats:
    """Draws (n,) reordered to the ranks of a template (n,), so that a sum and its parts are high together.

    Clark et al. (2004, J. Hydrometeorol. 5: 243). The values of the draws are unchanged.
    """
    made = np.empty_like(draws)
    made[np.argsort(template, kind="stable")] = np.sort(draws)
    return made
