"""Months, positions, scales and designs over their whole range."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

from forecast.core import months
from forecast.core.questions import Design, replace_design
from forecast.core.vintage import Cell, Vintage
from forecast.prep.working_scale import CAP_FACTOR, choose_scale

DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))
FIGURES = st.lists(st.floats(0, 1e9).map(lambda x: round(x, 3)), min_size=1, max_size=30).map(np.array)


@given(DAYS, DAYS)
def test_months_and_days_keep_their_order(one, two):
    if one < two:
        assert months.position(one) < months.position(two)
        assert months.ordinal(one) <= months.ordinal(two)
    assert months.ordinal(months.label(months.ordinal(one))) == months.ordinal(one)
    assert int(months.position(one)) == months.ordinal(one)


@given(st.integers(22800, 25200), st.integers(0, 30))
def test_periods_there_and_back(first, length):
    text = months.period_label(first, first + length)
    assert months.parse_period(text) == (first, first + length)
    assert len(months.months(months.label(first), months.label(first + length))) == length + 1


@given(st.integers(-20, 20), st.integers(1, 25))
def test_a_holiday_window_of_any_width_moves_nothing_from_year_to_year(start, width):
    when = [12 * year + m for year in range(2011, 2030) for m in range(12)]
    yearly = months.lunar_new_year(when, start, start + width - 1).reshape(-1, 12).sum(axis=1)
    assert yearly == pytest.approx(np.zeros(19), abs=1e-9)


@given(FIGURES, st.sampled_from(["auto", "asinh", "none"]))
def test_scales_bring_every_figure_back(values, name):
    scale = choose_scale(values, True, name)
    back = scale.inverse(scale.forward(values))
    np.testing.assert_allclose(back, values, rtol=1e-6, atol=1e-9 * max(values.max(), 1.0))


@given(FIGURES, st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20).map(np.array))
def test_draws_of_a_quantity_stay_between_zero_and_the_cap(values, draws):
    scale = choose_scale(values, True)
    back = scale.inverse(draws)
    assert (back >= 0).all()
    if values.max() > 0:
        assert np.isfinite(back).all()
        assert (back <= CAP_FACTOR * values.max() * (1 + 1e-12)).all()


@given(
    st.integers(20, 60), st.integers(0, 3), st.integers(0, 3), st.integers(1, 6), st.integers(1, 24),
    st.sets(st.integers(0, 60), max_size=8),
)  # fmt: skip
def test_placebos_of_any_design_ask_the_same_question_elsewhere(begin, anticipation, donut, length, minimum, touched):
    size = 72
    assume(begin + donut + length <= size)
    vintage = Vintage(dt.date(2030, 1, 1), {"x": tuple(Cell(24000 + i, 24000 + i, 1.0) for i in range(size))})
    busy = {24000 + t for t in touched}
    label = [months.label(24000 + i) for i in range(size)]
    design = Design.at(label[begin], "x", stop=label[begin + donut + length - 1], anticipation=anticipation, donut=donut)
    real = design.window(vintage)
    for placebo in design.in_time(vintage, minimum, busy):
        w = placebo.window(vintage)
        assert (w.length, w.first - w.start, w.start - w.hole) == (real.length, real.first - real.start, real.start - real.hole)
        assert w.last < real.hole
        assert w.hole - 24000 >= minimum
        assert not busy & set(range(w.hole, w.last + 1))
    assert replace_design(design) == design
