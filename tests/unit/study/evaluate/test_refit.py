"""On which cutoffs parameters are re-estimated."""

import datetime as dt

import pytest
from contracts.archives import SERIES, archive, day_after, event

from forecast.core.errors import ConfigError
from forecast.study.evaluate.backtest import backtest, backtest_questions
from forecast.study.evaluate.refit import fit_days, refit_rule

MONTHS = [f"2021-{m:02d}" for m in range(1, 13)]
DAYS = [day_after(m) for m in MONTHS]


def fitted(policy, events=(), days=DAYS, **more):
    pasts = backtest_questions(archive(events=events), [SERIES], days, 1, refit=policy, **more)
    return [MONTHS[days.index(p.task.fitted_on or p.task.day)] for p in pasts]


def test_always_and_never():
    assert fitted("always") == MONTHS
    assert set(fitted("never")) == {"2021-01"}


def test_every_k_th_cutoff():
    assert fitted(5) == ["2021-01"] * 5 + ["2021-06"] * 5 + ["2021-11"] * 2


def test_on_event_follows_announcement_effect_and_end():
    ban = event("ban", "2021-03-01", "2021-06-01", end=dt.date(2021, 11, 1), end_announced=dt.date(2021, 9, 1))
    found = fitted("event", [ban])
    # a day after the figure of a month is out: 2021-01's on 21 February, so the announcement is first seen on 2021-02's
    changes = [m for m, before in zip(found[1:], found, strict=False) if m != before]
    assert changes == ["2021-02", "2021-05", "2021-08", "2021-10"]


def test_an_event_that_is_not_announced_yet_changes_nothing():
    assert set(fitted("event", [event("late", "2022-06-01", "2022-07-01")])) == {"2021-01"}


def test_a_rule_of_ones_own():
    assert fitted(lambda vintage, last: (vintage.day - last).days > 100)[-1] != "2021-01"


@pytest.mark.parametrize("policy", ["sometimes", 0, -3])
def test_an_unknown_policy_is_refused(policy):
    with pytest.raises(ConfigError):
        refit_rule(policy, SERIES)
    with pytest.raises(ConfigError):
        fitted(policy)


def test_no_cutoffs_no_days():
    assert fit_days("never", [], SERIES) == []


def test_models_keep_the_parameters_of_the_first_cutoff():
    def parameters(policy):
        made = backtest(archive(), DAYS[:4], ["ets"], SERIES, [1], draws=20, refit=policy)
        return [round(a.answer.parameters["loglike"], 6) for a in made.answered]

    assert len(set(parameters("never"))) == 1
    assert len(set(parameters("always"))) == 4


@pytest.mark.parametrize("policy", ["never", 24])
def test_a_rolling_window_of_the_day_of_the_fit_is_as_long(policy):
    days = [day_after(m) for m in ("2020-06", "2023-11")]
    pasts = backtest_questions(archive(), [SERIES], days, 1, refit=policy, window="rolling", window_months=24)
    late = pasts[-1]
    assert late.task.fitted_on == days[0]
    vintage = late.vintage(archive())
    then = vintage.earlier(late.task.fitted_on)
    assert vintage.observed(SERIES).count == then.observed(SERIES).count == 24
    made = backtest(archive(), days, ["ets"], SERIES, [1], draws=20, refit=policy, window="rolling", window_months=24)
    assert made.failures == {"ets": 0}
