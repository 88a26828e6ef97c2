"""The scale of months with trade: logarithm or power by Box and Cox's likelihood, and back."""

import numpy as np
import pytest
from scipy.stats import boxcox_llf

from forecast.prep.working_scale import POWERS, WorkingScale, amount_scale, trade_floor

SKEWED = np.r_[100 + 10 * np.random.default_rng(1).standard_normal(40), 25.0, 15.0, 9.0, 7.0]


def expected_power(values):
    """The power whose likelihood is three above the logarithm's and the largest; 0 where none is."""
    positive = values[values > 0.05 * np.median(values[values > 0])]
    unit = positive / np.median(positive)
    gains = {power: boxcox_llf(power, unit) - boxcox_llf(0.0, unit) for power in POWERS}
    best = max(gains, key=gains.get)
    return best if gains[best] > 3.0 else 0.0


def test_the_power_is_that_of_the_likelihood_of_box_and_cox():
    rng, chosen = np.random.default_rng(0), []
    for _ in range(300):
        power, spread = rng.choice([0.0, 0.25, 0.5, 1.0]), rng.uniform(0.1, 0.5)
        z = 1.0 + spread * rng.standard_normal(int(rng.integers(12, 80)))
        y = 1e3 * (np.exp(z) if power == 0 else np.maximum(z, 0.001) ** (1 / power))
        y[rng.random(len(y)) < 0.1] = 0.0
        if (y > 0.05 * np.median(y[y > 0])).sum() < 12:
            continue
        scale = amount_scale(y)
        assert scale.power == expected_power(y)
        assert scale.name == ("power" if scale.power else "log")
        chosen.append(scale.power)
    assert {0.0, 0.25, 0.5} <= set(chosen)


def test_the_floor_of_trade_is_a_twentieth_of_the_median_shipment():
    assert trade_floor(np.array([0.0, 0.0, 10.0, 20.0, 30.0, np.nan])) == pytest.approx(1.0)
    assert trade_floor(np.zeros(3)) == 0.0


def test_a_few_small_shipments_ask_for_a_power_and_even_logarithms_for_none():
    rng = np.random.default_rng(1)
    assert amount_scale(np.exp(rng.standard_normal(200))).name == "log"
    assert amount_scale(SKEWED).name == "power"
    assert amount_scale(SKEWED[-11:]).name == "log", "too few to tell"
    tiny = np.r_[100 + 10 * rng.standard_normal(40), 0.5, 0.1, 0.02]
    assert amount_scale(tiny).name == "log", "next to nothing is no shipment"
    assert amount_scale(np.full(40, 7.0)).name == "log"


def test_a_loss_that_a_column_holds_is_no_skewness():
    """Thirty months of even logarithms, then six of a twentieth: beside a step the residuals are even."""
    rng, step = np.random.default_rng(2), np.r_[np.zeros(30), np.ones(6)]
    y = 100 * np.exp(0.1 * rng.standard_normal(36) - 3.0 * step)
    assert amount_scale(y).name == "power"
    assert amount_scale(y, np.column_stack([np.ones(36), step])).name == "log"
    y[4] = 0.0
    assert amount_scale(y, np.column_stack([np.ones(36), step])).name == "log"


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_the_unit_of_the_figures_does_not_matter(unit):
    y = SKEWED
    one, two = amount_scale(y), amount_scale(unit * y)
    assert (one.name, one.power) == (two.name, two.power)
    assert two.forward(unit * y) == pytest.approx(one.forward(y))


@pytest.mark.parametrize("power", [0.25, 0.5, 1.0])
def test_a_power_goes_there_and_back(power):
    scale = WorkingScale("power", 50.0, power=power)
    y = np.array([0.0, 1e-3, 1.0, 50.0, 4e4])
    assert scale.inverse(scale.forward(y)) == pytest.approx(y, abs=1e-9)
    assert scale.forward(np.array([50.0])) == 0, "the unit"
    assert scale.forward(np.array([100.0])) == pytest.approx((2**power - 1) / power)
    assert (np.diff(scale.forward(y)) > 0).all()
    assert scale.inverse(np.array([-10.0 / power])) == 0, "below zero there is no trade"


def test_a_small_power_is_the_logarithm():
    y = np.array([1.0, 20.0, 3e3])
    near = WorkingScale("power", 10.0, power=1e-6).forward(y)
    assert near == pytest.approx(WorkingScale("log", 10.0).forward(y), rel=1e-4)


def test_a_draw_is_cut_at_the_top():
    scale = amount_scale(SKEWED)
    assert scale.inverse(np.array([1e9])) == scale.top
