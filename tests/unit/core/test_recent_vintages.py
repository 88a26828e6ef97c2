"""The vintages of the days that were asked for last are shared, between threads too."""

import datetime as dt
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from forecast.core.recent_vintages import RecentVintages

DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=i) for i in range(6)]


def made(day):
    return SimpleNamespace(day=day)


@pytest.fixture
def often_switched():
    """Threads that are switched between a look and what follows from it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_the_last_days_are_held_and_the_others_made_again():
    recent = RecentVintages(2)
    first, _ = recent.of(DAYS[0], made), recent.of(DAYS[1], made)
    assert recent.of(DAYS[0], made) is first, "asked again, it is the latest"
    third = recent.of(DAYS[2], made)
    assert recent.of(DAYS[0], made) is first
    assert recent.of(DAYS[2], made) is third
    assert len(recent) == 2


def test_threads_that_ask_at_once_all_get_their_day(often_switched):
    recent = RecentVintages(2)

    def ask(start):
        return all(recent.of(day, made).day == day for i in range(3000) for day in (DAYS[(start + i) % len(DAYS)],))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(4)))
    assert len(recent) == 2


def test_of_two_that_make_one_at_once_both_get_the_first():
    recent, first = RecentVintages(2), []

    def while_another_makes_it(day):
        first.append(recent.of(day, made))
        return made(day)

    assert recent.of(DAYS[0], while_another_makes_it) is first[0]
    assert recent.of(DAYS[0], made) is first[0]
