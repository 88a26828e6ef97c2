"""Tests of predictive ability against independent computations: statsmodels' regressions and the formulas written out."""

import math

import numpy as np
import pytest
from scipy import stats

from forecast.study.evaluate.predictive_ability import (
    diebold_mariano,
    giacomini_white,
    long_run_variance,
    mincer_zarnowitz,
    model_confidence_set,
    zero_mean_test,
)


def overlapping(n, horizon, rng):
    """Errors of forecasts `horizon` steps ahead: a moving average of that many shocks, unit variance."""
    return np.convolve(rng.standard_normal(n + horizon), np.ones(horizon) / np.sqrt(horizon), "valid")[:n]


@pytest.fixture(params=[1, 3, 6])
def pair(request):
    rng = np.random.default_rng(request.param)
    return request.param, np.abs(overlapping(45, request.param, rng)), 1.3 * np.abs(overlapping(45, request.param, rng))


def bartlett(z, lags, mean):
    """Newey and West's long-run covariance of rows, lag by lag."""
    z = z - mean
    total = sum(np.outer(row, row) for row in z)
    for lag in range(1, lags + 1):
        for t in range(lag, len(z)):
            total = total + (1 - lag / (lags + 1)) * (np.outer(z[t], z[t - lag]) + np.outer(z[t - lag], z[t]))
    return total / len(z)


def test_diebold_mariano_written_out(pair):
    horizon, a, b = pair
    d = a - b
    n, lags = len(d), max(horizon - 1, math.ceil(len(d) ** (1 / 3)))
    variance = bartlett(d[:, None], lags, d.mean())[0, 0] / n
    factor = math.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    found = diebold_mariano(a, b, horizon)
    assert found.statistic == pytest.approx(factor * d.mean() / math.sqrt(variance))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(found.statistic), n - 1))
    assert found.statistic < 0  # the first loses less


def test_giacomini_white_one_step_is_n_times_r_squared():
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    a, b = rng.standard_normal(60) ** 2, 1.5 * rng.standard_normal(60) ** 2
    d = a - b
    z = np.column_stack([d[1:], d[1:] * d[:-1]])
    fitted = sm.OLS(np.ones(59), z).fit()
    found = giacomini_white(a, b)
    assert found.n == 59
    assert found.statistic == pytest.approx(59 * (1 - fitted.ssr / 59))
    assert found.p == pytest.approx(stats.chi2.sf(found.statistic, 2))


@pytest.mark.parametrize("horizon", [2, 4])
def test_giacomini_white_many_steps_by_bartlett_weights(horizon):
    from statsmodels.stats.sandwich_covariance import S_hac_simple

    rng = np.random.default_rng(5)
    a, b = np.abs(overlapping(60, horizon, rng)), np.abs(overlapping(60, horizon, rng))
    d = a - b
    z = np.column_stack([d[horizon:], d[horizon:] * d[:-horizon]])
    n, mean = len(z), z.mean(axis=0)
    spread = S_hac_simple(z, nlags=horizon - 1) / n
    found = giacomini_white(a, b, horizon, bartlett=True)
    assert found.statistic == pytest.approx(n * mean @ np.linalg.inv(spread) @ mean)
    np.testing.assert_allclose(bartlett(z, horizon - 1, 0.0), spread)


def test_zero_mean_written_out():
    rng = np.random.default_rng(3)
    z = rng.standard_normal((40, 2)) @ np.array([[1.0, 0.4], [0.0, 2.0]]) + 0.2
    n, b = 40, round(0.4 * 40 ** (2 / 3))
    spread = np.zeros((2, 2))
    for j in range(1, b + 1):
        wave = sum(math.sqrt(2 / n) * math.cos(math.pi * j * (t - 0.5) / n) * z[t - 1] for t in range(1, n + 1))
        spread += np.outer(wave, wave) / b
    wald = n * z.mean(axis=0) @ np.linalg.inv(spread) @ z.mean(axis=0)
    found = zero_mean_test(z)
    assert found.statistic == pytest.approx(wald * (b - 1) / (2 * b))
    assert found.p == pytest.approx(stats.f.sf(found.statistic, 2, b - 1))


def test_one_series_zero_mean_is_the_t_test_of_the_paper():
    """Lazarus, Lewis, Stock and Watson (2018): with one series the statistic is the square of a t with B degrees of freedom."""
    z = np.random.default_rng(4).standard_normal((50, 1)) + 0.3
    b = round(0.4 * 50 ** (2 / 3))
    t = math.sqrt(50) * z.mean() / math.sqrt(long_run_variance(z, b)[0, 0])
    assert zero_mean_test(z).p == pytest.approx(2 * stats.t.sf(abs(t), b))


def test_the_long_run_variance_of_white_noise_is_its_variance():
    z = np.random.default_rng(6).standard_normal((2000, 1)) * 3
    assert long_run_variance(z, 300)[0, 0] == pytest.approx(9, rel=0.2)


