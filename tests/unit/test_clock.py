"""Release days against the customs' own calendars."""

import csv
import datetime as dt

import pytest

from forecast.core import months
from forecast.core.clock import bundled_clock, source_of
from forecast.core.errors import DataError


def day(source, stage, month):
    return bundled_clock().released(source, stage, months.ordinal(month))


# General Administration of Customs of China, release calendar for 2025 (flash, monthly bulletin, online query)
CALENDAR_2025 = {
    ("flash", "2025-02"): "2025-03-07", ("flash", "2025-03"): "2025-04-14", ("flash", "2025-04"): "2025-05-09",
    ("flash", "2025-06"): "2025-07-14", ("flash", "2025-10"): "2025-11-07", ("detail", "2025-02"): "2025-03-20",
    ("detail", "2025-03"): "2025-04-20", ("detail", "2025-08"): "2025-09-20", ("bulletin", "2025-02"): "2025-03-18",
}  # fmt: skip


@pytest.mark.parametrize(("stage", "month"), CALENDAR_2025)
def test_china_2025(stage, month):
    released, basis = day("CHN", stage, month)
    assert released.isoformat() == CALENDAR_2025[stage, month]
    assert basis in ("calendar", "actual")


def test_every_published_calendar_day(shared):
    stages = {"flash": "flash", "detail": "detail", "online_query": "detail", "monthly_report": "bulletin"}
    rows = list(csv.DictReader(shared("data/published/gacc_release_calendar.csv").read_text("utf-8").splitlines()))
    # the plan for January 2020 was not kept: it came with February
    rows = [row for row in rows if (row["calendar_year"], row["last_reference_month"]) != ("2020", "2020-01")]
    assert len(rows) > 80
    for row in rows:
        got, _ = day("CHN", stages[row["product"]], row["last_reference_month"])
        assert got.isoformat() == row["release_date"], row


@pytest.mark.parametrize("stage", ["flash", "bulletin", "detail"])
@pytest.mark.parametrize("year", range(2020, 2028))
def test_january_comes_with_february(stage, year):
    january, february = day("CHN", stage, f"{year}-01")[0], day("CHN", stage, f"{year}-02")[0]
    assert january == february
    assert january.month == 3


@pytest.mark.parametrize("year", range(2015, 2020))
def test_january_came_alone_before_2020(year):
    assert day("CHN", "detail", f"{year}-01")[0].month == 2


def test_flash_is_later_after_a_quarter():
    # no calendar row covers these months: the rule speaks
    assert day("CHN", "flash", "2027-03") == (dt.date(2027, 4, 14), "rule")
    assert day("CHN", "flash", "2027-04") == (dt.date(2027, 5, 9), "rule")
    assert day("CHN", "flash", "2027-12") == (dt.date(2028, 1, 14), "rule")


def test_weekends_are_kept():
    saturday = day("CHN", "detail", "2025-08")[0]
    sunday = day("CHN", "detail", "2025-03")[0]
    assert (saturday.weekday(), sunday.weekday()) == (5, 6)
    assert day("CHN", "detail", "2027-02") == (dt.date(2027, 3, 20), "rule")
    assert dt.date(2027, 3, 20).weekday() == 5


def test_us_figures_take_35_days():
    assert day("USA", "census", "2024-03") == (dt.date(2024, 5, 5), "rule")
    assert day("USA", "census", "2025-01") == (dt.date(2025, 3, 7), "rule")


@pytest.mark.parametrize(("month", "due"), [("2025-08", "2025-11-19"), ("2025-10", "2026-01-08"), ("2025-12", "2026-02-19")])
def test_the_shutdown_wins_over_the_rule(month, due):
    assert day("USA", "census", month)[0].isoformat() == due


@pytest.mark.parametrize(("source", "stage"), [("CHN", "flash"), ("CHN", "detail"), ("CHN", "bulletin"), ("USA", "census")])
def test_no_figure_before_its_month_is_over(source, stage):
    previous = dt.date.min
    for month in range(months.ordinal("2012-01"), months.ordinal("2030-12")):
        released, _ = bundled_clock().released(source, stage, month)
        assert released > months.last_day(month)
        assert released >= previous
        previous = released


def test_stages_of_one_month_come_in_order():
    for month in range(months.ordinal("2020-03"), months.ordinal("2026-12")):
        flash, detail = (bundled_clock().released("CHN", stage, month)[0] for stage in ("flash", "detail"))
        assert flash <= detail


def test_an_unknown_source_is_refused():
    with pytest.raises(DataError, match="no release rule for MOON"):
        day("MOON", "flash", "2025-01")
    with pytest.raises(DataError, match="1999-01"):
        day("CHN", "flash", "1999-01")


def test_source_of():
    assert source_of("USA.import.CHN.gallium") == ("USA", "census")
    assert source_of("CHN.export.WLD.rare_earths_total") == ("CHN", "flash")
    assert source_of("CHN.export.WLD.re_magnets") == ("CHN", "detail")


def test_upcoming_releases():
    coming = bundled_clock().upcoming("CHN", "detail", dt.date(2027, 2, 1), 3)
    assert [months.label(m) for m, _ in coming] == ["2027-01", "2027-02", "2027-03"]
    assert [d.isoformat() for _, d in coming] == ["2027-03-20", "2027-03-20", "2027-04-20"]
