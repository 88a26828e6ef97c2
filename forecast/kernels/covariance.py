"""Covariance families of structural and airline models over an axis of N equal steps.

Each function returns a `CovarianceFamily` and its diffuse columns (N, d): unknown initial values, which enter as regressors
with a flat prior. Variances are shares of their sum, parametrised by angles: the sine and cosine of an angle on the quarter
circle are the two standard deviations, so either may be zero and neither is the numeraire.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels.airline_filter import AirlineStructure
from forecast.kernels.gaussian import CovarianceFamily
from forecast.kernels.variance_components import VarianceComponents

HALF_PI = float(np.pi / 2)
JITTER = 1e-10  # share of the variance that every step has to itself, so that V is regular where the irregular has none
GROWTH = 0.07  # prior standard deviation of a month's growth, in standard deviations of the irregular


def random_walk(size: int) -> Floats:
    """Covariance of a random walk with unit steps that starts one step before the axis, shape (N, N): min(i, j)."""
    at = np.arange(1, size + 1, dtype=float)
    least: Floats = np.minimum(at[:, None], at[None, :])
    return least


def white_noise(size: int) -> tuple[CovarianceFamily, Floats]:
    """Independent errors about a constant. No parameter."""

    def covariance(p: Floats) -> Floats:
        return np.broadcast_to(np.eye(size), (len(p), size, size))

    return CovarianceFamily(covariance, (), (), ()), np.ones((size, 1))


def local_level(size: int) -> tuple[CovarianceFamily, Floats]:
    """Local level plus irregular: Durbin and Koopman (2012), eq. 2.3. One angle."""
    parts = np.stack([np.eye(size), random_walk(size)])
    return _weighted_sum_family(parts, (25,), np.empty((size, 0))), np.ones((size, 1))


def local_level_given_step(size: int, step_variance: float, total_variance: float) -> tuple[CovarianceFamily, Floats]:
    """Local level with a given step variance; the parameter is the log standard deviation of the irregular.

    This is CausalImpact's prior on the level (Brodersen et al. 2015, sec. 2.1), fixed at its guess.
    """
    noise, steps = np.eye(size), step_variance * random_walk(size)

    def covariance(p: Floats) -> Floats:
        return np.exp(2 * p[:, 0])[:, None, None] * noise + steps

    def variances(p: Floats) -> tuple[Floats, Floats, Floats]:
        return np.exp(2 * p[:, 0]), np.full(len(p), step_variance), np.empty((len(p), 0))

    top = 0.5 * np.log(total_variance)
    components = VarianceComponents(size, variances, np.empty((size, 0)))
    family = CovarianceFamily(covariance, (top - 5.0,), (top + 1.0,), (25,), fixed_scale=True, structure=components)
    return family, np.ones((size, 1))


def local_level_shrunk_season(
    size: int, phase: Ints, season: int, extra: Floats | None = None
) -> tuple[CovarianceFamily, Floats]:
    """Local level, irregular, and seasonal effects shrunk towards zero by a variance of their own. Two angles.

    Month effects are exchangeable around zero; `extra` (N, m) regressors (the Lunar New Year) are shrunk with them. A large
    variance gives free dummies, a variance of zero no season: the likelihood decides.
    """
    effects = _shrunk_season(phase, season, extra)
    parts = np.stack([np.eye(size), random_walk(size), effects @ effects.T])
    return _weighted_sum_family(parts, (9, 7), effects), np.ones((size, 1))


def _shrunk_season(phase: Ints, season: int, extra: Floats | None) -> Floats:
    """Columns (N, S + m) of the effects that are shrunk together: months of the cycle, and `extra`."""
    dummies = (phase[:, None] == np.arange(season)[None, :]) - 1.0 / season
    return dummies if extra is None else np.column_stack([dummies, extra])


def settled_level(
    size: int, phase: Ints | None, season: int, extra: Floats | None = None, *, rate: float, growth: float
) -> tuple[CovarianceFamily, Floats]:
    """Local level whose steps are small unless the figures say otherwise, with shrunk season and, perhaps, constant growth.

    Short histories do not tell a wandering level from a steady one: with a flat prior every band is as wide as a random walk's.
    Here q, the standard deviation of the step over that of the irregular, has an exponential prior of the given `rate` (a
    penalised complexity prior: Simpson et al. 2017, Stat. Sci. 32:1, sec. 3), and a constant growth per month, normal with
    standard deviation `GROWTH` times the irregular's, is present with prior probability `growth` and otherwise zero; the
    likelihood weighs both. `phase` None leaves the season out; `extra` as in `local_level_shrunk_season`.

    Parameters: u with q = tan(u^2 pi / 2), so that the grid is dense near zero; the angle of the season; the
    variance of growth as a share of its own, 0 or 1 on the grid.
    """
    growing = GROWTH * (np.arange(size) - (size - 1.0))
    months = np.empty((size, 0)) if phase is None else _shrunk_season(phase, season, extra)

    def shares(p: Floats) -> tuple[Floats, Floats, Floats]:
        found = variance_shares(settled_angles(p.T, phase is not None))
        return found[0], found[1], found[2] if phase is not None else np.zeros(len(p))

    def covariance(p: Floats) -> Floats:
        variances = np.stack(shares(p))
        blocks, trend = np.stack([np.eye(size), random_walk(size), months @ months.T]), np.outer(growing, growing)
        total: Floats = np.einsum("cg,cnm->gnm", variances, blocks) + JITTER * np.eye(size)
        total += (p[:, -1] * variances[0])[:, None, None] * trend
        return total

    def variances(p: Floats) -> tuple[Floats, Floats, Floats]:
        noise, step, of_month = shares(p)
        return noise + JITTER, step, np.column_stack([np.tile(of_month[:, None], months.shape[1]), p[:, -1] * noise])

    def log_prior(p: Floats) -> Floats:
        angle = np.minimum(HALF_PI * p[:, 0] ** 2, HALF_PI - 1e-6)
        # density of u: that of q times dq / du = pi u / cos^2
        density = -rate * np.tan(angle) - 2.0 * np.log(np.cos(angle)) + np.log(np.maximum(p[:, 0], 0.04))
        found: Floats = density + np.log(growth * p[:, -1] + (1.0 - growth) * (1.0 - p[:, -1]) + 1e-12)
        return found

    lower, upper = [0.0], [1.0]
    counts = [11]
    if phase is not None:
        lower, upper, counts = [*lower, 0.0], [*upper, HALF_PI * 0.98], [*counts, 7]
    family = CovarianceFamily(
        covariance, (*lower, 0.0), (*upper, 1.0 if growth else 0.0), (*counts, 2 if growth else 1), log_prior=log_prior,
        structure=VarianceComponents(size, variances, np.column_stack([months, growing])),
    )  # fmt: skip
    return family, np.ones((size, 1))


def settled_angles(p: Floats, seasonal: bool) -> Floats:
    """The angles (1 or 2, ...) of `variance_shares` from the parameters (2 or 3, ...) of `settled_level`."""
    first = HALF_PI * p[0] ** 2
    return np.stack([first, p[1]]) if seasonal else first[None]


def local_level_stochastic_season(size: int, season: int, kind: str) -> tuple[CovarianceFamily, Floats]:
    """Local level, irregular, and a stochastic season with diffuse initial values: `dummy` or `trig`. Two angles.

    dummy: (1 + B + ... + B^(s-1)) g = w, Durbin and Koopman (2012), eq. 3.3; trig: eq. 3.7, all harmonics with one variance.
    """
    at = np.arange(size)
    if kind == "dummy":
        lag = at[:, None] - at[None, :]
        root = ((lag >= 0) & (lag % season == 0)).astype(float) - ((lag >= 1) & (lag % season == 1)).astype(float)
        moving = root @ root.T
    else:
        gap = at[:, None] - at[None, :]
        waves = np.zeros((size, size))
        for j in range(1, season // 2 + 1):
            waves += np.cos(2 * np.pi * j * gap / season)
        moving = random_walk(size) * waves
    return _weighted_sum_family(np.stack([np.eye(size), random_walk(size), moving]), (13, 13)), np.column_stack(
        [np.ones(size), seasonal_dummies(at, season)]
    )


def seasonal_dummies(phase: Ints, season: int) -> Floats:
    """Month dummies less the last month's, shape (N, season - 1): effects that sum to zero."""
    dummies = (phase[:, None] % season == np.arange(season)[None, :]).astype(float)
    effects: Floats = dummies[:, :-1] - dummies[:, -1:]
    return effects


