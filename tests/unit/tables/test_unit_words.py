"""Units by their definitions: a pound is 0.45359237 kg, a grain a 7,000th of it; 千, 万, 亿 are 10^3, 10^4, 10^8."""

import pytest

from forecast.tables.unit_words import unit_factor

POUND = 0.45359237
TROY_OUNCE = 480 * POUND / 7000


@pytest.mark.parametrize(
    ("text", "archive_unit", "factor"),
    [
        ("lb", "kg", POUND), ("short tons", "kg", 2000 * POUND), ("long tons", "kg", 2240 * POUND), ("oz", "kg", POUND / 16),
        ("troy oz", "kg", TROY_OUNCE), ("cwt", "kg", 100 * POUND), ("quintal", "kg", 100.0), ("g", "kg", 1e-3),
        ("kt", "kg", 1e6), ("吨", "kg", 1e3), ("万吨", "kg", 1e4 * 1e3), ("公斤", "kg", 1.0), ("100 kg", "kg", 100.0),
        ("thousand tonnes", "kg", 1e6), ("10,000 tons", "kg", 1e7), ("千美元", "USD", 1e3), ("万美元", "USD", 1e4),
        ("亿美元", "USD", 1e8), ("million USD", "USD", 1e6), ("USD/t", "USD/kg", 1e-3), ("cents/lb", "USD/kg", 0.01 / POUND),
        ("USD/troy oz", "USD/kg", 1 / TROY_OUNCE),
    ],
)  # fmt: skip
def test_a_unit_is_what_it_is_defined_as(text, archive_unit, factor):
    assert unit_factor(text, archive_unit) == pytest.approx(factor, rel=1e-8)


@pytest.mark.parametrize("text", ["EUR", "barrels", "%", "index"])
def test_what_is_no_unit_of_the_archive_is_none(text):
    assert unit_factor(text, "kg") is None
