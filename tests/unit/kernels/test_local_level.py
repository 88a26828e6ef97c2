"""Local level: contrasts against the dense likelihood, pooling over series, forecast errors, and clipping that keeps sums."""

import numpy as np
import pytest

from forecast.kernels import gaussian, local_level

RNG = np.random.default_rng(5)


def wandering(months, q, rng=RNG):
    return 3.0 + np.cumsum(q * rng.standard_normal(months)) + rng.standard_normal(months)


def dense(months, q):
    at = (months - months.min() + 1).astype(float)
    return np.eye(len(at)) + q**2 * np.minimum(at[:, None], at[None, :])


@pytest.mark.parametrize("months", [np.arange(20), np.delete(np.arange(30), [3, 4, 11, 28])], ids=["whole", "gaps"])
def test_the_contrasts_have_the_exact_diffuse_likelihood(months):
    values = wandering(30, 0.4)[months]
    model = local_level.build_model(months, np.arange(30, 36))
    mine = local_level.step_loglikes(model, values)
    stack = np.stack([dense(months, q) for q in model.q])
    theirs = gaussian.restricted_loglike(values, np.ones((len(months), 1)), stack)[0]
    assert mine - mine[0] == pytest.approx(theirs - theirs[0], abs=1e-8)


def predicted(months, asked, values, q):
    """Mean, covariance at unit variance and residual sum of squares of asked months by least squares (Goldberger 1962)."""
    v, n = dense(np.append(months, asked), q), len(months)
    inverse = np.linalg.inv(v[:n, :n])
    level = inverse.sum(axis=0) @ values / inverse.sum()
    gain = v[n:, :n] @ inverse
    left = 1 - gain.sum(axis=1)
    covariance = v[n:, n:] - gain @ v[:n, n:] + np.outer(left, left) / inverse.sum()
    return level + gain @ (values - level), covariance, (values - level) @ inverse @ (values - level)


def test_paths_have_the_conditional_mean_and_covariance():
    """At one value of q, months missing and the window further on."""
    months, asked = np.delete(np.arange(24), [5, 17]), np.arange(27, 31)
    values = wandering(24, 0.5)[months]
    model = local_level.build_model(months, asked)
    at, n = 24, len(months)
    posterior = np.eye(local_level.NODES)[at]
    drawn = local_level.draw_paths(model, values, posterior, 40_000, np.random.default_rng(0))
    mean, covariance, squares = predicted(months, asked, values, model.q[at])
    assert drawn.mean(axis=0) == pytest.approx(mean, abs=0.05)
    assert np.cov(drawn.T) == pytest.approx(squares / (n - 3) * covariance, rel=0.06, abs=0.02)
    error = local_level.zero_forecast_errors(model, [values - 1.0])[0]
    every = local_level.draw_paths(
        model, values - 1.0, local_level.step_posterior(local_level.step_loglikes(model, values - 1.0)), 40_000, RNG
    )
    assert error == pytest.approx(np.sqrt((every.mean(axis=1) ** 2).mean()), rel=0.04)


def test_paths_of_several_steps_are_a_mixture_in_no_order():
    """Each has mean, covariance and scale of its own step; a level that rose makes the means differ."""
    months, asked, nodes = np.arange(24), np.arange(25, 28), (1, 30)
    values = np.linspace(0, 4, 24) + np.random.default_rng(1).standard_normal(24)
    model = local_level.build_model(months, asked)
    posterior = np.eye(local_level.NODES)[list(nodes)].mean(axis=0)
    drawn = local_level.draw_paths(model, values, posterior, 60_000, np.random.default_rng(0))
    means, within = [], []
    for node in nodes:
        mean, covariance, squares = predicted(months, asked, values, model.q[node])
        means.append(mean)
        within.append(squares / 21 * covariance)
    apart = (means[1] - means[0]) / 2
    assert apart.min() > 0.5
    assert drawn.mean(axis=0) == pytest.approx(np.mean(means, axis=0), abs=0.03)
    assert np.cov(drawn.T) == pytest.approx(np.mean(within, axis=0) + np.outer(apart, apart), rel=0.05)
    first, second = np.split(drawn, 2)
    assert first.mean(axis=0) == pytest.approx(second.mean(axis=0), abs=0.05)


def test_the_prior_is_four_fifths_that_of_the_others():
    """p(q) = L(q) (0.8 O(q) / sum O + 0.2 / 3), normalised, for each of two series with others of its own."""
    own, others = np.log([[1.0, 2.0, 5.0], [3.0, 3.0, 1.0]]), np.log([[1.0, 1.0, 2.0], [6.0, 1.0, 1.0]])
    raised = np.array([[1.0, 2.0, 5.0], [3.0, 3.0, 1.0]]) * (
        0.8 * np.array([[0.25, 0.25, 0.5], [0.75, 0.125, 0.125]]) + 0.2 / 3
    )
    assert local_level.step_posterior(own - 700, others + 900) == pytest.approx(raised / raised.sum(axis=1, keepdims=True))
    assert local_level.step_posterior(own[0]) == pytest.approx(np.array([1.0, 2.0, 5.0]) / 8)


