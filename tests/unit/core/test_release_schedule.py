"""The release schedule against the customs offices' published calendars."""

import datetime as dt

import pytest

from forecast.core import months
from forecast.core.errors import DataError
from forecast.core.release_clock import bundled_clock, source_of
from forecast.core.release_schedule import coming

MAGNETS, RARE = "CHN.export.USA.re_magnets", "CHN.export.WLD.rare_earths_total"
GALLIUM = "USA.import.CHN.gallium"


def rows(*args, **options):
    return [(due.day.isoformat(), due.series, due.label) for due in coming(*args, **options)]


def test_the_january_blackout():
    # China's calendar of 2025: online 20 January (December), then nothing until 20 March (January and February together)
    assert rows("2025-01-20", [MAGNETS], count=2) == [
        ("2025-03-20", MAGNETS, "2025-01"),
        ("2025-03-20", MAGNETS, "2025-02"),
        ("2025-04-20", MAGNETS, "2025-03"),
    ]
    first, second, third = coming("2025-01-20", [MAGNETS], count=2)
    assert (first.together, second.together, third.together) == (True, True, False)
    assert (first.ahead, first.basis, first.horizon, second.horizon) == (59, "calendar", 0, 1)


def test_a_release_of_the_day_itself_is_out():
    assert rows("2025-01-19", [MAGNETS], count=1) == [("2025-01-20", MAGNETS, "2024-12")]
    assert rows("2025-01-20", [MAGNETS], count=1) == [
        ("2025-03-20", MAGNETS, "2025-01"),
        ("2025-03-20", MAGNETS, "2025-02"),
    ]


def test_series_of_several_clocks_are_one_calendar():
    # flash 7 March and 14 April 2025, online 20 March; US 38 days after the month, on a weekend the Monday after it
    assert rows("2025-03-01", [GALLIUM, RARE, MAGNETS], count=2, until="2025-04-10") == [
        ("2025-03-07", RARE, "2025-01"),
        ("2025-03-07", RARE, "2025-02"),
        ("2025-03-10", GALLIUM, "2025-01"),
        ("2025-03-20", MAGNETS, "2025-01"),
        ("2025-03-20", MAGNETS, "2025-02"),
        ("2025-04-07", GALLIUM, "2025-02"),
    ]


def test_a_shutdown_leaves_months_open_for_long():
    waiting = coming("2025-11-01", [GALLIUM], count=2)
    assert [(due.label, due.day.isoformat(), due.horizon) for due in waiting] == [
        ("2025-08", "2025-11-19", -3),
        ("2025-09", "2025-12-11", -2),
    ]


def test_until_and_repeated_names():
    assert rows("2025-03-01", [RARE, RARE], count=6, until="2025-04-14")[-1] == ("2025-04-14", RARE, "2025-03")
    assert len(rows("2025-03-01", [RARE, RARE], count=6, until="2025-04-14")) == 3


@pytest.mark.parametrize("series", [MAGNETS, RARE, GALLIUM, "KOR.import.CHN.gallium", "DEU.import.CHN.gallium"])
def test_every_month_comes_once_as_days_go_by(series):
    seen, start = {}, dt.date(2024, 1, 1)
    for n in range(500):
        for due in coming(start + dt.timedelta(days=n), [series], count=1):
            assert due.day > start + dt.timedelta(days=n)
            seen[due.month] = due.day
            assert due.day > months.last_day(due.month)
    assert sorted(seen) == list(range(min(seen), max(seen) + 1))
    source, stage = source_of(series)
    clock = bundled_clock()
    assert all(day >= clock.release_day(source, stage, month)[0] for month, day in seen.items())  # it may come early, not late


def test_what_moved_a_release_is_not_known_before():
    assert rows("2025-09-20", [GALLIUM], count=1) == [("2025-10-08", GALLIUM, "2025-08")]
    assert [due.basis for due in coming("2025-11-01", [GALLIUM], count=2)] == ["late", "late"]


def test_no_clock_no_calendar():
    with pytest.raises(DataError, match="no release clock"):
        coming("2025-01-01", ["CHL.export.WLD.copper"])
    with pytest.raises(DataError, match="cannot be listed"):
        coming("2025-01-01", [MAGNETS], count=0)
