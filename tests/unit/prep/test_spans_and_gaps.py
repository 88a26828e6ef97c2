"""Splitting of spans and filling of gaps, exact window sums, and working scales."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months
from forecast.core.errors import TooShortError
from forecast.core.vintage import Cell, ObservedSeries, Vintage
from forecast.prep.spans_and_gaps import (
    FilledSeries,
    contiguous_tail,
    count_months,
    fill_gaps,
    reduced_spans,
    split_spans,
    window_total,
)
from forecast.prep.working_scale import CAP_FACTOR, choose_scale

S = "CHN.export.WLD.re_magnets"
O = months.ordinal  # noqa: E741


@pytest.fixture
def observed(vintage_of):
    def build(values, spans=(), first="2020-01"):
        return vintage_of(values, first=first, spans=spans).observed(S)

    return build


# --- splitting --------------------------------------------------------------------------------------------------------


def test_a_sum_is_split_like_the_same_calendar_months(observed):
    # the mean January stands to the mean February as 1 to 3, though January was seen more often
    seen = observed([5, 30, *[20] * 10, None, None, *[20] * 10, 15], spans=[("2021-01", "2021-02", 100)])
    made = split_spans(seen)
    np.testing.assert_allclose(made.values[12:14], [25, 75])
    assert made.marks[12:14] == ("split", "split")
    assert set(made.marks[:12]) == {""}
    assert made.measured.sum() == len(seen.values) - 2


def test_a_sum_is_split_equally_where_a_month_was_never_seen(observed):
    seen = observed([None, None, 20, 20, 20], spans=[("2020-01", "2020-02", 50)])
    np.testing.assert_allclose(split_spans(seen).values[:2], [25, 25])
    seen = observed([None, None, *[20] * 10, 30], spans=[("2020-01", "2020-02", 50)])
    np.testing.assert_allclose(split_spans(seen).values[:2], [25, 25])


def test_a_sum_over_months_of_no_trade_is_split_equally(observed):
    seen = observed([0, 0, *[20] * 10, None, None], spans=[("2021-01", "2021-02", 50)])
    np.testing.assert_allclose(split_spans(seen).values[12:], [25, 25])


def test_only_the_unknown_part_is_split(observed):
    seen = observed([None, 30, None, 20], spans=[("2020-01", "2020-03", 100)])
    made = split_spans(seen)
    assert made.values[0] + made.values[2] == pytest.approx(70)
    assert made.values[1] == 30
    assert made.marks == ("split", "", "split", "")


def test_three_unknown_months_are_split_and_four_are_not(observed):
    three = split_spans(observed([10, None, None, None, 10], spans=[("2020-02", "2020-04", 90)]))
    assert three.values[1:4].sum() == pytest.approx(90)
    four = split_spans(observed([10, None, None, None, None, 10], spans=[("2020-02", "2020-05", 90)]))
    assert np.isnan(four.values[1:5]).all()
    assert four.marks[1:5] == ("gap",) * 4
    # a longer sum with three unknown months says enough on each
    partly = split_spans(observed([10, None, None, None, 10], spans=[("2020-01", "2020-05", 110)]))
    assert partly.values[1:4].sum() == pytest.approx(90)


def test_year_to_date_sums_are_taken_off_each_other(observed):
    spans = [("2020-01", "2020-02", 30), ("2020-01", "2020-03", 60), ("2020-01", "2020-05", 100)]
    seen = observed([None] * 5 + [10], spans=spans, first="2020-01")
    pieces = {tuple(m - seen.first for m in unknown): total for unknown, total, _ in reduced_spans(seen)}
    assert pieces == {(0, 1): 30, (2,): 30, (3, 4): 40}
    made = split_spans(seen)
    assert made.values[2] == 30
    for first, last, total in ((0, 2, 30), (0, 3, 60), (0, 5, 100)):
        assert made.values[first:last].sum() == pytest.approx(total)


def test_months_are_counted_where_figures_or_sums_determine_them(observed):
    spans = [("2020-01", "2020-02", 30), ("2020-01", "2020-03", 60), ("2020-01", "2020-05", 100), ("2020-08", "2020-09", 7)]
    seen = observed([None] * 6 + [10, None, 4, 6], spans=spans)  # March and August are what sums leave
    alone = [m for m in range(seen.first, seen.last + 1) if np.isfinite(window_total(seen, m, m))]
    assert count_months(seen) == len(alone) == 5
    assert count_months(observed([1, None, 2])) == 2


def test_a_zero_sum_gives_zeros(observed):
    made = split_spans(observed([5, *[None] * 8, 5], spans=[("2020-02", "2020-09", 0)]))
    np.testing.assert_array_equal(made.values[1:9], np.zeros(8))
    # zeros are measured: the sum of a quantity leaves no other way
    assert made.measured.all()


def test_a_sum_smaller_than_its_months_is_dropped(observed):
    made = split_spans(observed([50, 60, None], spans=[("2020-01", "2020-03", 100)]))
    assert np.isnan(made.values[2])


def test_rounding_leaves_no_negative_month(observed):
    seen = observed([50, 50, None], spans=[("2020-01", "2020-03", 100 - 1e-8)])
    assert split_spans(seen).values[2] == 0.0


def test_a_sum_the_publisher_kept_back_is_no_figure():
    span = Cell(1, 2, float("nan"), "suppressed")
    assert not reduced_spans(ObservedSeries(S, 0, np.array([1.0, np.nan, np.nan]), ("value", "span", "span"), (span,)))


# --- filling ----------------------------------------------------------------------------------------------------------


def test_gaps_are_filled_by_a_line_and_marked(observed):
    made = fill_gaps(observed([10, None, None, 40, 50]))
    np.testing.assert_allclose(made.values, [10, 20, 30, 40, 50])
    assert made.marks == ("", "filled", "filled", "", "")


def test_ends_without_a_figure_are_cut(observed):
    seen = observed([5], spans=[("2019-01", "2019-12", 100), ("2020-02", "2020-12", 100)])
    made = fill_gaps(seen)
    assert (made.first, made.values.tolist()) == (O("2020-01"), [5.0])


def test_nothing_known_is_too_short(observed):
    with pytest.raises(TooShortError, match="no month of the series is known"):
        fill_gaps(observed([], spans=[("2019-01", "2019-12", 100)]))


def test_a_long_line_is_no_observation():
    marks = ("", "", *["filled"] * 7, "", "filled", "")
    tail = contiguous_tail(FilledSeries(100, np.arange(12.0), marks), longest_gap=6)
    assert tail.first == 109
    assert tail.marks == ("", "filled", "")
    short = FilledSeries(100, np.arange(12.0), ("", "", *["filled"] * 6, "", "", "", ""))
    assert contiguous_tail(short, longest_gap=6).first == 100


# --- sums of windows --------------------------------------------------------------------------------------------------


def test_window_total_of_known_months(observed):
    seen = observed([1, 2, 3, 4])
    assert window_total(seen, O("2020-02"), O("2020-03")) == 5


def test_window_total_by_the_difference_of_year_to_date_sums(observed):
    seen = observed(
        [None] * 12, spans=[("2020-01", "2020-05", 500), ("2020-01", "2020-09", 1100), ("2020-01", "2020-12", 1500)]
    )
    assert window_total(seen, O("2020-06"), O("2020-09")) == pytest.approx(600)
    assert window_total(seen, O("2020-06"), O("2020-12")) == pytest.approx(1000)
    assert np.isnan(window_total(seen, O("2020-06"), O("2020-08")))
    assert np.isnan(window_total(seen, O("2020-02"), O("2020-05")))


def test_window_total_by_a_chain_of_sums_beyond_the_window(observed):
    sums = [("2020-01", "2020-04", 10), ("2020-03", "2020-06", 18), ("2020-05", "2020-08", 26), ("2020-07", "2020-08", 15)]
    seen = observed([None] * 8 + [9] * 40, spans=sums)  # of months with figures 1 to 8
    assert window_total(seen, O("2020-01"), O("2020-02")) == pytest.approx(3)  # by sums that reach to August
    cut = observed([None] * 8 + [9] * 40, spans=sums[:3])
    assert np.isnan(window_total(cut, O("2020-01"), O("2020-02")))


def derived_series(derived, spans, first="2022-01", values=()):
    """A series with `derived` (period, value) figures beside published `spans` and months."""
    cells = [Cell(*months.parse_period(p), v, kind="derived") for p, v in derived]
    cells += [Cell(*months.parse_period(p), v, kind="cumulative") for p, v in spans]
    cells += [Cell(*months.parse_period(p), v) for p, v in values]
    return Vintage(dt.date(2025, 1, 1), {S: tuple(sorted(cells, key=lambda c: (c.first, c.last)))}).observed(S)


def test_a_published_sum_counts_before_the_figures_derived_from_others():
    # gallium in 2022: 94,000 kg as published, 89,384 and 5,056 derived elsewhere, 94,440 together
    pieces = [("2022-01/2022-11", 89_384.0), ("2022-12", 5_056.0)]
    seen = derived_series(pieces, [("2022-01/2022-12", 94_000.0)])
    assert window_total(seen, O("2022-01"), O("2022-12")) == pytest.approx(94_000)
    assert window_total(seen, O("2022-12"), O("2022-12")) == 5_056
    more = derived_series([*pieces, ("2023-01", 4_000.0)], [("2022-01/2022-12", 94_000.0)])
    assert window_total(more, O("2022-01"), O("2023-01")) == pytest.approx(98_000)
    assert window_total(derived_series(pieces, []), O("2022-01"), O("2022-12")) == pytest.approx(94_440)


def test_a_published_sum_counts_before_its_months_where_those_are_derived():
    quarter = [("2022-01", 10.0), ("2022-02", 20.0), ("2022-03", 33.0)]
    published = [("2022-01/2022-03", 60.0)]
    assert window_total(derived_series(quarter, published), O("2022-01"), O("2022-03")) == pytest.approx(60)
    assert window_total(derived_series(quarter, published), O("2022-01"), O("2022-02")) == 30
    last = derived_series(quarter[2:], published, values=quarter[:2])
    assert window_total(last, O("2022-01"), O("2022-03")) == pytest.approx(60)
    assert window_total(last, O("2022-01"), O("2022-02")) == 30
    # months that were reported themselves stand, whatever a sum over them says
    seen = derived_series([], published, values=quarter)
    assert window_total(seen, O("2022-01"), O("2022-03")) == 63


def test_a_difference_below_zero_is_no_total():
    seen = derived_series([("2022-01", 50.0), ("2022-02", 60.0)], [("2022-01/2022-03", 100.0)])
    assert np.isnan(window_total(seen, O("2022-03"), O("2022-03")))
    seen = derived_series([("2022-01", 0.0), ("2022-02", 110.0)], [("2022-01/2022-03", 100.0)])
    assert np.isnan(window_total(seen, O("2022-03"), O("2022-03")))


def test_a_difference_below_zero_is_a_total_of_what_is_negative_in_any_month():
    seen = derived_series([("2020-06", -5.0), ("2022-01", 50.0), ("2022-02", 60.0)], [("2022-01/2022-03", 100.0)])
    assert window_total(seen, O("2022-03"), O("2022-03")) == pytest.approx(-10)


def test_window_total_with_months_outside_the_spans(observed):
    seen = observed([None, None, 30, 40, None, None], spans=[("2020-01", "2020-02", 30), ("2020-03", "2020-06", 150)])
    assert window_total(seen, O("2020-01"), O("2020-03")) == pytest.approx(60)
    assert window_total(seen, O("2020-05"), O("2020-06")) == pytest.approx(80)
    assert window_total(seen, O("2020-01"), O("2020-06")) == pytest.approx(180)


def test_an_unknown_month_is_not_zero(observed):
    seen = observed([1, None, 3])
    assert np.isnan(window_total(seen, O("2020-01"), O("2020-03")))
    assert np.isnan(window_total(seen, O("2020-03"), O("2020-04")))
    assert np.isnan(window_total(seen, O("2019-12"), O("2020-01")))
    assert window_total(seen, O("2020-03"), O("2020-03")) == 3


# --- scales -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "nonnegative", "name"),
    [
        ([1.0, 5.0, np.nan], True, "log"),
        ([0.0, 5.0, 9.0], True, "asinh"),
        ([0.0, 0.0], True, "asinh"),
        ([1.0, 5.0], False, "none"),
    ],
)
def test_the_scale_follows_the_figures(values, nonnegative, name):
    assert choose_scale(np.array(values), nonnegative).name == name


@pytest.mark.parametrize("name", ["log", "asinh", "none"])
def test_scales_there_and_back(name):
    y = np.array([0.5, 3.0, 70.0, 1e6])
    scale = choose_scale(y, True, name)
    np.testing.assert_allclose(scale.inverse(scale.forward(y)), y, rtol=1e-9)
    assert (np.diff(scale.forward(y)) > 0).all()


def test_rescaling_the_units_changes_nothing_on_the_working_scale():
    y = np.array([0.0, 3.0, 70.0, 12.0])
    one, thousand = choose_scale(y, True), choose_scale(1000 * y, True)
    np.testing.assert_allclose(one.forward(y), thousand.forward(1000 * y))


@pytest.mark.parametrize("name", ["log", "asinh", "none"])
def test_no_draw_is_negative_and_none_explodes(name):
    scale = choose_scale(np.array([1.0, 2.0, 8.0]), True, name)
    draws = scale.inverse(np.array([-800.0, -1.0, 0.0, 1.0, 800.0]))
    assert (draws >= 0).all()
    assert draws.max() == CAP_FACTOR * 8.0
    assert scale.cap_notes(draws) == ("20.0% of the draws cut at 10 times the largest known figure",)
    assert scale.cap_notes(draws[:-1]) == ()


def test_values_that_may_be_negative_are_left_alone():
    scale = choose_scale(np.array([-5.0, 10.0]), False)
    np.testing.assert_array_equal(scale.inverse(np.array([-700.0, 700.0])), [-700.0, 700.0])
    assert scale.cap_notes(np.array([1e9])) == ()


def test_a_logarithm_of_zero_is_refused():
    with pytest.raises(TooShortError, match="needs positive figures"):
        choose_scale(np.array([0.0, 1.0]), True, "log")
    with pytest.raises(TooShortError, match="no figure is known"):
        choose_scale(np.array([np.nan]), True)
