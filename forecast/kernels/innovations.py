"""One-step prediction errors (innovations) of a local level: whiteness test and detection of level shifts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc

from forecast.arrays import Floats, Ints
from forecast.kernels import covariance, gaussian


@dataclass(frozen=True)
class Innovations:
    """Standardised one-step prediction errors (n,) of a fitted covariance V = L L', in time order.

    L^-1 (z - X b) are the innovations; `root` is L, `basis` an orthonormal basis of L^-1 X, `sigma` their robust spread.
    """

    errors: Floats
    rows: Ints
    root: Floats
    basis: Floats
    sigma: float

    def t_statistic(self, column: Floats) -> float:
        """Generalised least squares t statistic of one more regressor (n,) at the observed rows; 0 where it is collinear.

        The spread is robust (median absolute deviation), so a break does not mask itself (Chen and Liu 1993, JASA 88:284).
        """
        white = np.linalg.solve(self.root, column)
        white = white - self.basis @ (self.basis.T @ white)
        size = float(white @ white)
        return float(white @ self.errors) / (size**0.5 * self.sigma) if size > 1e-10 else 0.0


def level_innovations(
    z: Floats, rows: Ints, axis: Ints, season: int | None, extra: Floats | None = None, train: int = 0, *, drift: bool = False
) -> Innovations:
    """Innovations of a local level fitted to z (n,) at `rows` of `axis` (N,), with a shrunk season from two seasons on.

    extra : (N, m) columns shrunk with the season; train : number of first figures that the variances are estimated from, so
    that a late break cannot inflate them (0: all); drift : whether the level also grows by a constant
    """
    count, size = train or len(z), len(axis)
    if season and count >= 2 * season:
        family, start = covariance.local_level_shrunk_season(size, axis % season, season, extra)
    else:
        family, start = covariance.local_level(size)
    if drift:
        start = np.column_stack([start, np.arange(size) / size])
    fitted = gaussian.fit(z[:count], rows[:count], start, family, polish=False)
    v = family.covariance(fitted.best[None])[0][np.ix_(rows, rows)]
    root = np.linalg.cholesky(v)
    basis = np.linalg.qr(np.linalg.solve(root, start[rows]))[0]
    errors = np.linalg.solve(root, z)
    errors = errors - basis @ (basis.T @ errors)
    # a floor on the robust spread: half of the errors may be exactly zero
    spread = 1.4826 * float(np.median(np.abs(errors - np.median(errors))))
    return Innovations(errors, rows, root, basis, max(spread, float(np.std(errors)) * 0.25, 1e-300))


def growth_t(z: Floats, rows: Ints, axis: Ints, season: int | None, extra: Floats | None = None) -> float:
    """The t statistic of constant growth of the level, its variances fitted with growth in it.

    Fitted without, a level that grows steadily is taken for one that wanders, beside which growth is never significant.
    """
    white = level_innovations(z, rows, axis, season, extra, drift=True)
    level = np.linalg.solve(white.root, np.ones((len(rows), 1)))
    mean = level / np.linalg.norm(level)
    whitened = np.linalg.solve(white.root, np.column_stack([rows.astype(float), z]))
    ramp, errors = (whitened - mean @ (mean.T @ whitened)).T
    size, left = float(ramp @ ramp), float(white.errors @ white.errors)
    freedom = max(len(rows) - white.basis.shape[1], 1)
    return float(ramp @ errors) / np.sqrt(size * left / freedom) if size > 0 and left > 0 else 0.0


def ljung_box(errors: Floats, lags: int) -> tuple[float, float]:
    """Q = n (n + 2) sum_k r_k^2 / (n - k) and its chi-square p with `lags` degrees (Ljung and Box 1978, Biometrika 65:297)."""
    n = len(errors)
    centred = errors - errors.mean()
    total = float(centred @ centred)
    if not total > 0:
        return 0.0, 1.0
    r = np.array([centred[k:] @ centred[:-k] for k in range(1, lags + 1)]) / total
    q = float(n * (n + 2) * (r**2 / (n - np.arange(1, lags + 1))).sum())
    return q, float(gammaincc(lags / 2.0, q / 2.0))


def largest_level_shift(white: Innovations, last: int, apart: int = 3) -> tuple[float, int]:
    """The level shift with the largest |t| among those that begin in the `last` rows of the axis: its t and first row.

    At least `apart` figures must lie on each side of it.
    """
    best, at = 0.0, -1
    for i in range(apart, len(white.rows) - apart + 1):
        if white.rows[i] <= white.rows[-1] - last:
            continue
        score = white.t_statistic((white.rows >= white.rows[i]).astype(float))
        if abs(score) > abs(best):
            best, at = score, int(white.rows[i])
    return best, at
