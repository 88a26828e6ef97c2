"""Tails of draws: a mean above the 90 per cent quantile is brought below it, and nothing else moves."""

import numpy as np

from forecast.kernels.tails import bound_means


def test_by_hand():
    """0, 0, 1, 1, ... 8, 8, 9, 1000: the 90 per cent quantile is the 18th draw, 8; the mean of those cut there is 4.4."""
    draws = np.concatenate([np.repeat(np.arange(10.0), 2)[:19], [1000.0]])
    high = np.quantile(draws, 0.9, method="lower")
    made = bound_means(draws)
    assert high == 8.0
    assert np.isclose(made[-1] - 8.0, (8.0 - 4.4) * 20 * 992 / 993)
    assert np.isclose(made.mean(), high)
    assert np.array_equal(made[:18], draws[:18])
    assert made.max() == made[-1] < 200.0


def test_ranks_stay_and_a_mean_below_moves_nothing():
    rng = np.random.default_rng(1)
    tame, wild = rng.lognormal(0, 0.5, (1000, 3)), rng.lognormal(0, 4.0, (1000, 3))
    assert np.array_equal(bound_means(tame), tame)
    made = bound_means(wild)
    assert np.array_equal(made.argsort(axis=0, kind="stable"), wild.argsort(axis=0, kind="stable"))
    assert (made.mean(axis=0) <= np.quantile(made, 0.9, axis=0)).all()


def test_a_flow_that_is_nearly_always_empty_keeps_its_rare_months():
    draws = np.where(np.arange(100) < 95, 0.0, 50.0)
    assert np.array_equal(bound_means(draws), draws)
