"""Resampling of past errors, and ridge regression."""

import numpy as np

from forecast.kernels import resample, ridge


def test_blocks_keep_neighbours():
    path = resample.moving_blocks(np.arange(20.0), 50, 12, 4, np.random.default_rng(0))
    assert path.shape == (50, 12)
    inside = np.diff(path, axis=1)[:, [0, 1, 2, 4, 5, 6]]
    assert (inside == 1.0).all()


def test_blocks_longer_than_the_errors_are_cut():
    path = resample.moving_blocks(np.array([1.0, 2.0]), 10, 5, 9, np.random.default_rng(0))
    assert (path == [1.0, 2.0, 1.0, 2.0, 1.0]).all()


def test_fair_errors_have_no_bias_and_keep_their_size():
    path = resample.moving_blocks(np.full(10, 3.0), 4000, 1, 1, np.random.default_rng(0), fair=True)
    assert abs(path.mean()) < 0.2
    assert abs(np.sqrt((path**2).mean()) - 3.0) < 0.2


def test_inflation_has_the_variance_of_student():
    factors = resample.spread_inflation(10, 200_000, np.random.default_rng(0))
    assert abs((factors**2).mean() - 10 / 8) < 0.02


def test_growth_of_a_random_walk_and_of_noise():
    noise = np.random.default_rng(0).standard_normal(4000)
    assert np.allclose(resample.error_growth(noise, 12, 6), 1.0, atol=0.05)
    walk = resample.error_growth(np.cumsum(noise), 1, 9)
    assert abs(walk[8] - 3.0) < 0.3
    assert (np.diff(walk) >= 0).all()
    assert (resample.error_growth(noise[:14], 12, 6) == 1.0).all()


def test_errors_of_successive_years_add_up():
    assert resample.seasonal_cumulative_sum(np.ones((1, 5)), 2).tolist() == [[1, 1, 2, 2, 3]]


def test_ridge_shrinks_towards_the_mean():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 3))
    y = 4 + x @ [1.0, 0.0, -2.0]
    loose, tight = ridge.ridge_path(x[None], y[None], np.array([1e-9, 1e9]))[0]
    assert np.allclose(loose, [4.0, 1.0, 0.0, -2.0])
    assert np.allclose(tight[0] + x @ tight[1:], y.mean(), atol=1e-4)


def test_a_ridge_is_judged_on_months_it_has_not_seen():
    """Every error is that of the rule without the fold of its month; samples side by side do not touch each other."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 40, 3))
    x[1, :35, 2] = 0.0  # constant but in the last fold
    y = 4 + x @ [1.0, 0.0, -2.0] + 0.1 * rng.standard_normal((2, 40))
    rules, errors = ridge.cross_validated_ridge(x, y)
    for j, part in enumerate(ridge.contiguous_folds(40)):
        assert np.allclose(
            errors[:, part], y[:, part] - rules[:, j + 1, :1] - (rules[:, j + 1, None, 1:] * x[:, part]).sum(axis=2)
        )
    alone = ridge.cross_validated_ridge(x[1:], y[1:])
    assert np.allclose(rules[1], alone[0][0], rtol=1e-12)
    y[0, :8] += 5.0
    moved = ridge.cross_validated_ridge(x, y)[0]
    blind = ridge.ridge_path(x[:, 8:], y[:, 8:])[0]  # whatever the penalty, the rule without the first fold is one of these
    assert np.abs(moved[0, 1] - blind).max(axis=1).min() < 1e-12
    assert not np.allclose(moved[0, 0], rules[0, 0], atol=0.1)
    assert rules[1, 5, 3] == 0.0


def test_folds_cover_every_row_once():
    assert np.concatenate(ridge.contiguous_folds(23)).tolist() == list(range(23))
    assert all((np.diff(part) == 1).all() for part in ridge.contiguous_folds(23))
