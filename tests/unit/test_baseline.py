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
    """Blocks of b = W = 6 months: relative variance v (1 + 6 / L) N / (N - 2 b), v that of all sums of six months."""
    noise = np.random.default_rng(1).choice([-10.0, 10.0], size=120)
    known = vintage_of([*(100 + noise), *[50.0] * 6])
    made = registry.build("estimator", "baseline").estimate(
        known, Design(BAN, SERIES, baselines=(use,), draws=20000), np.random.default_rng(0)
    )
    sums = np.sum([np.roll(noise, -k) for k in range(6)], axis=0)
    relative = np.sqrt(np.var(sums) * (1 + 6 / months) * 120 / 108) / (6 * (100 + noise.mean()))
    assert made.cumulative.se == pytest.approx(relative * made.description.chosen.expected, rel=0.03)
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


@pytest.mark.parametrize("use", ["last_12_clean", "year_earlier"])
def test_a_flow_of_rare_large_months_keeps_its_sum_and_its_sign(vintage_of, use):
    rare = np.where(np.random.default_rng(2).random(120) < 0.3, 40.0, 0.5)
    known = vintage_of([*rare, *[1.0] * 6])
    made = registry.build("estimator", "baseline").estimate(
        known, Design(BAN, SERIES, baselines=(use,), draws=5000), np.random.default_rng(0)
    )
    assert made.counterfactual.min() >= 0
    assert np.median(made.counterfactual.sum(axis=1)) == pytest.approx(made.description.chosen.expected, rel=0.15)
    assert made.cumulative.estimate == pytest.approx(made.description.chosen.difference)


def test_the_band_of_a_panel_may_be_negative():
    import pandas as pd

    import forecast as fc

    rng = np.random.default_rng(0)
    known = fc.panel(pd.DataFrame({"time": range(60), "value": rng.standard_normal(60)}))
    made = registry.build("estimator", "baseline").estimate(known, Design.at(54, "value"), rng)
    assert made.counterfactual.min() < 0 < made.counterfactual.max()
