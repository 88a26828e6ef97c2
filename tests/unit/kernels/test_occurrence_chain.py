"""Months with and without trade as a Markov chain, held to an enumeration of all paths."""

import itertools

import numpy as np
import pytest
from scipy.stats import binom

from forecast.kernels.occurrence_chain import PERSISTENCE, RATES, SHARES, OccurrenceChain, fit_chain, tail_probabilities


def chain(stay, begin, last=1.0, ago=1):
    return OccurrenceChain(np.array([stay]), np.array([begin]), np.ones(1), last, ago)


def enumerated(stay, begin, last, ago, months):
    """P(number of empty months among the last `months` of a path), summed over every path after the last known month."""
    out = np.zeros(months + 1)
    for path in itertools.product((0, 1), repeat=ago - 1 + months):
        p, state = 1.0, last
        for now in path:
            trade = stay if state else begin
            p *= trade if now else 1.0 - trade
            state = now
        out[months - sum(path[ago - 1 :])] += p
    return out


@pytest.mark.parametrize("last", [0.0, 1.0])
@pytest.mark.parametrize("ago", [1, 2, 4])
@pytest.mark.parametrize(("stay", "begin"), [(0.9, 0.2), (0.5, 0.5), (0.3, 0.05)])
def test_the_count_of_empty_months_is_that_of_all_paths(stay, begin, ago, last):
    for months in (1, 2, 5):
        found = chain(stay, begin, last, ago).empty_months(months)
        assert found == pytest.approx(enumerated(stay, begin, last, ago, months), abs=1e-14)


def test_a_mixture_is_weighted_by_its_posterior():
    two = OccurrenceChain(np.array([0.9, 0.4]), np.array([0.2, 0.4]), np.array([0.25, 0.75]), 0.0, 2)
    expected = 0.25 * enumerated(0.9, 0.2, 0, 2, 4) + 0.75 * enumerated(0.4, 0.4, 0, 2, 4)
    assert two.empty_months(4) == pytest.approx(expected, abs=1e-14)


def test_without_persistence_months_are_independent():
    for last in (0.0, 1.0):
        assert chain(0.7, 0.7, last, 3).empty_months(9) == pytest.approx(binom.pmf(np.arange(10), 9, 0.3), abs=1e-14)


def test_persistence_is_the_first_autocorrelation_and_clusters_empty_months():
    p, r = 0.7, 0.5
    stay, begin = p + r * (1 - p), p * (1 - r)
    assert stay - begin == pytest.approx(r)  # the autocorrelation of a two-state chain
    assert chain(stay, begin, 1.0, 200).probability() == pytest.approx(p)  # and p its share of months with trade
    counts = np.arange(7)
    clustered = chain(stay, begin, 1.0, 200).empty_months(6)
    assert clustered @ counts == pytest.approx(6 * 0.3)
    assert clustered @ counts**2 > binom.pmf(counts, 6, 0.3) @ counts**2


def test_draws_have_the_exact_distribution():
    made = fit_chain(np.array([1.0, 1, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0]), ago=2)
    draws = made.draws(5, 200_000, np.random.default_rng(1))
    assert set(np.unique(draws)) == {0.0, 1.0}
    found = np.bincount((5 - draws.sum(axis=1)).astype(int), minlength=6) / len(draws)
    exact = made.empty_months(5)
    assert (np.abs(found - exact) < 5 * np.sqrt(exact * (1 - exact) / len(draws))).all()
    assert draws[:, 0].mean() == pytest.approx(1 - made.empty_months(1)[1], abs=0.006)


def test_the_posterior_is_prior_times_the_product_over_months():
    """P(first month) from the share p, then a transition a month; a month after an unknown one begins anew."""
    states = [1, 1, 0, None, 0, 0, 1, None, None, 1]
    weights = []
    for p in SHARES:
        for r in RATES:
            chance = {1: p, 0: 1 - p}
            likelihood = chance[1] * (p + r * (1 - p)) * (1 - p - r * (1 - p))  # 1, 1, 0
            likelihood *= chance[0] * (1 - p * (1 - r)) * p * (1 - r)  # 0, 0, 1
            likelihood *= chance[1]
            weights.append(likelihood * p**-0.5 * (1 - p) ** -0.5 * np.exp(-r / PERSISTENCE))
    made = fit_chain(np.array([np.nan if s is None else s for s in states]))
    assert made.weights == pytest.approx(np.array(weights) / sum(weights))
    assert (made.last, made.ago) == (1.0, 1)


def test_unknown_months_at_the_end_lie_between():
    made = fit_chain(np.array([1.0, 0.0, np.nan, np.nan]), ago=3)
    assert (made.last, made.ago) == (0.0, 5)


def test_a_mid_p_gives_half_of_what_was_seen_to_each_side():
    assert tail_probabilities(np.array([0.5, 0.3, 0.2]), 1) == pytest.approx((0.65, 0.35))
    assert tail_probabilities(np.array([0.5, 0.3, 0.2]), 0) == pytest.approx((0.25, 0.75))
    assert tail_probabilities(np.array([0.5, 0.3, 0.2]), 2) == pytest.approx((0.9, 0.1))


def test_the_mid_p_of_a_true_chain_is_even_on_average():
    distribution = chain(0.8, 0.4, 1.0).empty_months(6)
    assert distribution @ [tail_probabilities(distribution, k)[1] for k in range(7)] == pytest.approx(0.5)


def test_one_empty_month_after_a_flow_that_often_has_none_says_nothing_and_a_stop_of_a_steady_flow_much():
    often = fit_chain(np.array([1.0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 0, 1]))
    assert tail_probabilities(often.empty_months(1), 1)[1] > 0.1
    steady = fit_chain(np.ones(36))
    assert tail_probabilities(steady.empty_months(6), 6)[1] < 1e-3
