"""Release days against the customs offices' published calendars."""

import csv
import datetime as dt

import pytest

from forecast.core import months
from forecast.core.archive import bundled_archive
from forecast.core.errors import DataError
from forecast.core.release_clock import ReleaseClock, bundled_clock, source_of


def day(source, stage, month):
    return bundled_clock().release_day(source, stage, months.ordinal(month))


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
    assert day("CHN", "flash", "2027-04") == (dt.date(2027, 5, 10), "rule")
    assert day("CHN", "flash", "2027-12") == (dt.date(2028, 1, 14), "rule")


def test_weekends_are_kept():
    saturday = day("CHN", "detail", "2025-08")[0]
    sunday = day("CHN", "detail", "2025-03")[0]
    assert (saturday.weekday(), sunday.weekday()) == (5, 6)
    assert day("CHN", "detail", "2027-02") == (dt.date(2027, 3, 20), "rule")
    assert dt.date(2027, 3, 20).weekday() == 5


def test_us_figures_take_38_days_and_none_comes_on_a_weekend():
    assert day("USA", "census", "2025-01") == (dt.date(2025, 3, 10), "rule")
    assert day("USA", "census", "2024-04") == (dt.date(2024, 6, 7), "rule")
    assert day("USA", "census", "2025-03") == (dt.date(2025, 5, 8), "rule")
    assert day("USA", "census", "2023-12") == (dt.date(2024, 2, 7), "rule")
    clock = bundled_clock()
    by_rule = [ReleaseClock(clock.rules, {}).release_day("USA", "census", m)[0] for m in range(24180, 24324)]
    assert max(d.weekday() for d in by_rule) == 4
    saturday = dt.date(2026, 11, 7)  # 38 days after September 2026
    assert saturday.weekday() == 5
    assert day("USA", "census", "2026-09") == (dt.date(2026, 11, 9), "rule")


@pytest.mark.parametrize(("month", "due"), [("2025-08", "2025-11-19"), ("2025-10", "2026-01-08"), ("2025-12", "2026-02-19")])
def test_the_shutdown_wins_over_the_rule(month, due):
    assert day("USA", "census", month)[0].isoformat() == due


# (month of data, release day printed on the release itself, days after the month's end)
FT900 = [
    ("2015-08", "2015-10-06"),  # FT-900 (15-08), bea.gov trad0815
    ("2017-08", "2017-10-05"),  # FT-900 (17-08), bea.gov trad0817
    ("2019-07", "2019-09-04"),  # CB 19-127
    ("2019-09", "2019-11-05"),  # CB 19-166
    ("2020-09", "2020-11-04"),  # CB 20-166
    ("2021-11", "2022-01-06"),  # bea.gov as of 7 January 2022
    ("2023-08", "2023-10-05"),  # bankingjournal.aba.com of the day
    ("2024-08", "2024-10-08"),  # forexlive.com of the day
    ("2024-09", "2024-11-05"),  # BEA 24-50, CB 24-180
    ("2025-06", "2025-08-05"),  # FT-900 of June 2025
]


@pytest.mark.parametrize(("month", "printed"), FT900)
def test_the_us_rule_is_never_before_the_printed_day_and_a_printed_day_wins(month, printed):
    clock, printed_day = bundled_clock(), dt.date.fromisoformat(printed)
    assert day("USA", "census", month) == (printed_day, "actual")
    late = ReleaseClock(clock.rules, {}).release_day("USA", "census", months.ordinal(month))[0] - printed_day
    assert 0 <= late.days <= 5


@pytest.mark.parametrize(
    ("month", "due", "basis"),
    [
        ("2018-12", "2019-03-06", "actual"),  # day of the release, which announced the next one
        ("2019-01", "2019-03-27", "calendar"),
        ("2025-09", "2025-12-11", "rule"),  # bea.gov shows it under 11 December 2025
    ],
)
def test_shutdowns_move_the_us_days(month, due, basis):
    assert day("USA", "census", month) == (dt.date.fromisoformat(due), basis)


