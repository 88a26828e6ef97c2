"""Descriptions: observed totals next to named baselines, with spans, shares and gaps."""

import datetime as dt
import math

import pytest

from forecast.core.events import Event
from forecast.core.questions import Design
from forecast.core.vintage import Vintage
from forecast.prep.baselines import baseline_levels, describe, observe_window, unit_of

BAN = Event("toy", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("re_magnets",), role="default")
SERIES = "CHN.export.WLD.re_magnets"


def design(**changes):
    return Design(BAN, SERIES, **({"start": "2023-01", "stop": "2023-06"} | changes))


def test_baselines_are_laid_on_the_asked_months(vintage_of):
    known = vintage_of([10.0] * 24 + [12.0] * 12 + [6.0] * 6)
    text = describe(known, design())
    assert text.observed == 36
    assert text.months == "2023-01/2023-06"
    assert [(c.baseline, c.expected, c.difference) for c in text.compared] == [
        ("same months a year earlier", 72, -36),
        ("mean of the 12 months before", 72, -36),
        ("mean of 2022", 72, -36),
    ]
    assert text.chosen.relative == -0.5
    assert text.bounds("relative") == ("same months a year earlier", -0.5, -0.5, -0.5)


def test_a_window_longer_than_a_year_goes_back_far_enough(vintage_of):
    known = vintage_of([float(i) for i in range(36)] + [5.0] * 14)
    text = describe(known, design(stop="2024-02", baselines=("year_earlier",)))
    assert text.chosen.baseline == "same months 2 years earlier"
    assert text.chosen.expected == sum(range(12, 26))


def test_sums_close_the_holes(vintage_of):
    known = vintage_of([10.0] * 36 + [None, None, 5.0, 5.0], spans=[("2023-01", "2023-02", 9.0), ("2023-01", "2023-06", 29.0)])
    seen = observe_window(known, design())
    assert len(seen.periods) == 4
    assert seen.observed == pytest.approx([9, 5, 5, 10])
    assert seen.unknown == ()
    assert describe(known, design()).observed == pytest.approx(29)


def test_unknown_months_are_left_out_of_both_sides_and_named(vintage_of):
    known = vintage_of([10.0] * 36 + [5.0, None, 5.0])
    text = describe(known, design())
    assert text.unknown == ("2023-02", "2023-04", "2023-05", "2023-06")
    assert text.months == "2023-01 and 2023-03"
    assert (text.observed, text.chosen.expected) == (10, 20)


def test_a_baseline_that_is_not_determined_is_not_formed(vintage_of):
    known = vintage_of([10.0] * 6 + [5.0] * 6, first="2022-07")
    text = describe(known, design())
    assert text.compared == ()
    assert text.bounds("cumulative") == ("none; last published level, 2023-06", 5, 5, 5)


def test_zero_baselines_have_a_difference_and_no_ratio(vintage_of):
    text = describe(vintage_of([0.0] * 36 + [5.0] * 6), design())
    assert text.chosen.difference == 30
    assert math.isnan(text.chosen.relative)


def test_a_share_is_a_ratio_of_sums(vintage_of):
    part, whole = vintage_of([2.0] * 36 + [1.0] * 6), vintage_of([10.0] * 42, series="CHN.export.WLD.all")
    known = Vintage(part.day, {**part.cells, **whole.cells}, part.events)
    text = describe(known, design(share_of="CHN.export.WLD.all", estimand="share", measure="share"))
    assert text.observed == pytest.approx(0.1)
    assert text.chosen.difference == pytest.approx(-0.1)
    assert text.chosen.relative == pytest.approx(-0.5)
    assert unit_of(design(share_of="CHN.export.WLD.all")) == ""
    assert unit_of(Design(BAN, SERIES + ":usd", share_of=SERIES)) == "USD/kg"


def test_own_periods_count_by_their_mean(vintage_of):
    known = vintage_of([10.0] * 24 + [12.0] * 12 + [6.0] * 6)
    baseline = design(baselines=[("early", "2020-01", "2020-12")]).named_baselines(known)[0]
    first = known.steps.ordinal("2023-01")
    assert list(baseline_levels(known, design(), baseline, [(first, first), (first + 1, first + 3)])) == [10, 30]
