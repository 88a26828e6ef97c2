"""The fast forms of the Gaussian likelihood against the dense one: random samples with holes, sums, steps and regressors."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.kernels import covariance, gaussian, temporal_sums
from forecast.kernels.airline_filter import AirlineLikelihood
from forecast.kernels.variance_components import ComponentsLikelihood

AHEAD = 6


def walk(rng, size):
    """Logarithms of a flow: level, season, noise; sometimes a step, a constant stretch or a near-zero tail."""
    at = np.arange(size)
    y = 14 + np.cumsum(rng.normal(0, rng.choice([0.0, 0.05, 0.3]), size)) + 0.3 * np.sin(at * np.pi / 6)
    y = y + rng.normal(0, 0.2, size) - 3.0 * (at >= rng.integers(size // 2, size)) * rng.integers(2)
    if rng.random() < 0.2:
        y[: size // 4] = y[0]
    if rng.random() < 0.2:
        y[-size // 6 :] = rng.normal(-8, 1, size // 6 + (size % 6 > 0))[: len(y[-size // 6 :])]
    return y


def components_case(rng):
    """A family of level and effects with its figures, some months known only in a sum."""
    n = int(rng.integers(30, 150))
    size, axis = n + AHEAD, np.arange(n + AHEAD)
    y = walk(rng, n)
    rows = np.flatnonzero(rng.random(n) > rng.choice([0.0, 0.1, 0.3]))
    x = np.column_stack([np.ones(size), axis >= rows[int(len(rows) * 0.7)], rng.normal(size=size)]).astype(float)
    made = (
        lambda: covariance.local_level(size),
        lambda: covariance.local_level_shrunk_season(size, axis % 12, 12, rng.normal(size=(size, 1))),
        lambda: covariance.settled_level(size, axis % 12, 12, None, rate=3.0, growth=0.25),
        lambda: covariance.settled_level(size, None, 12, None, rate=3.0, growth=0.0),
        lambda: covariance.local_level_given_step(size, 0.001, 0.1),
    )
    family = made[rng.integers(len(made))]()[0]
    if rng.random() < 0.2:
        family = covariance.with_effects(covariance.local_level(size)[0], rng.normal(size=(size, 3)))
    holes, seen, values = np.setdiff1d(np.arange(n), rows), rows, y[rows]
    if len(holes) > 4 and rng.random() < 0.5:
        sums = np.zeros((2, size))
        sums[0, holes[:2]], sums[1, holes[2:4]] = (0.4, 0.6), (1.0, 1.0)
        family, x = temporal_sums.stack_sums(family, x, sums)
        seen, values = np.r_[rows, size, size + 1], np.r_[values, sums[:, :n] @ y]
    return family, seen, x, values, np.r_[holes[:3], np.arange(n, size)]


def airline_case(rng):
    n = int(rng.integers(45, 150))
    size, axis = n + AHEAD + 3, np.arange(n + AHEAD + 3)
    y = walk(rng, n)
    rows = np.flatnonzero((rng.random(n) > rng.choice([0.0, 0.05, 0.2])) | (axis[:n] == 0))
    family, start = covariance.airline(size, 12)
    columns = [axis >= rows[len(rows) // 2], rng.normal(size=size)][: rng.integers(3)]
    x = np.column_stack([start, *columns]).astype(float)
    holes = np.setdiff1d(np.arange(n), rows)
    keep = gaussian.independent_columns(x[rows])
    if len(keep) < x.shape[1]:
        return airline_case(rng)
    return family, rows, x, y[rows], np.r_[holes[:3], np.arange(n + 2, size)]


def compare(case, kind, rng):
    """Largest differences of log-likelihood (relative), means, covariances (relative) and estimates."""
    family, rows, x, y, asked = case
    fast, slow = gaussian.likelihood_of(family, rows, x, y), gaussian.DenseLikelihood(family, rows, x, y)
    assert isinstance(fast, kind)
    lower, upper = np.array(family.lower), np.array(family.upper)
    nodes = np.vstack([lower, upper, rng.uniform(lower, upper, (12, len(lower)))])
    found, wanted = fast.loglike(nodes), slow.loglike(nodes)
    assert np.array_equal(np.isfinite(found), np.isfinite(wanted))
    means, spreads, squares = fast.predictions(nodes[2:6], asked)
    other_means, other_spreads, other_squares = slow.predictions(nodes[2:6], asked)
    beta, among, sigma2, top = fast.estimates(nodes[7])
    other_beta, other_among, other_sigma2, other_top = slow.estimates(nodes[7])
    assert squares == pytest.approx(other_squares, rel=1e-7)
    assert sigma2 == pytest.approx(other_sigma2, rel=1e-7)
    assert top == pytest.approx(other_top, rel=1e-8, abs=1e-8)
    scale = max(float(np.abs(other_among).max()), 1e-6)
    together, others = fast.coefficients(nodes[6:9]), slow.coefficients(nodes[6:9])
    assert together[0][1] == pytest.approx(beta, rel=1e-9, abs=1e-9)
    for one, other, size in zip(together, others, (1.0, scale, None), strict=True):
        assert one == pytest.approx(other, rel=1e-6, abs=None if size is None else 1e-5 * size)
    return (
        float((np.abs(found - wanted) / np.maximum(1.0, np.abs(wanted))).max()),
        float(np.abs(means - other_means).max()),
        float(np.abs(spreads - other_spreads).max() / np.abs(other_spreads).max()),
        float(max(np.abs(beta - other_beta).max(), np.abs(among - other_among).max() / scale)),
    )


@pytest.mark.parametrize(("make", "kind"), [(components_case, ComponentsLikelihood), (airline_case, AirlineLikelihood)])
@pytest.mark.parametrize("count", [40, pytest.param(500, marks=pytest.mark.slow)])
def test_fast_and_dense_agree(make, kind, count):
    rng = np.random.default_rng(count)
    worst = np.max([compare(make(rng), kind, rng) for _ in range(count)], axis=0)
    assert (worst < [1e-8, 1e-6, 1e-6, 1e-5]).all(), worst


def test_draws_agree_where_the_matrices_are_formed():
    rng = np.random.default_rng(5)
    family, rows, x, y, asked = components_case(rng)
    fast = gaussian.fit(y, rows, x, family, polish=False)
    slow = gaussian.fit(y, rows, x, replace(family, structure=None), polish=False)
    ours = gaussian.predict(fast, asked, 500, np.random.default_rng(1))
    assert ours == pytest.approx(gaussian.predict(slow, asked, 500, np.random.default_rng(1)), rel=1e-6, abs=1e-6)


def test_a_sample_that_is_mostly_holes_is_left_to_the_dense_form():
    size = 80
    family, start = covariance.airline(size, 12)
    rows = np.r_[0:14, 20:70:3]
    assert isinstance(gaussian.likelihood_of(family, rows, start, np.zeros(len(rows))), gaussian.DenseLikelihood)
    assert isinstance(gaussian.likelihood_of(family, rows[1:], start, np.zeros(len(rows) - 1)), gaussian.DenseLikelihood)
