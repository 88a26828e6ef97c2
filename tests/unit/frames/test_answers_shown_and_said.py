"""Answers of tables in memory, printed, drawn, said and quoted: each series in its own months and in the unit it came in."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt

import forecast as fc
from forecast.core.errors import ConfigError, DataError
from forecast.report.cards.card import MOST_LINES
from forecast.report.numbers import NBSP, decimal, digits, period, quantity

N = 60
MONTHS = pd.period_range("2020-01", periods=N, freq="M")
KEY = "CHN.export.WLD.re_magnets"  # a name that the archive gives to kilograms


def figures(seed=0):
    return np.random.default_rng(seed).gamma(30, 10, N).round(1)


def quick(data, h=3, **more):
    return fc.forecast(data, h, **{"model": "drift", "draws": 200, **more})


def changed(data, start="2024-07", **more):
    return fc.effect(data, start, **{"estimator": "baseline", "placebos": 5, "draws": 200, **more})


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def uneven():
    table = pd.DataFrame({"long": figures(1), "short": figures(2), "empty": np.nan}, index=MONTHS)
    table.iloc[-2:, 1] = np.nan
    return quick(table, unit="t")


def test_series_that_end_at_different_times_are_said_in_their_own_months(uneven):
    said = uneven.sentence().replace(NBSP, " ")
    long, _, rest = said.partition("short: ")
    short, _, empty = rest.partition("empty: ")
    assert "expected in Jan 2025" in long
    assert "in Mar 2025" in long
    assert "expected in Nov 2024" in short
    assert "in Jan 2025" in short
    assert empty == "no answer, because the series has no figure."
    middle = float(np.median(uneven.of("short")[:, 0]))
    assert f"about {quantity(middle, 't')}".replace(NBSP, " ") in short


def test_series_that_end_at_different_times_are_printed_in_their_own_months(uneven):
    for text in (repr(uneven), uneven._repr_html_()):
        plain = text.replace(NBSP, " ")
        assert "Jan 2025: " in plain
        assert "Mar 2025: " in plain
        assert "no answer: the series has no figure" in plain
        assert "cannot be shown" not in plain
    assert len(repr(uneven).splitlines()) <= MOST_LINES


def test_series_that_end_at_different_times_are_drawn_over_their_own_months(uneven):
    for name in ("long", "short"):
        middle = np.median(uneven.of(name), axis=0)
        assert any(np.array_equal(line.get_ydata(), middle) for line in uneven.plot(series=name).lines)
    with pytest.raises(ConfigError, match="empty has no answer: the series has no figure"):
        uneven.plot(series="empty")


def test_a_picture_is_of_the_first_series_that_has_an_answer():
    table = pd.DataFrame({"empty": np.nan, "full": figures()}, index=MONTHS)
    assert quick(table).plot().get_title(loc="left") == "full"


def test_a_figure_is_quoted_of_the_months_of_its_own_series(uneven):
    middle = float(np.median(uneven.of("short")[:, 0]))
    assert uneven.number("q50", series="short", month="2024-11", digits=1) == f"{decimal(middle, 1)}{NBSP}t"
    with pytest.raises(ConfigError, match="no month '2025-03'"):
        uneven.number("q50", series="short", month="2025-03")
    with pytest.raises(ConfigError, match="empty has no answer"):
        uneven.number("q50", series="empty")


def test_a_forecast_has_the_unit_that_was_named():
    made = quick(pd.Series(figures(), MONTHS, name="cobalt"), unit="t")
    median = float(np.median(made.of("cobalt")[:, 0]))
    assert f"about {quantity(median, 't')} expected" in made.sentence()
    assert quantity(median, "t") in repr(made)
    assert made.plot().get_ylabel() == "t a month"
    assert made.number("q50", "kg", 0, month="2025-01") == f"{decimal(median * 1000, 0)}{NBSP}kg"
    bare = quick(pd.Series(figures(), MONTHS, name="cobalt"))
    assert bare.plot().get_ylabel() == ""
    with pytest.raises(ConfigError, match="without a unit"):
        bare.number("q50", "kg", month="2025-01")


@pytest.mark.parametrize(("unit", "label"), [("", ""), ("EUR", "EUR a month")])
def test_a_name_spelled_as_a_key_of_the_archive_changes_no_figure(unit, label):
    series = pd.Series(figures(), MONTHS, name=KEY)
    made, effect = quick(series, unit=unit), changed(series, unit=unit)
    median = float(np.median(made.of(KEY)[:, 0]))
    assert made.number("q50", month="2025-01") == quantity(median, unit)
    assert "months together" not in made.sentence()  # whether own figures add up nobody says
    assert effect.number("observed_total") == quantity(series["2024-07":].sum(), unit)
    for picture in (made.plot(), effect.plot()):
        assert picture.get_ylabel() == label
        assert any(np.isclose(line.get_ydata(), series.iloc[-1]).any() for line in picture.lines)


def test_the_print_says_what_was_kept_from_falling_below_zero():
    series = pd.Series(figures(), MONTHS, name="cobalt")
    assert "not below zero as no figure of it is: cobalt" in repr(quick(series))
    assert "below zero" not in repr(quick(series, nonnegative=False))


def test_a_plus_in_a_name_joins_nothing():
    table = pd.DataFrame({"Cu+Zn": figures(1), "Co": figures(2)}, index=MONTHS)
    effect = changed(table, treated="Cu+Zn")
    assert effect.sentence().startswith(f"Cu+Zn, Jul–Dec{NBSP}2024.")
    assert effect.plot().get_title(loc="left") == "Cu+Zn"
    both = changed(table, treated=["Cu+Zn", "Co"])
    assert both.sentence().startswith(f"Cu+Zn and 1 more, Jul–Dec{NBSP}2024.")
    assert "on Cu+Zn and 1 more," in repr(both)
    with pytest.raises(DataError, match="holds a '\\+'"):
        fc.Event(id="a+b", title="x", announced="2024-01-01")


def test_no_series_is_counted_twice():
    table = pd.DataFrame({"a": figures(1), "b": figures(2)}, index=MONTHS)
    for treated in (["a", "a"], ["a", "b", "a"]):
        with pytest.raises(DataError, match="'a' is named twice"):
            changed(table, treated=treated)
        with pytest.raises(ConfigError, match="'a' is named twice"):
            fc.Design.at("2024-07", treated)
    with pytest.raises(ConfigError, match="'a' is named twice"):
        fc.Task("2025-01-01", ["a", "a"], ["2025-01"])
    with pytest.raises(ConfigError, match="'2025-01' is named twice"):
        fc.Task("2025-01-01", "a", ["2025-01", "2025-01"])


@pytest.mark.parametrize("name", [None, np.nan, "", "  "])
def test_a_column_without_a_name_is_refused(name):
    table = pd.DataFrame(np.column_stack([figures(1), figures(2)]), MONTHS, ["a", name])
    with pytest.raises(DataError, match="a column has no name"):
        quick(table)


def test_a_name_of_several_lines_is_printed_in_one():
    table = pd.DataFrame({"a\nb": figures(1), "c": figures(2)}, index=MONTHS)
    assert "a b" in repr(quick(table))


def test_quarters_are_written_out():
    quarters = pd.Series(figures(), pd.period_range("2010Q1", periods=N, freq="Q"), name="cobalt")
    effect = changed(quarters, "2024Q3", stop="2024Q4")
    assert effect.sentence().startswith("cobalt, 2024-Q3–2024-Q4.")
    assert period("2024-01/2024-12") == "2024"
    assert period("2024-04/2024-06") == f"Apr–Jun{NBSP}2024"


def test_small_figures_keep_two_digits_and_rounding_errors_none():
    assert quantity(0.000293, "Mt") == f"0.00029{NBSP}Mt"
    assert quantity(0.0042) == "0.0042"
    assert quantity(3e-14) == "0"
    assert digits(2.5e-7) == 8
