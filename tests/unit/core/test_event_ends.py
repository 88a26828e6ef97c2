"""The announced end of a measure as an event: what traders buy before it or wait for, from the day it is known on."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

import forecast as fc
from forecast.core import months
from forecast.core.errors import DataError
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Design
from forecast.core.vintage import Cell, Vintage
from forecast.study.ask import estimator_from
from forecast.study.effects import judge

SERIES = "USA.import.CHN.gallium"
ANNOUNCED, END = dt.date(2026, 3, 10), dt.date(2026, 9, 27)
PAUSE = Event(
    "pause", "Pause of a ban", dt.date(2021, 1, 1), dt.date(2021, 1, 1), end=END, end_announced=ANNOUNCED, targets="USA",
    products="gallium", instrument="suspension", role="default",
)  # fmt: skip
SURGE = range(months.ordinal("2026-06"), months.ordinal("2026-10"))  # three months before the end, and that of the end


def known(day, surge=1.0, event=PAUSE):
    """Seven years of trade of about 1,000 kg a month as known on a day, times `surge` before the end."""
    rng = np.random.default_rng(5)
    first = months.ordinal("2019-01")
    cells = [
        Cell(m, m, 1000 * float(np.exp(0.1 * rng.standard_normal())) * (surge if m in SURGE else 1.0))
        for m in range(first, months.ordinal(day))
    ]
    return Vintage(day, {SERIES: tuple(cells)}, EventCalendar((event,)).known_on(day))


def ahead(vintage, **more):
    given = {"estimand": "anticipation", "anticipation": 3, "draws": 400} | more
    return Design(vintage.events["pause:end"], SERIES, **given)


def test_the_end_is_an_event_only_from_the_day_on_which_it_was_announced():
    before, after = known(ANNOUNCED - dt.timedelta(days=1)), known(ANNOUNCED)
    assert "pause:end" not in before.events
    with pytest.raises(DataError, match="no end of 'pause' is announced"):
        before.events["pause:end"]
    end = after.events["pause:end"]
    assert (end.announced, end.effective, end.anticipation_from) == (ANNOUNCED, END, ANNOUNCED)
    assert [e.id for e in after.events] == ["pause"]  # told by name alone, and in no model's calendar
    assert end.touches(SERIES)


def test_an_end_that_became_known_afterwards_was_awaited_by_nobody():
    late = replace(PAUSE, end_announced=END + dt.timedelta(days=1))
    assert "pause:end" not in EventCalendar((late,))
    assert "pause:end" not in EventCalendar((replace(PAUSE, end=None, end_announced=None),))
    assert "pause:end" not in EventCalendar((replace(PAUSE, called_off=ANNOUNCED),))


def test_an_end_is_awaited_no_more_once_the_measure_was_taken_back():
    deal = Event(
        "deal", "A deal", dt.date(2026, 5, 1), dt.date(2026, 5, 1), targets="USA", products="gallium", instrument="relief",
        reversal_of="pause",
    )  # fmt: skip
    both = EventCalendar((PAUSE, deal))
    assert "pause:end" in both.known_on(ANNOUNCED)
    assert "pause:end" not in both
    with pytest.raises(DataError, match="was reversed by 'deal'"):
        both["pause:end"]


def test_by_default_the_window_is_the_months_of_anticipation():
    vintage = known(dt.date(2026, 12, 1))
    window = ahead(vintage).window(vintage)
    assert [months.label(m) for m in (window.hole, window.first, window.last)] == ["2026-06", "2026-06", "2026-08"]
    since_announced = ahead(vintage, anticipation=None).window(vintage)
    assert months.label(since_announced.first) == "2026-03"
    still_running = known(dt.date(2026, 8, 1))
    assert months.label(ahead(still_running).window(still_running).last) == "2026-07"


@pytest.mark.parametrize("method", ["baseline", "counterfactual", "regression"])
@pytest.mark.parametrize(("surge", "sign"), [(1.6, 1), (0.4, -1)])
def test_buying_before_an_end_and_waiting_for_it_are_found(method, surge, sign):
    vintage = known(dt.date(2026, 12, 1), surge)
    effect = judge.estimate(estimator_from(method), vintage, ahead(vintage), 1)
    low, high = sorted(sign * bound for bound in effect.cumulative.interval(0.95))
    assert low > 0
    assert low < abs(surge - 1) * 3000 < high
    assert effect.verdict.word in ("supported", "suggestive")
    assert effect.n_clean >= 60


def test_without_either_nothing_is_claimed():
    vintage = known(dt.date(2026, 12, 1))
    effect = judge.estimate(estimator_from("baseline"), vintage, ahead(vintage), 1)
    assert effect.verdict.word not in ("supported", "suggestive")
    assert len(effect.placebos) > 5


def test_of_the_bundled_suspension_the_end_is_known_since_it_began():
    end = fc.load_archive().events["us_ban_suspension_2025:end"]
    assert (end.announced, end.effective) == (dt.date(2025, 11, 9), dt.date(2026, 11, 27))
