"""The gate of placebos in time: ranks by hand, and the windows among which the largest says something."""

import datetime as dt

import numpy as np
import pytest

from forecast.checks.placebo_time import PlaceboTime
from forecast.core import months
from forecast.core.effects import Description, Effect, Placebo
from forecast.core.events import Event
from forecast.core.questions import Design
from forecast.core.vintage import Vintage
from forecast.study.effects.judge import Evidence

SERIES = "CHN.export.WLD.re_magnets"
BAN = Event("toy", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("re_magnets",), role="default")
FIRST = months.ordinal("2000-01")


def judged(sizes, every, size=-10.0, estimated=True, space=()):
    """The gate of an effect of `size` over six months, windows of `sizes` beginning `every` months."""
    found = [Placebo("time", SERIES, months.label(FIRST + every * i), x) for i, x in enumerate(sizes)]
    found += [Placebo("space", SERIES, "2023-01", x) for x in space]
    draws = np.zeros((4, 1)) if estimated else None
    periods = ((months.ordinal("2023-01"), months.ordinal("2023-06")),)
    made = Effect(
        "toy", Design(BAN, SERIES, stop="2023-06"), "kg", periods, np.zeros(1), draws, Description(0.0, ""), point=size,
        placebos=tuple(found),
    )  # fmt: skip
    return PlaceboTime().judge(made, Evidence(Vintage(dt.date(2030, 1, 1), {}), made.design))


@pytest.mark.parametrize(
    ("beyond", "windows", "outcome", "p"),
    [
        (0, 9, "pass", 1 / 10),
        (0, 12, "pass", 1 / 13),
        (1, 9, "fail", 2 / 10),
        (1, 19, "pass", 2 / 20),
        (2, 19, "fail", 3 / 20),
        (9, 9, "fail", 1.0),
    ],
)
def test_windows_apart_have_a_p_value_and_a_tenth_is_enough(beyond, windows, outcome, p):
    gate = judged([(-1) ** i * (10.0 + i) for i in range(beyond)] + [9.0] * (windows - beyond), 6)
    assert (gate.gate, gate.outcome, gate.value, gate.threshold) == ("placebo_time", outcome, pytest.approx(p), 0.1)
    assert f"over {windows} placebo windows without overlap, of {windows}" in gate.reason
    assert gate.ceiling == ("supported" if outcome == "pass" else "suggestive")


def test_among_eight_windows_that_overlap_the_largest_says_something_and_among_seven_not():
    """Starts a month apart: two of them share no month, so that the lowest possible p is a third."""
    eight, seven = judged([9.0] * 8, 1), judged([9.0] * 7, 1)
    assert (eight.outcome, eight.value, eight.threshold) == ("pass", pytest.approx(1 / 3), 0.1)
    assert "2 placebo windows without overlap, of 8" in eight.reason
    assert (seven.outcome, seven.value, seven.threshold) == ("not run", pytest.approx(1 / 3), 0.1)
    assert (seven.ceiling, "too few" in seven.reason) == ("suggestive", True)


def test_the_largest_is_larger_than_each_of_them():
    assert judged([9.0] * 7 + [-9.9], 1).outcome == "pass"
    assert judged([9.0] * 7 + [-10.0], 1).outcome == "not run"


def test_other_series_are_no_windows_in_time():
    assert judged([9.0] * 7, 1, space=[1.0, 2.0]).outcome == "not run"
    none = judged([], 1, space=[1.0, 2.0])
    assert (none.outcome, none.value, none.threshold, none.ceiling) == ("not run", 0, 0.1, "suggestive")
    assert judged([9.0] * 9, 6, space=[99.0]).outcome == "pass"


def test_without_an_estimate_a_description_is_left():
    gate = judged([9.0] * 9, 6, estimated=False)
    assert (gate.outcome, gate.ceiling, gate.reason) == ("not run", "descriptive", "nothing was estimated")
