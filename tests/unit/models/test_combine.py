"""Combination by days to release: weights from past nowcasts at the same distance, known by the day and no later."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from contracts.archives import SERIES, archive, day_after, monthly, rows

from forecast.core import registry
from forecast.core.archive import Archive
from forecast.core.errors import ConfigError
from forecast.core.months import label, ordinal
from forecast.core.panel import panel
from forecast.core.questions import Task
from forecast.core.release_clock import bundled_clock, source_of
from forecast.core.results import Forecast
from forecast.prep.past_origins import past_nowcast_origins, past_origins
from forecast.study.ask import answer
from forecast.study.data.corrupt_future import corrupt_archive

LAST = {"use": "drift", "drift": False}
MEMBERS = ["mean12", LAST]
DAY = dt.date(2022, 9, 5)  # August is due on the 20th: 15 days


def walk(n=57, seed=5):
    """A walk with large steps: the last figure is far better than a mean of twelve."""
    return 1000.0 * np.exp(np.cumsum(0.25 * np.random.default_rng(seed).standard_normal(n)))


def task_of(day=DAY, asked=("2022-08",), series=SERIES, draws=300):
    return Task(day, series, asked, draws=draws)


def combined(vintage, task, **options):
    method = registry.build("model", {"use": "combine", "members": MEMBERS, "how": "release_day", **options})
    made = answer(method, vintage, task)
    assert isinstance(made, Forecast), made
    return made


def weights_by_hand(vintage, task, origins, prior, width=7):
    """One over mean squares of both members' misses, drawn to a half."""
    past = past_nowcast_origins(vintage, task, origins, width)
    misses = [
        [
            float(answer(registry.build("model", m), p.vintage, p.task).mean[0, 0] - p.truth[0]) / np.sqrt(p.leads[0])
            for p in past
        ]
        for m in MEMBERS
    ]
    inverse = 1.0 / np.mean(np.square(misses), axis=1)
    trust = len(past) / (len(past) + prior)
    return trust * inverse / inverse.sum() + (1.0 - trust) / 2.0


def told(made):
    return next(note for note in made.used[0].notes if note.startswith("weights"))


def test_past_nowcasts_stand_at_the_same_distance_and_never_nearer():
    known = archive(walk())
    vintage = known.as_of(DAY)
    past = past_nowcast_origins(vintage, task_of(), 12)
    assert len(past) == 12
    assert [one.age for one in past] == list(range(1, 13))
    months = [ordinal(one.task.months[0]) for one in past]
    assert months == sorted(months, reverse=True)
    assert label(months[0]) == "2022-07"
    for one, month in zip(past, months, strict=True):
        due, _ = bundled_clock().release_day(*source_of(SERIES), month)
        assert (due - one.task.day).days == 21  # 15 days lie in the bin from 15 to 21
        assert one.vintage.day == one.task.day <= DAY
        assert one.vintage.last_month(SERIES) < month
        assert one.truth == pytest.approx(vintage.observed(SERIES).at(month, month))
    exact = past_nowcast_origins(vintage, task_of(), 3, width=1)
    due, _ = bundled_clock().release_day(*source_of(SERIES), ordinal("2022-07"))
    assert (due - exact[0].task.day).days == 15


def test_weights_go_to_the_better_member_as_computed_by_hand():
    vintage = archive(walk()).as_of(DAY)
    made = combined(vintage, task_of(), origins=12, prior=2.0)
    weights = weights_by_hand(vintage, task_of(), 12, 2.0)
    assert weights[1] > 0.75
    means = [answer(registry.build("model", m), vintage, task_of()).mean[0, 0] for m in MEMBERS]
    assert made.mean[0, 0] == pytest.approx(float(weights @ means), rel=1e-9)
    assert told(made) == f"weights {weights[0]:.2f}, {weights[1]:.2f} from 12 past errors"


def test_few_errors_leave_the_weights_equal():
    vintage = archive(walk()).as_of(DAY)
    near = weights_by_hand(vintage, task_of(), 2, 200.0)
    assert near == pytest.approx([0.5, 0.5], abs=0.01)
    made = combined(vintage, task_of(), origins=2, prior=200.0)
    assert told(made).startswith(f"weights {near[0]:.2f}, {near[1]:.2f} from 2 past errors")
    short = archive(walk(14)).as_of(day_after("2019-02"))  # both answer today, the mean of twelve on no earlier day
    task = task_of(short.day, ("2019-03",))
    alone = combined(short, task, origins=12)
    assert "no earlier origin: equal weights" in alone.used[0].notes
    means = [answer(registry.build("model", m), short, task).mean[0, 0] for m in MEMBERS]
    assert alone.mean[0, 0] == pytest.approx(np.mean(means), rel=1e-9)


def test_what_is_not_out_changes_nothing():
    known = archive(walk())
    one, two = (combined(a.as_of(DAY), task_of(), origins=12) for a in (known, corrupt_archive(known, DAY)))
    assert np.array_equal(one.draws, two.draws)
    assert one.used == two.used


def test_weights_of_two_series_are_their_own():
    other = "CHN.export.WLD.gallium"
    flat = 50.0 + np.random.default_rng(1).standard_normal(57)  # here the mean of twelve is better
    both = Archive(pd.DataFrame(rows(walk()) + rows(flat, other))).as_of(DAY)
    made = combined(both, task_of(series=(SERIES, other)), origins=12, prior=2.0)
    for i, series in enumerate((SERIES, other)):
        weights = weights_by_hand(both, task_of(series=series), 12, 2.0)
        assert made.used[i].notes[-1] == f"weights {weights[0]:.2f}, {weights[1]:.2f} from 12 past errors"
    assert weights[0] > 0.5


def test_held_parameters_hold_the_weights():
    vintage = archive(walk()).as_of(DAY)
    first = vintage.earlier("2022-07-25")
    held = Task(DAY, SERIES, ["2022-08"], fitted_on=first.day, draws=300)
    then = Task(first.day, SERIES, ["2022-08"], draws=300)
    assert told(combined(vintage, held, origins=6)) == told(combined(first, then, origins=6))
    assert told(combined(vintage, task_of(), origins=6)) != told(combined(first, then, origins=6))


def test_without_a_day_of_publication_the_months_ahead_stand_in():
    years = panel(pd.DataFrame({"year": np.arange(1960, 2010), "y": np.cumsum(np.ones(50))}), time="year", value="y")
    plain = Task(years.day, "y", ["2010"], draws=200)
    seen = [(p.origin, p.task.months) for p in past_nowcast_origins(years, plain, 4)]
    assert seen == [(p.origin, p.task.months) for p in past_origins(years, plain, 4, 1)]
    late = archive(monthly(40)).as_of("2022-09-05")  # bundled to April 2021 alone: the next month is long overdue
    overdue = task_of(asked=("2021-05",))
    want = [(p.series, p.age, p.task.months) for p in past_origins(late, overdue, 4, 1)]
    assert [(p.series, p.age, p.task.months) for p in past_nowcast_origins(late, overdue, 4)] == want


def test_months_asked_together_follow_together():
    vintage = archive(walk()).as_of(DAY)
    past = past_nowcast_origins(vintage, task_of(asked=("2022-08", "2022-09")), 3)
    assert [one.task.months for one in past] == [("2022-07",), ("2022-06", "2022-07"), ("2022-05", "2022-06")]
    assert (past[1].leads == past[1].leads[0] + np.arange(2)).all()


def test_options_are_checked():
    with pytest.raises(ConfigError, match="width"):
        registry.build("model", {"use": "combine", "how": "release_day", "width": 0})
