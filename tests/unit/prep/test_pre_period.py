"""Pre-periods of a design."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months
from forecast.core.events import Event
from forecast.core.questions import Design
from forecast.prep.pre_period import clean_pre_period, touched_months

S = "CHN.export.USA.re_magnets"
O = months.ordinal  # noqa: E741


def event(name, day, **changes):
    day = dt.date.fromisoformat(day)
    made = {
        "id": name, "title": name, "announced": day, "effective": day, "targets": ("USA",), "products": ("magnets",),
        "instrument": "licence", "role": "default",
    }  # fmt: skip
    return Event(**(made | changes))


BAN = event("ban", "2023-04-04")


def found(vintage, design=None):
    stretch = clean_pre_period(vintage, design or Design(BAN, S))
    return months.label(stretch.first), months.label(stretch.last), stretch.count


def test_all_before_the_event_is_clean(vintage_of):
    assert found(vintage_of(np.arange(48.0), events=[BAN], series=S)) == ("2020-01", "2023-03", 39)


def test_the_notice_is_not_clean(vintage_of):
    early = event("ban", "2023-04-04", announced=dt.date(2023, 2, 10), anticipation_from=dt.date(2023, 2, 10))
    assert found(vintage_of(np.arange(48.0), events=[early], series=S), Design(early, S)) == ("2020-01", "2023-01", 37)


def test_another_event_of_the_product_ends_what_was_clean(vintage_of):
    other = event("other", "2022-05-20")
    assert found(vintage_of(np.arange(48.0), events=[BAN, other], series=S)) == ("2022-06", "2023-03", 10)
    assert found(vintage_of(np.arange(48.0), events=[BAN, other], series=S), Design([BAN, other], S))[1] == "2022-04"


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "context"},
        {"role": "control"},
        {"products": ("gallium",)},
        {"targets": ("JPN",)},
        {"called_off": dt.date(2022, 5, 21)},
        {"announced": dt.date(2023, 6, 1), "effective": dt.date(2023, 6, 1)},
    ],
)
def test_events_that_do_not_disturb(vintage_of, changes):
    vintage = vintage_of(np.arange(48.0), events=[BAN, event("other", "2022-05-20", **changes)], series=S)
    assert found(vintage) == ("2020-01", "2023-03", 39)


def test_a_named_day_wins(vintage_of):
    vintage = vintage_of(np.arange(48.0), events=[BAN, event("other", "2022-05-20")], series=S)
    assert found(vintage, Design(BAN, S, clean_from="2021-01")) == ("2021-01", "2023-03", 27)


def test_holes_and_spans(vintage_of):
    values = [1.0] * 12 + [None] * 3 + [1.0] * 33
    spans = [("2021-01", "2021-03", 5), ("2023-01", "2023-12", 9)]
    stretch = clean_pre_period(vintage_of(values, events=[BAN], series=S, spans=spans), Design(BAN, S))
    assert stretch.count == 36
    assert [c.value for c in stretch.spans] == [5.0]
    assert stretch.months.max() == O("2023-03")
    assert np.isfinite(stretch.values).all()


def test_touched_months_run_from_the_notice_to_two_months_after(vintage_of):
    early = event("other", "2022-05-20", announced=dt.date(2022, 4, 1), anticipation_from=dt.date(2022, 4, 1))
    off = event("off", "2021-01-01", called_off=dt.date(2021, 1, 1))
    vintage = vintage_of(np.arange(48.0), events=[BAN, early, off], series=S)
    touched = touched_months(vintage, S, own=("ban",))
    assert sorted(map(months.label, touched)) == ["2022-04", "2022-05", "2022-06", "2022-07"]
    assert O("2023-04") in touched_months(vintage, S)


def test_placebos_never_overlap_touched_months(vintage_of):
    vintage = vintage_of(np.arange(48.0), events=[BAN, event("other", "2022-01-20")], series=S)
    touched = touched_months(vintage, S)
    design = Design(BAN, S, stop="2023-06")
    placebos = design.in_time(vintage, touched=touched)
    assert placebos
    for placebo in placebos:
        w = placebo.window(vintage)
        assert not touched & set(range(w.hole, w.last + 1))
        assert w.last < design.window(vintage).hole
