"""Verdicts of small flows that a referee would sign: claims where something happened, none where nothing did, else reasons."""

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.core.errors import ForecastError
from forecast.kernels import innovations

X, Y = "CHN.export.WLD.widgets_x", "CHN.export.WLD.widgets_y"
STRENGTH = {"cannot distinguish": 0, "no material effect": 0, "suggestive": 1, "supported": 2}


def months(count):
    return [f"{2019 + i // 12}-{i % 12 + 1:02d}" for i in range(count)]


def flow(count, noise, seed=0, growth=0.0, season=None):
    at = np.arange(count)
    logs = np.log(1000.0) + growth * at + np.random.default_rng(seed).normal(0, noise, count)
    return np.exp(logs if season is None else logs + season[at % 12])


def asked(values, start, method="counterfactual", treated=X, stop=None, nonnegative=True, **more):
    table = np.column_stack([values]) if np.ndim(values) == 1 else np.asarray(values)
    when, names = months(len(table)), (X, Y)[: table.shape[1]]
    frame = pd.DataFrame(
        {"unit": np.repeat(names, len(when)), "time": when * len(names), "value": table.T.ravel()}
    )  # fmt: skip
    vintage = fc.panel(frame, unit="unit", season=12, nonnegative=nonnegative)
    if method == "baseline":
        more.setdefault("baselines", ("last_12_clean",))
    design = fc.Design.at(when[start], treated, stop=stop and when[stop], **more)
    return fc.estimate(fc.estimator(method), vintage, design, seed=1)


# --- the probes of a referee --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("growth", [-0.03, 0.02, 0.03])
def test_steady_growth_is_no_fault_of_the_fit(growth):
    for seed in range(3):
        made = asked(flow(66, 0.1, seed, growth=growth), 60)
        assert next(g for g in made.gates if g.gate == "fit").outcome == "pass"


def test_growth_is_told_from_a_wandering_level():
    rows, rng = np.arange(36), np.random.default_rng(4)
    noise = rng.normal(0, 0.1, 36)
    assert abs(innovations.growth_t(noise - 0.02 * rows, rows, rows, None)) > 5.0
    assert abs(innovations.growth_t(noise, rows, rows, None)) < 2.58
    # a straight line by least squares: beside a level without steps the two are one
    slope = np.polyfit(rows, noise, 1)[0]
    left = noise - np.polyval(np.polyfit(rows, noise, 1), rows)
    plain = slope / np.sqrt(left @ left / 34 / ((rows - rows.mean()) ** 2).sum())
    assert innovations.growth_t(noise, rows, rows, None) == pytest.approx(plain, rel=1e-6)


def test_a_share_is_measured_as_one_and_needs_its_total():
    assert fc.Design(treated=X, share_of=Y, start="2023-01", event_start="2023-01").measure == "share"
    assert fc.Design.at("2023-01", X).measure == "cumulative"
    for words in ({"measure": "share"}, {"estimand": "share"}):
        with pytest.raises(ForecastError, match="a share needs the total"):
            fc.Design.at("2023-01", X, **words)


@pytest.mark.parametrize("method", ["baseline", "counterfactual"])
@pytest.mark.parametrize(("before", "after", "share"), [(24, 6, 0.99), (60, 3, 0.995)])
def test_a_precise_effect_of_next_to_nothing_is_no_material_effect(method, before, after, share):
    y = flow(before + after, 0.001)
    y[before:] *= share
    made = asked(y, before, method)
    assert made.p_value < 0.001, "it is not zero"
    assert made.verdict.word == "no material effect"
    assert made.judgement.margin < 0.03


def test_growth_alone_is_no_effect():
    y = flow(66, 0.05, growth=0.03)
    assert asked(y, 60, "baseline").verdict.word == "descriptive"
    assert "grew before the event" in asked(y, 60, "baseline").verdict.because
    assert not asked(y, 60).verdict.word.startswith("su")


def test_a_fall_below_a_falling_course_is_seen():
    y = flow(66, 0.05, growth=-0.03)
    y[60:] *= 0.4
    made = asked(y, 60)
    assert made.verdict.word.startswith("su")
    assert made.relative.estimate == pytest.approx(-0.6, abs=0.08)
    assert "fell before the event" in asked(y, 60, "baseline").verdict.because


@pytest.mark.parametrize("method", ["baseline", "counterfactual", "regression"])
def test_an_old_spike_does_not_hide_a_stop(method):
    y = flow(66, 0.10, seed=3)
    y[30:34] *= 5
    y[60:] = 0
    made = asked(y, 60, method)
    assert made.verdict.word.startswith("su")
    assert made.p_value < 0.001
    assert any("old spike" in note for used in made.used for note in used.notes) or method == "baseline"


@cache
def _half_empty(rise):
    rng = np.random.default_rng(1)
    y = np.zeros(62)
    y[rng.permutation(48)[:24]] = np.exp(rng.normal(7, 0.3, 24))
    if rise:
        y[48:] = np.exp(rng.normal(7 + np.log(10), 0.3, 14))
    return y


def test_fourteen_empty_months_after_a_half_empty_flow_are_seen():
    assert asked(_half_empty(False), 48).verdict.word == "supported"


def test_a_rise_of_ten_times_is_no_shortfall_and_a_recovery():
    short, back = asked(_half_empty(True), 48), asked(_half_empty(True), 48, estimand="recovery")
    assert (short.verdict.word, back.verdict.word) == ("cannot distinguish", "supported")
    assert "no shortfall was found: the estimate is a rise" in short.verdict.because


