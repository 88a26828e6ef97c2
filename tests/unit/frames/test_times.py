"""Times of tables: every way to write months, quarters and years, read and written again; what is ambiguous is asked."""

import datetime as dt
import pickle

import numpy as np
import pandas as pd
import pytest

from forecast.core.errors import ConfigError, DataError
from forecast.core.time_axis import Steps
from forecast.frames.times import read_times

N = 30


def dates(freq, start="2012-01-01", **more):
    return pd.date_range(start, periods=N, freq=freq, **more)


def without_freq(index):
    return pd.DatetimeIndex(list(index))


MONTHS = pd.period_range("2022-01", periods=N, freq="M")
QUARTERS = pd.period_range("2012Q1", periods=N, freq="Q")
WRITTEN = {
    "month-ends": (dates("ME"), "month", None),
    "month-ends without a frequency": (without_freq(dates("ME")), "month", None),
    "last working days": (without_freq(dates("BME")), "month", None),
    "first working days": (without_freq(dates("BMS")), "month", None),
    "firsts of months in a time zone": (dates("MS", tz="Europe/Paris"), "month", None),
    "in seconds": (dates("MS").as_unit("s"), "month", None),
    "the fifteenth": (without_freq(dates("MS") + pd.Timedelta(days=14)), "month", None),
    "quarter-ends": (dates("QE"), "quarter", None),
    "quarter-ends without a frequency": (without_freq(dates("QE")), "quarter", None),
    "quarters from February on": (without_freq(dates("QS-FEB")), "quarter", None),
    "every third month": (dates("3MS"), "quarter", None),
    "year-ends": (without_freq(dates("YE", "1980-01-01")), "year", None),
    "years that end in June": (dates("YE-JUN", "1980-01-01"), "year", None),
    "weeks": (dates("W-FRI"), "week", 52),
    "weeks without a frequency": (without_freq(dates("W-FRI")), "week", 52),
    "days": (dates("D"), "day", 7),
    "periods of months": (MONTHS, "month", None),
    "periods of quarters": (QUARTERS, "quarter", None),
    "periods of fiscal quarters": (pd.period_range("2012Q1", periods=N, freq="Q-JAN"), "quarter", None),
    "periods of years": (pd.period_range("1980", periods=N, freq="Y"), "year", None),
    "periods of fiscal years": (pd.period_range("1980", periods=N, freq="Y-JUN"), "year", None),
    "periods of weeks": (pd.period_range("2012-01-01", periods=N, freq="W"), "week", 52),
    "periods as objects": (pd.Index(list(MONTHS), dtype=object), "month", None),
    "2022-01": (MONTHS.astype(str), "month", None),
    "2022/01": (pd.Index([m.strftime("%Y/%m") for m in MONTHS]), "month", None),
    "2022M01": (pd.Index([m.strftime("%YM%m") for m in MONTHS]), "month", None),
    "202201": (pd.Index([m.strftime("%Y%m") for m in MONTHS]), "month", None),
    "202201 as a number": (pd.Index([int(m.strftime("%Y%m")) for m in MONTHS]), "month", None),
    "2012Q1": (QUARTERS.astype(str), "quarter", None),
    "2012-Q1": (pd.Index([f"{q.year}-Q{q.quarter}" for q in QUARTERS]), "quarter", None),
    "days as text": (pd.Index([f"{d:%Y-%m-%d}" for d in dates("ME")]), "month", None),
    "days of Python": (pd.Index([d.date() for d in dates("ME")], dtype=object), "month", None),
    "years as numbers": (pd.Index(range(1980, 1980 + N)), "year", None),
    "years as text": (pd.Index([str(y) for y in range(1980, 1980 + N)]), "year", None),
    "plain steps": (pd.Index(range(N)), "integer", 12),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_times_are_read_and_written_again(name):
    index, unit, season = WRITTEN[name]
    known = index[: N - 3]  # three are left to be written
    offset = getattr(index, "freq", None) if isinstance(index, pd.DatetimeIndex) else None
    found, times = read_times(pd.Series(known, name="when", dtype=known.dtype), None, season, "the times", offset)
    assert times.steps.unit == unit
    assert times.steps.season == (season or {"month": 12, "quarter": 4, "year": None}[unit])
    assert np.diff(found).tolist() == [1] * (N - 4)
    later = pickle.loads(pickle.dumps(times)).write([found[-1] + ahead for ahead in (1, 2, 3)])
    assert later.tolist() == index[N - 3 :].tolist()
    assert later.dtype == (pd.PeriodDtype("M") if name == "periods as objects" else index.dtype)
    assert later.name == "when"
    assert [times.step(time) for time in index[:3]] == found[:3]
    assert times.step(times.steps.label(found[5])) == found[5]


def test_a_missing_month_is_a_hole_and_not_another_step():
    found, times = read_times(pd.Series(dates("ME").delete(4)), None, None, "the times")
    assert times.steps == Steps("month", 12)
    assert np.diff(found).max() == 2


@pytest.mark.parametrize(
    ("times", "problem", "hint"),
    [
        (without_freq(dates("6ME")), "6 months apart", 'freq="month" or freq="quarter"'),
        (without_freq(dates("2MS")), "2 months apart", 'freq="month"'),
        (dates("6ME"), "the frequency 6ME", "sums by month"),
        (dates("h"), "the frequency h", "sums by month"),
        (without_freq(dates("h")), "is a time of day", "normalize"),
        (without_freq(dates("ME"))[[0]], "one time only", 'freq="month" or freq="quarter" or freq="year"'),
        (without_freq(dates("QE"))[:2], "3 months apart", 'freq="month" or freq="quarter"'),
        (without_freq(dates("YE"))[:2], "12 months apart", 'freq="month" or freq="quarter" or freq="year"'),
        (MONTHS.astype(str)[::3], "3 months apart", 'freq="quarter"'),
        (pd.to_datetime(["2024-01-09", "2024-02-23", "2024-03-12", "2024-04-02"]), "anywhere in their months", "week"),
        (dates("W"), "the times are weeks", "season=52 (a year)"),
        (dates("D"), "the times are days", "season=7 (a week)"),
        (dates("B"), "working days only", "by week or month"),
        (without_freq(dates("B")), "working days only", "by week or month"),
        (pd.Index(range(N)), "the times are plain steps", "season=12"),
        (pd.Index(["01/02/2024", "01/03/2024"]), "'01/02/2024'", ""),
        (pd.Index(["2024-02-30", "2024-03-30"]), "'2024-02-30' is not a day", "YYYY-MM-DD"),
        (pd.Index(["Jan", "Feb"]), "'Jan' is not", ""),
        (pd.Index([True, False]), "bool", ""),
        (pd.DatetimeIndex(["2024-01-01", None]), "a row has no time", ""),
        (pd.Index([pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-02-01", tz="Asia/Tokyo")], dtype=object),
         "several time zones", "one time zone"),
        (pd.Index([pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-02-01")], dtype=object), "several time zones", ""),
        (pd.Index([pd.Period("2024-01", "M"), pd.Period("2024", "Y")], dtype=object), "cannot be read together", ""),
        (pd.Index([dt.date(2024, 1, 1), "2024-02-01"], dtype=object), "several kinds: date and str", ""),
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_asked(times, problem, hint):
    offset = times.freq if isinstance(times, pd.DatetimeIndex) else None
    with pytest.raises(DataError, match=problem) as error:
        read_times(pd.Series(times), None, None, "the times", offset)
    assert hint in error.value.hint
    assert error.value.where.startswith("the times")


@pytest.mark.parametrize(
    ("times", "freq", "unit", "labels"),
    [
        (MONTHS.astype(str)[::3], "quarter", "quarter", ["2022-Q1", "2022-Q2"]),
        (MONTHS.astype(str)[::3], "month", "month", ["2022-01", "2022-04"]),
        (MONTHS.astype(str)[::3], "QE", "quarter", ["2022-Q1", "2022-Q2"]),
        (without_freq(dates("QE"))[:2], "quarter", "quarter", ["2012-Q1", "2012-Q2"]),
        (without_freq(dates("6ME")), "month", "month", ["2012-01", "2012-07"]),
        (dates("QE"), "month", "month", ["2012-03", "2012-06"]),
        (without_freq(dates("YE"))[:1], "year", "year", ["2012"]),
        (pd.Index(range(1980, 1984)), "integer", "integer", ["1980", "1981"]),
    ],
)
def test_the_answer_decides(times, freq, unit, labels):
    offset = times.freq if isinstance(times, pd.DatetimeIndex) else None
    found, read = read_times(pd.Series(times), freq, 1 if unit == "integer" else None, "the times", offset)
    assert read.steps.unit == unit
    assert [read.steps.label(step) for step in found[:2]] == labels
    assert read.write(found[:2]).tolist() == times[:2].tolist()


def test_a_frequency_that_is_none_or_contradicts_is_refused():
    with pytest.raises(ConfigError, match="'monthly' is no frequency") as error:
        read_times(pd.Series(MONTHS), "monthly", None, "the times")
    assert error.value.hint == "'month'"
    with pytest.raises(DataError, match=r"period\[M\], not of a quarter"):
        read_times(pd.Series(MONTHS), "quarter", None, "the times")


def test_quarters_have_a_season_of_four_and_their_own_words():
    steps = Steps("quarter", 4)
    assert steps.words("36 clean months, monthly figures") == "36 clean quarters, quarterly figures"
    assert steps.cycles(1) == "a year"
    assert [steps.ordinal(label) for label in ("2025-Q2", "2025Q2", "2025-06", "2025-06-30", dt.date(2025, 4, 1))] == [8101] * 5
    assert steps.of(dt.date(2025, 6, 30)) == 8101
    assert steps.begin(8101) == dt.date(2025, 4, 1)


@pytest.mark.parametrize(
    ("texts", "unit", "first", "written"),
    [
        (["Nov-23", "Dec-23", "Jan-24"], "month", "2023-11", "2024-02"),
        (["1/1/2024", "2/1/2024", "3/1/2024"], "month", "2024-01", "2024-04"),
        (["01.11.2023", "01.12.2023", "01.01.2024"], "month", "2023-11", "2024-02"),
        (["2023M9", "2023M10", "2023M11"], "month", "2023-09", "2023-12"),
        (["2024 January", "2024 February", "2024 March"], "month", "2024-01", "2024-04"),
        (["Q3 2023", "Q4 2023", "Q1 2024"], "quarter", "2023-Q3", "2024Q2"),
    ],
)
def test_other_spellings_are_judged_as_a_whole_column(texts, unit, first, written):
    found, times = read_times(pd.Series(texts, name="when"), None, None, "the table")
    assert (times.steps.unit, times.steps.label(found[0])) == (unit, first)
    assert found == list(range(found[0], found[0] + 3))
    assert times.write([found[-1] + 1]).tolist() == [written]


def test_a_column_of_two_readings_is_asked_about():
    with pytest.raises(DataError, match="read in two ways") as error:
        read_times(pd.Series(["01/02/2024", "03/04/2024", "05/06/2024"]), None, None, "the table")
    assert "dayfirst" in error.value.hint


@pytest.mark.parametrize("huge", [2**53, 2**64])
def test_whole_numbers_too_large_to_be_counted_are_refused(huge):
    with pytest.raises(DataError, match="no number of steps"):
        read_times(pd.Series([float(huge)]), None, 1, "the table")
