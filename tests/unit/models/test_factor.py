"""The factor model: smoothed moments against a dense Gaussian, convergence on record, at most thirty series."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.core import months, registry
from forecast.core.questions import Task
from forecast.core.time_axis import Steps
from forecast.core.vintage import Cell, Vintage
from forecast.models.factor import dynamic_factor
from forecast.models.factor.dynamic_factor import EMFit
from forecast.models.factor.start_values import FactorParameters, stationary_state

NAMES = ["CHN.export.WLD.re_magnets", "USA.import.CHN.re_magnets", "JPN.import.CHN.re_magnets", "KOR.import.CHN.re_magnets"]
START = months.ordinal("2018-01")


def common(size=72, count=4, noise=0.3):
    rng = np.random.default_rng(3)
    factor = np.zeros(size)
    for t in range(1, size):
        factor[t] = 0.7 * factor[t - 1] + rng.standard_normal()
    return factor[:, None] + noise * rng.standard_normal((size, count))


def vintage_of_panel(z, known):
    cells = {
        name: tuple(Cell(START + i, START + i, float(np.exp(0.2 * z[i, j]) * 1000)) for i in range(known[j]))
        for j, name in enumerate(NAMES)
    }
    return Vintage(months.parse_day("2024-06-15"), cells)


def nowcast(vintage, place=60, **options):
    method = registry.build("model", {"use": "factor", **options})
    task = Task(vintage.day, NAMES[0], [months.label(START + place)], draws=500)
    return method.predict(vintage, task, np.random.default_rng(0))


def test_moments_are_those_of_the_joint_normal():
    """A white own part and one factor: y is normal with covariance l l' g(t - s) + r, conditioned densely."""
    z = common(30, 3)
    z[25:, 0] = z[12, 1] = z[28:, 2] = np.nan
    loads, own = np.array([1.0, 0.8, 0.6]), np.array([0.3, 0.4, 0.5])
    found = FactorParameters(loads[:, None], np.array([[0.7]]), np.array([[1.0]]), None, own)
    rows, columns = np.array([25, 27, 29, 12]), np.array([0, 0, 2, 1])
    found = dynamic_factor.smoothed_moments(z, EMFit(found, stationary_state(found), 1, "converged"), rows, columns)
    lag = np.abs(np.arange(30)[:, None] - np.arange(30))
    process = 0.7**lag / (1 - 0.49)
    whole = np.kron(process, np.outer(loads, loads)) + np.kron(np.eye(30), np.diag(own))
    seen = np.flatnonzero(np.isfinite(z.ravel()))
    asked = rows * 3 + columns
    gain = np.linalg.solve(whole[np.ix_(seen, seen)], whole[np.ix_(seen, asked)]).T
    assert found.mean == pytest.approx(gain @ z.ravel()[seen], abs=1e-8)
    assert found.covariance == pytest.approx(whole[np.ix_(asked, asked)] - gain @ whole[np.ix_(seen, asked)], abs=1e-8)


def test_a_figure_of_the_asked_month_moves_the_nowcast():
    z = common()
    z[60] = 3.0
    without, with_it = (nowcast(vintage_of_panel(z, [60, more, more, more])) for more in (60, 61))
    truth = 1000 * np.exp(0.6)
    assert abs(with_it.mean[0, 0] - truth) < 0.5 * abs(without.mean[0, 0] - truth)
    assert with_it.draws.std() < without.draws.std()


@pytest.mark.parametrize(("steps", "word"), [(2, "stopped after 2"), (200, "converged")])
def test_the_search_is_on_record(steps, word):
    assert word in nowcast(vintage_of_panel(common(), [60, 60, 60, 60]), steps=steps).used[0].notes[0]


def test_each_option_has_a_fit_of_its_own(monkeypatch):
    asked, fit = [], dynamic_factor.fit_em
    monkeypatch.setattr(dynamic_factor, "fit_em", lambda panel, *options: (asked.append(options), fit(panel, *options))[1])
    vintage = vintage_of_panel(common() + 0.5, [60, 60, 60, 60])
    every = [{}, {"persistent": False}, {"factors": 2}, {"order": 2}, {"steps": 4}]
    for options in (*every, *every):
        nowcast(vintage, **{"steps": 3, **options})
    assert asked == [(1, 1, True, 3), (1, 1, False, 3), (2, 1, True, 3), (1, 2, True, 3), (1, 1, True, 4)]


