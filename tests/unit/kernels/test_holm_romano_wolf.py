"""Romano-Wolf step-down p-values, and Holm's for comparison."""

import numpy as np
import pytest

from forecast.kernels.exact_tests import randomisation_p_value
from forecast.kernels.holm_romano_wolf import holm, romano_wolf


def test_one_test_is_a_rank():
    null = np.abs(np.random.default_rng(0).standard_normal((39, 1)))
    assert romano_wolf(np.array([1.7]), null) == pytest.approx(randomisation_p_value(1.7, null[:, 0].tolist())[0])


def test_tests_that_are_one_cost_nothing():
    draws = np.abs(np.random.default_rng(1).standard_normal((99, 1)))
    one = romano_wolf(np.array([2.0]), draws)[0]
    assert romano_wolf(np.full(5, 2.0), np.repeat(draws, 5, axis=1)) == pytest.approx(np.full(5, one))


def test_every_closed_subset_agrees():
    """Closed testing by brute force: the adjusted p of a hypothesis is the largest over all subsets that hold it."""
    from itertools import combinations

    rng = np.random.default_rng(2)
    null, seen = np.abs(rng.standard_normal((199, 4))), np.array([2.5, 0.4, 1.9, 1.2])
    made = romano_wolf(seen, null)
    for i in range(4):
        worst = 0.0
        for size in range(1, 5):
            for some in combinations(range(4), size):
                if i in some:
                    most = null[:, some].max(axis=1)
                    worst = max(worst, (1 + (most >= max(seen[list(some)])).sum()) / 200)
        assert made[i] == pytest.approx(worst)


def test_never_dearer_than_holm_and_never_cheaper_than_alone():
    rng = np.random.default_rng(3)
    wave = rng.standard_normal((999, 1))
    null, seen = np.abs(0.8 * wave + 0.6 * rng.standard_normal((999, 5))), np.array([3.0, 2.4, 2.0, 1.0, 0.2])
    alone = [randomisation_p_value(t, null[:, j].tolist())[0] for j, t in enumerate(seen)]
    made = romano_wolf(seen, null)
    assert (made >= np.array(alone) - 1e-12).all()
    assert (made <= np.array(holm(alone)) + 5e-3).all()


def test_the_family_wise_error_is_kept():
    """Monte Carlo: at least one of four true hypotheses is rejected at 10 % in about 10 % of the runs."""
    rng = np.random.default_rng(4)
    wrong = 0
    for _ in range(600):
        table = np.abs(rng.standard_normal((60, 4)) + 0.8 * rng.standard_normal((60, 1)))
        wrong += romano_wolf(table[0], table[1:]).min() <= 0.1
    assert wrong / 600 == pytest.approx(0.1, abs=0.035)