# gov.uk (UK overseas trade in goods statistics), Eurostat press releases
@pytest.mark.parametrize(
    ("source", "stage", "month", "printed"),
    [
        ("GBR", "hmrc", "2023-08", "2023-10-12"), ("GBR", "hmrc", "2024-08", "2024-10-11"),
        ("GBR", "hmrc", "2024-11", "2025-01-16"), ("EU27", "comext", "2019-06", "2019-08-16"),
        ("EU27", "comext", "2019-09", "2019-11-15"),
    ],
)  # fmt: skip
def test_known_european_days_win_and_no_rule_is_earlier(source, stage, month, printed):
    clock, printed_day = bundled_clock(), dt.date.fromisoformat(printed)
    assert day(source, stage, month) == (printed_day, "actual")
    alone = ReleaseClock(clock.rules, {})
    assert printed_day <= alone.release_day(source, stage, months.ordinal(month))[0]


def test_korea_and_japan():
    # data.go.kr 15100475: the previous month "around the 15th"; January is not held back for the Lunar New Year
    assert day("KOR", "customs", "2025-01") == (dt.date(2025, 2, 15), "rule")
    # customs.go.jp, glossary: by nine digits at the end of the following month, imports in detail one month later
    assert day("JPN", "nine_digit", "2025-01") == (dt.date(2025, 2, 28), "rule")
    assert day("JPN", "detail", "2025-01") == (dt.date(2025, 3, 31), "rule")


def test_january_reaches_the_mirrors_before_china():
    january = months.ordinal("2025-01")
    mirrors = [("KOR", "customs"), ("JPN", "nine_digit"), ("USA", "census")]
    days = [bundled_clock().release_day(*mirror, january)[0] for mirror in mirrors]
    assert days == sorted(days)
    assert days[-1] < day("CHN", "detail", "2025-01")[0] == dt.date(2025, 3, 20)


@pytest.mark.parametrize("stage", ["flash", "bulletin", "detail"])
def test_china_releases_nothing_in_february_since_2020(stage):
    released = [
        bundled_clock().release_day("CHN", stage, m)[0] for m in range(months.ordinal("2019-12"), months.ordinal("2029-12"))
    ]
    assert not [d for d in released if d.month == 2]


def test_one_rule_per_month_and_stage():
    clock = bundled_clock()
    for source, stage in {(rule.source, rule.stage) for rule in clock.rules}:
        for month in range(months.ordinal("2010-01"), months.ordinal("2040-12")):
            held = [r for r in clock.rules if (r.source, r.stage) == (source, stage) and r.valid_from <= month <= r.valid_to]
            assert len(held) == 1, (source, stage, months.label(month))


SOURCES = [
    ("CHN", "flash"), ("CHN", "detail"), ("CHN", "bulletin"), ("USA", "census"), ("KOR", "customs"), ("JPN", "nine_digit"),
    ("JPN", "detail"), ("EU27", "comext"), ("GBR", "hmrc"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "stage"), SOURCES)
def test_no_figure_before_its_month_is_over(source, stage):
    previous = dt.date.min
    for month in range(months.ordinal("2012-01"), months.ordinal("2030-12")):
        released, _ = bundled_clock().release_day(source, stage, month)
        assert released > months.last_day(month)
        assert released >= previous
        previous = released


def test_stages_of_one_month_come_in_order():
    for month in range(months.ordinal("2020-03"), months.ordinal("2026-12")):
        flash, detail = (bundled_clock().release_day("CHN", stage, month)[0] for stage in ("flash", "detail"))
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
    assert source_of("CHN.import.WLD.rare_earths_total") == ("CHN", "flash")
    assert source_of("KOR.import.CHN.gallium:usd") == ("KOR", "customs")
    assert source_of("JPN.import.CHN.gallium") == ("JPN", "nine_digit")
    assert source_of("NLD.import.CHN.germanium") == source_of("EU27.import.CHN.germanium") == ("EU27", "comext")
    assert source_of("GBR.import.CHN.bismuth") == ("GBR", "hmrc")


def test_a_reporter_without_rules_has_no_clock():
    with pytest.raises(DataError, match="no release clock is known for 'CHL'"):
        source_of("CHL.export.WLD.copper")


def test_the_stage_of_every_bundled_figure_is_the_clocks():
    table = bundled_archive().table
    cells = table[["series", "stage"]].drop_duplicates()
    assert {(s, source_of(s)[1]) for s in cells.series} == set(cells.itertuples(index=False, name=None))


