"""Own figures: what is read, and one readable error for each fault."""

import numpy as np
import pytest

from forecast.core import registry
from forecast.core.errors import ConfigError, DataError

KEY = "CHL.export.WLD.lithium_carbonate"


def read(tmp_path, text, **options):
    path = tmp_path / "own.csv"
    path.write_text(text, "utf-8")
    return registry.build("source", {"use": "csv", "path": str(path), "key": KEY, **options}).read()


def values(archive):
    return archive.latest.observed(KEY).values


def test_tonnes_become_kilograms_and_an_empty_cell_is_missing(tmp_path):
    archive = read(tmp_path, "period,value\n2024-01,1.5\n2024-02,\n2024-03,0\n", unit="t")
    np.testing.assert_array_equal(values(archive), [1500.0, np.nan, 0.0])
    assert archive.latest.observed(KEY).status == ("value", "missing", "zero")


@pytest.mark.parametrize(("unit", "factor"), [("kg", 1.0), ("kt", 1e6), ("lb", 0.45359237), ("g", 1e-3), ("st", 907.18474)])
def test_units(tmp_path, unit, factor):
    assert values(read(tmp_path, "period,value\n2024-01,2\n", unit=unit))[0] == pytest.approx(2 * factor)


@pytest.mark.parametrize("cell", ["2024-01", "2024-01-31", "2024/1/31", "45292", "2024-01-31 00:00:00", "2024.01"])
def test_any_day_of_a_month_names_it(tmp_path, cell):
    assert read(tmp_path, f"period,value\n{cell},2\n").latest.observed(KEY).first == 12 * 2024


def test_a_sum_over_months_stays_one(tmp_path):
    archive = read(tmp_path, "period,value\n2024-01/2024-02,10\n2024-03,5\n")
    assert archive.latest.observed(KEY).spans[0].value == 10


def test_thousands_only_where_declared(tmp_path):
    assert values(read(tmp_path, 'period,value\n2024-01,"1,234.5"\n', thousands=","))[0] == 1234.5
    with pytest.raises(DataError, match="decimals or thousands") as error:
        read(tmp_path, 'period,value\n2024-01,"12,500"\n')
    assert "row 2, column 'value'" in error.value.where
    assert values(read(tmp_path, 'period,value\n2024-01,"12,5"\n'))[0] == 12.5  # no thousand has one digit behind its mark
    with pytest.raises(DataError, match="grouped in threes"):
        read(tmp_path, 'period,value\n2024-01,"12,5"\n', thousands=",")


def test_figures_are_known_after_their_lag(tmp_path):
    archive = read(tmp_path, "period,value\n2024-01,1\n2024-02,2\n", lag_days=20)
    assert archive.as_of("2024-03-19").last_month(KEY) == 12 * 2024
    assert archive.as_of("2024-03-20").last_month(KEY) == 12 * 2024 + 1


def test_a_release_column_carries_revisions(tmp_path):
    text = "period,value,out\n2024-01,1,2024-02-10\n2024-01,3,2024-03-10\n"
    archive = read(tmp_path, text, released="out")
    assert archive.as_of("2024-02-11").observed(KEY).values[0] == 1
    assert archive.latest.observed(KEY).values[0] == 3
    assert not archive.pseudo


def test_labels_become_keys_and_join_the_bundle(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("period;good;value\n2024-01;salt;7\n", "utf-8")
    spec = {"use": "csv", "path": str(path), "series": "good", "keys": {"salt": KEY}, "delimiter": ";", "join": True}
    archive = registry.build("source", spec).read()
    assert archive.latest.observed(KEY).values[0] == 7
    assert archive.latest.knows("CHN.export.WLD.re_magnets")


@pytest.mark.parametrize(
    ("text", "options", "problem", "where"),
    [
        ("", {}, "the file is empty", "own.csv"),
        ("period,value\n", {}, "holds no figure", "own.csv"),
        ("period,value\n2024-01,abc\n", {}, "'abc' is not a number", "row 2, column 'value'"),
        ("period,value\n2024-01,inf\n", {}, "'inf' is not a number", "row 2, column 'value'"),
        ("period,value\n2024-01,-3\n", {}, "cannot be negative", "row 2, column 'value'"),
        ("period,value\n2024-01,1\n2024-01,2\n", {}, "two figures for 2024-01", "rows 2 and 3"),
        ("period,value\n13/2024,1\n", {}, "is not a month", "row 2, column 'period'"),
        ("period,value\n2024-01,1\n", {"unit": "bushel"}, "unit 'bushel' does not fit", "row 2"),
        ("period,value\n2024-01,1\n", {"unit": "USD"}, "unit 'USD' does not fit", "row 2"),
        ("month,value\n2024-01,1\n", {}, "there is no column 'period'", "row 1"),
        ("period,value\n2024-01,1\n", {"period": ""}, "there is no column ''", "row 1"),
        ("period,value\n2024-01,1\n", {"value": ""}, "there is no column ''", "row 1"),
        ("period,value\n2024-01,1\n", {"key": "salt"}, "'salt' does not spell a series", "[data], key"),
        ("period,value\n2024-01,1,2\n", {}, "more cells than columns", "row 2"),
        ("period,value\n2024-01,1e400\n", {}, "'1e400' is too large", "row 2, column 'value'"),
        ("period,value\n2024-01,1\n2024-02,1e148\n", {"unit": "kt"}, "1e148 kt is too large", "row 3, column 'value'"),
        ("period,value\n2024-01,1e308\n", {"unit": "kt"}, "'1e308' is too large", "row 2, column 'value'"),
        ("period,value\n2024-01,%sx\n" % ("9" * 100_000), {}, "is not a number", "row 2, column 'value'"),
        ("period,value,out\n2024-03,1,9999-12-31\n", {"released": "out"}, "after 2100", "row 2, column 'out'"),
        ("period,value,out\n2024-03,1,2024-02-01\n", {"released": "out"}, "before 2024-03 began", "row 2, column 'out'"),
    ],
)
def test_each_fault_is_one_readable_error(tmp_path, text, options, problem, where):
    with pytest.raises(DataError) as error:
        read(tmp_path, text, **options)
    assert problem in error.value.problem
    assert where in error.value.where
    assert error.value.hint


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        registry.build("source", {"use": "csv", "path": str(tmp_path / "none.csv"), "key": KEY}).read()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "needs the path"),
        ({"path": "x", "key": ""}, "column of series or one"),
        ({"path": "x", "thousands": "x"}, "thousands"),
        ({"path": "x", "delimiter": '"'}, "cannot part cells"),
        ({"path": "x", "delimiter": "\n"}, "cannot part cells"),
    ],
)
def test_options_are_checked(options, problem):
    with pytest.raises(ConfigError, match=problem):
        registry.build("source", {"use": "csv", "key": KEY, **options})