def airline(size: int, season: int) -> tuple[CovarianceFamily, Floats]:
    """The airline model (0,1,1)(0,1,1)s of Box and Jenkins (1976, sec. 9.2): two moving-average parameters.

    (1 - B)(1 - B^s) z = (1 + theta B)(1 + Theta B^s) e. The first s + 1 values are diffuse and the rest are sums of the moving
    average, so the restricted likelihood is the exact likelihood of the differenced series.
    """
    lost = season + 1

    def covariance(p: Floats) -> Floats:
        start, integrate = integrated_start(size, season)
        m = size - lost
        theta, big = p[:, 0], p[:, 1]
        gammas = {
            0: (1 + theta**2) * (1 + big**2),
            1: theta * (1 + big**2),
            season - 1: theta * big,
            season: big * (1 + theta**2),
            season + 1: theta * big,
        }
        acf = np.zeros((len(p), m + 1))
        for lag, value in gammas.items():
            if lag < m:
                acf[:, lag] = value
        gap = np.abs(np.arange(m)[:, None] - np.arange(m)[None, :])
        # the restricted likelihood does not depend on the covariance of the diffuse start; this one keeps V regular
        moved: Floats = integrate @ acf[:, gap] @ integrate.T
        return moved + start @ start.T

    start = integrated_start(size, season)[0]
    structure = AirlineStructure(season, start)
    return CovarianceFamily(covariance, (-0.98, -0.98), (0.6, 0.3), (7, 7), structure=structure), start


