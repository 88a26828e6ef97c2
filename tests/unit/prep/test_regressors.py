"""Regressors of linear models."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months
from forecast.core.events import Event
from forecast.prep.regressors import HOLIDAY_AND_AROUND, MIN_MONTHS_MOVED, Regressors, event_regressors, lunar_regressor

WHEN = np.arange(months.ordinal("2020-01"), months.ordinal("2020-01") + 24)
BAN = Event(
    "ban",
    "ban",
    dt.date(2021, 1, 1),
    dt.date(2021, 1, 1),
    targets=("USA",),
    products=("gallium",),
    instrument="ban",
    role="default",
)


def test_events_of_the_whole_flow(vintage_of):
    vintage = vintage_of(np.arange(24.0), series="CHN.export.USA.gallium", events=[BAN])
    made = event_regressors(vintage, "CHN.export.USA.gallium", WHEN)
    assert made.names == ("ban",)
    np.testing.assert_array_equal(made.matrix[:, 0], [0.0] * 12 + [1.0] * 12)
    assert event_regressors(vintage, "CHN.export.WLD.gallium", WHEN).matrix.shape == (24, 0)


def test_an_event_announced_later_is_no_regressor(figure, archive_of):
    archive = archive_of(figure("CHN.export.USA.gallium", "2020-01", 1, "2020-03-20"), events=[BAN])
    assert event_regressors(archive.as_of("2020-12-31"), "CHN.export.USA.gallium", WHEN).names == ()
    assert event_regressors(archive.as_of("2021-01-01"), "CHN.export.USA.gallium", WHEN).names == ("ban",)


@pytest.mark.parametrize(
    ("series", "columns"),
    [
        ("CHN.export.USA.gallium", 1),
        ("USA.import.CHN.gallium", 1),
        ("USA.import.WLD.gallium", 0),
        ("USA.import.CAN.gallium", 0),
        ("plain", 0),
    ],
)
def test_the_lunar_new_year_moves_chinese_trade_only(vintage_of, series, columns):
    made = lunar_regressor(vintage_of([1.0], series=series), series, WHEN)
    assert made.matrix.shape == (24, columns)
    assert made.names == ("lunar_new_year",) * columns
    if columns:
        np.testing.assert_array_equal(made.matrix[:, 0], months.lunar_new_year(WHEN))


def test_the_new_year_may_have_several_windows(vintage_of):
    series = "CHN.export.USA.gallium"
    made = lunar_regressor(vintage_of([1.0], series=series), series, WHEN, HOLIDAY_AND_AROUND)
    assert made.names == ("lunar_before", "lunar_new_year", "lunar_after")
    for column, window in zip(made.matrix.T, HOLIDAY_AND_AROUND.values(), strict=True):
        np.testing.assert_array_equal(column, months.lunar_new_year(WHEN, *window))


@pytest.mark.parametrize(
    ("column", "kept"),
    [
        (np.zeros(24), False),
        (np.ones(24), False),
        (np.r_[np.zeros(24 - MIN_MONTHS_MOVED), np.ones(MIN_MONTHS_MOVED)], True),
        (np.r_[np.zeros(25 - MIN_MONTHS_MOVED), np.ones(MIN_MONTHS_MOVED - 1)], False),
        (np.r_[np.zeros(MIN_MONTHS_MOVED - 1), np.ones(25 - MIN_MONTHS_MOVED)], False),
        (np.r_[np.zeros(12), np.linspace(0.1, 1, 12)], True),
    ],
)
def test_a_column_must_move(column, kept):
    used, dropped = Regressors(("x",), column[:, None]).usable(np.arange(24))
    assert used.names == (("x",) if kept else ())
    assert dropped == (() if kept else ("x",))
    assert used.matrix.shape == (24, int(kept))


def test_a_column_must_move_where_there_are_figures():
    step = np.r_[np.zeros(12), np.ones(12)]
    assert Regressors(("x",), step[:, None]).usable(np.arange(13))[1] == ("x",)
    mask = np.zeros(24, dtype=bool)
    mask[8:16] = True
    assert Regressors(("x",), step[:, None]).usable(mask)[1] == ()


def test_taking_columns_keeps_the_names_beside_them():
    both = Regressors(("a", "b", "c"), np.arange(6.0).reshape(2, 3))
    some = both.take([2, 0])
    assert some.names == ("c", "a")
    np.testing.assert_array_equal(some.matrix, [[2, 0], [5, 3]])
    assert both.take([]).matrix.shape == (2, 0)
