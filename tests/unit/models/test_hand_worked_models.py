"""Each model on cases small enough to be worked out by hand."""

import datetime as dt

import numpy as np
import pytest
from contracts.archives import SERIES, archive, day_after, event, monthly

from forecast.core import months as mm, registry
from forecast.core.errors import ConfigError, MissingExtraError, TooShortError
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast, Used
from forecast.kernels import exponential_smoothing
from forecast.models import prophet

DRAWS = 400


def predict(spec, vintage, asked=6, draws=DRAWS, seed=0, **more):
    last = vintage.last_month(SERIES)
    labels = mm.months(mm.label(last + 1), mm.label(last + asked)) if isinstance(asked, int) else asked
    task = Task(vintage.day, SERIES, labels, draws=draws, **more)
    return registry.build("model", spec).predict(vintage, task, np.random.default_rng(seed))


def spread(forecast):
    return np.log(forecast.draws[:, 0]).std(axis=0)


@pytest.fixture(scope="module")
def vintage():
    return archive().as_of(day_after("2022-12"))


# --- naive rules ------------------------------------------------------------------------------------------------------


def test_seasonal_naive_repeats_the_last_year(vintage):
    made = predict("seasonal_naive", vintage, 24, draws=4000)
    last_year = vintage.observed(SERIES).values[-12:]
    middle = np.median(made.draws[:, 0], axis=0)
    assert np.allclose(middle, np.tile(last_year, 2), rtol=0.05)
    sd = spread(made)
    assert sd[12:].mean() / sd[:12].mean() == pytest.approx(np.sqrt(2), abs=0.2)


def test_mean12_is_the_mean_of_quantities(vintage_of):
    values = [100.0] * 24 + [50.0, 150.0] * 6
    made = predict("mean12", vintage_of(values), 3, draws=4000)
    assert np.median(made.draws[:, 0, 0]) == pytest.approx(100.0, rel=0.1)


def test_drift_continues_a_line(vintage_of):
    line = vintage_of([10.0 + 2.0 * i for i in range(30)])
    made = predict({"use": "drift", "transform": "none"}, line, 5)
    assert np.allclose(made.draws, (10.0 + 2.0 * np.arange(30, 35))[None, None, :])
    assert made.parameters["drift"] == pytest.approx(2.0 / np.median([10.0 + 2.0 * i for i in range(30)]))
    flat = predict({"use": "drift", "drift": False}, line, 5, draws=4000)
    assert np.allclose(np.median(flat.draws[:, 0], axis=0), 68.0, rtol=0.1)


def test_a_random_walk_widens_with_the_root_of_the_horizon(vintage_of):
    walk = 1000 * np.exp(np.cumsum(0.05 * np.random.default_rng(8).standard_normal(200)))
    sd = spread(predict("drift", vintage_of(list(walk), first="2001-01"), 12, draws=4000))
    assert sd[0] == pytest.approx(0.05, rel=0.2)
    assert 2.3 < sd[11] / sd[0] < 4.7


# --- exponential smoothing and theta ----------------------------------------------------------------------------------


def test_ets_finds_the_season_only_where_it_can(vintage):
    seasonal = monthly() * np.exp(0.6 * np.cos(2 * np.pi * np.arange(72) / 12))
    long = predict("ets", archive(seasonal).as_of(day_after("2022-12")), 12)
    assert any(form in long.used[0].model.split(",")[0] for form in ("ANA", "AAA", "AAdA"))
    season = np.median(np.log(long.draws[:, 0]), axis=0)
    assert np.ptp(season) > 0.8
    short = predict("ets", archive(seasonal).as_of(day_after("2020-02")))
    assert not any(form in short.used[0].model for form in ("ANA", "AAA", "AAdA"))


def test_ets_options_are_checked():
    with pytest.raises(ConfigError, match="no form is called 'MAM'"):
        registry.build("model", {"use": "ets", "forms": ["MAM"]})
    with pytest.raises(ConfigError, match="all forms are seasonal"):
        registry.build("model", {"use": "ets", "forms": ["ANA"]})


def test_ets_best_form_is_one_form(vintage):
    assert predict({"use": "ets", "choose": "best"}, vintage).used[0].model.endswith(" 1.00")


