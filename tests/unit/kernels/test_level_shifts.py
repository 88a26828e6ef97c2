"""A lasting fall of a level: found where it is, and nowhere else."""

import numpy as np
import pytest

from forecast.kernels import level_shifts
from forecast.kernels.level_shifts import recent_fall, robust_slope

WHEN = np.arange(40)


def noise(sd=0.2, seed=1):
    return np.random.default_rng(seed).normal(0.0, sd, len(WHEN))


def after(start, size):
    return np.where(start <= WHEN, size, 0.0)


@pytest.mark.parametrize("start", [20, 28, 34])
def test_a_fall_is_found_in_its_first_month(start):
    assert recent_fall(WHEN, noise() + after(start, np.log(0.3))) == start


def test_four_months_are_not_yet_a_level_and_old_falls_small_falls_and_rises_are_none():
    assert recent_fall(WHEN, noise(seed=2) + after(36, -1.2)) is None
    assert recent_fall(WHEN, noise() + after(13, -1.2)) is None
    assert recent_fall(WHEN, noise(0.05) + after(30, np.log(0.6))) is None
    assert recent_fall(WHEN, noise() + after(30, 1.2)) is None


def test_growth_a_deep_season_and_one_odd_month_are_no_fall():
    assert recent_fall(WHEN, noise(0.1) + 0.06 * WHEN) is None
    assert recent_fall(WHEN, noise(0.1) + 1.5 * (WHEN % 12 >= 6)) is None
    assert recent_fall(WHEN, noise() - 3.0 * (WHEN == 37)) is None


def test_a_fall_that_has_ended_is_no_fall():
    assert recent_fall(WHEN, noise() - 1.2 * ((WHEN >= 30) & (WHEN < 36))) is None


def test_noise_alone_shows_no_fall():
    found = [recent_fall(WHEN, noise(0.5, seed)) for seed in range(60)]
    assert sum(one is not None for one in found) <= 1


def test_the_robust_slope_is_the_median_of_the_slopes_of_pairs():
    # slopes of the pairs of (0, 0), (1, 2), (3, 3): 2, 1, 1/2
    assert robust_slope(np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 3.0])) == 1.0


def test_running_medians_are_those_of_each_part():
    z = np.random.default_rng(8).normal(size=40)
    assert level_shifts._running_medians(z, 12).tolist() == [np.median(z[i : i + 12]) for i in range(29)]
    starts = np.arange(16, 35)
    assert level_shifts._medians_to_the_end(z, starts).tolist() == [np.median(z[s:]) for s in starts]