@pytest.mark.parametrize("horizon", [1, 6])
def test_mincer_zarnowitz_is_the_regression_of_one_series(horizon):
    import statsmodels.api as sm

    rng = np.random.default_rng(7)
    forecast = 5 + rng.standard_normal(45).cumsum()
    actual = 0.4 + 0.9 * forecast + overlapping(45, horizon, rng)
    lags = max(horizon - 1, math.ceil(45 ** (1 / 3)))
    fitted = sm.OLS(actual, sm.add_constant(forecast)).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    joint = fitted.wald_test((np.eye(2), [0.0, 1.0]), use_f=True, scalar=True)
    found = mincer_zarnowitz(actual, forecast, np.arange(45), horizon)
    assert (found.intercept, found.slope) == pytest.approx(tuple(fitted.params))
    assert found.wald.statistic == pytest.approx(float(joint.statistic))
    assert found.wald.p == pytest.approx(float(joint.pvalue))


def test_mincer_zarnowitz_of_many_series_sums_scores_by_cutoff():
    import statsmodels.api as sm

    rng = np.random.default_rng(8)
    when = np.repeat(np.arange(40), 3)
    shared = rng.standard_normal(40)[when]
    forecast = 1 + 0.2 * rng.standard_normal(120)
    actual = forecast + 0.3 * shared + 0.1 * rng.standard_normal(120)
    lags = math.ceil(40 ** (1 / 3))
    fitted = sm.OLS(actual, sm.add_constant(forecast)).fit(
        cov_type="hac-groupsum", cov_kwds={"time": when, "maxlags": lags, "use_correction": False}
    )
    cov = np.asarray(fitted.cov_params()) * 40 / 38
    away = np.asarray(fitted.params) - [0, 1]
    found = mincer_zarnowitz(actual, forecast, when)
    assert found.wald.statistic == pytest.approx(float(away @ np.linalg.inv(cov) @ away) / 2)
    assert found.wald.n == found.test.n == 40


def test_losses_that_do_not_differ_have_no_test():
    a = np.abs(np.random.default_rng(9).standard_normal(30))
    for made in (diebold_mariano(a, a), diebold_mariano(a, a + 0.1), giacomini_white(a, a), diebold_mariano(a, 2 * a, 30)):
        assert math.isnan(made.p)
    flat = np.ones(30)
    assert math.isnan(mincer_zarnowitz(a, flat, np.arange(30)).test.p)


def test_the_confidence_set_keeps_what_it_cannot_tell_apart():
    rng = np.random.default_rng(10)
    base = rng.standard_normal((60, 1)) ** 2
    losses = np.column_stack([base + 0.1 * rng.standard_normal((60, 2)), base + 1.0 + 0.1 * rng.standard_normal((60, 1))])
    members, p = model_confidence_set(losses, seed=1)
    assert members.tolist() == [True, True, False]
    assert p[:2].max() == 1.0
    again, same = model_confidence_set(losses, seed=1)
    assert (again == members).all()
    assert (same == p).all()


def test_equal_losses_share_a_place_and_proportional_ones_are_ranked():
    x = np.abs(np.random.default_rng(11).standard_normal(40)) + 0.5
    members, p = model_confidence_set(np.column_stack([x, x, x]))
    assert members.all()
    assert (p == 1).all()
    members, _ = model_confidence_set(np.column_stack([x, 0.5 * x, 2 * x, 0.5 * x]))
    assert members.tolist() == [False, True, False, True]


@pytest.mark.slow
@pytest.mark.parametrize(("n", "horizon"), [(30, 1), (30, 6), (45, 3), (45, 12), (60, 6)])
def test_sizes_at_five_per_cent(n, horizon):
    """Two forecasts as good as each other, unbiased ones: how often each test rejects (800 samples, standard error 0.008)."""
    rng = np.random.default_rng(100 * n + horizon)
    count = np.zeros(3)
    for _ in range(800):
        u, v = overlapping(n, horizon, rng), overlapping(n, horizon, rng)
        forecast = 0.3 * rng.standard_normal(n).cumsum()
        tests = (
            diebold_mariano(np.abs(u), np.abs(v), horizon),
            giacomini_white(np.abs(u), np.abs(v), horizon),
            mincer_zarnowitz(forecast + u, forecast, np.arange(n), horizon).test,
        )
        count += [test.p < 0.05 for test in tests]
    found = dict(zip(("diebold_mariano", "giacomini_white", "mincer_zarnowitz"), count / 800, strict=True))
    assert found["diebold_mariano"] < 0.15
    assert found["giacomini_white"] < 0.09
    assert found["mincer_zarnowitz"] < 0.11, found


@pytest.mark.slow
def test_the_confidence_set_holds_the_best_model():
    """Four models, the first better by a tenth of a deviation: it stays at least nine times in ten (60 samples)."""
    rng = np.random.default_rng(12)
    kept = 0
    for i in range(60):
        shared = rng.standard_normal((45, 1))
        losses = 5 + shared + rng.standard_normal((45, 4)) + np.array([0.0, 0.1, 0.1, 0.1])
        kept += bool(model_confidence_set(losses, seed=i)[0][0])
    assert kept / 60 > 0.82  # two standard errors below 0.9
