"""How a question is laid out for models that need a series without holes, and put together again."""

import numpy as np
import pytest

from forecast.core import months as mm
from forecast.core.errors import TooShortError
from forecast.core.questions import Task
from forecast.prep.batches import Paths, build_histories, forecast_batch, simulate_each

S = "CHN.export.WLD.re_magnets"
VALUES = [100.0 + i for i in range(36)]  # 2020-01 .. 2022-12


def flat(lane, rng):
    return Paths(np.tile(lane.now.z[-1], (lane.draws, lane.horizon)), "flat")


def solved(vintage, asked, one=flat, series=S):
    task = Task(vintage.day, series, asked, draws=5)
    return forecast_batch([(vintage, task)], [np.random.default_rng(0)], "auto", lambda season: 4, simulate_each(one))[0]


def laid(vintage, asked):
    return build_histories(vintage, Task(vintage.day, S, asked, draws=5), "auto", lambda season: 4)


def test_the_future_is_one_lane(vintage_of):
    (lane,) = laid(vintage_of(VALUES), mm.months("2023-02", "2023-04"))
    assert lane.ahead == (2, 3, 4)
    assert lane.horizon == 4
    assert lane.now.last == mm.ordinal("2022-12")


def test_a_hole_ends_its_own_history(vintage_of):
    hidden = vintage_of(VALUES).hide(S, mm.ordinal("2021-06"), mm.ordinal("2021-08"))
    asked = ["2021-07", "2023-01"]
    lanes = laid(hidden, asked)
    assert [lane.now.last for lane in lanes] == [mm.ordinal("2021-05"), mm.ordinal("2022-12")]
    draws = solved(hidden, asked).draws[0, 0]
    assert draws == pytest.approx([VALUES[16], VALUES[35]])


def test_known_months_stand_as_published(vintage_of):
    made = solved(vintage_of(VALUES), ["2022-11", "2023-01"])
    assert (made.draws[:, 0, 0] == VALUES[34]).all()
    assert "stand as published" in made.used[0].notes[0]


def test_months_of_a_published_sum_add_up_to_it(vintage_of):
    known = vintage_of(VALUES[:34], spans=[("2022-11", "2022-12", 500.0)])
    made = solved(known, ["2022-11", "2022-12", "2023-01"])
    assert np.allclose(made.draws[:, 0, :2].sum(axis=1), 500.0)
    assert any("sum of 2022-11/2022-12" in note for note in made.used[0].notes)
    part = solved(known, ["2022-12"])
    assert np.allclose(part.draws, 250.0)


def test_a_short_sum_not_asked_is_split_and_counted(vintage_of):
    made = solved(vintage_of(VALUES[:34], spans=[("2022-11", "2022-12", 500.0)]), ["2023-01"])
    assert made.used[0].split == 2
    assert made.draws.max() > 200


def test_gaps_are_filled_and_counted(vintage_of):
    values = [*VALUES[:20], None, None, *VALUES[22:]]
    made = solved(vintage_of(values), ["2023-01"])
    assert made.used[0].filled == 2


def test_a_month_before_the_first_figure_is_refused(vintage_of):
    outcome = solved(vintage_of(VALUES), ["2019-12"])
    assert isinstance(outcome, TooShortError)


def test_the_error_of_one_question_is_its_own(vintage_of):
    def moody(lane, rng):
        if lane.horizon == 2:
            raise ValueError("no")
        return flat(lane, rng)

    known = vintage_of(VALUES)
    questions = [(known, Task(known.day, S, [month], draws=5)) for month in ("2023-01", "2023-02", "2019-01")]
    made = forecast_batch(questions, [np.random.default_rng(0)] * 3, "auto", lambda season: 4, simulate_each(moody))
    assert made[0].draws.shape == (5, 1, 1)
    assert [type(m) for m in made[1:]] == [ValueError, TooShortError]


def test_draws_that_are_not_finite_are_an_error(vintage_of):
    broken = lambda lane, rng: Paths(np.full((lane.draws, lane.horizon), np.nan), "nan")  # noqa: E731
    assert isinstance(solved(vintage_of(VALUES), ["2023-01"], broken), ArithmeticError)
