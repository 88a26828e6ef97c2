"""Plain words of the brief: what chance alone brings, and the length of what a sum is held against."""

import math
from types import SimpleNamespace

import pytest

from forecast.core.time_axis import MONTHS
from forecast.report.brief.plain_words import baseline_at_length, chance_words


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.054, "without an effect seen in 5.4 of 100 cases"),
        (0.012, "without an effect seen in 1.2 of 100 cases"),
        (0.54, "without an effect seen in 54 of 100 cases"),
        (0.0004, "without an effect seen in fewer than 1 of 1,000 cases"),
        (math.nan, ""),
    ],
)
def test_chance_is_told_in_cases_of_a_hundred(p, said):
    assert chance_words(SimpleNamespace(p_value=p)) == said


@pytest.mark.parametrize(
    ("baseline", "months", "measure", "said"),
    [
        ("mean of 2024", 3, "cumulative", "three months at the mean of 2024"),
        ("the 12 months before the ban", 6, "cumulative", "six months at the pace of the 12 months before the ban"),
        ("the same months a year earlier", 2, "cumulative", "the same months a year earlier"),
        ("mean of 2024", 1, "cumulative", "the mean of 2024"),
        ("mean of 2024", 7, "share", "the mean of 2024"),
    ],
)
def test_a_sum_tells_how_long_its_comparison_is(baseline, months, measure, said):
    assert baseline_at_length(SimpleNamespace(baseline=baseline, n_known=months, measure=measure, steps=MONTHS)) == said
