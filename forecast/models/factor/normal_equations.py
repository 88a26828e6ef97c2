"""Normal equations of the factors given the figures, in bands: assembly, solution and inverse."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded, lapack

from forecast.arrays import Floats
from forecast.models.factor.known_months import OwnDynamics, Panel
from forecast.models.factor.start_values import FactorParameters

LARGEST_DENSE = 300  # nodes up to which a dense inverse is faster than a banded one


class NormalEquations:
    """Precision and right-hand side of the nodes: eta (r,), and the factors of the months from the second on, in bands."""

    def __init__(self, months: int, k: int, free: int) -> None:
        self.months, self.k = months, k
        self.bands: dict[int, Floats] = {}  # by distance in months: (months, k, k), the later month in rows
        self.right = np.zeros((months, k))
        self.tie = np.zeros((months, k, free))  # factors with eta
        self.corner = np.eye(free)
        self.corner_right = np.zeros(free)
        self.constant = 0.0

    def band(self, distance: int) -> Floats:
        """The blocks at a distance."""
        return self.bands.setdefault(distance, np.zeros((self.months, self.k, self.k)))

    def add_factor_dynamics(self, found: FactorParameters, centre: Floats, root: Floats) -> None:
        """The shocks of the factors' autoregression."""
        k, order = self.k, found.order
        sides = [np.eye(k), *(-found.transition[:, j * k : (j + 1) * k] for j in range(order))]
        inverse = np.linalg.inv(found.noise)
        for late in range(order + 1):
            for early in range(order + 1):
                block = sides[late].T @ inverse @ sides[early]  # of the months t - late and t - early, t from the second on
                if early >= late:
                    self.band(early - late)[: max(self.months - early, 0)] += block
                for t in range(1, min(early, self.months) + 1):  # t - early is the first month or before it
                    at = slice((early - t) * k, (early - t + 1) * k)
                    mean, square = centre[at], root[at]
                    if t - late >= 1:
                        self.tie[t - late - 1] += block @ square
                        self.right[t - late - 1] -= block @ mean
                    else:
                        other = slice((late - t) * k, (late - t + 1) * k)
                        self.corner += root[other].T @ block @ square
                        self.corner_right -= root[other].T @ block @ mean
                        self.constant += float(centre[other] @ block @ mean)

    def add_figures(self, panel: Panel, found: FactorParameters, centre: Floats, root: Floats) -> tuple[int, float]:
        """The figures of the second month and later; returns their number and the sum of the logarithms of their variances."""
        load = found.loadings
        square = (load[:, :, None] * load[:, None, :]).reshape(len(load), -1)
        shape = self.months, self.k, self.k
        if found.persistence is None:
            weight = panel.known[1:] / found.variances
            weighted = weight * panel.values[1:]
            self.band(0)[:] += (weight @ square).reshape(shape)
            self.right += weighted @ load
            self.constant += float((weighted * panel.values[1:]).sum())
            return int(panel.known[1:].sum()), float(panel.known[1:].sum(axis=0) @ np.log(found.variances))
        y, near = panel.values, panel.neighbours
        weight = near / found.variances
        rest = y[1:] - found.persistence * y[:-1]
        weighted = weight * rest
        self.constant += float((weighted * rest).sum())
        self.band(0)[:] += (weight @ square).reshape(shape)
        self.right += weighted @ load
        self.band(0)[:-1] += ((weight * found.persistence**2) @ square).reshape(shape)[1:]
        self.right[:-1] -= ((weighted * found.persistence) @ load)[1:]
        self.band(1)[:-1] -= ((weight * found.persistence) @ square).reshape(shape)[1:]
        logs = float(near.sum(axis=0) @ np.log(found.variances))
        count, more = self._add_jumps(panel, found, centre, root)
        return int(near.sum()) + count, logs + more

    def _add_jumps(self, panel: Panel, found: FactorParameters, centre: Floats, root: Floats) -> tuple[int, float]:
        """The figures after a gap, and the first ones after the first month."""
        own, load = OwnDynamics.of(found, panel.reach), found.loadings
        i, since, until = panel.jumps
        gap = until - since
        variance, slope = own.variance[i, gap], own.power[i, gap]
        y, first = panel.values, since == 0
        square = load[i][:, :, None] * load[i][:, None, :]
        before = y[since, i]
        size = found.transition.shape[1]
        before[first] = centre[size + i[first]]
        rest = y[until, i] - slope * before
        scale = slope / variance
        self.constant += float((rest**2 / variance).sum())
        np.add.at(self.band(0), until - 1, square / variance[:, None, None])
        np.add.at(self.right, until - 1, load[i] * (rest / variance)[:, None])
        later = ~first
        s, g = since[later] - 1, gap[later]
        np.add.at(self.band(0), s, square[later] * (scale * slope)[later, None, None])
        np.add.at(self.right, s, load[i[later]] * -(scale * rest)[later, None])
        for distance in set(g.tolist()):
            here = g == distance
            np.add.at(self.band(distance), s[here], square[later][here] * -scale[later][here, None, None])
        own_root = root[size + i[first]]
        weighted = own_root * scale[first, None]
        np.add.at(self.tie, until[first] - 1, load[i[first]][:, :, None] * weighted[:, None, :])
        self.corner += (weighted * slope[first, None]).T @ own_root
        self.corner_right += weighted.T @ rest[first]
        return len(variance), float(np.log(variance).sum())

    def solve(self) -> tuple[Floats, Floats, float, float]:
        """Mean and covariance of the nodes, the logarithm of the determinant of the precision, and the least sum of squares."""
        k, n, r = self.k, self.months * self.k, len(self.corner)
        banded = np.zeros((min(k * (max(self.bands) + 1), n), n))
        column = np.arange(self.months) * k
        for distance, blocks in self.bands.items():
            for a in range(k):
                for b in range(k):
                    row = distance * k + a - b
                    if 0 <= row < len(banded):
                        banded[row, column + b] = blocks[:, a, b]
        for row in range(1, len(banded)):
            banded[row, n - row :] = 0.0
        inner, logdet = _inverse_of_bands(banded)
        tie = self.tie.reshape(n, r)
        carried = inner @ tie
        corner = np.linalg.inv(self.corner - tie.T @ carried)
        corner = (corner + corner.T) / 2
        right = self.right.ravel()
        eta = corner @ (self.corner_right - carried.T @ right)
        mean = np.concatenate([eta, inner @ right - carried @ eta])
        cross = carried @ corner
        whole = np.empty((r + n, r + n))
        whole[:r, :r], whole[r:, :r], whole[:r, r:] = corner, -cross, -cross.T
        whole[r:, r:] = inner + cross @ carried.T
        logdet -= float(np.linalg.slogdet(corner)[1])
        least = self.constant - float(mean @ np.concatenate([self.corner_right, right]))
        return mean, whole, logdet, least


def _inverse_of_bands(banded: Floats) -> tuple[Floats, float]:
    """Inverse (n, n) and logarithm of the determinant of a positive matrix given by its lower bands (w, n)."""
    n = banded.shape[1]
    if n > LARGEST_DENSE:
        factor = cholesky_banded(banded, lower=True, check_finite=False)
        inverse = cho_solve_banded((factor, True), np.eye(n), check_finite=False)
        return inverse, 2 * float(np.log(factor[0]).sum())
    whole = np.zeros((n, n), order="F")
    for distance, band in enumerate(banded):
        whole[np.arange(distance, n), np.arange(n - distance)] = band[: n - distance]
    factor, failed = lapack.dpotrf(whole, lower=1, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError("the factors are not determined")
    inverse, _ = lapack.dpotri(factor, lower=1)  # its upper triangle stays zero
    whole = inverse + inverse.T
    whole.ravel(order="K")[:: n + 1] /= 2
    return whole, 2 * float(np.log(factor.diagonal()).sum())
