"""Draws made apart take on a correlation, and nothing else changes."""

import numpy as np
import pytest

from forecast.kernels.rank_reordering import joint_order, shrunk_correlation


def test_a_common_part_is_seen_and_none_is_not_made_up():
    rng = np.random.default_rng(0)
    shared, own = rng.standard_normal((60, 1)), rng.standard_normal((60, 4))
    assert shrunk_correlation(shared + own)[0, 1] > 0.2
    apart = shrunk_correlation(own)
    assert np.abs(apart - np.eye(4)).max() < 0.1
    assert np.diag(apart) == pytest.approx(1.0)


def test_each_column_keeps_its_values_and_the_columns_move_together():
    rng = np.random.default_rng(1)
    draws = np.column_stack([rng.exponential(size=3000), rng.standard_normal(3000)])
    wanted = np.array([[1.0, 0.7], [0.7, 1.0]])
    made = np.take_along_axis(draws, joint_order(draws, wanted, rng.standard_normal(draws.shape)), axis=0)
    assert np.sort(made, axis=0) == pytest.approx(np.sort(draws, axis=0))
    ranks = made.argsort(axis=0).argsort(axis=0)
    assert np.corrcoef(ranks.T)[0, 1] == pytest.approx(0.68, abs=0.05)  # 6 / pi arcsin(0.35)
