"""Inputs that were once read wrongly without a word, and others of their kinds: read right, or refused with what to write."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import registry
from forecast.core.errors import DataError
from forecast.core.months import label

KEY = "CHL.export.WLD.lithium_carbonate"
TIN = "BOL.export.WLD.tin"


def months(first, count):
    year, month = map(int, first.split("-"))
    return [f"{year + (month - 1 + i) // 12}-{(month - 1 + i) % 12 + 1:02d}" for i in range(count)]


def table(folder, rows, header=("period", "value"), sign=",", name="own.csv"):
    path = folder / name
    path.write_text("\n".join(sign.join(map(str, row)) for row in [header, *rows]) + "\n", "utf-8")
    return path


def workbook(folder, rows, name="own.xlsx"):
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / name)
    return folder / name


def read(path, **words):
    if not {"key", "series", "values", "template"} & set(words):
        words["key"] = KEY
    return registry.build("source", {"use": "table", "path": str(path), **words}).read()


def refusal(path, **words):
    with pytest.raises(DataError) as error:
        read(path, **words)
    assert str(path) in error.value.where
    assert error.value.hint
    return error.value


def seen(archive, key=KEY):
    observed = archive.latest.observed(key)
    return label(observed.first), label(observed.last), observed


FLOW = [60 + 7 * np.sin(i) for i in range(60)]


# --- a dash is nil, or unknown, or secret -----------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["-", "–", "—", "c", "x", "(D)", "nil"])
def test_a_mark_is_refused_until_it_is_mapped(mark, tmp_path):
    rows = [(m, f"{v:.1f}" if i < 50 else mark) for i, (m, v) in enumerate(zip(months("2019-01", 60), FLOW, strict=True))]
    path = table(tmp_path, rows)
    said = refusal(path)
    assert f"'{mark}' in 10 of 60 cells" in said.problem
    assert f'"{mark}" = ' in said.hint
    status = seen(read(path, marks={mark: "zero"}))[2].status
    assert status[-10:] == ("zero",) * 10
    assert seen(read(path, marks={mark: "suppressed"}))[2].status[-1] == "suppressed"


def test_dashes_of_two_columns_and_two_meanings(tmp_path):
    rows = [(m, "-" if i % 9 == 0 else 5 + i, "c" if i % 7 == 0 else 9 + i) for i, m in enumerate(months("2020-01", 24))]
    path = table(tmp_path, rows, ("month", "salt", "tin"), sign="\t")
    said = refusal(path, values={"salt": KEY, "tin": TIN})
    assert '"-" = "zero", "c" = "suppressed"' in said.hint
    made = read(path, values={"salt": KEY, "tin": TIN}, marks={"-": "zero", "c": "suppressed"})
    assert seen(made)[2].status[0] == "zero"
    assert seen(made, TIN)[2].status[0] == "suppressed"


def test_a_dash_in_a_workbook_stands_among_numbers(tmp_path):
    path = workbook(tmp_path, [["Month", "Tonnes"], *([dt.date(2023, m, 1), "-" if m == 4 else m * 1.5] for m in range(1, 13))])
    assert "'-' in 1 of 1 cells" in refusal(path).problem
    assert seen(read(path, marks={"-": "missing"}))[2].status[3] == "missing"


def test_marks_that_mean_one_thing_alone_are_missing_and_said(tmp_path):
    rows = [
        (m, ":" if i == 3 else ".." if i == 5 else "n/a" if i == 7 else i + 1.5) for i, m in enumerate(months("2023-01", 12))
    ]
    path = table(tmp_path, rows)
    source = registry.build("source", {"use": "table", "path": str(path), "key": KEY})
    assert [source.read().latest.observed(KEY).status[i] for i in (3, 5, 7)] == ["missing"] * 3
    told = " ".join(source.describe_reading())
    assert "':' is missing (cells with it: 1)" in told
    assert "n/a" not in told


# --- quarters, half-years and years under months' labels --------------------------------------------------------------


def quarterly(year, dated):
    return [(f"{year + i // 4}-{m}", 300 + i) for i in range(16) for m in [dated[i % 4]]]


@pytest.mark.parametrize(
    ("rows", "frequency", "first"),
    [
        (quarterly(2014, ["03-31", "06-30", "09-30", "12-31"]), "quarter", "2014-01/2014-03"),
        (quarterly(2014, ["01", "04", "07", "10"]), "quarter", "2014-01/2014-03"),
        ([(f"{y}-12-31", y - 2000) for y in range(2005, 2020)], "year", "2005-01/2005-12"),
        ([(f"{y}-{m}", y - 2000) for y in range(2005, 2015) for m in ("06", "12")], "half-year", "2005-01/2005-06"),
        ([(m, 300 + i if i % 3 == 2 else "") for i, m in enumerate(months("2018-01", 48))], "quarter", "2018-01/2018-03"),
    ],
)
def test_longer_steps_are_asked_for(rows, frequency, first, tmp_path):
    path = table(tmp_path, rows)
    assert f'frequency = "{frequency}" or frequency = "month"' in refusal(path).hint
    rows = read(path, frequency=frequency).table
    assert rows[rows["status"] == "value"].period.iloc[0] == first
    assert "/" not in read(path, frequency="month").table.period.iloc[0]


def test_a_figure_that_stands_under_each_month_of_its_quarter(tmp_path):
    path = table(tmp_path, [(m, 300 + i // 3) for i, m in enumerate(months("2018-01", 36))])
    assert "three times each" in refusal(path).problem
    assert seen(read(path, frequency="month"))[2].count == 36


def test_quarters_and_years_that_say_so_are_sums(tmp_path):
    path = table(tmp_path, [("2019 Q1", 5), ("2019 Q2", 6), ("3Q2019", 7), ("2020", 30)])
    assert read(path).table.period.tolist() == ["2019-01/2019-03", "2019-04/2019-06", "2019-07/2019-09", "2020-01/2020-12"]


def test_quarters_of_a_fiscal_year_are_no_quarters_of_the_calendar(tmp_path):
    path = table(tmp_path, [(f"{y}-{m}", y) for y in range(2015, 2019) for m in ("02", "05", "08", "11")])
    assert "neither the first nor the last month of a quarter" in refusal(path, frequency="quarter").problem


def test_single_months_with_holes_are_months(tmp_path):
    rows = [(m, 5) for i, m in enumerate(months("2018-01", 36)) if i % 3 == 0 or i == 13]
    assert seen(read(table(tmp_path, rows)))[2].count == 13


# --- sums since January, or since April -------------------------------------------------------------------------------


def to_date(flow, first, begun):
    out, total = [], 0.0
    for i, (month, value) in enumerate(zip(months(first, len(flow)), flow, strict=True)):
        total = value if int(month[5:]) == begun or i == 0 else total + value
        out.append((month, f"{total:.2f}"))
    return out


@pytest.mark.parametrize(("begun", "word"), [(1, "January"), (4, "April")])
def test_sums_to_date_are_asked_for_and_count_as_the_months_they_hold(begun, word, tmp_path):
    from forecast.prep.spans_and_gaps import count_months, measured_months

    path = table(tmp_path, to_date(FLOW, f"2019-{begun:02d}", begun))
    said = refusal(path)
    assert f"fall each {word}" in said.problem
    assert f'sums = "since {word}"' in said.hint
    observed = seen(read(path, sums=f"since {word}", unit="t"))[2]
    assert count_months(observed) == 60
    np.testing.assert_allclose(measured_months(observed)[1] / 1000, FLOW, atol=0.01)
    assert seen(read(path, sums="none"))[2].count == 60


def test_sums_to_date_of_two_goods_in_a_workbook_across(tmp_path):
    header = ["Good", *months("2021-01", 36)]
    rows = [["salt", *(float(v) for _, v in to_date(FLOW[:36], "2021-01", 1))], ["tin", *(5.0 + i % 2 for i in range(36))]]
    path = workbook(tmp_path, [["Exports, tonnes"], header, *rows])
    words = {"across": True, "series": "Good", "keys": {"salt": KEY, "tin": TIN}, "unit": "t"}
    assert KEY in refusal(path, **words).problem


def test_sums_to_date_without_a_january_of_its_own(tmp_path):
    rows = [row for row in to_date(FLOW, "2019-01", 1) if not row[0].endswith("-01")]
    path = table(tmp_path, rows)
    assert "fall each" in refusal(path).problem
    assert read(path, sums="since January").table.period.iloc[0] == "2019-01/2019-02"


def test_sums_to_date_with_a_small_correction(tmp_path):
    rows = to_date(FLOW, "2019-01", 1)
    rows[20] = (rows[20][0], f"{float(rows[19][1]) * 0.999:.2f}")
    assert "sums since January" in refusal(table(tmp_path, rows)).problem


@pytest.mark.parametrize("seed", range(20))
def test_seasons_and_growth_are_no_sums(seed, tmp_path):
    draw = np.random.default_rng(seed)
    flow = (100 + 60 * np.sin(np.arange(60) * np.pi / 6) + 2 * np.arange(60)) * draw.lognormal(0, 0.05, 60)
    assert seen(read(table(tmp_path, zip(months("2019-01", 60), flow.round(2), strict=True))))[2].count == 60


# --- times before midnight --------------------------------------------------------------------------------------------

ENDS = [dt.date(2018 + (11 + i) // 12, (11 + i) % 12 + 1, 1) for i in range(13)]  # first days of months from December 2018 on


def eves(hour):
    return [dt.datetime.combine(day - dt.timedelta(days=1), hour) for day in ENDS[1:]]


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S.000Z", "%m/%d/%Y %I:%M %p", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M"])
def test_times_before_midnight_are_asked_for(form, tmp_path):
    path = table(tmp_path, [(when.strftime(form), 5 + i) for i, when in enumerate(eves(dt.time(23, 0)))])
    assert 'dates = "same day" or dates = "next day"' in refusal(path).hint
    assert seen(read(path, dates="next day"))[:2] == ("2019-01", "2019-12")
    assert seen(read(path, dates="same day"))[:2] == ("2018-12", "2019-11")


def test_times_before_midnight_in_a_workbook(tmp_path):
    path = workbook(tmp_path, [["Month", "t"], *([when, 5.0 + i] for i, when in enumerate(eves(dt.time(23, 59, 44))))])
    assert "can be read in two ways" in refusal(path).problem


def test_a_zone_with_summer_time_settles_itself(tmp_path):
    rows = [
        (
            f"{day:%Y-%m-%d}T00:00:00Z"
            if day.month in (1, 2, 3, 11, 12)
            else f"{day - dt.timedelta(days=1):%Y-%m-%d}T23:00:00Z",
            i,
        )
        for i, day in enumerate(ENDS[1:], 1)
    ]
    source = registry.build("source", {"use": "table", "path": str(table(tmp_path, rows)), "key": KEY})
    assert seen(source.read())[:2] == ("2019-01", "2019-12")
    assert any("midnight after" in note for note in source.describe_reading())


# --- months without a zero --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "first", "last"),
    [
        (["20249", "202410", "202411"], "2024-09", "2024-11"),
        ([f"2024{m}" for m in range(1, 10)], "2024-01", "2024-09"),
        (["2024-9", "2024-10", "2024-11"], "2024-09", "2024-11"),
        ([f"2018.{m:02d}".removesuffix("0") for m in range(1, 13)], "2018-01", "2018-12"),
        ([f"2018.{m}" for m in range(1, 13)], "2018-01", "2018-12"),
        ([str(float(f"2018.{m}")) for m in range(1, 13)], "2018-01", "2018-12"),
        (["1/1/1959", "2/1/1959", "3/1/1959"], "1959-01", "1959-03"),
        (["1/1/59", "1/2/59", "1/3/59"], "1959-01", "1959-03"),
        (["01.11.2024", "01.10.2024", "01.09.2024"], "2024-09", "2024-11"),
        (["20240131", "20240229", "20240331"], "2024-01", "2024-03"),
        (["31012024", "29022024", "31032024"], "2024-01", "2024-03"),
        (["Nov-24", "Dec-24", "Jan-25"], "2024-11", "2025-01"),
        (["ene 2024", "feb 2024", "mar 2024"], "2024-01", "2024-03"),
        (["März 2024", "April 2024", "Mai 2024"], "2024-03", "2024-05"),
        (["2024年1月", "2024年2月", "2024年3月"], "2024-01", "2024-03"),
        (["2005/02/01 00:00:00", "2005/03/01 00:00:00"], "2005-02", "2005-03"),
    ],
)
def test_a_column_is_read_as_what_fits_all_of_it(cells, first, last, tmp_path):
    path = table(tmp_path, [(cell, 5 + i % 4) for i, cell in enumerate(cells)])
    made = seen(read(path))
    assert made[:2] == (first, last)
    assert made[2].count == len(cells)


@pytest.mark.parametrize(
    ("cells", "way_out"),
    [
        (["01/02/2024", "03/04/2024", "05/06/2024"], 'dates = "day first" or dates = "month first"'),
        (["20249"], 'dates = "serial days" or dates = "year and month joined"'),
        (["2018.1", "2019.1", "2020.1"], 'dates = "as written" or dates = "zeros lost"'),
    ],
)
def test_a_column_that_can_be_read_in_two_ways_is_refused(cells, way_out, tmp_path):
    path = table(tmp_path, [(cell, i) for i, cell in enumerate(cells, 1)])
    assert way_out in refusal(path).hint
    for word in way_out.split('"')[1::2]:
        read(path, dates=word, frequency="month")


def test_a_zero_lost_by_numbers_of_a_workbook(tmp_path):
    path = workbook(tmp_path, [["Month", "t"], *([float(f"2018.{m}"), float(m)] for m in range(1, 13))])
    np.testing.assert_array_equal(seen(read(path))[2].values, np.arange(1, 13))


# --- months not yet over, and other readings --------------------------------------------------------------------------


def test_months_not_yet_over(tmp_path):
    from forecast.tables.mapping import TableMapping
    from forecast.tables.own_table import rows_of_table

    rows = list(zip(months("2024-01", 12), [5, 6, 7, 8, 9, 8, 7, 0, 0, 0, 0, 0], strict=True))
    path = table(tmp_path, rows)
    day = dt.date(2024, 8, 10)
    with pytest.raises(DataError, match=r"not over on 2024-08-10.*zeros of months not yet out") as error:
        rows_of_table(TableMapping(path=str(path), key=KEY), day)
    assert 'until = "2024-07"' in error.value.hint
    assert len(rows_of_table(TableMapping(path=str(path), key=KEY, until="2024-07"), day)[0]) == 7
    empty = table(tmp_path, [*rows[:7], *((month, "") for month, _ in rows[7:])], name="empty.csv")
    made, told = rows_of_table(TableMapping(path=str(empty), key=KEY), day)
    assert len(made) == 7
    assert any("not over" in one for one in told)


def test_units_that_a_table_names_and_nobody_reads(tmp_path):
    rows = [(m, 5, "t" if i % 2 else "kg") for i, m in enumerate(months("2024-01", 6))]
    path = table(tmp_path, rows, ("period", "value", "unit"))
    assert 'unit_column = "unit"' in refusal(path).hint
    np.testing.assert_array_equal(seen(read(path, unit_column="unit"))[2].values[:2], [5, 5000])
    one = table(tmp_path, [(m, 5, "tonnes") for m in months("2024-01", 6)], ("period", "value", "unit"), name="one.csv")
    assert "says 'tonnes'" in refusal(one, unit="kg").problem
    assert seen(read(one, unit="t"))[2].values[0] == 5000


def test_a_number_that_overflowed_its_program(tmp_path):
    path = table(tmp_path, [("2024-01", 2147483647), ("2024-02", 5)])
    assert "largest number" in refusal(path).problem


def test_a_frame_is_read_as_its_file_is(tmp_path):
    import pandas as pd

    import forecast as fc

    frame = pd.DataFrame(
        {"salt": [1.5, np.nan, 0.0], "tin": [4, 5, 6]}, pd.to_datetime(["2024-01-31", "2024-02-29", "2024-03-31"])
    )
    frame.index.name = "month"
    frame.to_csv(tmp_path / "own.csv")
    words = {"values": {"salt": KEY, "tin": TIN}, "unit": "t"}
    one, other = fc.read_table(frame, **words), fc.read_table(tmp_path / "own.csv", **words)
    assert one.latest.fingerprint() == other.latest.fingerprint()
    assert seen(one)[2].status == ("value", "missing", "zero")
    with pytest.raises(DataError, match="no column 'zinc'") as error:
        fc.read_table(frame, values={"zinc": KEY})
    assert "the table" in error.value.where


@pytest.mark.parametrize("name", ["tonnes", "Exports (tonnes)", "Exports, thousand kg", "QUANTITY_IN_TONNES"])
def test_a_unit_in_the_name_of_a_column_counts(name, tmp_path):
    path = table(tmp_path, [("2024-01", 5), ("2024-02", 6)], ("month", name), sign=";")
    assert seen(read(path))[2].values[0] == 5000
    assert seen(read(path, unit="kg"))[2].values[0] == 5


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (quarterly(2014, ["03-31", "06-30", "09-30", "12-31"]), 'frequency = "quarter"'),
        (to_date(FLOW, "2019-01", 1), 'sums = "since January"'),
        ([(f"{m[:4]}-01/{m}", v) for m, v in to_date(FLOW, "2019-01", 1)], ""),
    ],
)
def test_longer_sums_are_months_to_the_plan(rows, words, tmp_path):
    from forecast.jobs.load import load, read_archive
    from forecast.jobs.plan import make_plan

    path = table(tmp_path, rows)
    text = f'[data]\nuse = "csv"\npath = "{path.as_posix()}"\nkey = "{KEY}"\n{words}\n[[models]]\nuse = "ets"\n'
    (tmp_path / "own.toml").write_text(f'{text}[forecast]\nseries = ["{KEY}"]\nmonths = 6\n', "utf-8")
    config = load(tmp_path / "own.toml")
    plan = make_plan(config, read_archive(config))
    assert plan.counts["forecast questions"] == 1
    assert not any("known months" in finding.text for finding in plan.findings)
