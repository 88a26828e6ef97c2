"""Vintages: status of a month, spans, holes cut on purpose, and earlier vintages."""

import datetime as dt
import pickle
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from forecast.core import months
from forecast.core.errors import DataError, LookAheadError
from forecast.core.events import Event
from forecast.core.time_axis import Steps
from forecast.core.vintage import ALL_SERIES, Cell, Vintage

S = "CHN.export.WLD.re_magnets"
O = months.ordinal  # noqa: E741
EVENT = Event("e", "e", dt.date(2025, 4, 4), dt.date(2025, 4, 4), targets=("ALL",), products=("magnets",), role="default")


@pytest.fixture(scope="module")
def archive(figure, archive_of):
    rows = [figure(S, f"2025-{m:02d}", 10 * m, f"2025-{m + 1:02d}-20") for m in range(1, 7)]
    rows.append(figure("USA.import.WLD.gallium", "2025-01", 5, "2025-03-07"))
    return archive_of(*rows, events=[EVENT])


# --- what is known of a series ----------------------------------------------------------------------------------------


def test_observed_fills_the_axis_and_says_why(vintage_of):
    seen = vintage_of([1, None, 0, None, None, 6], spans=[("2020-04", "2020-05", 9)]).observed(S)
    np.testing.assert_equal(seen.values, [1, np.nan, 0, np.nan, np.nan, 6])
    assert seen.status == ("value", "not in the data", "zero", "span", "span", "value")
    assert (seen.count, seen.last - seen.first, len(seen.spans)) == (3, 5, 1)


def test_missing_is_not_zero():
    cells = tuple(
        Cell(O("2020-01") + i, O("2020-01") + i, v, s)
        for i, (v, s) in enumerate([(1.0, "value"), (0.0, "missing"), (0.0, "suppressed"), (2.0, "provisional")])
    )
    seen = Vintage(dt.date(2021, 1, 1), {S: cells}).observed(S)
    np.testing.assert_equal(seen.values, [1, np.nan, np.nan, 2])
    assert seen.status == ("value", "missing", "suppressed", "provisional")


def test_a_zero_span_is_zero_in_each_month(vintage_of):
    vintage = vintage_of([5, None, None], spans=[("2020-02", "2020-03", 0)])
    np.testing.assert_equal(vintage.observed(S).values, [5, 0, 0])
    assert vintage.observed(S).status[1:] == ("zero", "zero")


def test_a_zero_span_leaves_what_is_said_of_its_months_and_of_the_others():
    at = O("2020-01")
    cells = (Cell(at + 1, at + 3, 0.0, "zero"), Cell(at + 2, at + 2, 0.0, "provisional"), Cell(at + 5, at + 5, 7.0))
    seen = Vintage(dt.date(2021, 1, 1), {S: cells}).observed(S)
    np.testing.assert_equal(seen.values, [0, 0, 0, np.nan, 7])
    assert seen.status == ("zero", "provisional", "zero", "not in the data", "value")


def test_a_series_known_in_sums_alone_has_an_axis():
    at = O("2020-01")
    spans = [(at + 1, at + 4), (at + 1, at + 2), (at, at + 5)]
    seen = Vintage(dt.date(2021, 1, 1), {S: tuple(Cell(a, b, 9.0) for a, b in spans)}).observed(S)
    assert (seen.first, seen.last, seen.count) == (at, at + 5, 0)
    assert seen.status == ("span",) * 6
    assert [(c.first, c.last) for c in seen.spans] == sorted(spans)


def test_what_all_share_cannot_be_written_to(vintage_of):
    vintage = vintage_of([1, 2])
    assert vintage.observed(S) is vintage.observed(S)
    with pytest.raises(ValueError, match="read-only"):
        vintage.observed(S).values[0] = 3


def test_a_zero_span_says_nothing_where_values_may_be_negative(vintage_of):
    seen = vintage_of([5, None, None], spans=[("2020-02", "2020-03", 0)], nonnegative=False).observed(S)
    np.testing.assert_equal(seen.values, [5, np.nan, np.nan])


