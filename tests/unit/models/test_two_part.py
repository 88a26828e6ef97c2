"""Two parts: empty months get their chance, what is published stands, and flows without empty months are the inner model's."""

import numpy as np
import pytest
from contracts.archives import FIRST, SERIES, archive, day_after, monthly

from forecast.core import months as mm, registry
from forecast.core.questions import Task
from forecast.study.ask import answer_or_raise

DAY = day_after("2022-12")
ASKED = mm.months("2023-01", "2023-06")
DRAWS = 1000


def ask(values, spec="two_part", asked=ASKED, **more):
    vintage = archive(values, **more).as_of(DAY)
    return answer_or_raise(registry.build("model", spec), vintage, Task(vintage.day, SERIES, asked, draws=DRAWS), 1)


def with_empty(share, seed=4):
    values = monthly(60)
    return np.where(np.random.default_rng(seed).random(len(values)) < share, 0.0, values)


@pytest.mark.parametrize("share", [0.15, 0.35])
def test_empty_months_are_drawn_as_often_as_they_were(share):
    values = with_empty(share)
    made = ask(values)
    assert abs((made.draws == 0).mean() - (values == 0).mean()) < 0.05
    assert "times the chance of trade" in made.used[0].model
    # the amounts are those of months with trade: no draw lies between nothing and a small part of them
    traded = made.draws[made.draws > 0]
    assert np.quantile(traded, 0.01) > 0.3 * np.median(values[values > 0])


def test_without_empty_months_the_answer_is_the_inner_models():
    inner = ask(monthly(60), "level_shift")
    made = ask(monthly(60))
    assert np.array_equal(made.draws, inner.draws)
    assert made.used == inner.used


def test_a_flow_that_is_mostly_empty_is_the_thin_models():
    values = with_empty(0.7)
    assert np.array_equal(ask(values).draws, ask(values, "hurdle").draws)


def test_months_inside_a_published_sum_add_up_to_it():
    values = with_empty(0.2)
    total = 2500.0
    values[-2:] = np.nan
    made = ask(values, asked=mm.months("2022-11", "2023-01"), spans=[("2022-11", "2022-12", total)])
    assert np.allclose(made.draws[:, 0, :2].sum(axis=1), total, rtol=0.01)  # the mean of members keeps a sum to that
    assert (made.draws[:, 0, 2] == 0).mean() > 0.1


def test_a_known_month_stands_as_published():
    values = with_empty(0.3)
    known = int(np.flatnonzero(values == 0)[-1])
    made = ask(values, asked=[mm.label(mm.ordinal(FIRST) + known), "2023-01"])
    assert (made.draws[:, 0, 0] == 0).all()


def test_empty_months_of_long_ago_are_forgotten():
    values = monthly(60)
    values[[3, 9]] = 0.0
    assert np.array_equal(ask(values).draws, ask(values, "level_shift").draws)
