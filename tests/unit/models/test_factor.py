"""The factor model: smoothed moments against a dense Gaussian, convergence on record, at most thirty series."""

from types import SimpleNamespace

import numpy as np
import pytest

from forecast.core import months, registry
from forecast.core.questions import Task
from forecast.core.time_axis import Steps
from forecast.core.vintage import Cell, Vintage
from forecast.models.factor import dynamic_factor

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
    model = dynamic_factor.build_model(z, 1, 1, False)
    params = np.array([1.0, 0.8, 0.6, 0.7, 1.0, 0.3, 0.4, 0.5])  # loadings, autoregression, its variance, own variances
    rows, columns = np.array([25, 27, 29, 12]), np.array([0, 0, 2, 1])
    found = dynamic_factor.smoothed_moments(model, params, rows, columns)
    loads, own = params[:3], params[5:]
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


def test_a_fall_of_the_likelihood_gives_the_parameters_before_it():
    """The library hands back the very parameters at which the likelihood fell."""

    class Falls:
        def fit_em(self, **options):
            assert options["maxiter"] == 200
            path = SimpleNamespace(params=[[1.0], [2.0], [99.0]], inits=["a", "b", "c"], llf=[-10.0, -8.0, -1e9], iter=1)
            return SimpleNamespace(params=[99.0], mle_retvals=path)

    found = dynamic_factor.fit_em(Falls())
    assert found.status == "reverted"
    assert found.params.tolist() == [2.0]
    assert found.start == "b"


def test_at_most_thirty_series():
    with pytest.raises(ValueError, match="30"):
        dynamic_factor.build_model(np.zeros((50, 31)), 1, 1, True)
    rng = np.random.default_rng(0)
    z = rng.standard_normal((40, 35))
    cells = {f"unit {j}": tuple(Cell(2000 + i, 2000 + i, float(z[i, j])) for i in range(40)) for j in range(35)}
    vintage = Vintage(months.parse_day("2024-06-15"), cells, steps=Steps("integer", None), nonnegative=False)
    made = registry.build("model", {"use": "factor", "steps": 1, "persistent": False}).predict(
        vintage, Task(vintage.day, "unit 0", ["2040"], draws=20), np.random.default_rng(0)
    )
    assert len(made.used[0].regressors) == 29
    assert len(made.used[0].dropped) == 5
