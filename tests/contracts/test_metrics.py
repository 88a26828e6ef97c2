"""What every metric must keep to: direction, units, and indifference to the order of draws."""

import numpy as np
import pytest

from forecast.core import registry
from forecast.core.contracts import Metric

ALL = registry.names("metric")
Z = np.random.default_rng(11).standard_normal(400)
E = np.random.default_rng(12).standard_normal(600)
# draws and truths lie symmetric about 100, so that mean and median are 100 exactly whatever the spread
DRAWS = 100.0 + 10.0 * np.concatenate([Z, -Z])[:, None]
TRUTH = 100.0 + 10.0 * np.concatenate([E, -E])
SCALE = np.full(len(TRUTH), 12.0)
WRONG = {
    "too high": DRAWS + 8.0,
    "too low": DRAWS - 8.0,
    "too wide": 100.0 + 2.0 * (DRAWS - 100.0),
    "too narrow": 100.0 + 0.5 * (DRAWS - 100.0),
}


def scores(metric, draws, truth=TRUTH, scale=SCALE):
    return metric.score(np.broadcast_to(draws, (len(draws), len(truth))), truth, scale)


def loss(metric, draws):
    """The mean score, turned so that lower is better."""
    mean = float(scores(metric, draws).mean())
    if isinstance(metric.better, str):
        return mean if metric.better == "lower" else -mean
    return abs(mean - metric.better)


@pytest.mark.parametrize("name", ALL)
def test_a_metric_says_how_it_is_read(name):
    metric = registry.build("metric", name)
    assert isinstance(metric, Metric)
    assert isinstance(metric.label, str)
    assert 0 < len(metric.label) <= 24
    assert isinstance(metric.unit_free, bool)
    assert metric.better in ("lower", "higher") or isinstance(metric.better, float)


@pytest.mark.parametrize("name", ALL)
def test_labels_differ(name):
    label = registry.build("metric", name).label
    assert [other for other in ALL if registry.build("metric", other).label == label] == [name]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("wrong", WRONG)
def test_the_true_distribution_scores_best_on_average(name, wrong):
    """Strictly where the centre is wrong; a point error does not see the spread."""
    metric = registry.build("metric", name)
    honest, other = loss(metric, DRAWS), loss(metric, WRONG[wrong])
    assert honest < other if wrong in ("too high", "too low") else honest <= other + 1e-9


@pytest.mark.parametrize("name", ["crps", "wis", "msis", "coverage"])
@pytest.mark.parametrize("wrong", ["too wide", "too narrow"])
def test_a_score_of_the_whole_distribution_sees_its_spread(name, wrong):
    metric = registry.build("metric", name)
    assert loss(metric, DRAWS) < loss(metric, WRONG[wrong])


@pytest.mark.parametrize("name", ALL)
def test_a_target_is_reached_by_the_true_distribution(name):
    metric = registry.build("metric", name)
    if not isinstance(metric.better, str):
        assert float(scores(metric, DRAWS).mean()) == pytest.approx(metric.better, abs=0.05)


@pytest.mark.parametrize("name", ALL)
def test_the_order_of_draws_is_irrelevant(name):
    rng = np.random.default_rng(4)
    draws, truth = rng.normal(50.0, 9.0, (60, 3)), np.array([50.1, 43.6, 88.0])
    metric = registry.build("metric", name)
    shuffled = metric.score(draws[rng.permutation(60)], truth, np.ones(3))
    np.testing.assert_allclose(metric.score(draws, truth, np.ones(3)), shuffled, rtol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_each_question_is_scored_by_itself(name):
    metric = registry.build("metric", name)
    draws, truth, scale = (
        np.random.default_rng(5).gamma(2.0, 9.0, (60, 4)),
        np.array([9.0, 1.0, 60.0, 0.0]),
        np.arange(1.0, 5.0),
    )
    alone = [metric.score(draws[:, [i]], truth[[i]], scale[[i]])[0] for i in range(4)]
    np.testing.assert_allclose(metric.score(draws, truth, scale), alone)


@pytest.mark.parametrize("name", ALL)
def test_another_unit_changes_a_score_only_where_it_carries_one(name):
    """Kilograms and tonnes: a score free of units is the same, one in the unit of the series is a thousand times as large."""
    metric = registry.build("metric", name)
    tonnes, kilograms = scores(metric, DRAWS), scores(metric, 1000.0 * DRAWS, 1000.0 * TRUTH, 1000.0 * SCALE)
    np.testing.assert_allclose(kilograms, tonnes if metric.unit_free else 1000.0 * tonnes, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_unknown_truth_is_no_score(name):
    value = registry.build("metric", name).score(np.arange(5.0)[:, None], np.array([np.nan]), np.ones(1))
    assert value.shape == (1,)
    assert np.isnan(value[0])


def test_crps_is_twice_the_mean_pinball_loss():
    """Exactly: the quantile function of m draws is constant between i/m and (i + 1)/m, and the loss linear in the level."""
    draws, truth = np.sort(np.random.default_rng(2).normal(size=40)), np.array([-3.0, 0.0, 0.3, 2.5])
    levels = (np.arange(40) + 0.5) / 40
    above = np.maximum(truth[None] - draws[:, None], 0.0)
    below = np.maximum(draws[:, None] - truth[None], 0.0)
    pinball = (levels[:, None] * above + (1 - levels[:, None]) * below).mean(axis=0)
    crps = registry.build("metric", "crps").score(np.repeat(draws[:, None], 4, axis=1), truth, np.ones(4))
    np.testing.assert_allclose(crps, 2 * pinball, rtol=1e-12)


def test_wis_is_spread_and_over_and_underprediction():
    wis = registry.build("metric", "wis")
    draws, truth = np.random.default_rng(3).normal(size=(100, 4)), np.array([-3.0, 0.0, 3.0, np.nan])
    spread, over, under = wis.parts(draws, truth)
    np.testing.assert_allclose(spread + over + under, wis.score(draws, truth, np.ones(4)))
    assert over[0] > 0 == under[0]
    assert under[2] > 0 == over[2]
