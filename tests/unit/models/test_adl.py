"""Direct regression: the columns are what the question has, nothing is filled, and a mirror's figure is used."""

import numpy as np
import pytest

from forecast.core import months, registry
from forecast.core.errors import ConfigError
from forecast.core.questions import Task
from forecast.core.vintage import Cell, Vintage
from forecast.kernels import ridge
from forecast.models.adl import direct_regression

TARGET, MIRROR = "CHN.export.USA.re_magnets", "USA.import.CHN.re_magnets"
LEARNERS = ("ols", "elastic_net", "pooled")
START = months.ordinal("2018-01")


def pair(known, mirror_known, size=72, noise=0.05):
    """Two series that move together month by month; the first is known for `known` months, the other for `mirror_known`."""
    rng = np.random.default_rng(4)
    common = np.exp(0.4 * rng.standard_normal(size))
    values = {TARGET: 1000 * common, MIRROR: 900 * common * np.exp(noise * rng.standard_normal(size))}
    cells = {
        name: tuple(Cell(START + i, START + i, float(v[i])) for i in range(count))
        for (name, v), count in zip(values.items(), (known, mirror_known), strict=True)
    }
    return Vintage(months.parse_day("2024-01-15"), cells), values


def asked(vintage, count=1, first=60, **options):
    method = registry.build("model", {"use": "adl", **options})
    task = Task(vintage.day, TARGET, [months.label(START + first + i) for i in range(count)], draws=500)
    return method.predict(vintage, task, np.random.default_rng(2))


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_mirror_known_for_the_asked_month_sharpens_the_nowcast(learner):
    with_it, values = pair(60, 61)
    without, _ = pair(60, 60)
    near, far = (asked(v, learner=learner, calendar=False) for v in (with_it, without))
    truth = values[TARGET][60]
    assert abs(np.log(near.mean[0, 0] / truth)) < 0.15
    assert np.std(np.log(near.draws[:, 0, 0])) < 0.5 * np.std(np.log(far.draws[:, 0, 0]))


def test_columns_are_those_the_question_has():
    vintage, _ = pair(60, 60)
    names = asked(vintage).used[0].regressors
    assert f"{MIRROR} lag 0" not in names
    assert f"{MIRROR} lag 1" in names
    assert "own lag 1" in names
    assert "own lag 12" in names


def test_months_farther_off_rest_on_older_figures():
    vintage, _ = pair(60, 60)
    names = asked(vintage, first=63, calendar=False).used[0].regressors
    assert "own lag 4" in names
    assert not {"own lag 1", f"{MIRROR} lag 3"} & set(names)


def test_a_series_with_few_figures_is_left_out_by_name():
    vintage, _ = pair(60, 10)
    assert asked(vintage).used[0].dropped == (MIRROR,)


def test_parameters_held_at_an_earlier_day():
    """The rule is of the earlier day; the figures it meets are those of the day."""
    whole, _ = pair(60, 61)
    early, _ = pair(50, 51)
    vintage = Vintage(whole.day, whole.cells, past=lambda day: early)
    method = registry.build("model", {"use": "adl", "calendar": False, "events": False, "lunar": False})
    month = months.label(START + 60)
    task = Task(vintage.day, TARGET, [month], fitted_on="2023-02-01", draws=50)
    held = method.predict(vintage, task, np.random.default_rng(0)).parameters
    moved = method.predict(vintage, Task(vintage.day, TARGET, [month], draws=50), np.random.default_rng(0)).parameters
    there = method.predict(early, Task(early.day, TARGET, [months.label(START + 50)], draws=50), np.random.default_rng(0))
    assert held[f"{month} {MIRROR} lag 0"] == pytest.approx(there.parameters[f"{months.label(START + 50)} {MIRROR} lag 0"])
    assert held != moved


def test_options_are_checked():
    with pytest.raises(ConfigError):
        registry.build("model", {"use": "adl", "lags": -1})


def test_rows_with_a_hole_are_left_out_and_columns_go_before_too_many_rows_do():
    table = np.ones((20, 3))
    table[:5, 0] = table[3, 1] = np.nan
    table[4:18, 2] = np.nan
    columns, rows = direct_regression.complete_cases(table, 0.5, 5)
    assert columns.tolist() == [0, 1]
    assert rows.tolist() == list(range(5, 20))
    columns, rows = direct_regression.complete_cases(table, 0.5, 18)
    assert columns.tolist() == [1]
    assert len(rows) == 19


def test_forward_finds_the_columns_that_matter_and_no_more():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((120, 30))
    y = 3 + 2 * x[:, 4] - x[:, 17] + 0.1 * rng.standard_normal(120)
    rule = direct_regression.forward_selection(x, y, 12)
    assert set(np.flatnonzero(rule.weights)) >= {4, 17}
    assert np.count_nonzero(rule.weights) <= 5
    assert rule(x)[:5] == pytest.approx(y[:5], abs=0.5)
    assert np.count_nonzero(direct_regression.forward_selection(x, np.full(120, 5.0), 12).weights) == 0


def test_pooled_coefficients_lie_between_the_own_and_those_of_the_others():
    rng = np.random.default_rng(1)
    x, more = rng.standard_normal((12, 1)), rng.standard_normal((400, 1))
    y, then = x[:, 0] * 0.2 + 0.5 * rng.standard_normal(12), 0.9 * more[:, 0] + 0.3 * rng.standard_normal(400)
    shared = np.array([0])
    alone = direct_regression.partially_pooled_ridge(x, y, shared, np.empty((0, 1)), np.empty(0), ridge.PENALTIES[:4])
    both = direct_regression.partially_pooled_ridge(x, y, shared, more, then, ridge.PENALTIES[:4])
    assert all(a.weights[0] < b.weights[0] for a, b in zip(alone, both, strict=True))
    assert both[3].weights[0] / y.std() < 1.0


def test_error_paths_keep_the_dependence_of_the_months():
    rng = np.random.default_rng(0)
    first = rng.standard_normal(200)
    errors = np.column_stack([first, first + 0.1 * rng.standard_normal(200)])
    errors[:20, 1] = np.nan
    drawn = direct_regression.residual_paths(errors, 2000, rng)
    assert np.isfinite(drawn).all()
    assert 0.8 < np.corrcoef(drawn.T)[0, 1] < 0.99