def test_a_fall_of_the_likelihood_gives_the_parameters_before_it(monkeypatch):
    """The parameters at which the likelihood fell are not handed back."""
    given = SimpleNamespace(first="state")
    falls = iter([-10.0, -8.0, -1e9])
    monkeypatch.setattr(dynamic_factor, "smooth", lambda *_: SimpleNamespace(**vars(given), loglike=next(falls)))
    steps = iter(["one", "two"])
    monkeypatch.setattr(dynamic_factor, "maximise", lambda _: next(steps))
    found = dynamic_factor.fit_em(common(40, 3), 1, 1, True)
    assert (found.status, found.steps, found.found) == ("reverted", 2, "one")


def statsmodels_fit(y, factors, order, persistent):
    """Its expectation-maximisation, series entering the filter one at a time; parameters, likelihood and smoothed figures."""
    from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

    block = {tuple(str(i) for i in range(factors)): order}
    model = DynamicFactorMQ(y, factors=factors, factor_orders=block, idiosyncratic_ar1=persistent, standardize=False)
    model.ssm.filter_univariate = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = model.fit_em(maxiter=40, tolerance=1e-5)
    return made.mle_retvals.iter, made.llf, np.asarray(made.model["design"]), made.filter_results


@pytest.mark.parametrize("seed", range(16))
def test_the_search_is_that_of_statsmodels(seed):
    """Holes, late starts, ragged ends, one or two factors, orders one to three: steps, likelihood, means and covariances."""
    rng = np.random.default_rng(seed)
    size, count = int(rng.integers(30, 90)), int(rng.integers(3, 12))
    factors, order, persistent = 1 + seed // 2 % 2, 1 + seed % 3 if seed // 2 % 2 == 0 else 1, seed % 4 != 3
    y = common(size, count, 0.8) * rng.uniform(-1.5, 1.5, count) + rng.standard_normal((size, 1)) * rng.uniform(-1, 1, count)
    y = (y - y.mean(axis=0)) / y.std(axis=0)
    for j, late in enumerate(rng.integers(0, 4, count)):
        y[size - late :, j] = np.nan
    if seed % 2:
        y[: size // 4, 1] = np.nan
        y[rng.random(y.shape) < 0.1] = np.nan
        y[10:17, 2] = np.nan
    steps, loglike, design, states = statsmodels_fit(y, factors, order, persistent)
    fit = dynamic_factor.fit_em(y, factors, order, persistent, 40)
    rows, columns = np.arange(size - 3, size).repeat(2), np.tile([0, 2], 3)
    found = dynamic_factor.smoothed_moments(y, fit, rows, columns)
    design = design[columns]
    assert fit.steps == steps
    assert found.loglike == pytest.approx(loglike, abs=1e-8)
    smoothed, spread = np.asarray(states.smoothed_state), np.asarray(states.smoothed_state_cov)
    noise = 0.0 if persistent else fit.found.variances[columns]
    assert found.mean == pytest.approx((design * smoothed[:, rows].T).sum(axis=1), abs=1e-8)
    variances = [d @ spread[..., t] @ d for d, t in zip(design, rows, strict=True)]
    assert found.covariance.diagonal() == pytest.approx(np.array(variances) + noise, abs=1e-8)


def test_at_most_thirty_series():
    with pytest.raises(ValueError, match="30"):
        dynamic_factor.fit_em(np.zeros((50, 31)), 1, 1, True)
    rng = np.random.default_rng(0)
    z = rng.standard_normal((40, 35))
    cells = {f"unit {j}": tuple(Cell(2000 + i, 2000 + i, float(z[i, j])) for i in range(40)) for j in range(35)}
    vintage = Vintage(months.parse_day("2024-06-15"), cells, steps=Steps("integer", None), nonnegative=False)
    made = registry.build("model", {"use": "factor", "steps": 1, "persistent": False}).predict(
        vintage, Task(vintage.day, "unit 0", ["2040"], draws=20), np.random.default_rng(0)
    )
    assert len(made.used[0].regressors) == 29
    assert len(made.used[0].dropped) == 5
