"""Plain panels of years, months, weeks, days and integers."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from forecast.core.errors import DataError
from forecast.core.panel import panel
from forecast.core.questions import Design, Task


def frame(times, values=None, **more):
    return pd.DataFrame({"time": times, "value": range(len(times)) if values is None else values, **more})


@pytest.mark.parametrize(
    ("times", "unit", "labels"),
    [
        ([1988, 1989, 1990], "year", ["1988", "1989", "1990"]),
        (["1988", "1989", "1990"], "year", ["1988", "1989", "1990"]),
        (["1988-12-31", "1989-12-31", "1990-12-31"], "year", ["1988", "1989", "1990"]),
        (pd.date_range("1988-12-31", periods=3, freq="YE"), "year", ["1988", "1989", "1990"]),
        ([0, 1, 2], "integer", ["0", "1", "2"]),
        (["2020-11", "2020-12", "2021-01"], "month", ["2020-11", "2020-12", "2021-01"]),
        (["2020-11-01", "2020-12-01", "2021-01-01"], "month", ["2020-11", "2020-12", "2021-01"]),
        (["2020-11-30", "2020-12-31", "2021-01-31"], "month", ["2020-11", "2020-12", "2021-01"]),
        (["2020-12-31", "2021-01-01", "2021-01-02"], "day", ["2020-12-31", "2021-01-01", "2021-01-02"]),
        (pd.date_range("2020-12-31", periods=3), "day", ["2020-12-31", "2021-01-01", "2021-01-02"]),
        (["2024-01-05", "2024-01-12", "2024-01-19"], "week", ["2024-01-05", "2024-01-12", "2024-01-19"]),  # Fridays
        (pd.date_range("2020-12-20", periods=3, freq="W"), "week", ["2020-12-20", "2020-12-27", "2021-01-03"]),  # Sundays
        (["2020-W52", "2020-W53", "2021-W01"], "week", ["2020-12-21", "2020-12-28", "2021-01-04"]),
        (pd.period_range("2020-11", periods=3, freq="M"), "month", ["2020-11", "2020-12", "2021-01"]),
    ],
)
def test_every_kind_of_step(times, unit, labels):
    vintage = panel(frame(times))
    seen = vintage.observed("value")
    assert vintage.steps.unit == unit
    assert [vintage.steps.label(int(m)) for m in seen.months] == labels
    assert np.diff(seen.months).tolist() == [1, 1]
    np.testing.assert_array_equal(seen.values, [0, 1, 2])


def test_months_of_many_units_are_months():
    table = frame(["2020-01-01", "2020-02-01"] * 2, unit=["A", "A", "B", "B"])
    vintage = panel(table, unit="unit")
    assert vintage.steps.unit == "month"
    assert vintage.series == ("A", "B")


def test_a_panel_is_no_trade():
    vintage = panel(frame([1, 2], [-5.0, 3.0]))
    assert vintage.season is None
    assert not vintage.nonnegative
    assert vintage.observed("value").values.tolist() == [-5.0, 3.0]
    assert panel(frame([1, 2]), season=4, nonnegative=True).season == 4


def test_everything_is_known_at_once():
    vintage = panel(frame([1, 2]))
    assert vintage.earlier("2000-01-01") is vintage


def test_order_of_rows_does_not_matter():
    table = frame([3, 1, 2], [30.0, 10.0, 20.0])
    np.testing.assert_array_equal(panel(table).observed("value").values, [10, 20, 30])
    assert panel(table).fingerprint() == panel(table.iloc[::-1]).fingerprint()


def test_an_empty_cell_is_missing():
    vintage = panel(frame([1, 2, 3], [1.0, np.nan, 3.0]))
    np.testing.assert_array_equal(vintage.observed("value").values, [1.0, np.nan, 3.0])
    assert panel(frame([1, 2, 3], ["1", "", "3"]).replace("", None)).observed("value").count == 2


def test_a_gap_in_time_is_missing():
    np.testing.assert_array_equal(panel(frame([1, 2, 4])).observed("value").values, [0, 1, np.nan, 2])


def test_controls_are_known_by_unit_and_step():
    table = frame([1, 2], unit=["A", "A"], price=[7.0, 8.0])
    vintage = panel(table, unit="unit", controls=["price"])
    np.testing.assert_array_equal(vintage.controls_of("A", ["price"], [1, 2, 3]).ravel(), [7, 8, np.nan])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (frame([1, 1]), "value has two rows at 1"),
        (frame(["2020-01", "2020-01"]), "two rows at 2020-01"),
        (frame([1, 2], ["5", "many"]), "'many' in column 'value' is not a number"),
        (frame([1, 2], [5.0, np.inf]), "'inf' in column 'value' is not a number"),
        (frame([1, 2]).rename(columns={"time": "Time"}), "no column 'time'"),
        (frame(["soon", "later"]), "'soon' is not a whole number"),
        (frame([1989.0, 1989.25]), "'1989.25' is not a whole number"),
        (frame([1.0, np.nan]), "'nan' is not a whole number"),
        (frame(pd.date_range("2024-01-01", periods=9, freq="14D")), "the dates lie 14 days apart as a rule"),
        (frame(pd.date_range("2024-01-01", periods=9, freq="10D")), "the dates lie 10 days apart as a rule"),
        (frame(["2024-01-05", "2024-01-12", "2024-01-18", "2024-01-26"]), "the dates lie 7 days apart as a rule"),
        (frame(["2021-W52", "2021-W53"]), "'2021-W5.' is not a whole number"),
    ],
)
def test_bad_tables_are_refused(table, message):
    with pytest.raises(DataError, match=message):
        panel(table)


def test_a_control_that_is_no_number_is_refused():
    with pytest.raises(DataError, match="'dear' in column 'price' is not a number"):
        panel(frame([1, 2], price=["5", "dear"]), controls=["price"])
    with pytest.raises(DataError, match="no column 'pricee'") as error:
        panel(frame([1, 2], price=[1, 2]), controls=["pricee"])
    assert error.value.hint == "'price'"


def test_a_file_is_read(tmp_path):
    frame([1988, 1989], unit=["A", "A"]).to_csv(tmp_path / "p.csv", index=False)
    assert panel(tmp_path / "p.csv", unit="unit").series == ("A",)
    assert panel(str(tmp_path / "p.csv"), unit="unit").series == ("A",)


def test_weeks_with_a_gap_and_a_season():
    days = pd.date_range("2023-01-02", periods=60, freq="7D").delete([5, 6])
    seen = panel(frame(days), season=52)
    assert (seen.steps.unit, seen.season) == ("week", 52)
    assert seen.observed("value").count == 58
    assert len(seen.observed("value").values) == 60


def test_a_day_on_which_no_week_is_dated_is_refused():
    weeks = panel(frame(pd.date_range("2024-01-05", periods=9, freq="7D")))
    window = Design.at("2024-02-02", "value", stop="2024-02-16").window(weeks)
    assert window.length == 3
    with pytest.raises(DataError, match="no week is dated 2024-02-01") as error:
        Design.at("2024-02-01", "value").window(weeks)
    assert error.value.hint.startswith("2024-01-26 or 2024-02-02")
    assert weeks.steps.label(weeks.steps.of(dt.date(2024, 2, 1))) == "2024-01-26"


def test_years_are_named_by_a_year_or_one_of_its_days():
    years = panel(frame([f"{year}-12-31" for year in range(2000, 2010)]))
    assert Design.at("2005-12-31", "value").window(years) == Design.at(2005, "value").window(years)


def test_questions_on_a_panel():
    table = pd.concat([frame(range(1980, 1995), unit=u) for u in "AB"])
    vintage = panel(table, unit="unit")
    window = Design.at(start=1989, treated="A", donors="all", stop=1991).window(vintage)
    assert (window.hole, window.start, window.first, window.last) == (1989, 1989, 1989, 1991)
    assert Task("2030-01-01", "A", ["1995", "1996"]).ordinals(vintage) == [1995, 1996]


@pytest.mark.parametrize(
    "times",
    [
        [45322, 45351, 45382],  # month ends of a spreadsheet: 31 January, 29 February, 31 March 2024
        [45292, 45323, 45352],  # first days
        ["45322", "45351", "45382"],
        [45322.0, 45351.0, 45382.0],
        [202401, 202402, 202403],
        ["2024-01-31", "2024-02-29", "2024-03-31"],
        ["2024-01-31 00:00:00", "2024-02-29 00:00:00", "2024-03-31 00:00:00"],
    ],
)
def test_months_as_spreadsheets_write_them(times):
    seen = panel(frame(times))
    assert seen.steps.unit == "month"
    assert [seen.steps.label(int(m)) for m in seen.observed("value").months] == ["2024-01", "2024-02", "2024-03"]
    np.testing.assert_array_equal(seen.observed("value").values, [0, 1, 2])


def test_serial_days_with_a_month_left_out():
    seen = panel(frame([45292, 45323, 45383, 45413]))  # no March
    np.testing.assert_array_equal(seen.observed("value").values, [0, 1, np.nan, 2, 3])


@pytest.mark.parametrize("times", [[45292, 45293, 45294], [30000, 30001], [202401, 202413], [1, 2]])
def test_other_whole_numbers_stay_steps(times):
    assert panel(frame(times)).steps.unit == "integer"


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("time,value\n1,2\n2,3,4\n", "more cells than columns", "row 3"),
        ("time,value\n1,2,9\n2,3,9\n", "more cells than columns", "row 2"),
        ("time,value,value\n1,2,3\n", "two columns are called 'value'", "row 1"),
        ("time,value\n1,2\n\n2,1e400\n", "'1e400' in column 'value' is too large", "row 4"),
        ("time,value\n1,2\nsoon,2\n", "'soon' is not a whole number", "row 3, column 'time'"),
        ("time,value\n1,2\n,2\n", "'' is not a whole number", "row 3, column 'time'"),
        ("time,value\n1,2\n1,3\n", "two rows at 1", "row 3"),
        ("time,value\n1,2\n2000000,3\n", "the times reach from 1 to 2000000", "column 'time'"),
        ("time,value\n1,NA\n2,\n", "holds no figure", "p.csv"),
        ("time,value\n", "holds no figure", "p.csv"),
        ('time,value\n1,"2\n2,3\n', "cannot be read", "row 3"),
    ],
)
def test_a_bad_file_is_one_readable_error(text, problem, place, tmp_path):
    (tmp_path / "p.csv").write_text(text, "utf-8")
    with pytest.raises(DataError) as error:
        panel(tmp_path / "p.csv")
    assert problem in error.value.problem
    assert "p.csv" in error.value.where
    assert place in error.value.where
    assert error.value.hint


def test_cells_of_a_file_are_what_they_spell(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("unit,time,value,dummy\n01,2024-01,0.1,True\nNA,2024-01,n/a,FALSE\nNA,2024-02, 3 \n,,,\n", "utf-8")
    vintage = panel(path, unit="unit", controls=["dummy"])
    assert vintage.series == ("01", "NA")
    assert vintage.observed("01").values.tolist() == [0.1]
    assert vintage.observed("NA").values.tolist() == [3.0]
    assert vintage.controls == {("01", "dummy"): {24288: 1.0}, ("NA", "dummy"): {24288: 0.0}}


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (frame([1, 2], unit=["A", None]), "names no unit"),
        (frame([1, 2], unit=["A", " "]), "names no unit"),
        (frame([1, 2], [[1], [2]], unit=["A", "A"]), "is not a number"),
        (frame([1, 2], pd.date_range("2020", periods=2), unit=["A", "A"]), "is not a number"),
        (frame([pd.Timestamp("2020-01-01"), pd.NaT], unit=["A", "A"]), "is not a whole number"),
        (pd.concat([frame([1, 2], unit=["A", "A"]), pd.DataFrame({"time": [1, 2]})], axis=1), "two columns are called 'time'"),
    ],
)
def test_odd_tables_in_memory_are_refused(table, problem):
    with pytest.raises(DataError, match=problem):
        panel(table, unit="unit")


@pytest.mark.parametrize("cell", ["1,234", "1 234", "1.234,5", "1'234"])
def test_separators_of_thousands_are_refused(cell, tmp_path):
    with pytest.raises(DataError, match="is not a number") as error:
        panel(frame([1, 2], ["5", cell]))
    assert "separators of thousands" in error.value.hint
    path = tmp_path / "p.csv"
    path.write_text(f'time,value\n2024-01,5\n2024-02,"{cell}"\n', "utf-8")
    with pytest.raises(DataError, match="is not a number"):
        panel(path)
