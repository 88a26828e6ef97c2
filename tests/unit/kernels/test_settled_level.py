"""A level that is steady unless the figures say otherwise: covariance and prior entry by entry."""

import numpy as np
import pytest
from scipy.integrate import quad

from forecast.kernels.covariance import settled_angles, settled_level, variance_shares

SIZE, SEASON, RATE, GROWTH = 7, 3, 4.0, 0.25
PHASE = np.arange(SIZE) % SEASON
STEEP = 0.07  # prior standard deviation of growth a month, in those of the irregular


def by_hand(u, angle, growing, extra=None):
    """Cov(z_i, z_j): irregular, a random walk from before the first month, month effects about zero, growth from the end."""
    q = np.tan(np.pi / 2 * u**2)
    seasonal = np.sin(angle) ** 2
    irregular = np.cos(angle) ** 2 / (1 + q**2)
    level = irregular * q**2
    out = np.empty((SIZE, SIZE))
    for i in range(SIZE):
        for j in range(SIZE):
            month = sum(((PHASE[i] == k) - 1 / SEASON) * ((PHASE[j] == k) - 1 / SEASON) for k in range(SEASON))
            if extra is not None:
                month += extra[i] @ extra[j]
            trend = irregular * STEEP**2 * (SIZE - 1 - i) * (SIZE - 1 - j)
            out[i, j] = irregular * (i == j) + level * (min(i, j) + 1) + seasonal * month + growing * trend
    return out


@pytest.mark.parametrize("u", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("angle", [0.0, 0.6])
@pytest.mark.parametrize("growing", [0.0, 1.0])
def test_the_covariance_with_a_season(u, angle, growing):
    family, diffuse = settled_level(SIZE, PHASE, SEASON, rate=RATE, growth=GROWTH)
    found = family.covariance(np.array([[u, angle, growing], [0.5, 0.1, 1.0]]))
    assert found[0] == pytest.approx(by_hand(u, angle, growing), abs=1e-9)
    assert found[1] == pytest.approx(by_hand(0.5, 0.1, 1.0), abs=1e-9)
    assert np.array_equal(diffuse, np.ones((SIZE, 1)))


def test_the_covariance_without_a_season_and_with_more_columns():
    family, _ = settled_level(SIZE, None, SEASON, rate=RATE, growth=GROWTH)
    assert family.covariance(np.array([[0.4, 1.0]]))[0] == pytest.approx(by_hand(0.4, 0.0, 1.0), abs=1e-9)
    extra = np.random.default_rng(0).standard_normal((SIZE, 2))
    family, _ = settled_level(SIZE, PHASE, SEASON, extra, rate=RATE, growth=GROWTH)
    assert family.covariance(np.array([[0.4, 0.5, 0.0]]))[0] == pytest.approx(by_hand(0.4, 0.5, 0.0, extra), abs=1e-9)


def test_the_variances_are_shares():
    for seasonal in (True, False):
        shares = variance_shares(settled_angles(np.array([0.4, 0.5, 1.0][: 2 + seasonal]), seasonal))
        assert shares.sum() == pytest.approx(1)
        assert np.sqrt(shares[1] / shares[0]) == pytest.approx(np.tan(np.pi / 2 * 0.16)), "q, whatever the season"


def test_the_step_has_an_exponential_prior():
    """Densities of u over the range of the prior, against 4 exp(-4 q) |dq / du| by a numerical derivative."""
    family, _ = settled_level(SIZE, None, SEASON, rate=RATE, growth=GROWTH)

    def q(u):
        return np.tan(np.pi / 2 * u**2)

    u = np.array([0.05, 0.2, 0.4, 0.6, 0.75])
    exact = RATE * np.exp(-RATE * q(u)) * (q(u + 1e-6) - q(u - 1e-6)) / 2e-6
    found = np.exp(family.log_prior(np.column_stack([u, np.zeros(5)])))
    assert found / found[0] == pytest.approx(exact / exact[0], rel=1e-5)
    top, _ = quad(lambda x: float(np.exp(family.log_prior(np.array([[x, 0.0]])))[0]), 0, np.sqrt(2 / np.pi * np.arctan(0.25)))
    whole, _ = quad(lambda x: float(np.exp(family.log_prior(np.array([[x, 0.0]])))[0]), 0, 1)
    assert top / whole == pytest.approx(1 - np.exp(-RATE * 0.25), abs=0.01), "a step of a quarter of the irregular's or less"


def test_growth_is_present_with_its_prior_probability():
    family, _ = settled_level(SIZE, PHASE, SEASON, rate=RATE, growth=GROWTH)
    there, none = family.log_prior(np.array([[0.3, 0.5, 1.0], [0.3, 0.5, 0.0]]))
    assert np.exp(there - none) == pytest.approx(0.25 / 0.75)
    assert (family.upper[-1], family.coarse[-1]) == (1.0, 2), "present or not, on the grid"
    without, _ = settled_level(SIZE, PHASE, SEASON, rate=RATE, growth=0.0)
    assert (without.upper[-1], without.coarse[-1]) == (0.0, 1)
