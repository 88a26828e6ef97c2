"""Sums of months: split without losing a kilogram, and totals only where the figures determine them."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, strategies as st

from forecast.core.vintage import Cell, Vintage
from forecast.prep.spans_and_gaps import LONGEST_SPLIT, fill_gaps, reduced_spans, split_spans, window_total

S = "CHN.export.WLD.re_magnets"
MONTHS = 18


@st.composite
def partly_known(draw, nested=True):
    """True months, and an observed series that tells some of them singly and some only in sums."""
    truth = np.array(draw(st.lists(st.integers(0, 1000), min_size=MONTHS, max_size=MONTHS)), float)
    told = draw(st.lists(st.booleans(), min_size=MONTHS, max_size=MONTHS))
    cells = [Cell(i, i, float(truth[i])) for i in range(MONTHS) if told[i]]
    for _ in range(draw(st.integers(0, 6))):
        first = draw(st.sampled_from([0, 12])) if nested else draw(st.integers(0, MONTHS - 2))
        last = draw(st.integers(first + 1, min(first + 11, MONTHS - 1)))
        if not any((c.first, c.last) == (first, last) for c in cells):
            total = float(truth[first : last + 1].sum())
            cells.append(Cell(first, last, total, "zero" if total == 0 else "value", "cumulative"))
    if not cells:
        cells = [Cell(0, 0, float(truth[0]))]
    return truth, cells, Vintage(dt.date(2030, 1, 1), {S: tuple(cells)}).observed(S)


@given(partly_known())
def test_reduced_sums_are_true_and_disjoint_from_what_is_known(case):
    truth, _, seen = case
    for unknown, total, _ in reduced_spans(seen):
        assert total == pytest.approx(truth[list(unknown)].sum(), abs=1e-6)
        assert np.isnan(seen.at(unknown[0], unknown[-1])[[m - unknown[0] for m in unknown]]).all()


@given(partly_known())
def test_splitting_keeps_every_figure_and_every_sum(case):
    truth, cells, seen = case
    made = split_spans(seen)
    values = np.full(MONTHS, np.nan)
    values[made.first : made.first + len(made.values)] = made.values
    assert not (values < 0).any()
    for cell in cells:
        inside = values[cell.first : cell.last + 1]
        if not cell.is_span:
            assert values[cell.first] == truth[cell.first]
        elif np.isfinite(inside).all():
            assert inside.sum() == pytest.approx(cell.value, abs=1e-6)
    assert {m for m in made.marks} <= {"", "split", "gap"}
    assert (made.measured == np.isfinite(seen.values)).all()


@given(partly_known())
def test_only_short_sums_are_split(case):
    _, _, seen = case
    made = split_spans(seen)
    short = {m for unknown, _, _ in reduced_spans(seen) if len(unknown) <= LONGEST_SPLIT for m in unknown}
    assert {made.first + i for i, mark in enumerate(made.marks) if mark == "split"} == short


@given(partly_known(nested=False), st.integers(0, MONTHS - 1), st.integers(0, MONTHS - 1))
def test_a_total_is_the_truth_or_unknown(case, a, b):
    truth, cells, seen = case
    first, last = min(a, b), max(a, b)
    total = window_total(seen, first, last)
    if np.isfinite(total):
        assert total == pytest.approx(truth[first : last + 1].sum(), abs=1e-5)
    for cell in cells:
        # what was published is known
        assert window_total(seen, cell.first, cell.last) == pytest.approx(cell.value, abs=1e-5)


@given(partly_known(nested=False), st.integers(0, MONTHS - 1), st.integers(0, MONTHS - 1), st.data())
def test_a_total_rests_on_the_figures_alone(case, a, b, data):
    """Where a total is given, no other months that fit the figures have another total."""
    _, cells, seen = case
    first, last = min(a, b), max(a, b)
    rows = np.array([[float(c.first <= m <= c.last) for m in range(MONTHS)] for c in cells])
    null = np.eye(MONTHS) - np.linalg.pinv(rows) @ rows
    shift = null @ np.array(data.draw(st.lists(st.integers(-5, 5), min_size=MONTHS, max_size=MONTHS)), float)
    zero_months = {m for c in cells if c.is_span and c.status == "zero" for m in range(c.first, c.last + 1)}
    if np.isfinite(window_total(seen, first, last)) and not zero_months:
        assert shift[first : last + 1].sum() == pytest.approx(0.0, abs=1e-7)


@given(partly_known())
def test_filling_leaves_no_hole_and_changes_no_figure(case):
    truth, _, seen = case
    if not seen.count:
        return
    made = fill_gaps(seen)
    assert np.isfinite(made.values).all()
    for month, value, mark in zip(made.months, made.values, made.marks, strict=True):
        assert mark in ("", "split", "filled")
        if mark == "":
            assert value == truth[month]
