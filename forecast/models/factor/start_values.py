"""Parameters of a dynamic factor model, and values to start the search from: principal components and regressions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats

MOST_PERSISTENT = 0.99  # autoregression of an own part at the start
LEAST_VARIANCE = 1e-5  # of an own part at the start


@dataclass(frozen=True)
class FactorParameters:
    """Parameters of N series on k factors of order p.

    loadings (N, k); transition (k, k p), the newest month first; noise (k, k), covariance of the factors' shocks; persistence
    (N,), autoregressions of the own parts, None where these are white noise; variances (N,) of the own parts' shocks.
    """

    loadings: Floats
    transition: Floats
    noise: Floats
    persistence: Floats | None
    variances: Floats

    @property
    def order(self) -> int:
        """Months that the autoregression of the factors reaches back."""
        return int(self.transition.shape[1] // self.transition.shape[0])


@dataclass(frozen=True)
class FirstState:
    """Mean (m,) and covariance (m, m) of the state of the first month before its figures.

    The state holds the factors of the month and of `order - 1` months before it, then the own parts where these persist.
    """

    mean: Floats
    covariance: Floats


def start_parameters(y: Floats, factors: int, order: int, persistent: bool) -> FactorParameters:
    """Start values as in statsmodels' DynamicFactorMQ, from `y` (T, N), NaN where unknown.

    Factors are first principal components, one after the other, of the figures with gaps interpolated; loadings, dynamics and
    own parts follow by least squares. Dynamics that are not stationary start from zero.
    """
    month = np.arange(len(y))
    known = np.isfinite(y)
    whole = np.column_stack([np.interp(month, month[known[:, i]], y[known[:, i], i]) for i in range(y.shape[1])])
    found = []
    for _ in range(factors):
        centre = whole.mean(axis=0)
        width = np.sqrt(((whole - centre) ** 2).mean(axis=0))
        scaled = (whole - centre) / width
        direction = np.linalg.eigh(scaled.T @ scaled)[1][:, -1]
        found.append(scaled @ direction)
        whole = whole - np.outer(found[-1], direction) * width - centre
    f = np.column_stack(found)
    loadings, own = np.empty((y.shape[1], factors)), []
    for i in range(y.shape[1]):
        seen = known[:, i]
        loadings[i] = np.linalg.pinv(f[seen]) @ y[seen, i]
        own.append(y[seen, i] - f[seen] @ loadings[i])
    transition, noise = _factor_dynamics(f, order)
    if not persistent:
        return FactorParameters(loadings, transition, noise, None, np.array([np.var(rest) for rest in own]))
    dynamics = np.array([_own_dynamics(rest) for rest in own])
    return FactorParameters(loadings, transition, noise, dynamics[:, 0], dynamics[:, 1])


def stationary_state(found: FactorParameters) -> FirstState:
    """The state in the long run, before any figure."""
    k, size = found.noise.shape[0], found.transition.shape[1]
    companion = np.eye(size, k=-k)
    companion[:k] = found.transition
    shocks = np.zeros((size, size))
    shocks[:k, :k] = found.noise
    common = np.linalg.solve(np.eye(size**2) - np.kron(companion, companion), shocks.ravel()).reshape(size, size)
    if found.persistence is None:
        return FirstState(np.zeros(size), np.asarray(common))
    whole: Floats = np.zeros((size + len(found.variances),) * 2)
    whole[:size, :size] = (common + common.T) / 2
    whole[size:, size:] = np.diag(found.variances / (1.0 - found.persistence**2))
    return FirstState(np.zeros(len(whole)), whole)


def _factor_dynamics(f: Floats, order: int) -> tuple[Floats, Floats]:
    """Vector autoregression of the factors (T, k) by least squares: coefficients (k, k p) and covariance of the shocks."""
    size, k = f.shape
    lagged = np.column_stack([f[order - j - 1 : size - j - 1] for j in range(order)])
    weights = (np.linalg.pinv(lagged) @ f[order:]).T
    rest = f[order:] - lagged @ weights.T
    if k == 1:  # there, the variance of a single factor's shocks is entered as their standard deviation
        return weights if _stable(weights) else np.zeros_like(weights), np.atleast_2d((rest**2).mean() ** 2)
    if _stable(weights):
        return weights, rest.T @ rest / (len(rest) - k * order)
    return np.zeros_like(weights), np.diag(f.var(axis=0))


def _stable(transition: Floats) -> bool:
    """Whether all roots of the companion matrix lie inside the unit circle."""
    k, size = transition.shape
    companion = np.eye(size, k=-k)
    companion[:k] = transition
    return bool(np.isfinite(companion).all() and np.abs(np.linalg.eigvals(companion)).max() < 1.0)


def _own_dynamics(rest: Floats) -> tuple[float, float]:
    """Autoregression about a mean, and the variance of its shocks, of an own part in its known months."""
    left = np.column_stack([np.ones(len(rest) - 1), rest[:-1]])
    weights = np.linalg.pinv(left) @ rest[1:]
    variance = float(((rest[1:] - left @ weights) ** 2).mean())
    slope = float(weights[1]) if abs(weights[1]) < 1.0 else 0.0
    return float(np.clip(slope, -MOST_PERSISTENT, MOST_PERSISTENT)), max(variance, LEAST_VARIANCE)
