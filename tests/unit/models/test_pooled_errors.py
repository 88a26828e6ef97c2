"""Pooled past errors: the arithmetic of what a number of errors supports, and levels that follow coverage."""

import numpy as np
import pytest

from forecast.models.conformal import pooled_errors
from forecast.models.conformal.pooled_errors import GRID, LEVELS, ErrorPool


def pool(values, owner=None, window=None, series=None, apart=1.0):
    values = np.asarray(values, float)
    owner = np.arange(len(values)) if owner is None else np.asarray(owner)
    window = np.arange(len(values)) if window is None else np.asarray(window)
    return ErrorPool.of(values, owner, window, series or int(owner.max()) + 1, apart)


def test_what_a_number_of_errors_supports():
    assert [pooled_errors.errors_for_central_band(level) for level in (0.5, 0.8, 0.9, 0.95)] == [3, 9, 19, 39]
    for level in (0.5, 0.8, 0.9, 0.95):
        n = pooled_errors.errors_for_central_band(level)
        assert pooled_errors.supported_level(n) >= level - 1e-12
        assert pooled_errors.supported_level(n - 1) < level
    assert pooled_errors.supported_level(2) == pytest.approx(1 / 3)
    assert pooled_errors.supported_level(4) == pytest.approx(0.6)


@pytest.mark.parametrize("n", [9, 19, 40, 151])
def test_quantiles_are_the_ceiling_and_the_floor(n):
    values = np.random.default_rng(n).permutation(n).astype(float)  # 0 .. n - 1
    levels = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])
    made = pool(values).quantiles(levels)
    up = np.ceil((n + 1) * levels - 1e-9) - 1
    down = n - np.ceil((n + 1) * (1 - levels) - 1e-9)
    assert made.tolist() == np.clip(np.where(levels >= 0.5, up, down), 0, n - 1).tolist()


def test_the_arithmetic_covers_in_small_samples():
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(3000):
        errors = rng.standard_normal(19)
        low, high = pool(errors).quantiles(np.array([0.05, 0.95]))
        hits.append(low <= rng.standard_normal() <= high)
    assert 0.885 < np.mean(hits) < 0.915


def test_leads_of_one_window_share_its_weight():
    one = pool([0.0, 10.0, 10.0, 10.0], owner=[0, 1, 1, 1], window=[0, 1, 1, 1])
    assert one.count == 2
    assert one.weight.sum() == pytest.approx(2.0)


def test_windows_that_overlap_count_for_less():
    assert pool(np.zeros(5), owner=np.zeros(5, int), apart=0.25).count == pytest.approx(2.0)
    assert pool(np.zeros(5), owner=np.zeros(5, int), apart=1.0).count == pytest.approx(5.0)


def test_a_series_own_errors_pull_its_quantiles():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.standard_normal(500), 4.0 * rng.standard_normal(100)])
    mixed = pool(values, owner=np.repeat([0, 1], [500, 100]))
    levels = np.array([0.9])
    widths = [mixed.quantiles(levels, 1, share)[0] for share in (0.0, 0.5, 1.0)]
    assert widths[0] < widths[1] < widths[2]
    assert widths[2] == pytest.approx(np.sort(values[500:])[90], rel=0.05)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.87, 1.0])
def test_a_share_of_the_weight_is_that_of_weights_summed_anew(share):
    rng = np.random.default_rng(6)
    owner, window = rng.integers(0, 7, 60), np.arange(60) // 2
    made = pool(rng.standard_normal(60), owner, window)
    for series in (0, 4, 6):
        mine = made.owner == series
        weight = (1 - share) * made.weight / made.weight.sum() + share * mine * made.weight / made.weight[mine].sum()
        target = np.minimum(np.maximum(GRID, 1 - GRID) * (made.count + 1) / made.count, 1.0) - 1e-12
        below, above = (np.minimum(np.searchsorted(np.cumsum(w), target), 59) for w in (weight, weight[::-1]))
        expected = np.where(GRID >= 0.5, made.values[below], made.values[59 - above])
        assert np.array_equal(made.quantiles(GRID, series, share), expected)


def test_the_median_stays_and_the_tails_are_kept():
    table = np.linspace(-1.0, 3.0, len(GRID))
    moved = pooled_errors.centre_median(table)
    assert np.interp(0.5, GRID, moved) == pytest.approx(0.0, abs=1e-9)
    assert moved[[0, -1]] == pytest.approx(table[[0, -1]], abs=0.01)
    assert (np.diff(moved) >= 0).all()


