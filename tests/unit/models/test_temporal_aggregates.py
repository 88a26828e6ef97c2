"""Months and sums of a series, laid out by hand."""

import numpy as np
import pytest
from hypothesis import given
from properties.test_sums import partly_known

from forecast.core import months as mm
from forecast.models.structural.temporal_aggregates import keep_sums, split_sums
from forecast.prep.spans_and_gaps import LONGEST_SPLIT

S = "CHN.export.WLD.re_magnets"
JANUARY = mm.ordinal("2021-01")


def known(vintage_of, values, spans=(), longest=LONGEST_SPLIT):
    return keep_sums(vintage_of(values, first="2020-01", spans=spans).observed(S), longest)


def test_a_sum_is_one_observation(vintage_of):
    made = known(vintage_of, [*range(1, 13), None, None, 5.0], [("2021-01", "2021-02", 7.0)])
    assert made.count == 14
    assert [span.tolist() for span in made.spans] == [[JANUARY, JANUARY + 1]]
    assert made.totals.tolist() == [7.0]
    assert made.values.tolist() == [*range(1, 13), 5.0]
    assert (made.first, made.last, made.split) == (mm.ordinal("2020-01"), JANUARY + 2, 0)


def test_what_is_known_of_a_sum_is_taken_off(vintage_of):
    one_left = known(vintage_of, [*range(1, 13), 4.0, None], [("2021-01", "2021-02", 7.0)])
    assert not one_left.spans
    assert (one_left.months[-1], one_left.values[-1]) == (JANUARY + 1, 3.0)
    nothing_left = known(vintage_of, [*range(1, 13), 7.0], [("2021-01", "2021-03", 7.0)])
    assert not nothing_left.spans
    assert nothing_left.values[-2:].tolist() == [0.0, 0.0]


def test_longer_sums_are_left_out_unless_asked_for(vintage_of):
    spans = [("2021-01", "2021-02", 7.0), ("2021-01", "2021-08", 30.0)]
    values = list(range(1, 13))
    assert [len(span) for span in known(vintage_of, values, spans).spans] == [2]
    both = known(vintage_of, values, spans, 12)
    assert [len(span) for span in both.spans] == [2, 6]
    assert both.totals.tolist() == [7.0, 23.0]
    assert both.last == JANUARY + 7


def test_of_sums_that_overlap_the_shorter_is_taken(vintage_of):
    spans = [("2021-01", "2021-03", 9.0), ("2021-03", "2021-04", 4.0)]
    made = known(vintage_of, list(range(1, 13)), spans)
    assert [span.tolist() for span in made.spans] == [[JANUARY + 2, JANUARY + 3]]


def test_a_series_may_begin_with_a_sum(vintage_of):
    made = known(vintage_of, [None, None, 3.0, 4.0], [("2020-01", "2020-02", 5.0)])
    assert made.first == mm.ordinal("2020-01")


@pytest.mark.parametrize("longest", [LONGEST_SPLIT, 12])
@given(case=partly_known(nested=False))
def test_no_month_twice_and_every_sum_true(longest, case):
    truth, _, seen = case
    made = keep_sums(seen, longest)
    covered = np.concatenate([made.months, *made.spans])
    assert len(set(covered.tolist())) == len(covered)
    assert (np.diff(made.months) > 0).all()
    assert made.values == pytest.approx(truth[made.months], abs=1e-6)
    for span, total in zip(made.spans, made.totals, strict=True):
        assert 1 < len(span) <= longest
        assert total == pytest.approx(truth[span].sum(), abs=1e-6)
        assert total > 0


@given(partly_known())
def test_short_sums_cover_the_months_that_would_be_split(case):
    _, _, seen = case
    made, split = keep_sums(seen), split_sums(seen)
    assert sorted(np.concatenate([made.months, *made.spans]).tolist()) == split.months.tolist()