def test_bundled_vintages_are_nested_day_by_day_and_flagged():
    start, known = dt.date(2025, 1, 1), set()
    for n in range(0, 120, 7):
        vintage = bundled_archive().as_of(start + dt.timedelta(days=n))
        assert vintage.pseudo
        now = {(s, c.first, c.last) for s, cells in vintage.cells.items() for c in cells}
        assert known <= now
        assert all(c.released <= vintage.day for cells in vintage.cells.values() for c in cells)
        known = now


def test_a_day_moved_by_a_shutdown_is_not_known_before_it():
    clock, august = bundled_clock(), months.ordinal("2025-08")
    foreseen = [
        clock.expected_release_day("USA", "census", august, dt.date.fromisoformat(day))
        for day in ("2025-09-20", "2025-11-01", "2025-11-19")
    ]
    rule, moved = dt.date(2025, 10, 8), dt.date(2025, 11, 19)
    assert foreseen == [(rule, "rule"), (moved, "late"), clock.release_day("USA", "census", august)]
    assert foreseen[-1][0] == moved


def test_a_day_proved_by_a_report_is_not_known_before_it():
    clock, january = bundled_clock(), months.ordinal("2024-01")
    assert clock.release_day("CHN", "flash", january) == (dt.date(2024, 3, 7), "actual")
    assert clock.expected_release_day("CHN", "flash", january, dt.date(2024, 2, 20)) == (dt.date(2024, 3, 10), "rule")


def test_a_calendar_published_in_its_year_is_not_known_before_that_day():
    # the plan of 2026 was out on 11 March 2026: the release of 10 March was foreseen by the rule alone
    clock, january, july = bundled_clock(), months.ordinal("2026-01"), months.ordinal("2026-07")
    assert clock.release_day("CHN", "flash", january) == (dt.date(2026, 3, 10), "calendar")
    assert clock.expected_release_day("CHN", "flash", january, dt.date(2026, 2, 20)) == (dt.date(2026, 3, 10), "rule")
    assert clock.expected_release_day("CHN", "flash", july, dt.date(2026, 3, 10)) == (dt.date(2026, 8, 10), "rule")
    assert clock.expected_release_day("CHN", "flash", july, dt.date(2026, 3, 11)) == (dt.date(2026, 8, 7), "calendar")


def test_the_plan_of_2026_is_the_published_one(shared):
    rows = list(csv.DictReader(shared("data/published_2026/gacc_release_calendar_2026.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 33
    for row in rows:
        for month in row["period"].split("/"):
            assert day("CHN", row["series"].split(".")[-1], month) == (dt.date.fromisoformat(row["value"]), "calendar"), row


PRINTED = [  # every month of data whose release day was printed, 2018 to 2026
    cell for cell, (_, basis) in bundled_clock().days.items()
    if basis != "rule" and "2018-01" <= months.label(cell[2]) <= "2026-11" and cell[0] in ("CHN", "USA")
]  # fmt: skip
SHUT = {("USA", "census", months.ordinal(month)) for month in ("2018-12", "2019-01")}  # nobody foresaw these


@pytest.mark.parametrize("source", ["CHN", "USA"])
def test_no_release_is_foreseen_before_its_printed_day(source):
    # on every day before a release the clock foresees the printed day, or a later one by rule: nothing enters a vintage early
    clock, seen = bundled_clock(), 0
    for cell in PRINTED:
        printed, basis = clock.days[cell]
        if cell[0] != source or cell in SHUT:
            continue
        seen += 1
        for ahead in (1, 5, 20, 45, 120, 400):
            foreseen, how = clock.expected_release_day(*cell, printed - dt.timedelta(days=ahead))
            assert foreseen >= printed, (cell, ahead, foreseen)
            assert how in ("rule", "calendar"), (cell, ahead, how)
            assert how == "rule" or foreseen == printed, (cell, ahead, foreseen)
        assert basis in ("calendar", "actual")
    assert seen > {"CHN": 90, "USA": 6}[source]


def test_a_published_calendar_is_known_in_its_year():
    clock, november = bundled_clock(), months.ordinal("2025-11")
    assert clock.expected_release_day("CHN", "flash", november, dt.date(2025, 1, 2)) == (dt.date(2025, 12, 8), "calendar")
    assert clock.expected_release_day("CHN", "flash", november, dt.date(2024, 6, 1))[1] == "rule"
