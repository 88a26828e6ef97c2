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


def cauchy(p, weights):
    """Sum of weighted Cauchy variables of one-sided p-values, and the tail of the standard Cauchy beyond it."""
    return stats.cauchy.sf(sum(w * stats.cauchy.isf(x) for w, x in zip(weights, p, strict=True)))


@pytest.mark.parametrize("pair", [(0.01, 0.99), (0.99, 0.01)])
def test_one_part_alone_has_the_whole_level(pair):
    direction = -1 if pair[0] < 0.5 else 1
    assert score_test.two_part_p_value(pair, None) == (pytest.approx(0.02), direction)
    assert score_test.two_part_p_value(None, pair) == (pytest.approx(0.02), direction)
    assert np.isnan(score_test.two_part_p_value(None, None)[0])


@pytest.mark.parametrize(("traded", "weight"), [(1.0, 0.7), (0.5, 0.7), (0.25, 0.35), (0.0, 0.0)])
@pytest.mark.parametrize(
    ("amounts", "total"), [((0.01, 0.99), (0.2, 0.8)), ((0.6, 0.4), (0.001, 0.999)), ((0.9, 0.1), (0.7, 0.3))]
)
def test_two_parts_are_combined_as_cauchy_variables(amounts, total, traded, weight):
    # a part against the direction counts as nothing, which is a p-value of a half
    sides = [2 * cauchy(tuple(min(p[i], 0.5) for p in (amounts, total)), (weight, 1 - weight)) for i in (0, 1)]
    found, direction = score_test.two_part_p_value(amounts, total, traded)
    assert found == pytest.approx(min(*sides, 1.0))
    assert direction == (-1 if sides[0] < sides[1] else 1)
    for towards, side in zip((-1, 1), sides, strict=True):
        assert score_test.two_part_p_value(amounts, total, traded, towards) == (pytest.approx(min(side, 1.0)), towards)


def test_evidence_against_the_direction_of_the_estimate_does_not_count():
    p, direction = score_test.two_part_p_value((0.98, 0.02), (0.4, 0.6), 1.0, -1)
    assert (p > 0.9, direction) == (True, -1)


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_the_combination_keeps_its_level_whatever_the_dependence(correlation):
    rng = np.random.default_rng(2)
    shared, own = rng.standard_normal((2, 20_000))
    z = np.stack([shared, correlation * shared + np.sqrt(1 - correlation**2) * own])
    p = stats.norm.cdf(z)
    rejected = [score_test.two_part_p_value((a, 1 - a), (b, 1 - b))[0] <= 0.05 for a, b in p.T]
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.012)


def test_a_total_among_predictive_totals_by_hand():
    """A tenth of the totals is zero, the logarithms of the others are Student t with 12 degrees of freedom about 5."""
    z = stats.t.ppf((np.arange(90_000) + 0.5) / 90_000, 12)
    totals = np.r_[np.exp(5.0 + 0.4 * z), np.zeros(10_000)]
    fall, rise = score_test.total_p_values(float(np.exp(4.0)), totals, (0.1, 0.2), 12.0)
    below = stats.t.cdf(-1 / 0.4, 12)
    assert fall == pytest.approx(0.1 + 0.9 * below, rel=2e-3)
    assert rise == pytest.approx(0.9 * (1 - below), rel=2e-3)
    wide, _ = score_test.total_p_values(float(np.exp(4.0)), totals, (0.1, 0.2), 12.0, calibration=2.0)
    assert wide == pytest.approx(0.1 + 0.9 * stats.t.cdf(-0.5 / 0.4, 12), rel=2e-3)
    assert score_test.total_p_values(0.0, totals, (0.1, 0.2), 12.0) == (0.2, 1.0), "no trade at all: the count"
    assert score_test.total_p_values(5.0, totals[-10_000:], (0.1, 0.2), 12.0) == (1.0, 0.1)


def test_a_total_is_no_rarer_than_it_is_among_the_draws():
    totals = np.r_[np.full(900, 100.0), np.full(100, 1.0)]
    assert score_test.total_p_values(1.0, totals, (0.0, 0.0), 30.0)[0] >= 0.1


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
