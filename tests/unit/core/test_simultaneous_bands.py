"""Simultaneous bands contain whole paths."""

import numpy as np
import pytest

from forecast.core.simultaneous_bands import simultaneous_band


def test_a_share_of_the_paths_stays_inside_and_single_steps_are_wider_than_alone():
    rng = np.random.default_rng(0)
    draws = np.cumsum(rng.standard_normal((4000, 12)), axis=1)
    low, high = simultaneous_band(draws, 0.9)
    inside = ((draws >= low) & (draws <= high)).all(axis=1).mean()
    assert inside == pytest.approx(0.9, abs=0.01)
    alone = np.quantile(draws, [0.05, 0.95], axis=0)
    assert (low <= alone[0]).all()
    assert (high >= alone[1]).all()
    fresh = np.cumsum(rng.standard_normal((4000, 12)), axis=1)
    assert ((fresh >= low) & (fresh <= high)).all(axis=1).mean() == pytest.approx(0.9, abs=0.02)


def test_independent_steps_need_the_sidak_width():
    """Sidak (1967): 12 independent normal steps at 90 % lie within +-2.62."""
    draws = np.random.default_rng(1).standard_normal((40_000, 12))
    low, high = simultaneous_band(draws, 0.9)
    assert -low.mean() == pytest.approx(2.62, abs=0.06)
    assert high.mean() == pytest.approx(2.62, abs=0.06)


def test_a_leaning_path_has_a_leaning_band_and_a_flat_one_no_width():
    draws = np.exp(0.5 * np.random.default_rng(2).standard_normal((4000, 3)))
    low, high = simultaneous_band(draws, 0.9)
    middle = np.median(draws, axis=0)
    assert (high - middle > middle - low).all()
    flat = np.full((100, 2), 7.0)
    assert np.array_equal(simultaneous_band(flat, 0.9), (np.full(2, 7.0), np.full(2, 7.0)))
    assert [bound.size for bound in simultaneous_band(np.empty((10, 0)), 0.9)] == [0, 0]


STEPS = np.array([0.0, 10.0, 20.0, 60.0, 120.0])
# its quantiles at 2.275 % and 97.725 % lie 0.091 of a step inside its ends; half of their distance from the median:
DOWN, UP = (20 - 0.091 * 10) / 2, (120 - 0.091 * 60 - 20) / 2


def test_each_side_has_the_width_of_its_own_spread():
    """Five paths by hand: where it is farthest from the middle, one lies 10 / DOWN away, two 20 / DOWN and two 100 / UP."""
    draws = np.column_stack([STEPS, 7 + 1000 * STEPS[[3, 0, 4, 1, 2]]])
    reach = 20 / DOWN  # their median
    assert reach < 100 / UP
    low, high = simultaneous_band(draws, 0.5)
    assert low == pytest.approx([20 - reach * DOWN, 7 + 1000 * (20 - reach * DOWN)], abs=1e-9)
    assert high == pytest.approx([20 + reach * UP, 7 + 1000 * (20 + reach * UP)])


def test_a_side_is_never_narrower_than_the_interval_of_its_step():
    """One path in four stays within 2 / up of the middle, which below it, where figures lie close, is not enough."""
    draws = np.array([[0.0], [18.0], [20.0], [22.0], [100.0]])
    up = (100 - 0.091 * 78 - 20) / 2
    assert 2 / up * (20 - 0.091 * 18) / 2 < 1, "less than the 1 of the interval"
    assert simultaneous_band(draws, 0.25) == (pytest.approx([19.0]), pytest.approx([22.0]))
    assert simultaneous_band(-draws, 0.25) == (pytest.approx([-22.0]), pytest.approx([-19.0]))


def test_one_step_is_its_own_interval():
    draws = np.random.default_rng(3).standard_normal((9999, 1))
    low, high = simultaneous_band(draws, 0.9)
    assert (low[0], high[0]) == pytest.approx(tuple(np.quantile(draws, [0.05, 0.95])), abs=0.05)