def test_windows_outside_what_is_known_are_nan(vintage_of):
    seen = vintage_of([1, 2, 3]).observed(S)
    np.testing.assert_equal(seen.at(seen.first - 1, seen.first + 1), [np.nan, 1, 2])
    np.testing.assert_equal(seen.at(seen.last + 5, seen.last + 6), [np.nan, np.nan])
    np.testing.assert_equal(seen.at(seen.first + 1, seen.last + 2), [2, 3, np.nan, np.nan])
    np.testing.assert_equal(seen.at(seen.first - 1, seen.first), [np.nan, 1])
    np.testing.assert_equal(seen.at(seen.first, seen.last + 1), [1, 2, 3, np.nan])
    np.testing.assert_equal(seen.at(seen.last, seen.last), [3])


def test_periods_are_disjoint(vintage_of):
    seen = vintage_of(
        [1, None, None, None, 5], spans=[("2020-02", "2020-03", 4), ("2020-02", "2020-04", 9), ("2020-01", "2020-02", 3)]
    ).observed(S)
    found = [(c.first - seen.first, c.last - seen.first, c.value) for c in seen.periods(seen.first, seen.last)]
    assert found == [(0, 0, 1), (1, 2, 4), (4, 4, 5)]
    assert [c.value for c in seen.periods(seen.first, seen.first + 1)] == [1]


@pytest.mark.parametrize(
    ("spans", "window", "periods"),
    [
        ([(1, 2), (3, 4)], (0, 5), [(1, 2), (3, 4)]),  # side by side
        ([(2, 3), (1, 2)], (0, 5), [(1, 2)]),  # equally long: the earlier one
        ([(1, 3), (3, 4)], (0, 5), [(3, 4)]),  # the shorter one
        ([(1, 2), (3, 4)], (1, 4), [(1, 2), (3, 4)]),  # wholly inside, to the day
        ([(1, 2), (3, 4)], (2, 5), [(3, 4)]),  # one begins before the window
        ([(1, 2), (3, 4)], (0, 3), [(1, 2)]),  # one ends after it
    ],
)
def test_sums_are_taken_where_they_lie_inside_and_apart(spans, window, periods):
    at = O("2020-01")
    cells = tuple(Cell(at + a, at + b, 9.0) for a, b in spans)
    seen = Vintage(dt.date(2021, 1, 1), {S: cells}).observed(S)
    assert [(c.first - at, c.last - at) for c in seen.periods(at + window[0], at + window[1])] == periods


def test_a_suppressed_span_is_no_period():
    start = O("2020-01")
    cells = (Cell(start, start, 1.0), Cell(start + 1, start + 2, float("nan"), "suppressed"))
    seen = Vintage(dt.date(2021, 1, 1), {S: cells}).observed(S)
    assert [c.value for c in seen.periods(seen.first, seen.last)] == [1.0]


def test_an_unknown_series_names_the_nearest(vintage_of):
    with pytest.raises(DataError, match="is known on 2030-01-01") as error:
        vintage_of([1]).observed("CHN.export.WLD.re_magnet")
    assert error.value.hint == f"'{S}'"
    with pytest.raises(DataError, match="does not spell a series"):
        vintage_of([1]).observed("magnets")


def test_an_unknown_unit_of_a_panel_need_not_spell_a_series():
    units = Vintage(dt.date(2021, 1, 1), {"Ohio": (Cell(0, 0, 1.0),), S: (Cell(0, 0, 1.0),)}, steps=Steps("year", None))
    with pytest.raises(DataError, match="no figure of 'Utah'"):
        units.observed("Utah")
    with pytest.raises(DataError, match=r"no figure of 'CHN\.export\.WLD\.zinc'"):
        Vintage(dt.date(2021, 1, 1), {"Ohio": (Cell(0, 0, 1.0),)}).observed("CHN.export.WLD.zinc")


def test_status_of_a_cell(archive):
    vintage = archive.as_of("2025-05-01")
    assert vintage.status(S, O("2025-03")) == "value"
    assert vintage.status(S, O("2025-04")) == "not released"
    assert vintage.status(S, O("2024-01")) == "not in the data"
    assert archive.as_of("2026-01-01").status(S, O("2025-09")) == "not in the data"


