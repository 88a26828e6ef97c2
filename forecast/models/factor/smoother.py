"""Smoothed factors and own parts of all months at once, from the banded precision of the factors given the figures."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats
from forecast.models.factor.known_months import Panel
from forecast.models.factor.normal_equations import NormalEquations
from forecast.models.factor.start_values import FactorParameters, FirstState

EXACT = 1e-10  # variance of a prediction, on the standard scale, below which a figure says nothing new
LEAST_SHARE = 1e-13  # of the largest variance of the first state: directions below it are known


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
    equations = NormalEquations(len(panel.y) - 1, found.noise.shape[0], root.shape[1])
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
