"""Differences that are rounding alone are none, in any unit."""

import numpy as np
import pytest

from forecast.core.summary import Summary
from forecast.estimators.synthetic.simplex import least_squares_weights
from forecast.kernels.rounding import beyond_rounding, largest


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_a_difference_of_the_last_digits_is_none(unit):
    figures = unit * np.array([0.1 + 0.2, 5.0])
    assert beyond_rounding(figures - unit * np.array([0.3, 5.001]), largest(figures)).tolist() == [
        0.0,
        pytest.approx(-0.001 * unit),
    ]
    assert Summary(figures[:1] + np.array([0.0, 1e-16 * unit])).se == 0.0
    assert Summary(figures).se > 0.0


def test_donors_that_are_alike_weigh_the_same():
    one, other = np.array([1.0, 4.0, 2.0]), np.array([3.0, 0.0, 2.0])
    weights = least_squares_weights(np.column_stack([one, other, one * (1 + 1e-15), one]), (3 * one + other) / 4)
    assert weights == pytest.approx([0.25, 0.25, 0.25, 0.25])
