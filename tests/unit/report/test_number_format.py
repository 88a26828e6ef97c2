"""Numbers as text: units, digits, the marks of languages; and that nothing is asked of the machine's own locale."""

import locale as machine
import math

import pytest
from hypothesis import given, strategies as st

from forecast.core.errors import ConfigError
from forecast.core.units import KILOGRAMS, conversion_factor, convertible_to
from forecast.report.number_format import MARKS, NARROW, format_number
from forecast.report.numbers import MINUS, NBSP, decimal, percent, percentage_points, quantity

VALUE = -1234567.891


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", f"{MINUS}1,234,567.89"),
        ("de", f"{MINUS}1.234.567,89"),
        ("de_DE.UTF-8", f"{MINUS}1.234.567,89"),
        ("de-CH", f"{MINUS}1’234’567.89"),
        ("DE-ch", f"{MINUS}1’234’567.89"),
        ("fr", f"{MINUS}1{NARROW}234{NARROW}567,89"),
        ("es", f"{MINUS}1.234.567,89"),
        ("pt", f"{MINUS}1.234.567,89"),
        ("pl", f"{MINUS}1{NBSP}234{NBSP}567,89"),
        ("sv", f"{MINUS}1{NBSP}234{NBSP}567,89"),
        ("it", f"{MINUS}1.234.567,89"),
        ("ja", f"{MINUS}1,234,567.89"),
        ("zh-Hans-CN", f"{MINUS}1,234,567.89"),
        ("C", "-1234567.89"),
    ],
)
def test_the_marks_of_a_language(locale, text):
    assert format_number(VALUE, "kg", digits=2, locale=locale, with_unit=False) == text


@pytest.mark.parametrize(
    ("locale", "text"), [("es", "7055"), ("pl", "7055"), ("pt-PT", "7055"), ("de", "7.055"), ("en", "7,055")]
)
def test_four_digits_are_divided_where_the_language_does(locale, text):
    assert format_number(7055.2, "t", locale=locale, with_unit=False) == text
    assert len(format_number(17055.2, "t", locale=locale, with_unit=False)) == 6


@pytest.mark.parametrize(
    ("value", "unit_from", "unit", "digits", "text"),
    [
        (1000.0, "kg", "t", 2, f"1.00{NBSP}t"),
        (1.0, "t", "kt", 3, f"0.001{NBSP}kt"),
        (1.0, "t", "g", None, f"1,000,000{NBSP}g"),
        (1000.0, "kg", "lb", None, f"2,205{NBSP}lb"),
        (1000.0, "USD", "kUSD", 2, f"1.00{NBSP}kUSD"),
        (1000.0, "USD/kg", "USD/t", None, f"1,000,000{NBSP}USD/t"),
        (1000.0, "packs", "packs", None, f"1,000{NBSP}packs"),
        (1000.0, "packs", None, None, f"1,000{NBSP}packs"),
        (-0.5, "", "%", None, f"{MINUS}50{NBSP}%"),
        (0.123, "", "pp", 0, f"12{NBSP}pp"),
    ],
)
def test_units_are_converted(value, unit_from, unit, digits, text):
    assert format_number(value, unit_from, unit, digits) == text


@pytest.mark.parametrize(("unit_from", "unit"), [("kg", "USD"), ("", "t"), ("kg", "tonne"), ("packs", "t"), ("USD/kg", "USD")])
@pytest.mark.parametrize("value", [1.0, math.nan])
def test_a_unit_that_does_not_fit_is_refused_whatever_the_value(unit_from, unit, value):
    with pytest.raises(ConfigError, match="cannot be given in"):
        format_number(value, unit_from, unit)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1234.5, 0, "1,235"),
        (1234.5, "0", "1,235"),
        (1250.0, -2, "1,300"),
        (1234.5, "2s", "1,200"),
        (0.0123456, "3s", "0.0123"),
        (0.0996, "2s", "0.10"),
        (9.96, "2s", "10"),
        (999.6, "3s", "1,000"),
        (0.0, "3s", "0.00"),
        (-0.001, 2, "0.00"),
        (1000.0, "1s", "1,000"),
        (0.1 + 0.2, 15, "0.300000000000000"),
    ],
)
def test_digits(value, digits, text):
    assert format_number(value, "t", digits=digits, with_unit=False) == text


@pytest.mark.parametrize("digits", ["s", "three", True, "0s", 99, "99s", 1.5])
def test_digits_that_make_no_sense_are_refused(digits):
    with pytest.raises(ConfigError, match=r"digits|decimals"):
        format_number(1.0, "t", digits=digits)


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
@pytest.mark.parametrize("locale", MARKS)
def test_missing_is_a_dash_and_never_zero(value, locale):
    assert format_number(value, "kg", "t", 2, locale) == "–"


def test_an_unknown_language_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="'dee' are not known") as error:
        format_number(1.0, locale="dee")
    assert error.value.hint == "'de'"


@given(st.floats(-1e9, 1e9), st.sampled_from(["kg", "t", "USD", ""]))
def test_without_digits_it_is_the_number_of_the_report(value, unit):
    assert format_number(value, unit) == quantity(value, unit)
    assert format_number(value, unit, sign=True) == quantity(value, unit, sign=True)
    assert format_number(value / 1e6, "", "%", sign=True) == percent(value / 1e6)
    assert format_number(value / 1e6, "", "pp", sign=True) == percentage_points(value / 1e6)


@given(st.floats(-1e9, 1e9), st.integers(0, 6), st.sampled_from(sorted(MARKS)))
def test_every_language_says_the_same_number(value, digits, locale):
    text = format_number(value, "t", digits=digits, locale=locale, with_unit=False)
    point, thousands, _ = MARKS[locale]
    plain = text.replace(thousands, "").replace(point, ".").replace(MINUS, "-") if thousands else text
    assert float(plain) == pytest.approx(float(decimal(value, digits).replace(",", "").replace(MINUS, "-")))
    assert float(plain) == pytest.approx(value, abs=0.51 * 10.0**-digits, rel=1e-12)


@given(st.floats(-1e9, 1e9).filter(lambda v: abs(v) > 1e-6), st.integers(1, 9))
def test_significant_digits_are_as_many_as_asked_for(value, digits):
    text = format_number(value, "t", digits=f"{digits}s", locale="C", with_unit=False)
    assert float(text) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))
    shown = text.lstrip("-0.").replace(".", "")
    assert len(shown) == digits or (len(shown) > digits and set(shown[digits:]) == {"0"})


def test_factors_there_and_back():
    for one in KILOGRAMS:
        assert set(convertible_to(one)) == set(KILOGRAMS)
        for other in KILOGRAMS:
            assert conversion_factor(one, other) * conversion_factor(other, one) == pytest.approx(1.0, rel=1e-15)


def test_the_locale_of_the_machine_is_neither_read_nor_changed(monkeypatch):
    monkeypatch.setattr(machine, "setlocale", lambda *_: pytest.fail("the machine's locale was asked for"))
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert format_number(1234.5, "t", digits=1) == f"1,234.5{NBSP}t"
