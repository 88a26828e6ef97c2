"""Collapses detected month by month, a ratio learned from very few months, and weights by score."""

import numpy as np
import pytest

from forecast.kernels import regime_ratio, resample
from forecast.models.menu import collapses
from forecast.models.menu.device_weights import weights_by_score

RNG = 5


def figures(n=60, level=100.0, noise=0.1, seed=1):
    rng = np.random.default_rng(seed)
    return level * np.exp(0.2 * np.sin(np.arange(n) * np.pi / 6) + noise * rng.standard_normal(n))


def collapsed(y, season=12):
    return collapses.detect_collapses(np.arange(len(y)), np.asarray(y, float), season)


def test_an_ordinary_series_has_no_collapse():
    assert not collapsed(figures()).any()
    assert not collapsed(figures(noise=0.3, seed=2)).any()


def test_the_first_month_of_a_collapse_is_told_and_so_is_the_return():
    y = figures()
    y[40:46] *= 0.03
    assert np.flatnonzero(collapsed(y)).tolist() == list(range(40, 46))


def test_what_came_later_does_not_change_what_was_collapsed():
    y = figures()
    y[40:] *= 0.03
    for cut in (39, 40, 41, 50):
        assert np.array_equal(collapsed(y)[:cut], collapsed(y[:cut]))


def test_empty_months_are_a_collapse_and_a_long_one_is_not_forgotten():
    y = figures(90)
    y[40:] = 0.0
    assert collapsed(y)[40:].all()


def test_a_lumpy_series_an_empty_one_and_a_negative_one_show_none():
    rng = np.random.default_rng(3)
    lumpy = np.where(rng.random(60) < 0.5, 0.0, np.exp(1.5 * rng.standard_normal(60)))
    assert collapsed(lumpy).mean() < 0.1
    assert not collapsed(np.zeros(30)).any()
    assert not collapsed(rng.standard_normal(60)).any()


def base(months, draws=2000, level=100.0, common=0.1, own=0.1, seed=0):
    rng = np.random.default_rng(seed)
    shared = common * rng.standard_normal((draws, 1))
    return level * np.exp(shared + own * rng.standard_normal((draws, months)))


def paths(block, seen, prior, **more):
    at = np.arange(block.shape[1])
    return regime_ratio.ratio_paths(block, np.asarray(seen, float), at, prior, 0.1, np.random.default_rng(RNG), **more)


def test_without_a_month_seen_the_prior_speaks():
    made = paths(base(3), [], regime_ratio.RatioPrior(np.log(0.05), 1.0))
    assert made.shape == (2000, 3)
    assert np.median(made[:, 0]) == pytest.approx(5.0, rel=0.15)
    assert np.quantile(made[:, 0], 0.9) == pytest.approx(5.0 * np.exp(1.28), rel=0.25)


def test_one_month_seen_is_almost_all_that_counts():
    made = paths(base(4), [40.0], regime_ratio.RatioPrior(np.log(0.05), 1.0))
    assert np.median(made, axis=0) == pytest.approx(40.0, rel=0.1)
    low, high = np.quantile(made[:, 0], [0.1, 0.9])
    # one month's own noise and the next one's: sd sqrt(2) * 0.1 of the logarithm, the common part cancels
    assert np.log(high / low) / 2.563 == pytest.approx(np.sqrt(2) * 0.1, rel=0.35)


def test_a_growing_leak_is_followed():
    seen = 3.0 * 1.25 ** np.arange(6)
    made = paths(base(9, common=0.0, own=0.03), seen, regime_ratio.RatioPrior(np.log(0.05), 1.0))
    assert np.median(made[:, 0]) > seen[-1]


def test_empty_months_make_empty_months_likely():
    prior = regime_ratio.RatioPrior(np.log(0.3), 1.2)
    some, all_of_them = paths(base(7), [5.0, 0.0, 5.0, 0.0], prior), paths(base(14), np.zeros(12), prior)
    assert 0.3 < (some == 0).mean() < 0.7
    assert (all_of_them == 0).mean() > 0.85


def test_systematic_shares():
    index = resample.systematic_resample(np.array([0.5, 0.3, 0.2]), 1000)
    assert np.bincount(index).tolist() == [500, 300, 200]


