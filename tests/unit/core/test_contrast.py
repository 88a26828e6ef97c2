"""Contrast: what is said of one claim comes from one set of draws."""

import numpy as np
import pytest
from scipy.stats import beta

from forecast.core.contrast import Contrast

EARLY = Contrast(((3, 3),), np.array([30.0]), np.array([[20.0], [24.0], [22.0]]), 9.0)
LATER = Contrast(((4, 4), (5, 7)), np.array([10.0, 5.0]), np.array([[20.0, 70.0], [22.0, 72.0], [18.0, 60.0]]))


def random(draws=4000, seed=0, zeros=0.0):
    rng = np.random.default_rng(seed)
    c = np.exp(rng.standard_normal((draws, 2)) * [0.3, 0.6] + [4.0, 5.0]) * (rng.random((draws, 2)) >= zeros)
    return Contrast(((0, 0), (1, 1)), np.array([20.0, 50.0]), c)


def test_sums_by_hand():
    assert LATER.lengths.tolist() == [1.0, 3.0]
    assert LATER.difference.draws.tolist() == [15 - 90, 15 - 94, 15 - 78]
    assert LATER.difference.estimate == pytest.approx(-(75 + 79 + 63) / 3)
    assert LATER.expected == pytest.approx((90 + 94 + 78) / 3)
    assert EARLY.difference.estimate == 9.0
    assert EARLY.expected == 21.0


def test_both_parts_join_draw_by_draw():
    both = EARLY.join(LATER)
    assert both.periods == ((3, 3), (4, 4), (5, 7))
    assert both.observed.tolist() == [30.0, 10.0, 5.0]
    assert both.difference.draws == pytest.approx(EARLY.difference.draws + LATER.difference.draws)
    assert both.difference.estimate == pytest.approx(9.0 + LATER.difference.estimate)
    assert both.expected == pytest.approx(EARLY.expected + LATER.expected)


def test_the_ratio_is_of_sums():
    assert LATER.relative.draws == pytest.approx([15 / 90 - 1, 15 / 94 - 1, 15 / 78 - 1])
    assert LATER.relative.estimate == pytest.approx(15 / 90 - 1), "the median of the draws, without a point of its own"
    assert EARLY.relative.estimate == pytest.approx(9 / 21)
    nothing = Contrast(((0, 0),), np.ones(1), np.zeros((5, 1)))
    assert len(nothing.relative.draws) == 0
    some = Contrast(((0, 0),), np.ones(1), np.array([[0.0], [2.0], [4.0]]))
    assert some.relative.draws == pytest.approx([-0.5, -0.75]), "a draw of nothing has no ratio"


@pytest.mark.parametrize("months", [1, 6, 12])
def test_nothing_observed_is_all_lost_up_to_the_bound_of_the_count(months):
    """Jeffreys posterior of the rate of trade after h months without: Beta(1/2, h + 1/2)."""
    made = Contrast(((0, months - 1),), np.zeros(1), np.full((4000, 1), 50.0)).relative
    assert made.estimate == -1.0
    assert made.draws.max() <= 0
    low, high = made.interval(0.9)
    assert low == -1.0
    assert high == pytest.approx(beta.ppf(0.95, 0.5, months + 0.5) - 1, abs=1e-3)


def test_the_bound_is_a_share_of_the_rate_that_was():
    """Where half of the counterfactual months have trade, a rate is twice the share of what was lost; never a gain."""
    often = np.tile([[50.0], [0.0]], (2000, 1))
    made = Contrast(((0, 5),), np.zeros(1), often).relative
    assert made.interval(0.9)[1] == pytest.approx(2 * beta.ppf(0.95, 0.5, 6.5) - 1, abs=2e-3)
    one = Contrast(((0, 0),), np.zeros(1), often).relative
    assert one.draws.max() == 0.0
    assert one.interval(0.9)[1] == 0.0, "one empty month of a flow that has trade in one of two says nothing"
    never = Contrast(((0, 0),), np.zeros(1), np.zeros((10, 1))).relative
    assert (never.draws == -1).all()


@pytest.mark.parametrize("factor", [0.8, 2.0])
def test_draws_are_stretched_about_their_median_on_logarithms(factor):
    made = random()
    wide = made.stretch(factor, nonnegative=True)
    logs, stretched = np.log(made.counterfactual), np.log(wide.counterfactual)
    middle = np.log(np.median(made.counterfactual, axis=0))
    assert stretched == pytest.approx(middle + factor * (logs - middle))
    assert wide.difference.estimate == made.difference.estimate, "the point stays"
    assert np.array_equal(np.argsort(wide.counterfactual, axis=0), np.argsort(made.counterfactual, axis=0))


def test_where_figures_may_be_negative_draws_are_stretched_as_they_are():
    made = random()
    wide = made.stretch(3.0, nonnegative=False)
    middle = np.median(made.counterfactual, axis=0)
    assert wide.counterfactual == pytest.approx(middle + 3 * (made.counterfactual - middle))
    assert wide.counterfactual.min() < 0


def test_empty_months_stay_empty_and_a_factor_of_one_changes_nothing():
    made = random(zeros=0.4)
    wide = made.stretch(2.0, nonnegative=True)
    assert np.array_equal(wide.counterfactual == 0, made.counterfactual == 0)
    traded = made.counterfactual[:, 0] > 0
    assert np.median(wide.counterfactual[traded, 0]) == pytest.approx(np.median(made.counterfactual[traded, 0]))
    assert made.stretch(1.0, nonnegative=True) is made
    empty = Contrast(((0, 0),), np.ones(1), np.zeros((7, 1))).stretch(2.0, nonnegative=True)
    assert (empty.counterfactual == 0).all()


def test_units_do_not_matter():
    made = random(zeros=0.2)
    other = Contrast(made.periods, 1e3 * made.observed, 1e3 * made.counterfactual)
    assert other.relative.draws == pytest.approx(made.relative.draws)
    assert other.stretch(1.7, True).counterfactual == pytest.approx(1e3 * made.stretch(1.7, True).counterfactual)
