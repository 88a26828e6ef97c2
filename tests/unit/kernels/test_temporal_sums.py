"""A sum of months as an observation: exact algebra, and recovery of a known truth."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.kernels import covariance, gaussian, temporal_sums
from forecast.kernels.gaussian import CovarianceFamily

N = 24
AXIS = np.arange(N)


def local_level(level, noise):
    """A local level with both variances known."""
    v = noise**2 * np.eye(N) + level**2 * covariance.random_walk(N)
    return CovarianceFamily(lambda p: np.broadcast_to(v, (len(p), N, N)), (), (), (), fixed_scale=True), np.ones((N, 1))


def sample(seed, level=0.15, noise=0.05):
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(0, level, N)) + rng.normal(0, noise, N)


def test_a_sum_is_conditioned_on_as_the_joint_normal_says():
    family, x = local_level(0.3, 0.2)
    z, rows, span = sample(1), np.arange(20), np.array([20, 21])
    sums = temporal_sums.sum_matrix([span], N)
    fitted = temporal_sums.fit_combinations(z[rows], rows, np.array([3.0]), sums, x, family)
    mean, spread = gaussian.plug_in_forecast(fitted, np.array([20, 21, 22]))
    # the same by hand: a prior variance so large that it is no prior
    prior = family.covariance(np.zeros((1, 0)))[0] + 1e4
    seen = np.vstack([np.eye(N)[rows], sums])
    gain = prior @ seen.T @ np.linalg.inv(seen @ prior @ seen.T)
    by_hand = gain @ np.append(z[rows], 3.0)
    assert mean == pytest.approx(by_hand[20:23], abs=1e-4)
    assert spread == pytest.approx((prior - gain @ seen @ prior)[20:23, 20:23], abs=1e-4)
    assert mean[:2].sum() == pytest.approx(3.0, abs=1e-9)


def test_a_sum_with_one_month_known_is_the_other_month():
    family, x = covariance.local_level(N)
    z = sample(2)
    months = np.delete(AXIS, 21)
    one = temporal_sums.fit_combinations(
        z[months], months, z[20:21] + z[21:22], temporal_sums.sum_matrix([np.array([20, 21])], N), x, family
    )
    other = gaussian.fit(z, AXIS, x, family)
    assert one.loglike == pytest.approx(other.loglike, abs=1e-6)
    assert one.sigma2 == pytest.approx(other.sigma2, rel=1e-6)


def test_the_parameters_of_an_earlier_fit_are_taken_as_they_are():
    """As a fit of its own whose grid and maximum are replaced; coefficients stay those of the later figures."""
    family, x = covariance.local_level(N)
    z, rows = sample(4), np.arange(20)
    earlier = gaussian.fit(z[:14], np.arange(14), x, family)
    held, alone = gaussian.fit(z[rows], rows, x, family, earlier=earlier), gaussian.fit(z[rows], rows, x, family, polish=False)
    by_hand = replace(alone, nodes=earlier.nodes, weights=earlier.weights, best=earlier.best)
    draws = [gaussian.predict(one, np.array([20, 23]), 50, np.random.default_rng(0)) for one in (held, by_hand, alone)]
    assert np.array_equal(draws[0], draws[1])
    assert not np.allclose(draws[0], draws[2])
    assert (held.beta, held.sigma2, held.loglike) == (by_hand.beta, by_hand.sigma2, by_hand.loglike)


def test_draws_of_the_months_add_up_to_the_sum():
    family, x = covariance.local_level(N)
    rows = np.arange(20)
    fitted = temporal_sums.fit_combinations(
        sample(3)[rows], rows, np.array([1.5]), temporal_sums.sum_matrix([np.array([20, 21])], N), x, family
    )
    draws = gaussian.predict(fitted, np.array([20, 21, 22]), 200, np.random.default_rng(0))
    assert draws[:, :2].sum(axis=1) == pytest.approx(np.full(200, 1.5), abs=1e-6)
    assert draws[:, 2].std() > 0.01


def test_logs_of_one_month_are_that_month():
    family, x = covariance.local_level(N)
    z = sample(4)
    rows = np.arange(N - 1)
    alone = temporal_sums.fit_logs(z[:-2], rows[:-1], np.exp(z[-2:-1]), [np.array([N - 2])], x, family)
    plain = gaussian.fit(z[:-1], rows, x, family)
    assert alone.converged
    assert alone.fit.loglike == pytest.approx(plain.loglike, abs=1e-6)


def test_logs_of_a_sum_against_the_exact_posterior():
    level, noise = 0.3, 0.1
    family, x = local_level(level, noise)
    z, rows, span, ask = sample(5, level, noise), np.arange(21), np.array([21, 22]), np.array([21, 22, 23])
    total = np.exp(z[span]).sum()
    fitted = temporal_sums.fit_logs(z[rows], rows, np.array([total]), [span], x, family)
    assert fitted.converged
    assert fitted.sums[0, span].sum() == pytest.approx(1.0)
    # exact: given the sum only the difference of the two months is open, and it is one number
    mean, spread = gaussian.plug_in_forecast(gaussian.fit(z[rows], rows, x, family), ask)
    gap = np.linspace(-3, 3, 6001)
    pair = np.log(total) - np.stack([np.logaddexp(0, -gap), np.logaddexp(0, gap)])
    off = pair - mean[:2, None]
    inner = np.linalg.inv(spread[:2, :2])
    weight = np.exp(-0.5 * np.einsum("in,ij,jn->n", off, inner, off))
    weight /= weight.sum()
    exact = mean[2] + spread[2, :2] @ inner @ off @ weight
    got, among = gaussian.plug_in_forecast(fitted.fit, ask)
    assert got[2] == pytest.approx(exact, abs=8e-3)  # 1.7e-2 off without the bend
    assert got[:2] == pytest.approx(pair @ weight, abs=8e-3)
    assert among[2, 2] > 0


def test_quantities_are_closed_on_the_sum():
    family, x = local_level(0.15, 0.05)
    z, span = sample(5), np.array([20, 21])
    total = np.exp(z[span]).sum()
    fitted = temporal_sums.fit_logs(z[:20], np.arange(20), np.array([total]), [span], x, family)
    draws = np.exp(gaussian.predict(fitted.fit, span, 500, np.random.default_rng(0)))
    assert draws.sum(axis=1) == pytest.approx(np.full(500, total), rel=0.05)
    assert temporal_sums.scale_to_totals(draws, total).sum(axis=1) == pytest.approx(np.full(500, total), rel=1e-12)


@pytest.mark.parametrize("logs", [True, False])
def test_parameters_of_an_earlier_fit_are_held_throughout(logs):
    family, x = covariance.local_level(N)
    z, span = sample(6), [np.array([18, 19])]
    rows = np.arange(18)
    total = np.exp(z[span[0]]).sum() if logs else z[span[0]].sum()
    earlier = gaussian.fit(sample(9, 0.02, 0.3), AXIS, x, family)  # a series with hardly any wandering
    free, settled = temporal_sums.fit_sums(z[rows], rows, np.array([total]), span, x, family, logs=logs)
    held, still = temporal_sums.fit_sums(z[rows], rows, np.array([total]), span, x, family, logs=logs, earlier=earlier)
    assert settled
    assert still
    assert np.array_equal(held.nodes, earlier.nodes)
    ask = np.array([18, 19, 20])
    assert np.abs(gaussian.plug_in_forecast(held, ask)[0] - gaussian.plug_in_forecast(free, ask)[0]).max() > 0.01
    draws = gaussian.predict(held, ask, 200, np.random.default_rng(0))
    told = np.exp(draws[:, :2]).sum(axis=1) if logs else draws[:, :2].sum(axis=1)
    assert np.median(told) == pytest.approx(total, rel=0.05 if logs else 1e-6)


def test_without_a_sum_it_is_the_plain_fit():
    family, x = covariance.local_level(N)
    made, settled = temporal_sums.fit_sums(sample(7), AXIS, np.empty(0), [], x, family, logs=True)
    plain = gaussian.fit(sample(7), AXIS, x, family)
    assert settled
    assert made.loglike == plain.loglike
    assert np.array_equal(made.nodes, plain.nodes)


def test_a_sum_of_nothing_has_no_logarithm():
    family, x = covariance.local_level(N)
    with pytest.raises(ValueError, match="positive"):
        temporal_sums.fit_logs(np.zeros(3), np.arange(3), np.array([0.0]), [np.array([4, 5])], x, family)


def test_the_sum_as_one_observation_beats_its_halves():
    # truth known: a level that wanders (halves hide where it went); months 21 and 22 are printed as one sum, 23 is asked for
    family, x = local_level(0.2, 0.02)
    rows, span, every = np.arange(21), np.array([21, 22]), np.arange(23)
    gain = []
    for seed in range(100):
        z = sample([11, seed], 0.2, 0.02)
        total = np.exp(z[span]).sum()
        whole = temporal_sums.fit_logs(z[rows], rows, np.array([total]), [span], x, family)
        split = gaussian.fit(np.append(z[rows], np.full(2, np.log(total / 2))), every, x, family)
        ours, halves = (gaussian.plug_in_forecast(f, np.array([23]))[0][0] for f in (whole.fit, split))
        gain.append((halves - z[23]) ** 2 - (ours - z[23]) ** 2)
    assert np.mean(gain) > 2 * np.std(gain, ddof=1) / np.sqrt(len(gain))
