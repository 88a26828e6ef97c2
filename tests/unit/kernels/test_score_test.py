"""The test of no effect by hand: T, its standard error, p, two parts together, degrees of freedom, detectable shift."""

import numpy as np
import pytest
from scipy import stats

from forecast.kernels import score_test

PLAIN = np.asarray


def test_the_statistic_by_hand():
    """Two months of weights 1 and 3; draws (1, 2), (3, 2), (2, 5): weighted means 1.75, 2.25, 4.25."""
    draws = np.array([[1.0, 2.0], [3.0, 2.0], [2.0, 5.0]])
    made = score_test.mean_score(np.array([0.0, 1.0]), draws, np.array([1.0, 3.0]), PLAIN, 10.0, 7.0, positive=False)
    assert made.difference == pytest.approx(0.75 - 2.75)
    variance = ((1.75 - 2.75) ** 2 + (2.25 - 2.75) ** 2 + (4.25 - 2.75) ** 2) / 2
    assert made.scale == pytest.approx(np.sqrt(variance * 8 / 10))
    assert made.freedom == 7.0
    t = -2.0 / np.sqrt(variance * 0.8)
    assert made.p_values == pytest.approx((stats.t.cdf(t, 7), stats.t.sf(t, 7)))


@pytest.mark.parametrize(("draws_freedom", "shrink"), [(100.0, 0.98), (6.0, 4 / 6), (4.5, 2.5 / 4.5), (4.0, 0.5), (1.0, 0.5)])
def test_the_spread_of_an_estimated_variance_is_taken_out_once(draws_freedom, shrink):
    draws = np.array([[-1.0], [1.0]])  # variance 2
    made = score_test.mean_score(np.zeros(1), draws, np.ones(1), PLAIN, draws_freedom, 1.0, positive=False)
    assert made.scale == pytest.approx(np.sqrt(2 * shrink))
    assert made.freedom == 3.0, "never fewer"


def test_student_draws_have_the_p_value_of_student():
    """Draws that are m + s t_f: their spread is s sqrt(f / (f - 2)), and T = (y - m) / s has t_f."""
    draws = 5.0 + 2.0 * stats.t.ppf((np.arange(200_000) + 0.5) / 200_000, 12)[:, None]
    made = score_test.mean_score(np.array([1.0]), draws, np.ones(1), PLAIN, 12.0, 12.0, positive=False)
    assert made.p_values[0] == pytest.approx(stats.t.cdf(-2.0, 12), rel=2e-3)


def test_months_with_trade_are_compared_with_draws_with_trade():
    rng = np.random.default_rng(0)
    draws = np.exp(rng.standard_normal((5000, 3)) + rng.standard_normal((5000, 1)))
    traded = rng.random((5000, 3)) < 0.7
    made = score_test.mean_score(
        np.array([1.0, 0.0, 2.0]), draws * traded, np.array([1.0, 5.0, 1.0]), np.log, 1e9, 30.0, positive=True
    )  # fmt: skip
    assert made.difference == pytest.approx(np.log(2) / 2, abs=0.05)  # the empty month is not compared
    assert made.scale**2 == pytest.approx((2 + 2 + 2 * 1) / 4, rel=0.07)  # variances 2, covariance 1, by halves


def test_pairwise_moments_by_hand():
    draws = np.repeat([[1.0, 4.0], [3.0, 0.0], [0.0, 6.0], [5.0, 2.0]], 20, axis=0)
    mean, variance = score_test.score_moments(draws, np.array([1.0, 1.0]), PLAIN, positive=True)
    assert mean == pytest.approx((3 + 4) / 2)
    # squares over the draws with trade: (4 + 0 + 4) and (0 + 4 + 4); products where both trade: (-2)(0) + (2)(-2)
    expected = (20 * 8 / 59 + 20 * 8 / 59 + 2 * 20 * -4 / 39) / 4
    assert variance == pytest.approx(expected)


def test_too_few_draws_with_trade_are_none():
    draws = np.zeros((100, 2))
    draws[:19, 0], draws[:20, 1] = np.arange(1, 20), np.arange(1, 21)
    assert score_test.score_moments(draws, np.ones(2), np.log, positive=True) is None
    one = score_test.mean_score(np.ones(2), draws, np.ones(2), np.log, 30, 30, positive=True)
    assert one.difference == pytest.approx(-np.log(np.arange(1, 21)).mean()), "only the second month"
    assert score_test.mean_score(np.zeros(2), draws, np.ones(2), np.log, 30, 30, positive=True) is None


def test_draws_that_do_not_vary_leave_no_doubt():
    same = np.full((50, 1), 3.0)
    for observed, expected in ((3.0, (1.0, 1.0)), (2.0, (0.0, 1.0)), (4.0, (1.0, 0.0))):
        made = score_test.mean_score(np.array([observed]), same, np.ones(1), PLAIN, 30, 30, positive=False)
        assert made.p_values == expected


