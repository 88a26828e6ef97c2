"""Limits of minima, of their sums, and of sets: closed forms of normal samples, and cover in simulations."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from forecast.kernels.intersection_bounds import (
    level_of_set,
    lower_limit_of_clipped_sum,
    sum_of_clipped_minima,
    upper_limit_of_minimum,
)

MANY = 40_000


def normal_draws(points, spread=1.0, seed=0, n=MANY):
    return np.asarray(points) + spread * np.random.default_rng(seed).standard_normal((n, *np.shape(points)))


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_two_equal_estimates_take_the_maximum_of_two_normals(level):
    # P(max(e1, e2) <= c) = Phi(c)^2 = level
    points = np.array([3.0, 3.0])
    expected = 3.0 + norm.ppf(math.sqrt(level))
    assert upper_limit_of_minimum(points, normal_draws(points), level) == pytest.approx(expected, abs=0.03)


def test_an_estimate_far_above_the_smallest_costs_nothing():
    points = np.array([3.0, 30.0])
    assert upper_limit_of_minimum(points, normal_draws(points), 0.95) == pytest.approx(3.0 + 1.6449, abs=0.03)


def test_one_estimate_is_its_own_quantile_and_none_is_no_bound():
    points = np.array([3.0])
    assert upper_limit_of_minimum(points, normal_draws(points), 0.95) == pytest.approx(4.6449, abs=0.03)
    assert upper_limit_of_minimum(np.empty(0), np.empty((10, 0)), 0.95) == math.inf


def test_the_estimate_of_a_minimum_is_not_too_low_more_often_than_not():
    rng = np.random.default_rng(1)
    low = plain = 0
    for _ in range(400):
        seen = rng.standard_normal(2)
        low += upper_limit_of_minimum(seen, seen + rng.standard_normal((500, 2)), 0.5) < 0
        plain += seen.min() < 0
    assert low < 0.56 * 400
    assert plain > 0.65 * 400, "the minimum of the estimates itself is too low three times of four"


def test_a_sum_of_nothing_is_covered_and_grows_slower_than_its_terms():
    rng = np.random.default_rng(2)
    covered, five, ten = 0, [], []
    for _ in range(150):
        seen = rng.standard_normal((10, 2))
        draws = seen + rng.standard_normal((500, 10, 2))
        ten.append(sum_of_clipped_minima(seen, draws, 0.95)[1])
        five.append(sum_of_clipped_minima(seen[:5], draws[:, :5], 0.95)[1])
        single = [max(upper_limit_of_minimum(seen[k], draws[:, k], 0.95), 0.0) for k in range(10)]
        assert ten[-1] <= sum(single) + 1e-9
        covered += ten[-1] >= 0
    assert covered == 150, "a limit above zero is never below a sum of zero"
    assert np.mean(ten) < 2 * np.mean(five)


@pytest.mark.parametrize("truth", [(0.0, 0.0), (4.0, 6.0), (1.0, 1.0)])
def test_the_limit_of_a_sum_of_minima_holds_its_level(truth):
    rng = np.random.default_rng(3)
    theta = np.array([truth, (0.0, 0.0), (2.0, 9.0)])
    real = np.maximum(theta.min(axis=1), 0.0).sum()
    hits = 0
    for _ in range(300):
        seen = theta + rng.standard_normal(theta.shape)
        hits += sum_of_clipped_minima(seen, seen + rng.standard_normal((400, *theta.shape)), 0.95)[1] >= real
    assert hits >= 0.92 * 300


def test_a_leg_without_data_leaves_the_other_as_the_bound():
    points = np.array([[5.0, math.inf], [2.0, 3.0]])
    draws = np.where(np.isfinite(points), points, 0.0) + np.random.default_rng(4).standard_normal((2000, 2, 2))
    draws[:, 0, 1] = math.inf
    total, limit = sum_of_clipped_minima(points, draws, 0.95)
    assert 7.0 <= total <= limit < 12.0
    assert sum_of_clipped_minima(np.full((1, 2), math.inf), np.full((10, 1, 2), math.inf), 0.95) == (math.inf, math.inf)


def test_the_lower_limit_of_a_sum_of_nothing_is_seldom_above_it():
    rng = np.random.default_rng(5)
    above = 0
    for _ in range(400):
        seen = rng.standard_normal(8)
        above += lower_limit_of_clipped_sum(seen, seen + rng.standard_normal((500, 8)), 0.95) > 0
    assert above <= 0.08 * 400
    assert lower_limit_of_clipped_sum(np.array([10.0, 9.0]), normal_draws([10.0, 9.0], n=4000), 0.95) > 14.0
    assert lower_limit_of_clipped_sum(np.empty(0), np.empty((5, 0)), 0.95) == 0.0


def test_the_interval_of_a_set_is_two_sided_for_a_point_and_one_sided_for_a_wide_set():
    assert level_of_set(0.0, 1.0) == pytest.approx(0.975)
    assert level_of_set(50.0, 1.0) == pytest.approx(0.95)
    c = norm.ppf(level_of_set(1.0, 1.0))
    assert norm.cdf(c + 1.0) - norm.cdf(-c) == pytest.approx(0.95, abs=1e-9)
    assert level_of_set(1.0, 0.0) == 0.95
