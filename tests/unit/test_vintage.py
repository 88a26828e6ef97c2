"""A table with holes: status of a cell, spans, holes cut on purpose, and the past of a vintage."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months
from forecast.core.errors import DataError, LookAheadError
from forecast.core.events import Event
from forecast.core.vintage import Cell, Vintage

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
    assert seen.status == ("value", "not bundled", "zero", "span", "span", "value")
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


def test_a_zero_span_says_nothing_where_values_may_be_negative(vintage_of):
    seen = vintage_of([5, None, None], spans=[("2020-02", "2020-03", 0)], nonnegative=False).observed(S)
    np.testing.assert_equal(seen.values, [5, np.nan, np.nan])


def test_windows_outside_what_is_known_are_nan(vintage_of):
    seen = vintage_of([1, 2, 3]).observed(S)
    np.testing.assert_equal(seen.at(seen.first - 1, seen.first + 1), [np.nan, 1, 2])
    np.testing.assert_equal(seen.at(seen.last + 5, seen.last + 6), [np.nan, np.nan])


def test_periods_are_disjoint(vintage_of):
    seen = vintage_of(
        [1, None, None, None, 5], spans=[("2020-02", "2020-03", 4), ("2020-02", "2020-04", 9), ("2020-01", "2020-02", 3)]
    ).observed(S)
    found = [(c.first - seen.first, c.last - seen.first, c.value) for c in seen.periods(seen.first, seen.last)]
    assert found == [(0, 0, 1), (1, 2, 4), (4, 4, 5)]
    assert [c.value for c in seen.periods(seen.first, seen.first + 1)] == [1]


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


def test_status_of_a_cell(archive):
    vintage = archive.as_of("2025-05-01")
    assert vintage.status(S, O("2025-03")) == "value"
    assert vintage.status(S, O("2025-04")) == "not released"
    assert vintage.status(S, O("2024-01")) == "not bundled"
    assert archive.as_of("2026-01-01").status(S, O("2025-09")) == "not bundled"


# --- its past ---------------------------------------------------------------------------------------------------------


def test_earlier_is_what_was_known_then(archive):
    late = archive.as_of("2025-08-01")
    assert late.earlier("2025-05-01").fingerprint() == archive.as_of("2025-05-01").fingerprint()
    assert late.earlier("2025-08-01").fingerprint() == late.fingerprint()
    assert late.earlier("2025-04-03").events.events == ()


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


def test_controls_by_step(vintage_of):
    vintage = vintage_of([1, 2], controls={(S, "price"): {O("2020-01"): 3.0}})
    np.testing.assert_equal(
        vintage.controls_of(S, ["price", "other"], [O("2020-01"), O("2020-02")]), [[3, np.nan], [np.nan, np.nan]]
    )
    assert vintage.controls_of(S, [], [1, 2]).shape == (2, 0)
