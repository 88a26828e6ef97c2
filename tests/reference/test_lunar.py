"""Lunar New Year in China's total trade: the airline model with the package's holiday columns, against published figures.

Monthly totals 2000-2013 (R package *seasonal*, series `exp` and `imp`, its table of New Year days `cny`); windows of 20 days
before, 7 days from and 20 days after the first day of the lunar year, `genhol`'s calendar centring. The reference figures are
those of SARIMAX in statsmodels. The package's maximum-likelihood airline model is the noise ((0, 1, 1), (0, 1, 1, 12)) of the
estimator `regression` (`kernels/arima_covariance` under its `transfer_function`); AIC = 2 k - 2 log-likelihood, k = columns
+ 2 moving averages + 1 variance. The forecaster `sarimax` has the same model under the restricted likelihood over a grid,
which has no AIC that compares between sets of columns: only its coefficients are held to the reference.
"""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months
from forecast.estimators.regression import transfer_function
from forecast.kernels import arima_covariance, covariance, gaussian
from forecast.prep.regressors import HOLIDAY_AND_AROUND

AIRLINE = ((0, 1, 1), (0, 1, 1, 12))
WHEN = np.arange(months.ordinal("2000-01"), months.ordinal("2013-12") + 1)
START = months.ordinal("1983-07")  # of both files
PUBLISHED = {
    "exp": ((-381.5, -427.3), (0.076, -0.092, -0.159)),
    "imp": ((-306.2, -372.9), (0.091, -0.219, 0.030)),
}
both = pytest.mark.parametrize("name", list(PUBLISHED))


@pytest.fixture(scope="module")
def days(shared):
    lines = shared("oracles/nowcast/lunar/cny.csv").read_text("utf-8").split()
    found = [dt.date.fromisoformat(line) for line in lines if line[0].isdigit()]
    return {day.year: day for day in found}


@pytest.fixture(scope="module")
def holidays(days):
    """The package's columns over 2000-2013."""
    return np.column_stack([months.lunar_new_year(WHEN, *window, days) for window in HOLIDAY_AND_AROUND.values()])


@pytest.fixture(scope="module")
def logs(shared):
    def read(name):
        lines = shared(f"oracles/nowcast/lunar/{name}.csv").read_text("utf-8").split()
        values = np.array([float(line) for line in lines if line[0].isdigit()])
        assert START + len(values) - 1 == WHEN[-1]
        return np.log(values[WHEN[0] - START :])

    return read


def solved(y, x):
    """The airline model by maximum likelihood, in differences."""
    family, start = arima_covariance.arima_family(len(y), AIRLINE)
    plain = transfer_function.TransferFunctionModel(
        y, np.arange(len(y)), start, start.shape[1], lambda rates: np.repeat(x[None], len(rates), axis=0), (), family, False
    )
    made = transfer_function.fit_transfer_function(
        transfer_function.difference_model(
            plain, arima_covariance.difference_polynomial(AIRLINE), arima_covariance.stationary_family(len(y) - 13, AIRLINE)
        )
    )
    return made, 2 * (x.shape[1] + 3) - 2 * made.loglike


def test_the_windows_are_those_of_the_reference():
    assert list(HOLIDAY_AND_AROUND.values()) == [(-20, -1), (0, 6), (7, 26)]


@both
def test_the_criterion_and_the_coefficients(name, logs, holidays):
    (without, with_them), effects = PUBLISHED[name]
    y = logs(name)
    assert solved(y, np.empty((len(y), 0)))[1] == pytest.approx(without, abs=0.06)
    made, aic = solved(y, holidays)
    assert aic == pytest.approx(with_them, abs=0.06)
    assert made.beta == pytest.approx(effects, abs=6e-4)


def test_errors_are_those_of_second_differences(logs, holidays):
    """The t ratios printed with the reference (2.4, -6.0, -5.6) rest on the outer product of gradients; these do not."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    made, _ = solved(logs("exp"), holidays)
    theirs = SARIMAX(logs("exp"), exog=holidays, order=AIRLINE[0], seasonal_order=AIRLINE[1], simple_differencing=True)
    start = np.r_[made.beta, arima_covariance.coefficients(made.noise, AIRLINE), made.sigma2]
    fitted = theirs.fit(start, disp=0, cov_type="approx")
    assert np.sqrt(np.diag(made.covariance)) == pytest.approx(fitted.bse[:3], rel=0.03)


@both
def test_the_forecaster_finds_the_same_effects(name, logs, holidays):
    y = logs(name)
    family, start = covariance.airline(len(y), 12)
    fitted = gaussian.fit(y, np.arange(len(y)), np.column_stack([start, holidays]), family, polish=False)
    # the restricted likelihood's moving averages differ a little, the effects hardly
    assert fitted.beta[-3:] == pytest.approx(PUBLISHED[name][1], abs=0.006)


@pytest.mark.parametrize(("label", "value"), [("2020-01", 0.370), ("2020-02", -0.370), ("2021-01", -0.364), ("2021-02", 0.364)])
def test_single_values_of_the_rule(label, value, days):
    """The fifteen days before the New Year, centred over 2016-2026."""
    near = {year: day for year, day in days.items() if 2016 <= year <= 2026}
    assert months.lunar_new_year([months.ordinal(label)], -15, -1, near)[0] == pytest.approx(value, abs=6e-4)


def test_the_bundled_days_are_those_of_the_table(days):
    own = months.lunar_new_year_days()
    assert {year: day for year, day in own.items() if year in days} == {year: days[year] for year in own if year in days}
