"""How questions become gap-free histories, and simulated paths a forecast."""

import doctest
from dataclasses import dataclass, replace

import numpy as np
import pytest
from contracts.archives import SERIES, archive, day_after

from forecast.core import months as mm
from forecast.core.errors import TooShortError
from forecast.core.questions import Task
from forecast.prep import batches
from forecast.prep.batches import Paths, batch_model, forecast_batch
from forecast.prep.histories import build_histories

S = "CHN.export.WLD.re_magnets"
VALUES = [100.0 + i for i in range(36)]  # 2020-01 .. 2022-12


class Flat:
    """The last figure of each history."""

    transform = "auto"

    def fewest_months(self, season):
        return 4

    def simulate(self, history, rng):
        return Paths(np.tile(history.latest.z[-1], (history.draws, history.horizon)), "flat")


def forecast(vintage, asked, model=None, series=S):
    task = Task(vintage.day, series, asked, draws=5)
    return forecast_batch(model or Flat(), [(vintage, task)], [np.random.default_rng(0)])[0]


def histories_of(vintage, asked):
    return build_histories(vintage, Task(vintage.day, S, asked, draws=5), "auto", lambda season: 4)


def test_the_future_is_one_history(vintage_of):
    (history,) = histories_of(vintage_of(VALUES), mm.months("2023-02", "2023-04"))
    assert history.ahead == (2, 3, 4)
    assert history.horizon == 4
    assert history.latest.last == mm.ordinal("2022-12")


def test_a_hole_ends_its_own_history(vintage_of):
    hidden = vintage_of(VALUES).hide(S, mm.ordinal("2021-06"), mm.ordinal("2021-08"))
    asked = ["2021-07", "2023-01"]
    assert [history.latest.last for history in histories_of(hidden, asked)] == [mm.ordinal("2021-05"), mm.ordinal("2022-12")]
    draws = forecast(hidden, asked).draws[0, 0]
    assert draws == pytest.approx([VALUES[16], VALUES[35]])


def test_known_months_stand_as_published(vintage_of):
    made = forecast(vintage_of(VALUES), ["2022-11", "2023-01"])
    assert (made.draws[:, 0, 0] == VALUES[34]).all()
    assert "stand as published" in made.used[0].notes[0]


def test_months_of_a_published_sum_add_up_to_it(vintage_of):
    known = vintage_of(VALUES[:34], spans=[("2022-11", "2022-12", 500.0)])
    made = forecast(known, ["2022-11", "2022-12", "2023-01"])
    assert np.allclose(made.draws[:, 0, :2].sum(axis=1), 500.0)
    assert any("sum of 2022-11/2022-12" in note for note in made.used[0].notes)
    part = forecast(known, ["2022-12"])
    assert np.allclose(part.draws, 250.0)


def test_a_short_sum_not_asked_is_split_and_counted(vintage_of):
    made = forecast(vintage_of(VALUES[:34], spans=[("2022-11", "2022-12", 500.0)]), ["2023-01"])
    assert made.used[0].split == 2
    assert made.draws.max() > 200


def test_gaps_are_filled_and_counted(vintage_of):
    values = [*VALUES[:20], None, None, *VALUES[22:]]
    made = forecast(vintage_of(values), ["2023-01"])
    assert made.used[0].filled == 2


def test_a_month_before_the_first_figure_is_refused(vintage_of):
    outcome = forecast(vintage_of(VALUES), ["2019-12"])
    assert isinstance(outcome, TooShortError)


class Moody(Flat):
    def simulate(self, history, rng):
        if history.horizon == 2:
            raise ValueError("no")
        return super().simulate(history, rng)


def test_the_error_of_one_question_is_its_own(vintage_of):
    known = vintage_of(VALUES)
    questions = [(known, Task(known.day, S, [month], draws=5)) for month in ("2023-01", "2023-02", "2019-01")]
    made = forecast_batch(Moody(), questions, [np.random.default_rng(0)] * 3)
    assert made[0].draws.shape == (5, 1, 1)
    assert [type(m) for m in made[1:]] == [ValueError, TooShortError]


def test_draws_that_are_not_finite_are_an_error(vintage_of):
    class Broken(Flat):
        def simulate(self, history, rng):
            return Paths(np.full((history.draws, history.horizon), np.nan), "nan")

    assert isinstance(forecast(vintage_of(VALUES), ["2023-01"], Broken()), ArithmeticError)


@batch_model
@dataclass(frozen=True)
class AllAtOnce:
    transform: str = "auto"
    name = "all_at_once"

    def fewest_months(self, season):
        return 4

    def simulate_batch(self, histories, rngs):
        assert histories
        return [Flat().simulate(history, rng) for history, rng in zip(histories, rngs, strict=True)]


def test_a_model_of_whole_batches_gives_the_same_and_is_not_called_for_nothing(vintage_of):
    known = vintage_of(VALUES)
    right, wrong = (Task(known.day, S, [month], draws=5) for month in ("2023-01", "2019-01"))
    rngs = [np.random.default_rng(0)] * 2
    made, failure = AllAtOnce().predict_many([(known, right), (known, wrong)], rngs)
    assert np.array_equal(made.draws, forecast(known, ["2023-01"]).draws)
    assert np.array_equal(made.draws, AllAtOnce().predict(known, right, rngs[0]).draws)
    assert failure.method == "all_at_once"
    assert "before the first figure" in failure.reason
    with pytest.raises(TooShortError):
        AllAtOnce().predict(known, wrong, rngs[0])


def test_parameters_may_come_from_an_earlier_day():
    known, then = archive().as_of(day_after("2022-12")), day_after("2021-12")
    task = Task(known.day, SERIES, ["2023-02"], fitted_on=then, draws=5)
    (history,) = build_histories(known, task, "auto", lambda season: 4)
    assert history.training_vintage.day == then
    assert (history.training.last, history.latest.last) == (mm.ordinal("2021-12"), mm.ordinal("2022-12"))
    (same,) = build_histories(known, replace(task, fitted_on=None), "auto", lambda season: 4)
    assert same.training_vintage is same.vintage
    assert np.array_equal(same.training.z, same.latest.z)


def test_the_example_of_the_module_runs():
    failed, attempted = doctest.testmod(batches)
    assert attempted > 4
    assert not failed
