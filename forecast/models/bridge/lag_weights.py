"""Non-negative lag weights between shipments and arrivals, shrunk towards a smooth prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats
from forecast.kernels import ridge

MONTH = 365.25 / 12  # days
SMOOTH = (3.0, 10.0, 30.0, 100.0, 300.0)  # smoothness penalties that cross-validation chooses from
FLOOR = 0.05  # of the mean: below it the variance of a month no longer falls with its size
ROUNDS = 3  # of iterated reweighting


@dataclass(frozen=True)
class LagWeights:
    """Lag coefficients `lags` (K + 1,), the residual standard deviation of a month of size one, and the penalty."""

    lags: Floats
    sigma: float
    smooth: float

    @property
    def kappa(self) -> float:
        """Arrivals per unit shipped, near one for kilograms."""
        return float(self.lags.sum())

    @property
    def weights(self) -> Floats:
        """The lags as shares that sum to one; the lags themselves if their sum is zero."""
        return self.lags / self.kappa if self.kappa > 0 else self.lags


@dataclass(frozen=True)
class MirrorGap:
    """Arrivals per unit shipped in the last months and before, and the standard error of the difference."""

    last: float
    before: float
    se: float

    @property
    def drift(self) -> float:
        """Change of the ratio."""
        return self.last - self.before


def transit_shares(low: float, high: float, longest: int) -> Floats:
    """Shares (longest + 1,) of shipments that arrive k months later, departing on any day and in transit `low` to `high` days.

    P(k <= (u + d) / month < k + 1) for u uniform over a month and d uniform over [low, high]; later ones count at the longest.
    """
    days = np.linspace(low, high, 201) / MONTH
    edges = np.arange(1, longest + 1)
    done = np.clip(edges[:, None] - days[None, :], 0.0, 1.0).mean(axis=1)  # arrived before month k begins
    out: Floats = np.diff(np.concatenate([[0.0], done, [1.0]]))
    return out


def fit_lags(y: Floats, x: Floats, prior: Floats, kappa: float, kappa_sd: float, smooth: float) -> LagWeights:
    """Lags b >= 0 with least (y - X b)' V^-1 (y - X b) / sigma^2 + smooth |D2 (b - kappa prior)|^2 + ((sum b - kappa) / sd)^2.

    y (n,), x (n, K + 1) in one unit. Second differences D2 run over the lags with a zero at both ends, so the prior prevails
    where the data are silent (Shiller 1973, Econometrica 41:775). V is proportional to the fitted month, as for sums of
    shipments; sigma and V by `ROUNDS` of reweighting. Solved by non-negative least squares (Lawson and Hanson 1974, ch. 23).
    """
    from scipy.optimize import nnls

    count = x.shape[1]
    # the penalties are stacked as rows below the weighted observations, so that one least-squares problem holds them all
    bend = np.diff(np.eye(count + 4)[:, 2 : count + 2], n=2, axis=0)
    rough = np.sqrt(smooth) * bend
    whole = np.full((1, count), 1.0 / kappa_sd)
    b, sigma2 = kappa * prior, 0.0
    for _ in range(ROUNDS):
        level = variance_scale(x @ b, y)
        sigma2 = max(float(((y - x @ b) ** 2 / level).mean()), 1e-12 * float(np.mean(level)))
        weight = 1.0 / np.sqrt(sigma2 * level)
        left = np.vstack([x * weight[:, None], rough, whole])
        right = np.concatenate([y * weight, rough @ (kappa * prior), [kappa / kappa_sd]])
        b = np.asarray(nnls(left, right)[0])
    return LagWeights(b, float(np.sqrt(sigma2)), smooth)


def variance_scale(fitted: Floats, y: Floats) -> Floats:
    """Size that the variance of a month is proportional to: the fitted month, but at least a share of the mean."""
    out: Floats = np.maximum(fitted, max(FLOOR * float(np.abs(y).mean()), 1e-300))
    return out


def cross_validate(y: Floats, x: Floats, prior: Floats, kappa: float, kappa_sd: float) -> tuple[LagWeights, Floats]:
    """Lags at the penalty with the least error out of contiguous folds, and these errors over the root of fitted size."""
    errors = np.empty((len(SMOOTH), len(y)))
    for part in ridge.contiguous_folds(len(y)):
        rest = np.setdiff1d(np.arange(len(y)), part)
        for i, smooth in enumerate(SMOOTH):
            expected = x[part] @ fit_lags(y[rest], x[rest], prior, kappa, kappa_sd, smooth).lags
            errors[i, part] = (y[part] - expected) / np.sqrt(variance_scale(expected, y[rest]))
    best = int((errors**2).sum(axis=1).argmin())
    return fit_lags(y, x, prior, kappa, kappa_sd, SMOOTH[best]), errors[best]


def mirror_gap(y: Floats, x: Floats, found: LagWeights, last: int = 12) -> MirrorGap:
    """Ratio of total arrivals to total lag-weighted shipments, in the last rows and in those before."""
    shipped = x @ found.weights
    parts = []
    for rows in (slice(-last, None), slice(None, -last)):
        total = float(shipped[rows].sum())
        if not total > 0:
            return MirrorGap(np.nan, np.nan, np.nan)
        spread = found.sigma * np.sqrt(float(variance_scale(x[rows] @ found.lags, y).sum())) / total
        parts.append((float(y[rows].sum()) / total, spread))
    return MirrorGap(parts[0][0], parts[1][0], float(np.hypot(parts[0][1], parts[1][1])))