def test_a_constant_says_nothing_of_the_step_whatever_its_size():
    model = local_level.build_model(np.arange(30), np.arange(30, 34))
    still = np.array([[0.1], [7.3e8], [0.0], [-1e-9]]) * np.ones(30)
    assert not local_level.step_loglikes(model, still).any()
    assert local_level.step_loglikes(model, still + 1e-9 * np.array([[1], [1e10], [1], [1]]) * wandering(30, 1.0)).all()


def test_other_series_inform_the_step_variance():
    """Short series say little each: ten that stand still narrow the eleventh, ten that move widen it."""
    months, asked = np.arange(30), np.arange(30, 42)
    own = wandering(30, 0.0, np.random.default_rng(2))
    widths = []
    for q in (0.0, 0.5):
        others = [(months, wandering(30, q, np.random.default_rng(i))) for i in range(10)]
        away = local_level.draw_deviations(months, own, asked, own.mean(), others, 4000, np.random.default_rng(0))
        widths.append(np.std(away.sum(axis=1)))
    alone = np.std(local_level.draw_deviations(months, own, asked, own.mean(), [], 4000, np.random.default_rng(0)).sum(axis=1))
    assert widths[0] < 0.95 * alone
    assert widths[1] > 1.1 * widths[0]


def test_the_vague_component_lets_a_different_series_differ():
    """A level that clearly moves is believed although ten other series stand still."""
    months = np.arange(40)
    model = local_level.build_model(months, np.arange(40, 46))
    own = local_level.step_loglikes(model, wandering(40, 2.0, np.random.default_rng(1)))
    still = [local_level.step_loglikes(model, wandering(40, 0.0, np.random.default_rng(i))) for i in range(10)]
    posterior = local_level.step_posterior(own, np.sum(still, axis=0))
    assert posterior @ model.q > 0.5
    assert posterior.sum() == pytest.approx(1.0)


def test_deviations_are_symmetric_and_contain_the_distance_of_the_level():
    months = np.arange(30)
    values = np.append(np.zeros(20), np.full(10, 4.0)) + 0.1 * RNG.standard_normal(30)
    near, far = (
        local_level.draw_deviations(months, values, np.arange(30, 33), said, [], 2000, np.random.default_rng(0))
        for said in (4.0, 1.3)
    )
    assert np.median(far, axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    assert np.quantile(np.abs(far).mean(axis=1), 0.5) > 2 * np.quantile(np.abs(near).mean(axis=1), 0.5)


@pytest.mark.parametrize("q", [0.0, 0.3])
def test_intervals_hold_what_they_should(q):
    held = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        all_of = np.cumsum(q * rng.standard_normal((42, 7)), axis=0) + rng.standard_normal((42, 7))
        months = np.arange(36)
        others = [(months, all_of[:36, j]) for j in range(1, 7)]
        said = float(all_of[:36, 0].mean())
        away = local_level.draw_deviations(months, all_of[:36, 0], np.arange(36, 42), said, others, 400, rng).sum(axis=1)
        held.append(abs((all_of[36:, 0] - said).sum()) <= np.quantile(away, 0.95))
    assert 0.83 <= np.mean(held) <= 0.97


def test_series_together_have_the_errors_of_each_given_the_others():
    model = local_level.build_model(np.arange(30), np.arange(30, 34))
    gaps = np.array([wandering(30, q, np.random.default_rng(i)) for i, q in enumerate((0.0, 0.2, 1.0))] + [np.zeros(30)])
    likes = [local_level.step_loglikes(model, gap) for gap in gaps]
    found = local_level.zero_forecast_errors(model, gaps)
    assert not likes[3].any()
    for i, gap in enumerate(gaps):
        posterior = local_level.step_posterior(likes[i], np.sum(likes[:i] + likes[i + 1 :], axis=0))
        expected = 0.0
        for q, share in zip(model.q, posterior, strict=True):
            z, sizes = model.contrasts.T @ gap, 1 + q**2 * model.spread
            across = q**2 * model.across.mean(axis=0) / sizes
            variance = 1 / 4 + 1 / 30 + q**2 * (model.ahead.mean() - across @ model.across.mean(axis=0))
            expected += share * ((gap.mean() + across @ z) ** 2 + (z**2 / sizes).sum() / 27 * variance)
        assert found[i] == pytest.approx(np.sqrt(expected), rel=1e-10)


def test_what_never_moved_has_no_error():
    months = np.arange(12)
    model = local_level.build_model(months, np.arange(12, 15))
    assert local_level.zero_forecast_errors(model, [np.zeros(12)])[0] == 0
    flat = local_level.draw_deviations(months, np.full(12, 7.0), np.arange(12, 15), 7.0, [], 50, RNG)
    assert np.abs(flat).max() < 1e-12


def test_a_quantity_keeps_its_sum():
    draws = np.array([[4.0, -1.0, 1.0], [-3.0, 1.0, 1.0], [1.0, 2.0, 3.0]])
    made = local_level.clip_keeping_sums(draws)
    assert made.min() >= 0
    assert made.sum(axis=1).tolist() == pytest.approx([4.0, 0.0, 6.0])
    assert made[2].tolist() == [1.0, 2.0, 3.0]