@functools.lru_cache(maxsize=64)
def integrated_start(size: int, season: int) -> tuple[Floats, Floats]:
    """Figures from their first s + 1 values (N, s + 1) and from their differences (N, N - s - 1): (1 - B)(1 - B^s) inverted."""
    difference = np.eye(size)
    for t in range(season + 1, size):
        difference[t, [t - 1, t - season, t - season - 1]] += [-1.0, -1.0, 1.0]
    inverse: Floats = np.asarray(np.linalg.inv(difference), dtype=np.float64)
    inverse.flags.writeable = False
    return inverse[:, : season + 1], inverse[:, season + 1 :]


def variance_shares(angles: Floats) -> Floats:
    """Variances per s2 from angles (p, ...): irregular, level, others; shape (p + 1, ...)."""
    sd = [np.cos(angles[0]), np.sin(angles[0])]
    for angle in angles[1:]:
        sd = [s * np.cos(angle) for s in sd] + [np.sin(angle)]
    variances: Floats = np.stack(sd) ** 2
    return variances


def _weighted_sum_family(parts: Floats, counts: tuple[int, ...], effects: Floats | None = None) -> CovarianceFamily:
    """Sum of `parts` (c, N, N) with variances on the unit simplex: irregular first, level second, then the others.

    effects : columns (N, q) whose product with themselves is the third part, if there is one; None where it is of full rank
    """

    def covariance(p: Floats) -> Floats:
        total: Floats = np.einsum("cg,cnm->gnm", variance_shares(p.T), parts) + JITTER * np.eye(parts.shape[1])
        return total

    def variances(p: Floats) -> tuple[Floats, Floats, Floats]:
        found = variance_shares(p.T)
        return found[0] + JITTER, found[1], np.repeat(found[2:].T, 0 if effects is None else effects.shape[1], axis=1)

    # an angle of exactly pi/2 leaves no irregular or no level at all; the season's stops short, so that V stays regular
    upper = (HALF_PI,) + (HALF_PI * 0.98,) * (len(counts) - 1)
    components = None if effects is None else VarianceComponents(len(effects), variances, effects)
    return CovarianceFamily(covariance, (0.0,) * len(counts), upper, counts, structure=components)


def with_effects(family: CovarianceFamily, effects: Floats) -> CovarianceFamily:
    """A family of noise and level with random effects of unit variance, columns (N, q), on top."""
    more = effects @ effects.T
    inner = family.structure
    assert isinstance(inner, VarianceComponents)

    def covariance(p: Floats) -> Floats:
        total: Floats = family.covariance(p) + more
        return total

    def variances(p: Floats) -> tuple[Floats, Floats, Floats]:
        noise, step, others = inner.variances(p)
        return noise, step, np.column_stack([others, np.ones((len(p), effects.shape[1]))])

    components = VarianceComponents(inner.size, variances, np.column_stack([inner.effects, effects]))
    return replace(family, covariance=covariance, structure=components)