def test_a_known_deep_season_does_not_hide_a_loss_of_a_third():
    season = np.log(1 + 0.6 * np.sin(2 * np.pi * np.arange(12) / 12))
    y = flow(66, 0.03, seed=1, season=season)
    y[60:] *= 0.7
    made = asked(y, 60, "baseline", baselines=("year_earlier",))
    assert made.verdict.word == "supported"
    low, high = made.relative.interval(0.95)
    assert -0.4 < low < -0.3 < high < -0.2


@pytest.mark.parametrize("measure", ["relative", "cumulative"])
def test_one_empty_month_after_five_of_fourteen_is_no_claim(measure):
    y = flow(15, 0.2)
    y[[1, 4, 6, 9, 12, 14]] = 0
    made = asked(y, 14, "baseline", measure=measure)
    assert made.verdict.word == "cannot distinguish"
    assert made.p_value > 0.3
    assert made.relative.estimate == -1
    assert made.relative.interval(0.8)[1] > -0.5, "the count leaves the rate of trade open"


def test_anticipation_is_not_answered_with_the_later_shortfall():
    y = flow(54, 0.08, seed=3)
    y[46:48] *= 1.4
    y[48:] *= 0.7
    for words in ({"estimand": "anticipation"}, {"measure": "anticipation"}, {"measure": "net"}):
        made = asked(y, 48, "baseline", anticipation=2, **words)
        assert made.verdict.word == "not identified"
        assert re.search(r"estimates (no anticipation|none of these)", made.verdict.because)
        assert made.counterfactual is None
        assert made.description.observed > 0, "what was observed is told all the same"
    early = asked(y, 48, measure="anticipation", anticipation=2)
    low, high = early.summary().interval(0.95)
    assert low < y[46:48].sum() * (1 - 1 / 1.4) < high
    assert low > 0
    assert next(g for g in early.gates if g.gate == "sign").outcome == "pass", "no direction was asked of these months"


# --- order --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["regression", "counterfactual"])
def test_the_nearer_to_a_stop_the_firmer(method):
    y = flow(66, 0.3)
    words = [asked(np.append(y[:60], y[60:] * left), 60, method).verdict.word for left in (0.3, 0.05, 0.04, 0.02, 0.0)]
    strength = [STRENGTH[word] for word in words]
    assert strength == sorted(strength), words


@pytest.mark.parametrize("seed", [0, 1, 5])
def test_a_total_next_to_nothing_is_weighed_while_some_months_have_trade(seed):
    rng = np.random.default_rng(seed)
    y = 50_000 * np.exp(rng.normal(0, 0.4, 66))
    y[rng.random(66) < 0.15] = 0
    found = [asked(np.append(y[:60], y[60:] * left), 60, "baseline") for left in (0.15, 0.1, 0.07, 0.05)]
    assert [one.p_value for one in found] == sorted((one.p_value for one in found), reverse=True)


# --- what is counted and printed ----------------------------------------------------------------------------------------


def test_the_order_of_the_treated_series_changes_nothing():
    y = 50_000 * np.exp(np.random.default_rng(21).normal(0, 0.1, (54, 2)))
    y[48:] *= 0.6
    y[:40, 1] = np.nan
    words = {asked(y, 48, treated=pair).verdict.because for pair in ((X, Y), (Y, X))}
    assert len(words) == 1
    assert "there are only 8" in words.pop()


@pytest.mark.parametrize("window", [6, 11, 15])
def test_the_detectable_effect_of_a_baseline_is_that_of_its_test(window):
    made = asked(flow(66, 0.05, seed=1), 66 - window, "baseline")
    shift = 2.85 * made.judgement.test.scale  # t quantiles of .975 and .8 with many degrees of freedom
    assert made.mde80 / made.window.expected == pytest.approx(1 - np.exp(-shift), rel=0.05)


def test_a_shipment_that_only_slipped_is_not_supported():
    """An empty month, then twice the usual one: nothing was lost, though no score was ever as low."""
    y = flow(72, 0.1, seed=4)
    y[62], y[63] = 0.0, y[62] + y[63]
    made = asked(y, 60)
    low, high = made.cumulative.interval(0.9)
    assert low < 0 < high
    assert made.verdict.word != "supported"


@pytest.mark.parametrize("mean", [-1000.0, 0.0])
def test_a_share_of_what_may_be_negative_has_the_sign_of_the_difference_or_is_none(mean):
    y = np.random.default_rng(3).normal(mean, 100.0, 42)
    y[36:] -= 300.0
    made = asked(y, 36, nonnegative=False)
    assert made.verdict.word == "supported"
    if mean:
        assert made.relative.estimate < 0
        assert made.relative.interval(0.95)[1] < 0
    else:  # what was expected may be above or below zero
        assert not len(made.relative.draws)
        assert made.judgement.margin == np.inf
        with pytest.raises(ForecastError, match="above or below zero"):
            made.contrast("relative")


def test_a_test_that_cannot_reject_shows_no_absence():
    rng = np.random.default_rng(8)
    y = 100 * np.exp(rng.normal(0, 0.03, (30, 7)) + np.cumsum(rng.normal(0, 0.02, (30, 1)), 0))
    y[22:, 0] *= 0.9
    names = ["north", *"abcdef"]  # with six donors the smallest p of a permutation is 1 / 7
    table = pd.DataFrame({"unit": np.repeat(names, 30), "year": list(range(1980, 2010)) * 7, "value": y.T.ravel()})
    vintage = fc.panel(table, unit="unit", time="year", nonnegative=True)
    made = fc.estimate("ppml", vintage, fc.Design.at(2002, "north", names[1:], draws=400))
    assert made.judgement.test.floor > 0.05
    assert made.verdict.word == "cannot distinguish"
