"""What measures let through: the estimate against hand calculations, and its bounds."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from forecast.prep.pass_through import PassThrough, estimate_pass_through

COUNT = 4000


def made(under, without, leak=0.05, seed=0):
    return estimate_pass_through(np.array(under, float), np.array(without, float), leak, COUNT, np.random.default_rng(seed))


def test_constant_months_give_their_ratio_and_the_weight_of_the_leak():
    """Six months of 30 and twelve of 100: 30 % but for one more month at the leak, (6 x 30 + 5) / 7 = 26.4 % in the mean."""
    share = made([30.0] * 6, [100.0] * 12).share
    assert share.mean() == pytest.approx(0.2643, abs=0.002)
    assert share.max() <= 0.30 + 1e-12
    assert (share > 0.05).all()


def test_the_spread_is_that_of_bayesian_bootstrap_means():
    """Means with Dirichlet weights: variance (second moment - mean^2) / (n + 1) over n months (Rubin 1981)."""
    under, without = [0.0, 40.0, 10.0, 30.0, 0.0, 20.0], [100.0] * 12
    figures = np.array([*under, 5.0]) / 100.0
    share = made(under, without).share
    assert share.mean() == pytest.approx(figures.mean(), abs=0.003)
    assert share.var() == pytest.approx(figures.var() / 8, rel=0.08)


def test_no_month_with_trade_leaves_little_but_not_nothing():
    """Six zeros: the leak's share of the weight, Beta(1, 6) with mean 1/7, times 5 %."""
    found = made([0.0] * 6, [100.0] * 12)
    assert found.share.mean() == pytest.approx(0.05 / 7, rel=0.05)
    assert found.share.min() > 0
    assert found.often.mean() < 0.15


def test_a_measure_only_takes_away():
    found = made([900.0] * 12, [100.0] * 12)
    assert (found.share == 1.0).mean() > 0.99
    assert found.share.max() == 1.0
    assert (found.often >= found.share).all()


def test_how_often_and_how_much_together_are_the_share():
    """Three of six months with 60: half of the months, 60 % in them, 30 % of the trade."""
    found = made([60.0, 0.0] * 3, [100.0] * 12)
    rng = np.random.default_rng(1)
    factors = np.column_stack([found.factor(rng.random(COUNT)) for _ in range(200)])
    assert np.abs(factors.mean(axis=1) - found.share).max() < 0.2
    assert factors.mean() == pytest.approx(found.share.mean(), abs=0.002)
    assert (factors == 0).mean() == pytest.approx(1 - found.often.mean(), abs=0.005)


flows = st.lists(st.one_of(st.just(0.0), st.floats(0.001, 1e9)), min_size=3, max_size=12)


@given(flows, flows, st.floats(0.001, 1.0), st.integers(0, 50))
def test_it_lies_between_nothing_and_all(under, without, leak, seed):
    found = estimate_pass_through(np.array(under), np.array(without), leak, 50, np.random.default_rng(seed))
    assert isinstance(found, PassThrough)
    assert ((found.share >= 0) & (found.share <= found.often) & (found.often <= 1)).all()
    factor = found.factor(np.random.default_rng(seed).random(50))
    assert ((factor >= 0) & (factor <= 1)).all()