def test_published_is_the_bundle():
    assert "CHN.export.WLD.re_magnets" in registry.build("source", "published").read().series


@pytest.mark.parametrize(
    ("cell", "options", "number"),
    [
        ("1,234", {"thousands": ","}, 1234),
        ("1 234", {"thousands": " "}, 1234),
        ("1\u202f234,5", {"thousands": " ", "decimal": ","}, 1234.5),
        ("1'234.5", {"thousands": "'"}, 1234.5),
        ("1.234,5", {"thousands": ".", "decimal": ","}, 1234.5),
        ("1.234.567", {"thousands": ".", "decimal": ","}, 1234567),
        ("12,5", {"decimal": ","}, 12.5),
        ("-1,5e3", {"decimal": ",", "unit": "USD", "key": f"{KEY}:usd"}, -1500),
    ],
)
def test_every_spelling_of_a_number_is_read_where_it_is_declared(tmp_path, cell, options, number):
    archive = read(tmp_path, f"period;value\n2024-01;{cell}\n", delimiter=";", **options)
    assert archive.latest.observed(options.get("key", KEY)).values[0] == number


@pytest.mark.parametrize(
    ("cell", "options", "hint"),
    [
        ("1,234", {}, 'thousands = ","'),
        ("1 234", {"thousands": "'"}, "a number"),
        ("1.234,5", {"thousands": ","}, "between thousands only"),
        ("1.23.4", {}, "a number"),
        ("12.34,5", {"decimal": ",", "thousands": "."}, "between thousands only"),
    ],
)
def test_an_undeclared_spelling_is_refused_with_the_way_out(tmp_path, cell, options, hint):
    with pytest.raises(DataError) as error:
        read(tmp_path, f"period;value\n2024-01;{cell}\n", delimiter=";", **options)
    assert hint in error.value.hint
    assert "row 2, column 'value'" in error.value.where


@pytest.mark.parametrize(
    ("cell", "options", "number"),
    [
        ("1 234", {}, 1234),
        ("1'234.5", {}, 1234.5),
        ("1.234,5", {}, 1234.5),
        ("1.234,5", {"decimal": ","}, 1234.5),
        ("1.234", {"decimal": ","}, 1234),
        ("0,125", {}, 0.125),
    ],
)
def test_a_spelling_that_means_one_number_alone_is_read(tmp_path, cell, options, number):
    assert values(read(tmp_path, f"period;value\n2024-01;{cell}\n", **options))[0] == number


def test_three_digits_behind_every_point_may_be_thousands(tmp_path):
    text = "period,value\n2024-01,1.234\n2024-02,987\n2024-03,12.345\n2024-04,2.500\n"
    with pytest.raises(DataError, match="decimals or thousands") as error:
        read(tmp_path, text)
    assert 'decimal = "."' in error.value.hint
    np.testing.assert_array_equal(values(read(tmp_path, text, decimal=".")), [1.234, 987, 12.345, 2.5])
    np.testing.assert_array_equal(values(read(tmp_path, text, decimal=",", thousands=".")), [1234, 987, 12345, 2500])
    plain = text + "2024-05,0.125\n"  # no thousand begins with a zero
    assert values(read(tmp_path, plain))[0] == 1.234


@pytest.mark.parametrize("options", [{"decimal": ";"}, {"decimal": ".", "thousands": "."}, {"thousands": "."}])
def test_one_sign_cannot_mean_both(options):
    with pytest.raises(ConfigError, match="decimals cannot be written"):
        registry.build("source", {"use": "csv", "path": "x", "key": KEY, **options})


@pytest.mark.parametrize("cell", ["202401", "45322", "45292.0"])
def test_months_as_whole_numbers_and_serial_days(tmp_path, cell):
    assert read(tmp_path, f"period,value\n{cell},2\n").latest.observed(KEY).first == 12 * 2024


def test_a_missing_row_is_a_missing_month(tmp_path):
    archive = read(tmp_path, "period,value\n2024-01,1\n2024-02,2\n2024-04,4\n")
    np.testing.assert_array_equal(values(archive), [1, 2, np.nan, 4])
    assert archive.latest.observed(KEY).status[2] == "not in the data"