def test_a_month_is_released_on_the_day_the_clock_names():
    """Since 2020 China's customs print a month's details on the 20th of the next."""
    cells = {S: (Cell(O("2025-02"), O("2025-02"), 1.0), Cell(O("2025-03"), O("2025-03"), 2.0, "provisional"))}
    eve, day = (Vintage(dt.date(2025, 5, d), cells) for d in (19, 20))
    assert eve.status(S, O("2025-04")) == "not released"
    assert day.status(S, O("2025-04")) == "not in the data"
    assert [eve.status(S, O(m)) for m in ("2025-02", "2025-03")] == ["value", "provisional"]


@pytest.mark.parametrize(("steps", "name"), [(Steps("year", None), S), (Steps(), "Ohio")])
def test_a_panel_without_a_clock_is_released_up_to_its_last_step(steps, name):
    cells = {name: (Cell(24300, 24300, 1.0), Cell(24302, 24302, 1.0))}
    vintage = Vintage(dt.date(2021, 1, 1), cells, steps=steps)
    said = [vintage.status(name, step) for step in range(24299, 24304)]
    assert said == ["not in the data", "value", "not in the data", "value", "not released"]


def test_the_last_month_may_lie_in_a_sum(vintage_of):
    vintage = vintage_of([1, 2], spans=[("2020-02", "2020-05", 9), ("2020-01", "2020-03", 4)])
    assert vintage.last_month(S) == vintage.observed(S).last == O("2020-05")


def test_a_figure_of_unknown_release_was_always_known_and_still_is():
    assert (Cell(0, 0, 1.0).released, Cell(0, 0, 1.0).until) == (dt.date.min, dt.date.max)


# --- its past ---------------------------------------------------------------------------------------------------------


def test_earlier_is_what_was_known_then(archive):
    late = archive.as_of("2025-08-01")
    assert late.earlier("2025-05-01").fingerprint() == archive.as_of("2025-05-01").fingerprint()
    assert late.earlier("2025-08-01").fingerprint() == late.fingerprint()
    assert late.earlier("2025-04-03").events.events == ()


def test_a_vintage_without_a_past_was_the_same_before(vintage_of):
    vintage = vintage_of([1, 2])
    assert vintage.earlier("2021-01-01") is vintage
    assert not vintage.pseudo


def test_vintages_that_know_the_same_are_equal(archive):
    vintage = archive.as_of("2025-06-01")
    assert vintage == replace(vintage, past=None)


def test_a_later_day_is_refused(archive):
    with pytest.raises(LookAheadError, match="cannot know 2025-05-02"):
        archive.as_of("2025-05-01").earlier("2025-05-02")
    with pytest.raises(LookAheadError):
        archive.as_of("2025-08-01").earlier("2025-05-01").earlier("2025-06-01")


def test_earlier_keeps_holes_and_removed_events(archive):
    cut = archive.as_of("2025-08-01").hide(S, O("2025-02"), O("2025-03")).without_events(["e"])
    before = cut.earlier("2025-06-01")
    assert [months.label(c.first) for c in before.cells[S]] == ["2025-01", "2025-04"]
    assert before.holes == cut.holes
    assert "e" not in before.events
    assert "e" in archive.as_of("2025-06-01").events
    assert [months.label(c.first) for c in before.earlier("2025-04-30").cells[S]] == ["2025-01"]


def test_a_hole_to_the_end_stays_open_to_the_end(archive):
    cut = archive.as_of("2025-08-01").hide(S, O("2025-03"))
    assert [months.label(c.first) for c in cut.cells[S]] == ["2025-01", "2025-02"]
    assert cut.earlier("2025-05-01").cells[S] == cut.cells[S]


# --- holes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "stays"),
    [
        (("2020-01", "2020-02"), True),
        (("2020-02", "2020-03"), False),
        (("2020-03", "2020-04"), False),
        (("2020-04", "2020-05"), False),
        (("2020-01", "2020-06"), False),
        (("2020-05", "2020-06"), True),
    ],
)
def test_spans_that_reach_into_a_hole_go_with_it(vintage_of, span, stays):
    vintage = vintage_of([1, 2, 3, 4, 5, 6], spans=[(*span, 100)])
    cut = vintage.hide(S, O("2020-03"), O("2020-04"))
    assert any(c.is_span for c in cut.cells[S]) is stays
    assert [c.value for c in cut.cells[S] if not c.is_span] == [1, 2, 5, 6]
    assert len(vintage.cells[S]) == 7


