"""Numbers in a reader's words."""

from __future__ import annotations

import pytest

from forecast.report.numbers import good_name, percent, quantity


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.43, "kg", "0.4"),
        (0.0, "kg", "0"),
        (0.004, "t", "0.0040"),
        (97.32, "t", "97.3"),
        (20.0, "t", "20"),
        (-7483.2, "t", "−7,483"),
        (-290.5, "t", "−291"),
        (-290.5 + 1e-11, "t", "−291"),
    ],
)
def test_a_small_figure_does_not_look_like_zero(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == f"{text}\u00a0{unit}"


def test_all_but_all_is_not_all() -> None:
    assert percent(-0.998) == "−99.8\u00a0%"
    assert percent(-1.0) == "−100\u00a0%"


@pytest.mark.parametrize(
    ("series", "name"),
    [
        ("USA.import.WLD.bismuth:usd", "bismuth and articles, over 99.99 %"),
        ("EU27.import.CHN.bismuth", "bismuth and articles"),
        ("USA.import.WLD.zinc", "zinc, unwrought, 99.99 % and more"),
        ("CHN.export.WLD.zinc", "zinc, unwrought"),
        ("own series", "own series"),
    ],
)
def test_a_grade_is_told_of_the_records_whose_code_holds_it_alone(series, name):
    assert good_name(series) == name
