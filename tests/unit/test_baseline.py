"""The baseline estimator's band is the formula it states."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import registry
from forecast.core.events import Event
from forecast.core.questions import Design
from forecast.kernels import bootstrap

BAN = Event("toy", "", dt.date(2030, 1, 1), dt.date(2030, 1, 1), products=("re_magnets",), role="default")
SERIES = "CHN.export.WLD.re_magnets"


def test_blocks_are_consecutive_values_of_the_whole_circle():
    paths = bootstrap.moving_blocks(np.arange(27.0), 30, 500, np.random.default_rng(0), 3)
    assert paths.shape == (500, 30)
    assert set(np.unique(paths)) == set(range(27))
    steps = np.diff(paths.reshape(500, 10, 3), axis=2) % 27
    assert (steps == 1).all()


@pytest.mark.parametrize(("use", "months"), [("last_12_clean", 12), ("year_earlier", 6)])
def test_the_band_holds_the_noise_of_the_window_and_the_luck_of_the_baseline(vintage_of, use, months):
    """Variance for independent months: (W s2 + W^2 s2 / L) N / (N - 2 b), here with blocks of b = W months."""
    noise = np.random.default_rng(1).choice([-10.0, 10.0], size=120)
    known = vintage_of([*(100 + noise), *[50.0] * 6])
    made = registry.build("estimator", "baseline").estimate(
        known, Design(BAN, SERIES, baselines=(use,), draws=20000), np.random.default_rng(0)
    )
    assert made.cumulative.se == pytest.approx(10 * np.sqrt((6 + 36 / months) * 120 / 108), rel=0.1)
    assert made.cumulative.estimate == made.description.chosen.difference


def test_a_share_is_compared_with_clean_shares(vintage_of):
    from forecast.core.vintage import Vintage

    part = vintage_of([2.0, 3.0] * 60 + [1.0] * 6)
    whole = vintage_of([10.0] * 126, series="CHN.export.WLD.all")
    known = Vintage(part.day, {**part.cells, **whole.cells}, part.events)
    design = Design(BAN, SERIES, share_of="CHN.export.WLD.all", estimand="share", measure="share", baselines=("last_12_clean",))
    made = registry.build("estimator", "baseline").estimate(known, design, np.random.default_rng(0))
    assert made.periods == ((known.steps.ordinal("2030-01"), known.steps.ordinal("2030-06")),)
    assert made.observed == pytest.approx([0.1])
    assert made.cumulative.estimate == pytest.approx(-0.15)
    assert made.cumulative.interval(0.95)[1] < 0


def test_too_few_clean_months_leave_the_description(vintage_of):
    known = vintage_of([10.0] * 11 + [5.0] * 3, first="2029-02")
    made = registry.build("estimator", "baseline").estimate(
        known, Design(BAN, SERIES, baselines=(("before", "2029-02", "2029-12"),)), np.random.default_rng(0)
    )
    assert made.counterfactual is None
    assert made.description.chosen.relative == -0.5
    assert "11 clean monthly figures" in made.used[0].notes[0]


def test_cutting_at_zero_does_not_raise_the_sum(vintage_of):
    """A flow of rare large months: single draws fall below zero, the sum's band must not move up for it."""
    rare = np.where(np.arange(120) % 4 == 0, 40.0, 0.5)
    known = vintage_of([*rare, *[1.0] * 6])
    made = registry.build("estimator", "baseline").estimate(
        known, Design(BAN, SERIES, baselines=("last_12_clean",), draws=5000), np.random.default_rng(0)
    )
    assert made.counterfactual.min() >= 0
    assert made.counterfactual.sum(axis=1).mean() == pytest.approx(made.description.chosen.expected, rel=0.05)
