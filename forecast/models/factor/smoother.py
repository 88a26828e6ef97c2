"""Smoothed factors and own parts of all months at once, from the banded precision of the factors given the figures."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded, lapack

from forecast.arrays import Bools, Floats, Ints
from forecast.models.factor.start_values import FactorParameters, FirstState

EXACT = 1e-10  # variance of a prediction, on the standard scale, below which a figure says nothing new
LARGEST_DENSE = 300  # nodes up to which a dense inverse is faster than a banded one
LEAST_SHARE = 1e-13  # of the largest variance of the first state: directions below it are known


@dataclass(frozen=True)
class Panel:
    """Figures `y` (T, N) on their standard scale, NaN where unknown, and how the known months of each series follow each other.

    before, after (T, N): the nearest known months, the month itself where it is known; the first month counts as known, and T
    stands where nothing follows.
    """

    y: Floats

    @functools.cached_property
    def known(self) -> Bools:
        """Where there are figures."""
        return np.isfinite(self.y)

    @functools.cached_property
    def before(self) -> Ints:
        """The last known month up to each month."""
        month = np.arange(len(self.y))[:, None]
        return np.maximum.accumulate(np.where(self.known, month, 0), axis=0)

    @functools.cached_property
    def after(self) -> Ints:
        """The next known month from each month on."""
        size = len(self.y)
        month = np.arange(size)[:, None]
        turned = np.where(self.known, month, size)[::-1]
        out = np.minimum.accumulate(turned, axis=0)[::-1].copy()
        out[0] = 0
        return out

    @functools.cached_property
    def neighbours(self) -> Bools:
        """Where a month from the third on and the one before it are known, shape (T - 1, N) from the second month on."""
        out = self.known[1:] & self.known[:-1]
        out[0] = False  # the first month's own part is a part of the first state
        return out

    @functools.cached_property
    def jumps(self) -> tuple[Ints, Ints, Ints]:
        """Series, month and known month before it of the figures from the second month on that are no `neighbours`."""
        until, series = np.nonzero(self.known[1:] & ~self.neighbours)
        return series, self.before[until, series], until + 1

    @functools.cached_property
    def reach(self) -> int:
        """Most months between neighbouring figures, or from the last one on; at least one."""
        month = np.arange(len(self.y))[:, None]
        after = np.where(self.after < len(self.y), self.after, month)
        return max(int((after - self.before).max()), 1)

    @functools.cached_property
    def values(self) -> Floats:
        """The figures, zero where unknown."""
        return np.where(self.known, self.y, 0.0)


@dataclass(frozen=True)
class OwnDynamics:
    """Own parts as first-order autoregressions over any number of months: powers and variances (N, T + 1) by distance."""

    power: Floats
    variance: Floats

    @classmethod
    def of(cls, found: FactorParameters, size: int) -> OwnDynamics:
        """Tables up to `size` months apart."""
        assert found.persistence is not None
        power = found.persistence[:, None] ** np.arange(size + 1)
        squares = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power[:, :-1] ** 2, axis=1)], axis=1)
        return cls(power, found.variances[:, None] * squares)


@dataclass(frozen=True)
class Smoothed:
    """Factors and own parts given all figures.

    The first state is `centre + root @ eta`; nodes are eta (r,) and the factors of the months from the second on, of which
    `mean` (n,) and `covariance` (n, n) hold, eta first.
    """

    panel: Panel
    found: FactorParameters
    loglike: float
    centre: Floats
    root: Floats
    mean: Floats
    covariance: Floats

    @property
    def free(self) -> int:
        """Directions of the first state that are not known."""
        return int(self.root.shape[1])

    @functools.cached_property
    def first(self) -> FirstState:
        """Mean and covariance of the first state."""
        r = self.free
        return FirstState(self.centre + self.root @ self.mean[:r], self.root @ self.covariance[:r, :r] @ self.root.T)

    @functools.cached_property
    def factors(self) -> tuple[Floats, Floats]:
        """Means (T + p - 1, k) and covariances (T + p - 1, k, T + p - 1, k) of the factors, the oldest month first."""
        k, size = self.found.transition.shape
        r = self.free
        root = self.root[:size].reshape(-1, k, r)[::-1].reshape(size, r)  # the state holds the newest month first
        centre = self.centre[:size].reshape(-1, k)[::-1].ravel()
        early = root @ self.covariance[:r]
        whole = np.empty((size + len(self.mean) - r,) * 2)
        whole[:size, :size] = early[:, :r] @ root.T
        whole[:size, size:] = early[:, r:]
        whole[size:, :size] = early[:, r:].T
        whole[size:, size:] = self.covariance[r:, r:]
        mean = np.concatenate([centre + root @ self.mean[:r], self.mean[r:]])
        months = len(mean) // k
        return mean.reshape(months, k), whole.reshape(months, k, months, k)


def smooth(panel: Panel, found: FactorParameters, start: FirstState) -> Smoothed:
    """All months smoothed in one solution of a banded system, exact for any pattern of unknown figures.

    Own parts are integrated out: given the factors, the figures of a series in two known months `g` apart differ from each
    other by the factors and a shock of variance v(g), so that the factors of these months alone are tied (the quasi-differences
    of Jungbacker, Koopman and van der Wel 2011, J. Econ. Dyn. Control 35:1358, with the collapse of Jungbacker and Koopman
    2015, Econometrics J. 18:C1). The precision of the factors is banded, as wide as the longest gap. The first month is entered
    figure by figure, since its state may be known exactly in some directions.
    """
    centre, covariance, loglike = _after_first_month(panel, found, start)
    root = _square_root(covariance)
    equations = _NormalEquations(len(panel.y) - 1, found.noise.shape[0], root.shape[1])
    equations.add_factor_dynamics(found, centre, root)
    count, logs = equations.add_figures(panel, found, centre, root)
    mean, whole, logdet, least = equations.solve()
    noise_sign, noise_log = np.linalg.slogdet(found.noise)
    if noise_sign <= 0:
        raise np.linalg.LinAlgError("the factors' shocks have no variance")
    loglike -= 0.5 * (count * np.log(2 * np.pi) + equations.months * noise_log + logs + logdet + least)
    return Smoothed(panel, found, float(loglike), centre, root, mean, whole)


def _after_first_month(panel: Panel, found: FactorParameters, start: FirstState) -> tuple[Floats, Floats, float]:
    """Mean and covariance of the first state given the first month's figures, entered one at a time, and their likelihood."""
    mean, covariance, loglike = start.mean, start.covariance, 0.0
    first = np.flatnonzero(panel.known[0])
    rows = np.zeros((len(first), len(mean)))
    rows[:, : found.loadings.shape[1]] = found.loadings[first]
    own = found.variances[first]
    if found.persistence is not None:
        rows[np.arange(len(first)), found.transition.shape[1] + first] = 1.0
        own = np.zeros(len(first))
    told = own + ((rows @ covariance) * rows).sum(axis=1) > EXACT  # what is known before any figure, no other one makes unknown
    for i, row, noise in zip(first[told].tolist(), rows[told], own[told].tolist(), strict=True):
        gain = covariance @ row
        variance = float(row @ gain) + noise
        if variance <= EXACT:
            continue
        error = float(panel.y[0, i] - row @ mean)
        mean = mean + gain * (error / variance)
        covariance = covariance - np.outer(gain, gain / variance)
        loglike -= 0.5 * (np.log(2 * np.pi * variance) + error**2 / variance)
    return mean, covariance, loglike


