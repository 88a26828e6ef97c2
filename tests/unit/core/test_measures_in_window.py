"""Other measures in a window, and the months after the end of the one asked about."""

import datetime as dt
from dataclasses import replace

import pytest

from forecast.core import months
from forecast.core.events import Event, EventCalendar
from forecast.core.measures_in_window import aftermath, other_measures
from forecast.core.questions import Design
from forecast.core.vintage import Cell, Vintage

USA, WORLD = "CHN.export.USA.gallium", "CHN.export.WLD.gallium"
START = dt.date(2023, 3, 1)


def event(name="ban", effective=START, **more):
    given = {"products": ("gallium",), "targets": ("USA",), "instrument": "ban", "role": "default"} | more
    return Event(name, "", effective, effective, **given)


def months_after(events, *calendar, series=USA, first="2023-03", last="2023-12", lag=0):
    known = EventCalendar((*events, *calendar))
    found = aftermath(known, events, [series], months.ordinal(first), months.ordinal(last), lag)
    return (found.ended.isoformat(), [months.label(m) for m in found.months]) if found else None


def label(*numbers):
    return [f"2023-{n:02d}" for n in numbers]


def test_a_measure_without_an_end_has_no_aftermath():
    assert months_after([event()]) is None


@pytest.mark.parametrize(
    ("end", "after"),
    [
        (dt.date(2023, 8, 1), label(8, 9, 10, 11, 12)),  # the last day in force is 31 July
        (dt.date(2023, 8, 2), label(9, 10, 11, 12)),  # one day of August lies under the ban
        (dt.date(2023, 12, 31), None),
    ],
)
def test_the_end_is_the_first_day_without_the_measure(end, after):
    found = months_after([event(end=end, end_announced=end)])
    assert found == ((end.isoformat(), after) if after else None)


def test_goods_under_way_arrive_after_the_end():
    end = dt.date(2023, 8, 1)
    assert months_after([event(end=end, end_announced=end)], lag=2)[1] == label(10, 11, 12)


def test_a_reversal_is_an_end_and_its_lapse_none():
    lifted = event("lifted", dt.date(2023, 6, 1), instrument="suspension", reversal_of="ban")
    assert months_after([event()], lifted) == ("2023-06-01", label(6, 7, 8, 9, 10, 11, 12))
    lapsing = replace(lifted, end=dt.date(2023, 9, 15), end_announced=dt.date(2023, 6, 1))
    assert months_after([event()], lapsing)[1] == label(6, 7, 8)
    ended = event(end=dt.date(2023, 6, 1), end_announced=dt.date(2023, 6, 1))
    assert months_after([ended], lapsing)[1] == label(6, 7, 8)


def test_a_reversal_ends_a_measure_only_for_the_flows_it_applies_to():
    everywhere = event(targets=("ALL",))
    lifted = event("lifted", dt.date(2023, 6, 1), instrument="suspension", reversal_of="ban")
    assert months_after([everywhere], lifted, series=USA)[1] == label(6, 7, 8, 9, 10, 11, 12)
    assert months_after([everywhere], lifted, series=WORLD) is None
    assert months_after([event()], lifted, series=WORLD)[1] == label(6, 7, 8, 9, 10, 11, 12)  # all that the ban closed
    assert months_after([event()], replace(lifted, products=("antimony",))) is None


@pytest.mark.parametrize(("instrument", "ends"), [("deal", False), ("relief", False), ("suspension", True)])
def test_a_licence_that_is_easier_to_get_is_still_needed(instrument, ends):
    eased = event("eased", dt.date(2023, 6, 1), instrument=instrument, reversal_of="ban")
    assert (months_after([event(instrument="licence")], eased) is not None) is ends
    assert months_after([event()], eased) is not None  # a ban is over
    assert months_after([event()], replace(eased, share_stopped=0.5)) is None


def test_measures_together_end_with_the_last():
    one = event(end=dt.date(2023, 6, 1), end_announced=START)
    two = event("two", end=dt.date(2023, 9, 1), end_announced=START)
    assert months_after([one, two]) == ("2023-09-01", label(9, 10, 11, 12))
    assert months_after([one, event("three")]) is None


def vintage(*events, day=dt.date(2024, 6, 1)):
    first = months.ordinal("2020-01")
    cells = tuple(Cell(first + i, first + i, 100.0) for i in range(48))
    return Vintage(day, {USA: cells}, EventCalendar(tuple(e for e in (one.known_on(day) for one in events) if e)))


def asked(design, known):
    window = design.window(known)
    return known.steps.label(window.first), known.steps.label(window.last)


def test_a_window_without_a_stop_ends_with_the_measure():
    ban = event(end=dt.date(2023, 8, 1), end_announced=dt.date(2023, 7, 15))
    assert asked(Design(ban, USA), vintage(ban)) == ("2023-03", "2023-07")
    assert asked(Design(ban, USA, stop="2023-12"), vintage(ban)) == ("2023-03", "2023-12")
    assert asked(Design(ban, USA, lag_months=1), vintage(ban)) == ("2023-04", "2023-08")
    assert asked(Design(event(), USA), vintage(event())) == ("2023-03", "2023-12")
    # a window that begins after the end is about what came then
    assert asked(Design(ban, USA, start="2023-09"), vintage(ban)) == ("2023-09", "2023-12")


def test_an_end_not_announced_yet_is_not_known():
    ban = event(end=dt.date(2023, 8, 1), end_announced=dt.date(2023, 7, 15))
    assert asked(Design(ban, USA), vintage(ban, day=dt.date(2023, 7, 1))) == ("2023-03", "2023-12")


def test_others_begin_in_the_window_or_shortly_before():
    at = {f"at_{m}": event(f"at_{m}", dt.date(2023, m, 10)) for m in (1, 4, 7, 12)}
    calendar = EventCalendar((event(), *at.values(), replace(event("aside", dt.date(2023, 5, 1)), role="context")))
    found = other_measures(calendar, ["ban"], [USA], months.ordinal("2023-04"), months.ordinal("2023-07"))
    assert [e.id for e in found] == ["at_4", "at_7"]
    found = other_measures(calendar, ["ban"], [USA], months.ordinal("2023-03"), months.ordinal("2023-07"))
    assert [e.id for e in found] == ["at_1", "at_4", "at_7"]
