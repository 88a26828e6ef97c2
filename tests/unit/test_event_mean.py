"""The mean since the last event."""

import datetime as dt

import numpy as np
import pytest
from contracts.archives import SERIES, archive, day_after, event

from forecast.core import months as mm, registry
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.study.ask import put

FLAT = np.r_[np.full(36, 1000.0), np.full(12, 100.0)] * (1 + 0.01 * np.sin(np.arange(48)))  # 2018-01 to 2021-12


def middle(day, events=(), values=FLAT, **options):
    vintage = archive(values, first="2018-01", events=events).as_of(day_after(day))
    last = vintage.last_month(SERIES)
    made = put(
        registry.build("model", {"use": "event_mean", **options}),
        vintage,
        Task(vintage.day, SERIES, mm.months(mm.label(last + 1), mm.label(last + 3)), draws=2000),
    )
    return np.median(made.draws[:, 0, :], axis=0), made.used[0].model


def cut(**more):
    return event("ban", announced="2020-12-05", effective="2021-01-01", **more)


def test_only_months_since_the_event_count():
    found, told = middle("2021-06", [cut()])
    assert found == pytest.approx(100, rel=0.05)
    assert told == "mean of 6 months, since ban"


def test_an_event_counts_once_enough_months_lie_behind_it():
    assert middle("2021-02", [cut()])[1] == "mean of 12 months, no event"
    assert middle("2021-02", [cut()], least=2)[1] == "mean of 2 months, since ban"


def test_the_end_of_a_measure_cuts_as_well():
    ends = cut(end=dt.date(2021, 7, 1), end_announced=dt.date(2021, 6, 10))
    assert middle("2021-12", [ends])[1] == "mean of 6 months, since the end of ban"
    assert middle("2021-06", [ends])[1] == "mean of 6 months, since ban", "an end still to come cuts nothing"


def test_without_an_event_it_is_the_mean_of_a_year():
    found, told = middle("2020-12")
    assert found == pytest.approx(1000, rel=0.05)
    assert told == "mean of 12 months, no event"
    assert middle("2020-12", window=6)[1] == "mean of 6 months, no event"


def test_too_little_is_said_and_bad_options_are_refused():
    with pytest.raises(TooShortError, match="4 usable months where 5 are needed"):
        middle("2018-04")
    for options in ({"least": 0}, {"least": 13}):
        with pytest.raises(ConfigError, match="least"):
            registry.build("model", {"use": "event_mean", **options})