def _square_root(covariance: Floats) -> Floats:
    """A matrix (m, r) whose square is the covariance, without the directions in which nothing varies."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    kept = values > LEAST_SHARE * max(float(values[-1]), 1.0)
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]))


class _NormalEquations:
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
        square = load[:, :, None] * load[:, None, :]
        if found.persistence is None:
            weight = panel.known[1:] / found.variances
            weighted = weight * panel.values[1:]
            self.band(0)[:] += np.tensordot(weight, square, axes=1)
            self.right += weighted @ load
            self.constant += float((weighted * panel.values[1:]).sum())
            return int(panel.known[1:].sum()), float(panel.known[1:].sum(axis=0) @ np.log(found.variances))
        y, near = panel.values, panel.neighbours
        weight = near / found.variances
        rest = y[1:] - found.persistence * y[:-1]
        weighted = weight * rest
        self.constant += float((weighted * rest).sum())
        inner = np.tensordot(weight, square, axes=1)
        self.band(0)[:] += inner
        self.right += weighted @ load
        self.band(0)[:-1] += np.tensordot(weight * found.persistence**2, square, axes=1)[1:]
        self.right[:-1] -= ((weighted * found.persistence) @ load)[1:]
        self.band(1)[:-1] -= np.tensordot(weight * found.persistence, square, axes=1)[1:]
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
