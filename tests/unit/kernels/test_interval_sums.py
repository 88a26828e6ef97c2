"""Sums over intervals that cannot all hold, against linear programming."""

import math

import numpy as np
from scipy.optimize import linprog

from forecast.kernels.interval_sums import Conflict, conflicts


def test_a_sum_below_a_part_of_its_months_is_found_with_them():
    assert conflicts([(0, 0), (1, 1), (0, 2)], [4.0, 4.0, 6.0], 0.005, False) == [Conflict(2, 8.0, math.inf, (0, 1))]
    assert conflicts([(0, 0), (1, 1), (0, 2)], [4.0, 4.0, 6.0], 0.005, True) == [], "the third month may be below zero"
    assert conflicts([(0, 0), (1, 1), (0, 1)], [4.0, 4.0, 8.03], 0.005, False) == [], "rounding"


def test_figures_that_no_months_can_have_are_those_of_linear_programming():
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(60):
        size, months = int(rng.integers(2, 7)), rng.integers(0, 5, 6)
        spans = [tuple(sorted(rng.integers(0, 6, 2).tolist())) for _ in range(size)]
        totals = [float(months[a : b + 1].sum() + rng.choice([0, 0, -2, 3])) for a, b in spans]
        matrix = np.array([[float(a <= m <= b) for m in range(6)] for a, b in spans])
        for below_zero in (False, True):

            def possible(rows, limit=None if below_zero else 0, matrix=matrix, totals=totals):
                bounds = [(limit, None)] * 6
                return linprog(np.zeros(6), A_eq=matrix[rows], b_eq=np.array(totals)[rows], bounds=bounds).status != 2

            kept, expected = [], []
            for i in range(size):
                (kept if possible([*kept, i]) else expected).append(i)
            made = conflicts(spans, totals, 1e-9, below_zero)
            assert [one.total for one in made] == expected
            assert not any(possible([*one.others, one.total]) for one in made), "those named suffice"
            found += len(made)
    assert found > 20