def test_mapping_keeps_ranks_median_and_dependence():
    rng = np.random.default_rng(2)
    shared = rng.standard_normal((2000, 1))
    draws = 100.0 + shared * [1.0, 2.0]
    tables = np.stack([2.0 * np.interp(GRID, GRID, (GRID - 0.5) * 2.5)] * 2)
    made = pooled_errors.recalibrate_draws(draws, tables, np.ones(2))
    assert np.allclose(np.median(made, axis=0), np.median(draws, axis=0), atol=0.01)
    assert (np.diff(np.take_along_axis(made, draws.argsort(axis=0), axis=0), axis=0) >= 0).all()
    assert np.corrcoef(made.T)[0, 1] > 0.99


def test_beyond_the_supported_band_the_wider_of_the_two_stands():
    draws = np.random.default_rng(3).standard_normal((1000, 1))
    flat = np.zeros((1, len(GRID)))
    made = pooled_errors.recalibrate_draws(draws, flat, np.array([0.8]))
    low, high = np.quantile(made[:, 0], [0.025, 0.975])
    assert low == pytest.approx(np.quantile(draws, 0.025), abs=0.05)
    assert high == pytest.approx(np.quantile(draws, 0.975), abs=0.05)
    assert np.quantile(made[:, 0], 0.8) == pytest.approx(np.median(draws), abs=1e-6)


def test_an_error_beyond_a_shut_side_has_a_size():
    draws = np.concatenate([np.zeros(600), np.linspace(1.0, 10.0, 400)])[:, None]
    middle, below, above = pooled_errors.median_and_widths(draws)
    assert middle[0] == 0.0
    assert below[0] > 0.0
    assert pooled_errors.normalised_errors(np.array([-1.0]), middle, below, above)[0] < 0
    assert np.isnan(pooled_errors.normalised_errors(np.array([1.0]), np.zeros(1), np.zeros(1), np.zeros(1))[0])


def widening(n=40, grown=3.0, seed=4):
    """Absolute scores whose size grows over time."""
    rng = np.random.default_rng(seed)
    return [np.abs(rng.standard_normal(30)) * (1.0 if t < n // 2 else grown) for t in range(n)]


def test_levels_follow_misses():
    aim = pooled_errors.aci(widening(), 0.1)
    assert (aim[1:5] < LEVELS[1:5]).all()  # too many misses: aim at fewer
    narrow = pooled_errors.aci(widening(grown=0.2), 0.1)
    assert (narrow[1:5] > LEVELS[1:5]).all()
    steady = pooled_errors.aci(widening(grown=1.0), 0.05)
    assert np.allclose(steady[1:5], LEVELS[1:5], atol=0.05)


def test_a_level_at_its_end_turns_back():
    """Below zero the band is the whole line and nothing is missed, so the level rises again, by lemma 4.1 of the paper."""
    growing = [np.full(5, 1.5**t) for t in range(60)]
    assert (pooled_errors.aci(growing, 0.3) <= 0.3).all()
    calm = [*growing, *(np.full(5, 1e-3) for _ in range(40))]
    assert (pooled_errors.aci(calm, 0.3)[1:5] > LEVELS[1:5]).all()


def test_widths_follow_misses():
    at = list(LEVELS).index(0.2)
    assert pooled_errors.pid(widening(), 0.1)[at] > 1.2
    assert pooled_errors.pid(widening(grown=0.2), 0.1)[at] < 0.9
    assert pooled_errors.pid(widening(grown=1.0), 0.05)[at] == pytest.approx(1.0, abs=0.3)
    assert (pooled_errors.pid([np.ones(3)], 0.1) == 1.0).all()


@pytest.mark.parametrize("how", ["aci", "pid"])
def test_bands_that_follow_cover_what_comes_next(how):
    """Errors thrice as large in the second half: plain pooling covers too little, following covers nearly enough."""
    hits = {"plain": [], how: []}
    for seed in range(40):
        scores = widening(n=60, seed=seed)
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], 1800).reshape(60, 30)
        errors = np.array(scores) * signs
        table = pool(errors.ravel(), owner=np.zeros(1800, int)).quantiles(GRID)
        new = 3.0 * np.random.default_rng(1000 + seed).standard_normal(200)
        for name, made in (("plain", table), (how, pooled_errors.adapt_quantiles(table, scores, how, 0.1))):
            low, high = np.interp([0.1, 0.9], GRID, made)
            hits[name].append(np.mean((low <= new) & (new <= high)))
    assert np.mean(hits["plain"]) < 0.75
    assert abs(np.mean(hits[how]) - 0.8) < abs(np.mean(hits["plain"]) - 0.8)
