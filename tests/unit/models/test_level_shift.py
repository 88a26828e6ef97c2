"""Shifts of a level that nobody explains: bands shrink again, and a level that has not shifted is the inner model's."""

import numpy as np
import pytest
from contracts.archives import SERIES, archive, day_after, monthly

from forecast.core import months as mm, registry
from forecast.core.questions import Task
from forecast.study.ask import answer_or_raise

DAY = day_after("2022-12")
ASKED = mm.months("2023-01", "2023-06")


def ask(values, spec):
    vintage = archive(values).as_of(DAY)
    return answer_or_raise(registry.build("model", spec), vintage, Task(vintage.day, SERIES, ASKED, draws=500), 1)


def width(made):
    low, high = np.quantile(made.draws[:, 0], [0.1, 0.9], axis=0)
    return float((high - low).mean())


@pytest.mark.parametrize("months", [6, 8, 12])
def test_after_a_fall_the_bands_are_those_of_the_new_level(months):
    values = monthly(60)
    fallen = values.copy()
    fallen[-months:] *= 0.3
    made, inner, steady = ask(fallen, "level_shift"), ask(fallen, "combine"), ask(values, "combine")
    assert width(made) < 0.5 * width(inner)
    assert width(made) < 0.6 * width(steady)
    ratio = np.median(made.draws, axis=0) / np.median(steady.draws, axis=0)
    assert np.allclose(ratio, 0.3, atol=0.05)
    assert any(f"stayed for {months} months" in note for note in made.used[0].notes)


def test_without_a_shift_the_answer_is_the_inner_models():
    made, inner = ask(monthly(60), "level_shift"), ask(monthly(60), "combine")
    assert np.array_equal(made.draws, inner.draws)
    assert made.used == inner.used


def test_a_fall_that_ended_is_no_shift():
    values = monthly(60)
    values[-9:-3] *= 0.3
    assert np.array_equal(ask(values, "level_shift").draws, ask(values, "combine").draws)
