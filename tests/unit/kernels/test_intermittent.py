"""Intermittent filters against slow loops, and simulated draws against the process they come from."""

import numpy as np
import pytest
from scipy import stats

from forecast.kernels import intermittent as im


def thin(n=60, p=0.6, seed=0):
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < p, np.exp(0.5 * rng.standard_normal(n)), 0.0)


def test_series_are_aligned_at_their_ends():
    a, b = np.array([1.0, 2.0, 3.0]), np.array([5.0])
    padded = im.pad_at_start([(a, np.array([True, False, True])), (b, np.array([True]))])
    assert np.array_equal(padded, [[1, np.nan, 3], [np.nan, np.nan, 5]], equal_nan=True)


def test_without_discount_the_chance_is_beta_binomial():
    y = thin()
    made = im.filter_occurrence(y[None])
    hits = int((y > 0).sum())
    assert made.a[0, 0] == pytest.approx(hits + 0.5)
    assert made.b[0, 0] == pytest.approx(60 - hits + 0.5)
    log_beta = stats.betabinom(60, 0.5, 0.5).logpmf(hits) - np.log(1.0)
    from scipy.special import gammaln

    choose = gammaln(61) - gammaln(hits + 1) - gammaln(61 - hits)
    assert made.loglike[0, 0] == pytest.approx(log_beta - choose)


def test_a_run_of_empty_months_prefers_forgetting():
    y = np.concatenate([np.ones(40), np.zeros(12)])
    weights = im.posterior_weights(im.filter_occurrence(y[None]).loglike)[0]
    assert weights[im.DISCOUNTS < 0.95].sum() > 0.95
    steady = im.posterior_weights(im.filter_occurrence(thin(200, seed=4)[None]).loglike)[0]
    assert steady[im.DISCOUNTS > 0.94].sum() > 0.8


def test_without_discount_the_size_is_the_conjugate_mean():
    x = np.random.default_rng(1).standard_normal(30) + 3.0
    made = im.filter_sizes(x[None])
    middle = np.median(x)
    assert made.mean[0, 0] == pytest.approx((0.5 * middle + x.sum()) / 30.5)
    assert made.freedom[0, 0] == 32.0
    assert made.loglike[0, 0] > -60.0


def test_unknown_months_are_skipped():
    y = thin(30)
    gap = np.concatenate([y[:10], [np.nan, np.nan], y[10:]])
    assert im.filter_occurrence(y[None]).loglike == pytest.approx(im.filter_occurrence(gap[None]).loglike)
    assert im.filter_tsb(y[None]).p == pytest.approx(im.filter_tsb(gap[None]).p)


def test_a_batch_gives_what_each_series_gives_alone():
    parts = [(thin(n, seed=n), np.ones(n, dtype=bool)) for n in (20, 45, 60)]
    together = (
        im.filter_tsb(im.pad_at_start(parts)),
        im.filter_occurrence(im.pad_at_start(parts)),
        im.filter_sizes(im.pad_at_start(parts)),
    )
    for i, part in enumerate(parts):
        own = im.pad_at_start([part])
        assert im.filter_tsb(own).z[0] == pytest.approx(together[0].z[i])
        assert im.filter_occurrence(own).loglike[0] == pytest.approx(together[1].loglike[i])
        assert im.filter_sizes(own).mean[0] == pytest.approx(together[2].mean[i])


def test_tsb_is_its_own_recursion():
    y = thin(40, seed=7)
    made = im.filter_tsb(y[None])
    for j, rate in enumerate(im.RATES):
        p, z = np.mean(y[:12] > 0), y[:12][y[:12] > 0].mean()
        for value in y:
            p += rate * ((value > 0) - p)
            z += rate * (value - z) if value > 0 else 0.0
        assert made.p[0, j] == pytest.approx(p)
        assert made.z[0, j] == pytest.approx(z)


@pytest.mark.parametrize("kind", ["hurdle", "tsb"])
def test_draws_come_from_the_series_own_distribution(kind):
    y, rng = thin(300, seed=11), np.random.default_rng(2)
    if kind == "tsb":
        state = im.filter_tsb(y[None])
        drawn = im.simulate_tsb(state, state, 0, 6, 4000, rng)
    else:
        state = im.filter_occurrence(y[None]), im.filter_sizes(np.where(y > 0, np.log(np.maximum(y, 1e-9)), np.nan)[None])
        occurs, size = im.simulate_hurdle(state, state, 0, 6, 4000, rng)
        drawn = np.where(occurs > 0, np.exp(size), 0.0)
    assert (drawn == 0).mean() == pytest.approx(0.4, abs=0.08)
    sizes = np.log(drawn[drawn > 0])
    assert np.median(sizes) == pytest.approx(0.0, abs=0.25)
    assert sizes.std() == pytest.approx(0.5, abs=0.2)
    assert drawn.min() >= 0


def test_a_dead_flow_stays_dead():
    y = np.concatenate([np.ones(30), np.zeros(24)])
    state, rng = im.filter_tsb(y[None]), np.random.default_rng(0)
    assert (im.simulate_tsb(state, state, 0, 3, 2000, rng) == 0).mean() > 0.8