OTHER = "USA.import.CHN.gallium"
HIDDEN = pytest.mark.parametrize(
    ("first", "last", "kept"),
    [
        ("2020-03", "2020-04", [(1, 1), (2, 2), (5, 5), (6, 6), (1, 2), (5, 6)]),
        ("2020-02", "2020-02", [(1, 1), (3, 3), (4, 4), (5, 5), (6, 6), (3, 4), (5, 6)]),
        ("2020-05", None, [(1, 1), (2, 2), (3, 3), (4, 4), (1, 2), (3, 4)]),
        ("2020-06", None, [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (1, 2), (3, 4), (2, 5)]),
        ("2020-07", None, [(i, i) for i in range(1, 7)] + [(1, 2), (3, 4), (5, 6), (2, 5)]),
        ("2019-11", "2019-12", [(i, i) for i in range(1, 7)] + [(1, 2), (3, 4), (5, 6), (2, 5)]),
        ("2019-11", "2020-01", [(i, i) for i in range(2, 7)] + [(3, 4), (5, 6), (2, 5)]),
    ],
)


def figures(vintage, series=S):
    """First and last month of all that is known of a series, 1 for January 2020."""
    return [(c.first - O("2019-12"), c.last - O("2019-12")) for c in vintage.cells[series]]


@pytest.fixture
def two(vintage_of):
    """Two series of the same months, six single figures and four sums."""
    spans = [("2020-01", "2020-02", 3), ("2020-03", "2020-04", 7), ("2020-05", "2020-06", 11), ("2020-02", "2020-05", 14)]
    one = vintage_of([1, 2, 3, 4, 5, 6], spans=spans)
    return replace(one, cells={**one.cells, OTHER: one.cells[S]})


@HIDDEN
def test_a_hole_takes_every_figure_that_shares_a_month_with_it(two, first, last, kept):
    cut = two.hide(S, O(first), last and O(last))
    assert figures(cut) == kept
    assert figures(cut, OTHER) == figures(two)
    assert cut.holes == ((S, O(first), O(last or "2020-06")),)


@HIDDEN
def test_a_hole_in_every_series_takes_as_much_of_each(two, first, last, kept):
    cut = two.hide(ALL_SERIES, O(first), last and O(last))
    assert figures(cut) == figures(cut, OTHER) == kept
    ((name, begin, end),) = cut.holes
    assert (name, begin) == (ALL_SERIES, O(first))
    assert end == O(last) if last else end > O("9999-12")


def test_holes_add_up(two):
    cut = two.hide(ALL_SERIES, O("2020-02"), O("2020-02")).hide(S, O("2020-05"), O("2020-05")).hide(ALL_SERIES, O("2020-06"))
    assert figures(cut) == [(1, 1), (3, 3), (4, 4), (3, 4)]
    assert figures(cut, OTHER) == [(1, 1), (3, 3), (4, 4), (5, 5), (3, 4)]
    assert [name for name, _, _ in cut.holes] == [ALL_SERIES, S, ALL_SERIES]
    assert [name for name, _, _ in two.hide(ALL_SERIES, 0, 1).hide(S, 2, 3).hide(S, 4, 5).holes] == [ALL_SERIES, S, S]


def test_a_sum_that_outlives_the_months_ends_the_hole(vintage_of):
    cut = vintage_of([1, 2], spans=[("2020-02", "2020-05", 9)]).hide(S, O("2020-02"))
    assert figures(cut) == [(1, 1)]
    assert cut.holes == ((S, O("2020-02"), O("2020-05")),)