def test_devices_are_weighed_by_score_and_days():
    even = np.ones(3)
    one = weights_by_score(even, np.array([1.0, 2.0, np.nan]), 1)
    three = weights_by_score(even, np.array([1.0, 2.0, np.nan]), 3)
    assert one == pytest.approx([2 / 3, 1 / 3, 0.0])
    assert three == pytest.approx([8 / 9, 1 / 9, 0.0])
    assert weights_by_score(even, np.array([1.0, 9.0, 1.0]), 3) == pytest.approx([0.5, 0.0, 0.5])


def test_places_of_months_in_any_order():
    assert collapses.positions_of(np.array([7, 3, 5]), np.array([5, 7])).tolist() == [2, 0]


def node_by_node(base, seen, at, prior, tiny, rng):
    """The slow twin of `ratio_paths`: each node's draws made, their covariance taken and conditioned, nothing remembered."""
    k, draws, nodes = len(seen), len(base), np.array(regime_ratio.NODES)
    logs = regime_ratio._logs_of_amounts(base, tiny, rng)
    rows = np.flatnonzero(seen > tiny)
    made, evidence = [], []
    for step, noise, growth, _ in nodes:
        start = prior.mean + prior.sd * rng.standard_normal((draws, 1))
        apart = np.maximum(np.diff(at, prepend=at[0]), 0)
        walk = np.cumsum(step * np.sqrt(apart) * rng.standard_normal((draws, len(at))), axis=1)
        x = logs + start + walk + growth * rng.standard_normal((draws, 1)) * at + noise * rng.standard_normal(base.shape)
        score = 0.0
        if len(rows):
            centred = x - x.mean(axis=0)
            cov = centred[:, rows].T @ centred[:, rows] / draws
            cov[np.diag_indices_from(cov)] += 1e-9 + 1e-6 * np.diag(cov)
            miss = np.log(seen[rows]) - x[:, rows].mean(axis=0)
            score = -0.5 * (miss @ np.linalg.solve(cov, miss) + np.linalg.slogdet(cov)[1] + len(rows) * np.log(2 * np.pi))
            x = x + (np.log(seen[rows]) - x[:, rows]) @ np.linalg.solve(cov, (centred.T @ centred[:, rows] / draws).T)
        made.append(x[:, k:])
        evidence.append(score)
    posterior = nodes[:, 3] * np.exp(np.array(evidence) - max(evidence))
    node = rng.permutation(resample.systematic_resample(posterior / posterior.sum(), draws))
    empty = int((seen <= tiny).sum())
    share = rng.beta(prior.zero[0] + empty, prior.zero[1] + k - empty, size=(draws, 1))
    already = float((base[:, k:] <= tiny).mean())
    extra = np.clip(1.0 - (1.0 - share) / max(1.0 - already, 1e-9), 0.0, 1.0)
    gone = (base[:, k:] <= tiny) | (rng.random(made[0].shape) < extra)
    return np.where(gone, 0.0, np.exp(np.stack(made)[node, np.arange(draws)]))


@pytest.mark.parametrize("k", [0, 1, 4, 9])
def test_paths_of_many_priors_equal_those_made_node_by_node(k):
    """Random numbers and covariances are shared between the priors; the generator goes on from the same place."""
    block = base(k + 3, draws=400, common=0.3, own=0.0 if k == 4 else 0.1)
    block[::7, -1] = 0.0
    seen, at = np.random.default_rng(k).exponential(20.0, k), np.arange(k + 3)
    seen[1:2] = 0.0
    for prior in (regime_ratio.RatioPrior(-1.0, 0.5), regime_ratio.RatioPrior(-3.0, 1.2), regime_ratio.RatioPrior(0.0, 0.4)):
        one, other = np.random.default_rng(RNG), np.random.default_rng(RNG)
        found = regime_ratio.ratio_paths(block, seen, at, prior, 0.1, one)
        np.testing.assert_allclose(found, node_by_node(block, seen, at, prior, 0.1, other), rtol=1e-9)
        assert one.random() == other.random()


def test_other_figures_or_another_place_of_the_generator_are_not_mistaken_for_those_remembered():
    block, prior = base(4), regime_ratio.RatioPrior(-1.0, 0.5)
    first = paths(block, [40.0], prior)
    assert np.array_equal(first, paths(block, [40.0], prior))
    assert not np.allclose(first, paths(block, [41.0], prior))
    assert not np.allclose(first, paths(1.001 * block, [40.0], prior))
    rng = np.random.default_rng(RNG)
    moved = [regime_ratio.ratio_paths(block, np.array([40.0]), np.arange(4), prior, 0.1, rng) for _ in range(2)]
    assert np.array_equal(moved[0], first)
    assert not np.allclose(moved[1], first)
