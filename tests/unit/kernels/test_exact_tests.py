"""Exact tests on counts and ranks: ties, many trials, empty samples."""

from itertools import product

import pytest
from scipy.stats import fisher_exact as reference

from forecast.kernels.exact_tests import fisher_exact, randomisation_p_value


@pytest.mark.parametrize(
    ("table", "p"),
    [
        ((1, 4, 3, 4), 34 / 70),  # ways 1, 16, 36, 16, 1: both tables of 16 ways count, and the two rarer ones
        ((0, 3, 3, 3), 2 / 20),  # ways 1, 9, 9, 1
        ((1, 3, 5, 7), 105 / 210),  # ways 7, 63, 105, 35
        ((3, 3, 3, 7), 42 / 210),  # the same margins: 35 ways, and the 7 of the other end
        ((0, 0, 2, 5), 1.0),
        ((0, 0, 0, 0), 1.0),
    ],
)
def test_tables_as_probable_as_the_one_seen_count(table, p):
    assert fisher_exact(*table) == pytest.approx(p, rel=1e-12)


def test_every_small_table_has_the_p_of_scipy():
    for trials, before in product(range(1, 7), repeat=2):
        for hits, hits_before in product(range(trials + 1), range(before + 1)):
            other = reference([[hits, trials - hits], [hits_before, before - hits_before]]).pvalue
            assert fisher_exact(hits, trials, hits_before, before) == pytest.approx(other, rel=1e-9)


def test_the_months_with_gallium_and_germanium_of_chinese_origin_during_the_ban_and_before():
    assert fisher_exact(3, 12, 9, 23) == pytest.approx(0.48, abs=5e-3)
    assert fisher_exact(6, 12, 22, 23) == pytest.approx(0.003, abs=5e-4)


def test_years_of_days_are_counted_too():
    """The tables have more than 10^308 ways."""
    other = reference([[10, 40], [360, 840]]).pvalue
    assert fisher_exact(10, 50, 360, 1200) == pytest.approx(other, rel=1e-6)


def test_a_rank_counts_every_placebo_as_large_as_the_effect():
    assert randomisation_p_value(-2.0, [2.0, -3.0, 1.0, 4.0]) == (4 / 5, 1 / 5)
    assert randomisation_p_value(2.0, [-1.0, 0.5]) == (1 / 3, 1 / 3)