@pytest.mark.parametrize("name", ["seasonal_naive", "mean12", "drift", "ets", "theta", "dynamic_theta", "ces", "regression"])
def test_intervals_cover_a_local_level(vintage_of, name):
    rng = np.random.default_rng(0)
    truth, asked = [], []
    for _ in range(60):
        e = 0.1 * rng.standard_normal(66)
        values = 100 * np.exp(np.concatenate([[0.0], np.cumsum(0.4 * e)[:-1]]) + e)
        known = vintage_of(list(values[:60]), first="2018-01")
        truth.append(values[60:])
        asked.append((known, Task(known.day, SERIES, mm.months("2023-01", "2023-06"), draws=DRAWS)))
    made = registry.build("model", name).predict_many(asked, [np.random.default_rng(i) for i in range(60)])
    low, high = np.quantile([m.draws[:, 0] for m in made], [0.1, 0.9], axis=1)
    assert 0.72 < np.mean((truth >= low) & (truth <= high)) < 0.92


@pytest.mark.parametrize("name", ["ets", "theta", "dynamic_theta", "ces", "structural", "sarimax"])
def test_parameters_of_an_earlier_day_are_held(name):
    known = archive()
    then = known.as_of(day_after("2022-12"))
    early = predict(name, known.as_of(day_after("2021-06")))
    held = predict(name, then, fitted_on=day_after("2021-06"))
    now = predict(name, then)
    assert dict(held.parameters) == pytest.approx(dict(early.parameters), rel=1e-6)
    assert dict(held.parameters) != pytest.approx(dict(now.parameters), rel=1e-6)
    assert np.median(held.draws[:, 0, 0]) == pytest.approx(np.median(now.draws[:, 0, 0]), rel=0.15)


def test_theta_carries_half_the_slope(vintage_of):
    line = vintage_of(list(100.0 + 3.0 * np.arange(40) + np.random.default_rng(1).standard_normal(40)))
    made = predict({"use": "theta", "transform": "none"}, line, 12, draws=2000)
    middle = np.median(made.draws[:, 0], axis=0)
    assert (middle[11] - middle[0]) / 11 == pytest.approx(1.5, rel=0.1)
    assert made.parameters["slope"] > 0


def test_dynamic_theta_takes_the_whole_slope_of_a_line(vintage_of):
    """Theta of infinity is the line itself: where months lie on one, the weight goes to it."""
    line = vintage_of(list(100.0 + 3.0 * np.arange(40) + np.random.default_rng(1).standard_normal(40)))
    made = predict({"use": "dynamic_theta", "transform": "none"}, line, 12, draws=2000)
    middle = np.median(made.draws[:, 0], axis=0)
    assert (middle[11] - middle[0]) / 11 == pytest.approx(3.0, rel=0.1)
    assert made.parameters["theta"] > 20


def test_ces_finds_the_season_only_where_it_can(vintage):
    seasonal = monthly() * np.exp(0.6 * np.cos(2 * np.pi * np.arange(72) / 12))
    long = predict("ces", archive(seasonal).as_of(day_after("2022-12")), 12)
    assert "none" not in long.used[0].model.split(",")[0]
    assert np.ptp(np.median(np.log(long.draws[:, 0]), axis=0)) > 0.8
    short = predict("ces", archive(seasonal).as_of(day_after("2020-02")))
    assert short.used[0].model == "CES none 1.00"


def test_ces_takes_up_growth_without_a_trend(vintage_of):
    made = predict("ces", vintage_of([100.0 + 5.0 * i for i in range(48)]), 6)
    middle = np.median(made.draws[:, 0], axis=0)
    assert np.allclose(middle, 100.0 + 5.0 * np.arange(48, 54), rtol=0.06)
    assert (np.diff(middle) > 3.0).all()


def test_ces_options_are_checked():
    with pytest.raises(ConfigError, match="no form is called 'X'"):
        registry.build("model", {"use": "ces", "forms": ["N", "X"]})
    with pytest.raises(ConfigError, match="all forms are seasonal"):
        registry.build("model", {"use": "ces", "forms": ["P"]})


def test_arima_orders_are_chosen_by_aicc(vintage_of):
    rng = np.random.default_rng(5)
    steps = np.zeros(90)
    for t in range(1, 90):
        steps[t] = 0.8 * steps[t - 1] + 0.05 * rng.standard_normal()
    made = predict({"use": "sarimax", "select": "aicc", "lunar": False}, vintage_of(list(100 * np.exp(np.cumsum(steps)))), 3)
    assert "ARIMA(1, 1," in made.used[0].model or "ARIMA(2, 1, 0)" in made.used[0].model
    with pytest.raises(ConfigError, match="differenced once"):
        registry.build("model", {"use": "sarimax", "order": [1, 0, 0], "select": "aicc"})


