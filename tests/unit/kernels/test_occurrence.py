"""The chance of trade: by hand for few months, dependent on the month before only where the months say so."""

import numpy as np

from forecast.kernels.intermittent import DISCOUNTS
from forecast.kernels.occurrence import DRIFTS, MARKOV, learn_chances, simulate_occurrence

DRAWS = 20_000


def empty_shares(months, horizon=3):
    learnt = learn_chances(np.asarray(months, float))
    return 1.0 - simulate_occurrence(learnt, learnt, horizon, DRAWS, np.random.default_rng(3)).mean(axis=0)


def test_weights_of_two_months_by_hand():
    """Trade, then an empty month. The chance of the second is d / (2d + 1) after discounting, and 1/2 for the chain."""
    weights = learn_chances(np.array([5.0, 0.0])).weights
    alike = DRIFTS * DISCOUNTS / (2 * DISCOUNTS + 1) * (2 * DISCOUNTS + 1) / (DISCOUNTS + (DISCOUNTS + 1))
    by_hand = np.append(alike, MARKOV * 0.5)
    assert np.allclose(weights, by_hand / by_hand.sum())
    assert DRIFTS.sum() + MARKOV == 1.0


def test_a_third_of_the_months_empty_at_random_is_a_third_of_the_draws():
    months = np.where(np.random.default_rng(8).random(60) < 1 / 3, 0.0, 10.0)
    assert np.allclose(empty_shares(months), (months == 0).mean(), atol=0.06)


def test_months_that_alternate_and_months_that_cluster_depend_on_the_month_before():
    assert empty_shares(np.tile([0.0, 7.0], 15))[0] > 0.85
    spells = np.repeat([9.0, 0.0, 9.0, 0.0, 9.0, 0.0], [8, 5, 9, 6, 7, 3])
    assert empty_shares(spells)[0] > 0.7
    assert empty_shares(np.append(spells, [9.0, 9.0]))[0] < 0.3


def test_unknown_months_are_skipped_and_paths_share_their_chance():
    months = np.array([1.0, np.nan, 0.0, 1.0, np.nan, 1.0, 0.0, 1.0])
    learnt = learn_chances(months)
    same = learn_chances(months[np.isfinite(months)])
    assert np.array_equal(learnt.weights, same.weights)
    drawn = simulate_occurrence(learnt, learnt, 24, DRAWS, np.random.default_rng(1)).sum(axis=1)
    p = drawn.mean() / 24
    assert drawn.var() > 1.5 * 24 * p * (1 - p)  # the chance itself is uncertain
