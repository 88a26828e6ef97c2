"""Month effects: a hand calculation, what is no season, and figures as noisy before as after."""

import numpy as np
import pytest

from forecast.kernels.season import fit_season, fit_seasons


def test_the_shrunken_means_of_three_cycles_by_hand():
    """Means 1 and -1; noise 4 / (6 - 2 - 3); tau^2 = 2 - 4 / 3; c = 1 / 3; residuals by sqrt((1 + 1/9) / (1 - 1/9))."""
    z = np.array([1.0, -1.0, 2.0, -2.0, 0.0, 0.0])
    found = fit_season(z, np.arange(6), 2)
    assert found.pattern == pytest.approx([1 / 3, -1 / 3])
    residuals = z - np.array([1, -1, 1, -1, 1, -1]) / 3
    assert z - found.effects == pytest.approx(np.sqrt(1.25) * residuals)


@pytest.mark.parametrize("first", [0, 7])
def test_growth_and_a_level_of_each_cycle_are_no_season(first):
    months = np.arange(36) + first
    pattern = np.random.default_rng(1).normal(0, 0.5, 12)
    pattern -= pattern.mean()
    levels = np.array([1.0, -2.0, 1.0])[(months[-1] - months) // 12]
    found = fit_season(pattern[months % 12] + levels, months, 12)
    assert found.pattern == pytest.approx(pattern, abs=1e-6)
    grown = fit_season(pattern[months % 12] + 0.1 * months, months, 12)
    assert grown.pattern == pytest.approx(pattern, abs=1e-6)


def test_several_series_at_once_have_the_seasons_of_each():
    months = np.delete(np.arange(41), [3, 17])
    z = np.random.default_rng(3).normal(size=(39, 4)) + np.cos(months * np.pi / 6)[:, None] * [0.0, 1.0, 3.0, 0.5]
    z[:, 3] = 0.0  # one without a season among others
    found = fit_seasons(z, months, 12)
    for j, column in enumerate(z.T):
        alone = fit_season(column, months, 12)
        assert found.effects[:, j] == pytest.approx(alone.effects, rel=1e-9, abs=1e-12)
        assert found.pattern[:, j] == pytest.approx(alone.pattern, rel=1e-9, abs=1e-12)
    assert not found.pattern[:, 3].any()


def test_a_season_needs_two_cycles_and_months_that_differ_by_more_than_their_noise():
    z = np.sin(np.arange(23.0))
    for found in (
        fit_season(z, np.arange(23), 12),
        fit_season(z, np.arange(23), 0),
        fit_season(np.zeros(36), np.arange(36), 12),
    ):
        assert not found.effects.any()
        assert not found.pattern.any()
    even = np.tile([1.0, -1.0], 18) * np.repeat([1.0, -1.0, 1.0], 12)  # month means as far apart as their noise makes them
    assert np.abs(fit_season(even, np.arange(36), 12).pattern).max() < 1 / 3


@pytest.mark.parametrize(("season", "cycles"), [(0.6, 2), (0.6, 3), (0.2, 3), (0.2, 5), (0.05, 3)])
def test_a_later_cycle_is_as_noisy_as_the_figures_without_their_effects(season, cycles):
    rng = np.random.default_rng(3)
    before, after = [], []
    months = np.arange(12 * (cycles + 1))
    for _ in range(300):
        z = rng.normal(0, season, 12)[months % 12] + rng.normal(0, 0.2, len(months))
        found = fit_season(z[:-12], months[:-12], 12)
        left, later = z[:-12] - found.effects, z[-12:] - found.pattern
        before.append(left.var(ddof=1))
        after.append(((later - left.mean()) ** 2).mean() / (1 + 1 / (12 * cycles)))
    assert np.sqrt(np.mean(after) / np.mean(before)) == pytest.approx(1.0, abs=0.07)