def test_missing_months_do_not_move_a_level():
    y = np.array([1.0, 1.2, 0.9, 5.0, 1.1, 1.0, 0.8, 1.3, 1.0, 1.1])
    known = np.ones(10, bool)
    known[3] = False
    data = exponential_smoothing.batch_series([y], [known], 1)
    now = exponential_smoothing.final_states(data, np.array([0]), np.array([[0.5, 0.0, 0.0, 1.0]]), np.array([0]))
    assert now.errors[3, 0] == 0.0
    assert now.level[0] < 1.5


# --- regression -------------------------------------------------------------------------------------------------------


def test_regression_takes_events_and_names_what_it_drops():
    ban = event("ban", "2021-01-01", "2021-02-01", end=dt.date(2023, 4, 1), end_announced=dt.date(2022, 6, 1))
    values = monthly()
    values[37:60] *= 0.2
    day = day_after("2022-12")
    then = archive(values, events=(ban, event("coming", "2022-12-01", "2023-12-01"))).as_of(day)
    made = predict("regression", then, 6)
    assert made.used[0].regressors == ("ban", "lunar_new_year")
    assert made.used[0].dropped == ("coming",)
    middle = np.median(made.draws[:, 0], axis=0)
    assert middle[3:].mean() > 1.5 * middle[:3].mean()
    without = predict({"use": "regression", "events": False, "lunar": False}, then, 6)
    assert without.used[0].regressors == ()


def test_direct_regression_needs_rows_at_every_horizon(vintage):
    short = archive().as_of(day_after("2020-06"))
    with pytest.raises(TooShortError, match="months ahead"):
        predict({"use": "regression", "strategy": "direct"}, short, 18)
    made = predict({"use": "regression", "strategy": "direct"}, vintage, 6)
    assert "direct" in made.used[0].model


@pytest.mark.parametrize("learner", ["elastic_net", "gradient_boosting"])
def test_other_learners_answer(vintage, learner):
    made = predict({"use": "regression", "learner": learner}, vintage, 2, draws=50)
    assert np.isfinite(made.draws).all()


# --- combination ------------------------------------------------------------------------------------------------------


def members(*draws, used="x"):
    task = Task("2023-01-21", SERIES, mm.months("2023-01", "2023-02"), draws=len(draws[0]))
    return task, [Forecast(task, d[:, None, :], (Used(used),)) for d in draws]


def test_combination_averages_quantiles_and_keeps_dependence(vintage):
    rng = np.random.default_rng(2)
    one = rng.standard_normal((1000, 1)) * [1.0, 2.0] + 50  # months move together
    two = rng.standard_normal((1000, 1)) * [3.0, 4.0] + 70
    task, given = members(one, two)
    levels = [0.1, 0.5, 0.9]
    for how in ("mean", "median"):
        model = registry.build("model", {"use": "combine", "members": ["ets", "theta"], "how": how})
        made = model.predict(vintage, task, rng, given)
        expected = (np.quantile(one, levels, axis=0) + np.quantile(two, levels, axis=0)) / 2
        assert np.allclose(np.quantile(made.draws[:, 0], levels, axis=0), expected, atol=1e-9)
        assert np.corrcoef(made.draws[:, 0].T)[0, 1] > 0.99
        assert made.used[0].model == f"{how} of ets, theta"


def test_combination_of_opposite_months_keeps_the_total_narrow(vintage):
    x = np.random.default_rng(3).standard_normal((500, 1))
    task, given = members(50 + x * [1.0, -1.0], 60 + x * [2.0, -2.0])
    made = registry.build("model", {"use": "combine", "members": ["a", "b"]}).predict(
        vintage, task, np.random.default_rng(0), given
    )
    assert made.total().se < 0.2


def test_a_member_that_failed_is_noted(vintage):
    task, given = members(np.full((50, 2), 1.0), np.full((50, 2), 3.0))
    lost = Failure("sarimax", "q", SERIES, "3 usable months")
    model = registry.build("model", {"use": "combine", "members": ["ets", "sarimax", "theta"]})
    made = model.predict(vintage, task, np.random.default_rng(0), [given[0], lost, given[1]])
    assert made.used[0].notes == ("sarimax: 3 usable months",)
    assert made.used[0].model == "mean of ets, theta"
    assert (made.draws == 2.0).all()
    with pytest.raises(TooShortError, match="1 of 3 members"):
        model.predict(vintage, task, np.random.default_rng(0), [given[0], lost, lost])


