"""The questions sampled for the leakage check, and the time announced for it."""

import pytest

from forecast.jobs.batch import OWN_DAY
from forecast.jobs.leakage_questions import describe_sample, sample_questions
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import make_plan
from forecast.study.evaluate.backtest import BacktestQuestion


@pytest.fixture(scope="module")
def planned():
    config = load("quick")
    return make_plan(config, read_archive(config))


def test_every_method_is_asked_on_the_first_middle_and_last_day(planned):
    asked = sample_questions(planned)
    for group, pasts in planned.groups.items():
        days = sorted({past.task.day for past in pasts})
        mine = [one for one in asked if one.about.startswith(f"{group}, ")]
        assert {one.day for one in mine} == {days[0], days[len(days) // 2], days[-1]}
        assert {one.method for one in mine} == {b.label for b in planned.batches if b.group == group}
    estimators = [one for one in asked if one.about.startswith("effect ")]
    assert len(estimators) == sum(len(row.estimators) for row in planned.config.effects)
    assert {one.day for one in estimators} == {planned.vintage.day}


def test_a_question_is_the_plans_own_with_fewer_draws(planned):
    one = next(one for one in sample_questions(planned) if one.about.startswith(OWN_DAY))
    vintage, task = one.put(planned.real_time)
    past = next(p for p in planned.groups[OWN_DAY] if p.task.series == task.series)
    assert isinstance(past, BacktestQuestion)
    assert (task.day, task.months, task.draws) == (past.task.day, past.task.months, 100)
    assert vintage.day == task.day


def test_the_time_is_reported_beforehand(planned):
    asked = sample_questions(planned)
    days = len({one.day for one in asked})
    assert describe_sample(asked).startswith(f"{len(asked)} questions on {days} days, each asked twice: about ")
    assert describe_sample(asked).endswith(" seconds")
    assert describe_sample(asked * 50).endswith(" minutes")
