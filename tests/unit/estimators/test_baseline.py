"""The baseline estimator's band is the formula it states."""

import datetime as dt

import numpy as np
import pytest
from scipy.stats import expon

from forecast.core import registry
from forecast.core.events import Event
from forecast.core.questions import Design
from forecast.kernels import local_level

BAN = Event("toy", "", dt.date(2030, 1, 1), dt.date(2030, 1, 1), products=("re_magnets",), role="default")
SERIES = "CHN.export.WLD.re_magnets"


@pytest.mark.parametrize(("use", "months"), [("last_12_clean", 12), ("year_earlier", 6)])
def test_the_band_holds_the_noise_of_the_window_and_the_luck_of_the_baseline(vintage_of, use, months, monkeypatch):
    """Without drift: relative variance v (1 / W + 1 / L), v that of the months, with the tails of 119 degrees of freedom."""
    monkeypatch.setattr(local_level, "STEP_PRIOR_RATE", 1e9)
    noise = np.random.default_rng(1).choice([-0.1, 0.1], size=120)
    known = vintage_of([*(100 * np.exp(noise)), *[50.0] * 6])
    made = registry.build("estimator", "baseline").estimate(
        known, Design(BAN, SERIES, baselines=(use,), draws=20000), np.random.default_rng(0)
    )
    spread = np.log(made.counterfactual.sum(axis=1)).std()
    assert spread == pytest.approx(np.sqrt(noise.var(ddof=1) * (1 / 6 + 1 / months) * 119 / 117), rel=0.03)
    assert made.cumulative.estimate == made.description.chosen.difference


def test_the_band_holds_the_drift_from_the_baseline_to_the_window(vintage_of, monkeypatch):
    """A level that moves by omega a month: relative variance omega^2 D, D of the walk between the two periods' means."""
    rng = np.random.default_rng(3)
    known = vintage_of([*np.exp(4 + np.cumsum(0.1 * rng.standard_normal(120))), *[50.0] * 6])
    monkeypatch.setattr(local_level, "STEP_PRIOR_RATE", 0.2)
    spread = {}
    for first, last in (("2029-01", "2029-12"), ("2026-01", "2026-12")):
        design = Design(BAN, SERIES, baselines=(("own", first, last),), draws=20000)
        made = registry.build("estimator", "baseline").estimate(known, design, np.random.default_rng(0))
        spread[first] = np.log(made.counterfactual.sum(axis=1)).var()
    months = known.steps.ordinal("2030-01") + np.arange(6)
    far = [local_level.mean_difference_variance(months, known.steps.ordinal(first) + np.arange(12)) for first in spread]
    assert spread["2029-01"] == pytest.approx(0.1**2 * far[0], rel=0.35)
    assert spread["2026-01"] / spread["2029-01"] == pytest.approx(far[1] / far[0], rel=0.1)


def test_the_distance_of_two_means_is_the_walk_s_own():
    months = np.arange(12)
    assert local_level.mean_difference_variance(months, months + 12) == pytest.approx((2 * 12**2 + 1) / (3 * 12))
    assert local_level.mean_difference_variance(months + 124, months + 100) == pytest.approx(24 - (12**2 - 1) / (3 * 12))
    assert local_level.mean_difference_variance(months, months) == 0.0


@pytest.mark.parametrize("ratio", [0.0, 0.4])
def test_a_long_history_tells_how_far_a_level_wanders(ratio):
    rng = np.random.default_rng(0)
    z = 0.2 * (rng.standard_normal(250) + np.cumsum(ratio * rng.standard_normal(250)))
    keep = np.flatnonzero(rng.random(250) < 0.9)
    level = local_level.fit(z[keep], keep + 7)
    sigma, omega = level.draws(4000, rng)
    assert np.median(sigma) == pytest.approx(0.2, rel=0.15)
    assert np.median(omega) == pytest.approx(0.2 * ratio, abs=0.03)
    assert abs(level.smooth.mean()) < 1e-12


def test_a_short_history_falls_back_on_the_prior():
    level = local_level.fit(np.array([1.0, -1.0, 1.0, -1.0, 0.5, -0.5, 0.2]) * 1e-3, np.arange(7))
    sigma, omega = level.draws(2000, np.random.default_rng(0))
    assert 0.02 < np.median(omega / sigma) < np.log(2) / local_level.STEP_PRIOR_RATE
    assert (sigma > 0).all()


def test_a_level_steps_further_than_its_noise_in_one_flow_of_twenty():
    """What never moved says nothing of q: its posterior is the prior, an exponential with P(q > 1) = 5 % in 40 parts."""
    level = local_level.fit(np.zeros(9), np.arange(9))
    assert level.q == pytest.approx(expon(scale=1 / np.log(20)).ppf((np.arange(40) + 0.5) / 40))
    assert level.weights == pytest.approx(np.full(40, 1 / 40))


def test_the_posterior_is_that_of_generalised_least_squares():
    """V = I + q^2 min(i, j), mean and variance integrated out (Harville 1974), the level by its best linear predictor."""
    rng = np.random.default_rng(4)
    months = np.delete(np.arange(100, 130), [2, 3, 17])
    z = np.cumsum(0.4 * rng.standard_normal(30))[months - 100] + rng.standard_normal(27) + 5
    level = local_level.fit(z, months)

    def dense(q):
        """Log-likelihood, sum of squares, and what is left around the level."""
        walk = q**2 * np.minimum(months[:, None], months[None, :])
        inverse = np.linalg.inv(np.eye(27) + walk)
        away = z - inverse.sum(axis=0) @ z / inverse.sum()
        squares = away @ inverse @ away
        like = np.linalg.slogdet(inverse)[1] - np.log(inverse.sum()) - 26 * np.log(squares)
        return like / 2, squares, away - walk @ inverse @ away

    likes, sums, _ = zip(*(dense(q) for q in level.q), strict=True)
    shares = np.exp(np.array(likes) - max(likes))
    assert level.weights == pytest.approx(shares / shares.sum(), abs=1e-9)
    assert level.sums == pytest.approx(np.array(sums))
    assert level.freedom == 26
    left = dense(np.tan(level.weights @ np.arctan(level.q)))[2]
    assert level.smooth == pytest.approx(z - left - (z - left).mean())
    assert level.spread == pytest.approx(left.std())


def test_a_flat_flow_has_a_band_of_no_width(vintage_of):
    known = vintage_of([10.0] * 40 + [5.0] * 3, first="2026-09")
    made = registry.build("estimator", "baseline").estimate(
        known, Design(BAN, SERIES, baselines=("last_12_clean",)), np.random.default_rng(0)
    )
    assert np.allclose(made.counterfactual, 10.0)


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