@pytest.mark.parametrize(
    ("amounts", "incidence", "p", "direction"),
    [
        ((0.01, 0.99), None, 0.02, -1),
        ((0.99, 0.01), None, 0.02, 1),
        (None, (0.01, 0.99), 0.02, -1),  # the count has the whole level
        ((0.01, 0.99), (0.5, 0.5), 2 * 0.01 / 0.8, -1),
        ((0.5, 0.5), (0.99, 0.001), 2 * 0.001 / 0.2, 1),
        ((0.01, 0.99), (0.99, 0.002), 2 * 0.002 / 0.2, 1),  # the surer part says which way
        ((0.6, 0.4), (0.5, 0.5), 1.0, 1),
    ],
)
def test_two_parts_share_the_level(amounts, incidence, p, direction):
    found, towards = score_test.two_part_p_value(amounts, incidence)
    assert found == pytest.approx(p)
    assert p == 1.0 or towards == direction


def test_evidence_against_the_direction_of_the_estimate_does_not_count():
    assert score_test.two_part_p_value((0.98, 0.02), (0.3, 0.7), -1) == (1.0, -1)
    assert score_test.two_part_p_value((0.98, 0.02), (0.02, 0.98), -1) == (pytest.approx(0.2), -1)
    assert score_test.two_part_p_value((0.98, 0.02), (0.3, 0.7), 1) == (pytest.approx(0.05), 1)
    assert score_test.two_part_p_value(None, (0.98, 0.02), 1) == (pytest.approx(0.04), 1)


def test_weighted_bonferroni_keeps_its_level():
    rng = np.random.default_rng(2)
    u, v = rng.random((2, 20_000))
    rejected = [score_test.two_part_p_value((a, 1 - a), (b, 1 - b))[0] <= 0.05 for a, b in zip(u, v, strict=True)]
    assert np.mean(rejected) == pytest.approx(1 - 0.96 * 0.99, abs=0.005)


@pytest.mark.parametrize("freedom", [3.0, 7.5, 40.0, 1e6])
def test_the_detectable_shift_is_that_of_bloom(freedom):
    found = score_test.detectable_shift(0.3, freedom)
    assert found == pytest.approx(0.3 * (stats.t.ppf(0.975, freedom) + stats.t.ppf(0.8, freedom)))
    if freedom == 1e6:
        assert found == pytest.approx(0.3 * 2.8016, rel=1e-4)


def by_hand(scores, months):
    """(n - 1)(1 - r^2) / (1 + r^2) of residuals from a line, r over pairs of neighbouring months."""
    left = scores - np.polyval(np.polyfit(months, scores, 1), months)
    pairs = [(left[i], left[i + 1]) for i in range(len(left) - 1) if months[i + 1] == months[i] + 1]
    r = min(max(sum(a * b for a, b in pairs) / (left @ left), 0.0), 0.95)
    return max((len(scores) - 1) * (1 - r**2) / (1 + r**2), 3.0), r


def test_degrees_of_freedom_are_those_of_bayley_and_hammersley():
    rng = np.random.default_rng(3)
    months = np.delete(np.arange(100, 148), [5, 6, 20])
    walk = np.cumsum(rng.standard_normal(48))[months - 100] + 0.2 * rng.standard_normal(len(months))
    for scores, low in ((walk, 0.3), (walk + 5.0 * months, 0.3), (rng.standard_normal(len(months)), -1)):
        expected, r = by_hand(scores, months)
        assert r > low
        assert score_test.residual_freedom(scores, months, 0) == pytest.approx(expected)
    alternating = (-1.0) ** np.arange(45)
    assert score_test.residual_freedom(alternating, np.arange(45), 0) == pytest.approx(44), "no more than n - 1"
    assert score_test.residual_freedom(np.arange(3.0), np.arange(3), 0) == 3
    assert score_test.residual_freedom(np.ones(30), np.arange(30), 0) == 29


def test_a_season_is_no_correlation():
    months = np.arange(48)
    season = 0.6 * np.sin(2 * np.pi * months / 12) + 0.3 * np.random.default_rng(1).standard_normal(48)
    assert score_test.residual_freedom(season, months, 12) > 1.5 * score_test.residual_freedom(season, months, 0)
    assert score_test.residual_freedom(season[:23], months[:23], 12) == score_test.residual_freedom(season[:23], months[:23], 0)


def test_size_is_the_level_where_noise_is_correlated():
    """AR(1) noise of r = .4 around a mean: the residual variance of 24 months has fewer degrees of freedom than 23."""
    rng, v = np.random.default_rng(4), []
    for _ in range(200):
        e = rng.standard_normal(64)
        for i in range(1, 64):
            e[i] += 0.4 * e[i - 1]
        v.append(score_test.residual_freedom(e[40:], np.arange(24), 0))
    assert 12 < np.median(v) < 22