def test_a_series_of_hidden_months_alone_is_not_known_any_more(two):
    short = replace(two, cells={**two.cells, OTHER: two.cells[S][:2]})
    assert short.hide(ALL_SERIES, O("2020-01"), O("2020-02")).series == (S,)
    unknown = short.hide("USA.import.WLD.zinc", O("2020-01"))
    assert (unknown.cells, unknown.holes) == (short.cells, (("USA.import.WLD.zinc", O("2020-01"), O("2020-01")),))


def test_a_hole_in_every_series_stays_open_on_earlier_days(archive):
    cut = archive.as_of("2025-08-01").hide(ALL_SERIES, O("2025-03")).earlier("2025-05-01")
    assert [months.label(c.first) for c in cut.cells[S]] == ["2025-01", "2025-02"]


def test_a_series_hidden_whole_is_unknown(vintage_of):
    cut = vintage_of([1, 2, 3]).hide(S, O("2019-01"))
    assert not cut.knows(S)
    assert cut.series == ()


def test_hiding_touches_no_other_series(archive):
    vintage = archive.latest
    assert vintage.hide(S, O("2025-01")).cells["USA.import.WLD.gallium"] == vintage.cells["USA.import.WLD.gallium"]


# --- fingerprint ------------------------------------------------------------------------------------------------------


def test_the_fingerprint_sees_what_a_method_sees(archive):
    vintage = archive.as_of("2025-08-01")
    seen = {
        vintage.fingerprint(),
        vintage.hide(S, O("2025-06")).fingerprint(),
        vintage.without_events(["e"]).fingerprint(),
        archive.as_of("2025-06-01").fingerprint(),
        vintage.fingerprint([S]),
    }
    assert len(seen) == 5
    # figures of series that are not asked of do not enter
    assert vintage.hide("USA.import.WLD.gallium", 0).cells[S] == vintage.cells[S]


def test_the_fingerprint_is_of_all_that_is_known_in_any_order(two):
    names = [
        two.fingerprint(),
        two.hide(S, O("2030-01"), O("2030-02")).fingerprint(),  # a hole beyond the figures is one a method may be asked about
        replace(two, cells={"USA.import.CHN.zinc": two.cells[S], S: two.cells[S]}).fingerprint(),
        replace(two, controls={(S, "price"): {1: 2.0}}).fingerprint(),
        replace(two, controls={(S, "price"): {1: 3.0}}).fingerprint(),
        replace(two, nonnegative=False).fingerprint(),
        replace(two, steps=Steps("month", None)).fingerprint(),
    ]
    assert len(set(names)) == len(names)
    at = O("2020-01")
    rows = (Cell(at, at, 1.0), Cell(at, at + 2, 9.0), Cell(at + 2, at + 2, 5.0))
    same = {Vintage(two.day, {S: order}).fingerprint([S, "unknown"]) for order in permutations(rows)}
    assert len(same) == 1
    assert [len(name) for name in same] == [16]


def test_controls_by_step(vintage_of):
    vintage = vintage_of([1, 2], controls={(S, "price"): {O("2020-01"): 3.0}})
    np.testing.assert_equal(
        vintage.controls_of(S, ["price", "other"], [O("2020-01"), O("2020-02")]), [[3, np.nan], [np.nan, np.nan]]
    )
    assert vintage.controls_of(S, [], [1, 2]).shape == (2, 0)


def test_controls_and_published_figures_cannot_be_written_to():
    given = {("A", "x"): {600: 1.0}}
    cells = (Cell(600, 600, 1.0), Cell(601, 601, 2.0, kind="derived"))
    made = Vintage(dt.date(2030, 1, 1), {"A": cells}, controls=given)
    given["A", "x"][600] = 5.0
    assert made.controls == {("A", "x"): {600: 1.0}}, "what is written to the mapping given reaches no vintage"
    with pytest.raises(TypeError, match="does not support item assignment"):
        made.controls["A", "x"][600] = 2.0
    with pytest.raises(TypeError, match="does not support item assignment"):
        made.controls["A", "y"] = {}
    assert replace(made, day=made.day).controls is made.controls
    assert pickle.loads(pickle.dumps(made.controls)) == made.controls
    published = made.observed("A").published
    assert np.isnan(published.values[1])
    with pytest.raises(ValueError, match="read-only"):
        published.values[0] = 3.0