def weighed(how, *draws, past, vintage, prior=20.0):
    """A combination of two members whose past medians are given: `past` (members, questions)."""
    model = registry.build("model", {"use": "combine", "members": ["a", "b"], "how": how, "prior": prior})
    task = Task(vintage.day, SERIES, mm.months("2023-01", "2023-02"), draws=len(draws[0]))
    now = [Forecast(task, d[:, None, :], (Used("x"),)) for d in draws]
    questions = model._past(vintage, task)
    then = [
        Forecast(q.task, np.full((10, 1, len(q.leads)), 0.0) + q.truth * (1 + miss), (Used("x"),))
        for miss in past
        for q in questions
    ]
    return model.predict(vintage, task, np.random.default_rng(0), [*now, *then])


def test_weights_are_one_over_past_errors(vintage):
    low, high = np.full((50, 2), 10.0), np.full((50, 2), 20.0)
    made = weighed("inverse", low, high, past=(0.1, 0.3), vintage=vintage)
    assert np.allclose(made.draws, 0.75 * 10 + 0.25 * 20)
    assert "weights 0.75, 0.25 from" in made.used[0].notes[0]
    shrunk = weighed("shrunk", low, high, past=(0.1, 0.3), vintage=vintage)
    assert 12.5 < shrunk.draws[0, 0, 0] < 15.0
    equal = weighed("shrunk", low, high, past=(0.1, 0.3), vintage=vintage, prior=1e9)
    assert np.allclose(equal.draws, 15.0)


def test_weights_ask_of_earlier_days_only(vintage):
    model = registry.build("model", {"use": "combine", "members": ["drift", "mean12"], "how": "inverse"})
    task = Task(vintage.day, SERIES, mm.months("2023-01", "2023-06"))
    asked = model.asks(vintage, task)
    assert [spec for spec, *_ in asked] == ["drift", "mean12", *["drift"] * 3, *["mean12"] * 3]
    assert all(then.day < vintage.day for _, _, then in asked[2:])


def test_a_member_that_explodes_is_left_out_and_named(vintage):
    rng = np.random.default_rng(4)
    sound = 1000.0 + rng.standard_normal((100, 2))
    task, given = members(sound, sound + 10.0, np.full((100, 2), 1e6))
    model = registry.build("model", {"use": "combine", "members": ["ets", "theta", "ces"]})
    made = model.predict(vintage, task, rng, given)
    assert made.used[0].model == "mean of ets, theta"
    assert "ces left out: its median is beyond three times the range seen" in made.used[0].notes
    assert made.draws.max() < 1100
    task, given = members(np.full((100, 2), 1e6), np.full((100, 2), 2e6))
    pair = registry.build("model", {"use": "combine", "members": ["ets", "ces"]})
    both = pair.predict(vintage, task, rng, given)
    assert any("none is left out" in note for note in both.used[0].notes)


def test_a_combination_needs_members():
    with pytest.raises(ConfigError, match="1 member"):
        registry.build("model", {"use": "combine", "members": ["ets"]})


def test_a_combination_puts_its_own_task_to_every_member(vintage):
    task = Task(vintage.day, SERIES, ["2023-01"])
    model = registry.build("model", {"use": "combine", "members": ["ets", {"use": "drift", "drift": False}]})
    assert model.asks(vintage, task) == [("ets", task), ({"use": "drift", "drift": False}, task)]


# --- Prophet's guard --------------------------------------------------------------------------------------------------


def test_a_worker_is_ended_at_its_limit(monkeypatch):
    monkeypatch.setattr(prophet, "WORKER", "import time; time.sleep(60)")
    assert prophet._run_in_subprocess([{}, {}], 0.5) == ["prophet was ended after 0 seconds"] * 2


def test_a_worker_that_breaks_tells_why(monkeypatch):
    monkeypatch.setattr(prophet, "WORKER", "raise RuntimeError('no compiler')")
    (reason,) = prophet._run_in_subprocess([{}], 20.0)
    assert "no compiler" in reason


def test_without_the_library_the_extra_is_named(monkeypatch, vintage):
    monkeypatch.setattr(prophet.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="prophet is not installed"):
        predict("prophet", vintage)
