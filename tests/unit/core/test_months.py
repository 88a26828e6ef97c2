"""Month arithmetic, and the Lunar New Year regressor against published values."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months
from forecast.core.errors import DataError


def test_ordinals_are_horizons():
    assert months.ordinal("2026-01") - months.ordinal("2025-06") == 7
    assert months.ordinal(dt.date(2025, 6, 30)) == months.ordinal("2025-06") == months.ordinal("2025-06-30")
    assert months.label(months.ordinal("2025-12") + 1) == "2026-01"


@pytest.mark.parametrize("text", ["2025-13", "2025-00", "0000-01", "２０２５-01", "2025", "25-06", "June 2025", "2025/06", ""])
def test_what_is_not_a_month_is_refused(text):
    with pytest.raises(DataError, match="is not a month"):
        months.ordinal(text)


def test_periods_both_ways():
    assert months.parse_period("2025-01") == (months.ordinal("2025-01"),) * 2
    for text in ("2025-01", "2025-01/2025-02"):
        assert months.period_label(*months.parse_period(text)) == text
    with pytest.raises(DataError, match="ends before it begins"):
        months.parse_period("2025-02/2025-01")


def test_months_from_to():
    assert months.months("2025-11", "2026-02") == ("2025-11", "2025-12", "2026-01", "2026-02")
    assert months.months("2026-02", "2025-11") == ()


def test_days():
    assert months.parse_day("2025-03-31") == months.parse_day(dt.datetime(2025, 3, 31, 12)) == dt.date(2025, 3, 31)
    with pytest.raises(DataError, match="is not a day"):
        months.parse_day("2025-02-30")
    assert months.days_in(months.ordinal("2024-02")) == 29
    assert months.last_day(months.ordinal("2025-02")) == dt.date(2025, 2, 28)


def test_position_is_the_part_of_the_month_gone():
    at = months.ordinal("2024-09")
    assert months.position(dt.date(2024, 9, 1)) == at
    assert months.position(dt.date(2024, 9, 15)) == pytest.approx(at + 14 / 30)
    assert months.position(dt.date(2024, 9, 30)) < at + 1


# --- Lunar New Year ---------------------------------------------------------------------------------------------------

# R package seasonal 1.10: genhol(cny, start = -15, end = -1, center = "calendar"), centred over 2016-2026
GENHOL = {"2020-01": 0.370, "2020-02": -0.370, "2021-01": -0.364, "2021-02": 0.364}


def shares(start, end, first=2016, last=2026):
    """The rule written out once more, day by day: share of the window in each month."""
    table = {}
    for year in range(first, last + 1):
        day = months.lunar_new_year_days()[year]
        inside = [day + dt.timedelta(days=k) for k in range(start, end + 1)]
        for month in range(12):
            table[12 * year + month] = sum(d.year == year and d.month == month + 1 for d in inside) / len(inside)
    return table


def test_lunar_new_year_rule_against_genhol():
    table = shares(-15, -1)
    means = {m: np.mean([v for k, v in table.items() if k % 12 == m]) for m in range(12)}
    for label, expected in GENHOL.items():
        at = months.ordinal(label)
        # the package's own shares, centred over genhol's years, are genhol's values
        own = months.lunar_new_year([at], -15, -1)[0]
        package_mean = np.mean(
            [s for k, s in shares(-15, -1, 2010, max(months.lunar_new_year_days())).items() if k % 12 == at % 12]
        )
        assert own + package_mean == pytest.approx(table[at], abs=1e-12)
        assert own + package_mean - means[at % 12] == pytest.approx(expected, abs=6e-4)
        # and centred over the whole bundled table they are near
        assert own == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("start", "end"), [(-1, 6), (-15, -1), (0, 0), (1, 15)])
def test_a_year_carries_one_holiday(start, end):
    years = sorted(months.lunar_new_year_days())
    for year in years:
        when = [12 * year + m for m in range(12)]
        # what is moved between the months of a year sums to nothing
        assert months.lunar_new_year(when, start, end).sum() == pytest.approx(0.0, abs=1e-12)
    spread = np.array([months.lunar_new_year([12 * y + m for y in years], start, end) for m in range(12)])
    assert spread.mean(axis=1) == pytest.approx(np.zeros(12), abs=1e-12)
    assert (spread[3:] == 0).all()
    assert spread[0].max() > 0.3 or (start, end) == (1, 15)


def test_lunar_shares_sum_to_one_over_months():
    share = months._bundled_window_shares(-1, 6)
    for year in months.lunar_new_year_days():
        assert sum(share.get(12 * year + m, 0.0) for m in range(12)) == pytest.approx(1.0)


def test_lunar_new_year_outside_the_table_is_silent():
    assert months.lunar_new_year([months.ordinal("1990-02")])[0] == 0.0


def test_lunar_new_year_days_against_another_table():
    lunardate = pytest.importorskip("lunardate")
    for year, day in months.lunar_new_year_days().items():
        date = lunardate.LunarDate(year, 1, 1)
        solar = date.to_solar_date() if hasattr(date, "to_solar_date") else date.toSolarDate()
        assert solar == day
