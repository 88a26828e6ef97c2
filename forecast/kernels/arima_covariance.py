"""Seasonal ARIMA noise of any order as a covariance family, so that it is fitted exactly like the structural models.

    phi(B) Phi(B^s) (1 - B)^d (1 - B^s)^D z = theta(B) Theta(B^s) e,   e ~ N(0, s2)

(Box and Jenkins 1976, sec. 9.1). The search runs over partial autocorrelations, each between -1 and 1, so the model is
stationary and invertible everywhere in the box (Barndorff-Nielsen and Schou 1973; Monahan 1984, Biometrika 71:403).
"""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np

from forecast.arrays import Floats
from forecast.kernels.gaussian import CovarianceFamily

Order = tuple[tuple[int, int, int], tuple[int, int, int, int]]
GRID_SIDES = {1: 25, 2: 7, 3: 5, 4: 4}  # grid points a side by number of parameters; 3 for more
AR_BOUND = 0.999  # of the partial autocorrelations of an autoregression; those of a moving average may reach 1


def arima_family(size: int, order: Order) -> tuple[CovarianceFamily, Floats]:
    """The covariance family over `size` steps, and its diffuse columns (size, d + s D) for the unknown first values."""
    delta = difference_polynomial(order)
    start = len(delta) - 1
    diffuse = _first_values(size, tuple(delta.tolist()))
    # the likelihood does not depend on the covariance of the diffuse start; this one keeps V regular
    initial = diffuse @ diffuse.T
    inner = stationary_family(size - start, order)

    def covariance(p: Floats) -> Floats:
        out = np.repeat(initial[None], len(p), axis=0)
        out[:, start:, start:] += _inverse_filter(_inverse_filter(inner.covariance(p), delta).transpose(0, 2, 1), delta)
        return out

    return replace(inner, covariance=covariance), diffuse


@functools.lru_cache(maxsize=64)
def _first_values(size: int, delta: tuple[float, ...]) -> Floats:
    """What the first values alone make of later ones (N, d + s D), by the polynomial of differences."""
    taken = np.eye(size)
    for lag, weight in enumerate(delta[1:], 1):
        at = np.arange(len(delta) - 1, size)
        taken[at, at - lag] = weight
    diffuse: Floats = np.asarray(np.linalg.inv(taken)[:, : len(delta) - 1], dtype=np.float64)
    diffuse.flags.writeable = False
    return diffuse


def stationary_family(size: int, order: Order) -> CovarianceFamily:
    """The covariance family of the differenced (stationary) series over `size` steps."""
    gap = np.abs(np.arange(size)[:, None] - np.arange(size)[None, :])

    def covariance(p: Floats) -> Floats:
        return np.stack([autocovariance(*lag_polynomials(coefficients(row, order), order), size)[gap] for row in p])

    count = len(parameter_names(order))
    top = tuple(AR_BOUND if name.startswith("ar") else 1.0 for name in parameter_names(order))
    return CovarianceFamily(covariance, tuple(-t for t in top), top, (GRID_SIDES.get(count, 3),) * count)


def parameter_names(order: Order) -> tuple[str, ...]:
    """Names of the parameters, in order: ar.L1, ..., ma.L1, ..., ar.S.L12, ..., ma.S.L12, ..."""
    (p, _, q), (big_p, _, big_q, s) = order
    return (
        *(f"ar.L{k}" for k in range(1, p + 1)), *(f"ma.L{k}" for k in range(1, q + 1)),
        *(f"ar.S.L{s * k}" for k in range(1, big_p + 1)), *(f"ma.S.L{s * k}" for k in range(1, big_q + 1)),
    )  # fmt: skip


def coefficients(partial: Floats, order: Order) -> Floats:
    """Autoregressive and moving-average coefficients (signs as on a right-hand side) from partial autocorrelations."""
    (p, _, q), (big_p, _, big_q, _) = order
    out, at = np.empty(len(partial)), 0
    for count, sign in ((p, 1.0), (q, -1.0), (big_p, 1.0), (big_q, -1.0)):
        # theta(B) = 1 + theta_1 B + ...: invertible where -theta is a stationary autoregression
        out[at : at + count] = sign * _durbin_levinson(sign * partial[at : at + count])
        at += count
    return out


def lag_polynomials(values: Floats, order: Order) -> tuple[Floats, Floats]:
    """1 - phi_1 B - ... and 1 + theta_1 B + ..., multiplied by their seasonal factors."""
    (p, _, q), (big_p, _, _, s) = order
    ar, ma, sar, sma = np.split(values, np.cumsum([p, q, big_p]))
    return (
        np.convolve(np.r_[1.0, -ar], _seasonal_polynomial(-sar, s)),
        np.convolve(np.r_[1.0, ma], _seasonal_polynomial(sma, s)),
    )


def autocovariance(ar: Floats, ma: Floats, lags: int) -> Floats:
    """Autocovariances at lags 0 .. lags-1 of ar(B) x = ma(B) e, s2 = 1 (Brockwell and Davis 1991, sec. 3.3, third method)."""
    p, q = len(ar) - 1, len(ma) - 1
    psi = _inverse_filter(ma, ar)
    # Yule-Walker equations for lags up to p, whose right-hand side comes from the moving average; recursion beyond
    right = np.zeros(max(lags, p + 1, q + 1))
    right[: q + 1] = [ma[k:] @ psi[: q + 1 - k] for k in range(q + 1)]
    system = np.zeros((p + 1, p + 1))
    for k in range(p + 1):
        for j in range(p + 1):
            system[k, abs(k - j)] += ar[j]
    out = np.zeros(max(lags, p + 1))
    out[: p + 1] = np.linalg.solve(system, right[: p + 1])
    out[p + 1 :] = right[p + 1 : len(out)]
    back = -ar[:0:-1]
    for k in range(p + 1, len(out) if p else 0):
        out[k] += back @ out[k - p : k]
    return out[:lags]


def _durbin_levinson(partial: Floats) -> Floats:
    """Coefficients of a stationary autoregression from its partial autocorrelations (Durbin-Levinson recursion)."""
    made = np.empty(0)
    for r in partial:
        made = np.r_[made - r * made[::-1], r]
    return made


def _seasonal_polynomial(values: Floats, season: int) -> Floats:
    out = np.zeros(len(values) * season + 1)
    out[0] = 1.0
    if len(values):
        out[season::season] = values
    return out


def difference_polynomial(order: Order) -> Floats:
    """(1 - B)^d (1 - B^s)^D."""
    (_, d, _), (_, big_d, _, season) = order
    out = np.ones(1)
    for _ in range(d):
        out = np.convolve(out, [1.0, -1.0])
    for _ in range(big_d):
        out = np.convolve(out, np.r_[1.0, np.zeros(season - 1), -1.0])
    return out


def _inverse_filter(values: Floats, poly: Floats) -> Floats:
    """Solution x of poly(B) x = values along the last axis, with zero initial values."""
    lags = np.flatnonzero(poly[1:]) + 1
    out = values.copy()
    for t in range(values.shape[-1]):
        for lag in lags[lags <= t].tolist():
            out[..., t] -= poly[lag] * out[..., t - lag]
    return out
