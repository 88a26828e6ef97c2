"""The donor estimators on flows with a season or an old spike: neither widens the band, growth does as the flow grew."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.core import registry
from forecast.core.questions import Design
from forecast.estimators.synthetic.working_panel import build_working_panel
from forecast.prep.baselines import observe_window
from forecast.prep.donor_pool import build_donor_table
from forecast.study.ask import answer

BEFORE, AFTER, DONORS = 36, 6, 6
NAMES = ["CHN.export.USA.goodx"] + [f"CHN.export.USA.other{k}" for k in range(DONORS)]
WHEN = [f"{2015 + i // 12}-{i % 12 + 1:02d}" for i in range(BEFORE + AFTER)]
SPIKE = slice(14, 18)


def flows(seed=4):
    rng = np.random.default_rng(seed)
    return np.exp(np.log(50_000) + rng.normal(0, 1, DONORS + 1) + rng.normal(0, 0.1, (BEFORE + AFTER, DONORS + 1)))


def seasons(size=0.6, seed=9):
    return np.exp(np.random.default_rng(seed).normal(0, size, (12, DONORS + 1)))[np.arange(BEFORE + AFTER) % 12]


def known(values, season=12):
    table = pd.DataFrame({"unit": np.repeat(NAMES, len(WHEN)), "time": WHEN * len(NAMES), "value": values.T.ravel()})
    return fc.panel(table.dropna(), unit="unit", season=season, nonnegative=True)


def question(**changes):
    return replace(Design.at(WHEN[BEFORE], NAMES[0], NAMES[1:], draws=400), **changes)


def asked(method, values, season=12, design=None):
    return answer(registry.build("estimator", {"use": method}), known(values, season), design or question(), 1)


def width(made):
    low, high = made.relative.interval(0.8)
    return high - low


@pytest.mark.parametrize("method", ["synthetic", "ppml"])
def test_a_deep_season_barely_widens_the_band(method):
    """By month effects from three cycles (sqrt(4 / 3)), and a sum that hangs on fewer months; left in, it triples the band."""
    plain, deep = asked(method, flows()), asked(method, flows() * seasons())
    ignored = asked(method, flows() * seasons(), season=None)
    assert width(deep) < 1.8 * width(plain)
    assert width(ignored) > 3 * width(plain)
    # the season is put back: the counterfactual of each month follows the flow's own
    observed = (flows() * seasons())[BEFORE:, 0]
    assert deep.counterfactual.mean(axis=0) == pytest.approx(observed, rel=0.4)
    assert np.corrcoef(np.log(deep.counterfactual.mean(axis=0)), np.log(observed))[0, 1] > 0.9


@pytest.mark.parametrize("method", ["synthetic", "ppml"])
def test_an_old_spike_is_left_out_as_if_its_months_were_unknown(method):
    high, gone = flows(), flows()
    high[SPIKE, 0] *= 5
    gone[SPIKE, 0] = np.nan
    made, without = asked(method, high), asked(method, gone)
    assert made.counterfactual == pytest.approx(without.counterfactual)
    assert made.own_p == without.own_p
    assert "left out as an old spike: 2016-03, 2016-04, 2016-05, 2016-06" in made.used[0].notes
    kept = asked(method, high, design=question(keep_spikes=True))
    assert width(kept) > 3 * width(made)


@pytest.mark.parametrize("method", ["synthetic", "ppml"])
def test_a_spike_of_a_donor_is_one_of_the_errors_that_donors_make(method):
    high = flows()
    high[SPIKE, 1] *= 5
    made = asked(method, high)
    assert not any("spike" in note for note in made.used[0].notes)
    assert width(made) > width(asked(method, flows()))


def test_a_hurdle_has_the_season_of_its_months():
    """Eleven months without trade, of eleven calendar months; the counterfactual follows the season of those with trade."""
    values = flows() * seasons()
    values[[1, 4, 7, 10, 14, 17, 20, 23, 27, 30, 33], 0] = 0.0
    made = asked("ppml", values, design=question())
    assert made.used[0].model.startswith("hurdle")
    traded = np.array([draws[draws > 0].mean() for draws in made.counterfactual.T])
    expected = seasons()[BEFORE:, 0]
    assert np.corrcoef(np.log(traded), np.log(expected))[0, 1] > 0.9


def test_errors_are_a_share_of_a_flow_that_grew():
    """Sizes of an exponential path about the middle of the clean months: e^(.02 (t - 17.5)); ones on a plain panel."""
    vintage, design = known(flows()), question()
    seen = observe_window(vintage, design)
    data = build_working_panel(build_donor_table(vintage, design, seen, 8), design, seen, vintage)
    first, asked_months = data.table.months[0], np.concatenate(data.when)
    before, after = data.relative_sizes(3.0 * np.exp(0.02 * (data.table.months - first)), asked_months)
    assert before == pytest.approx(np.exp(0.02 * (np.arange(BEFORE) - 17.5)))
    assert after == pytest.approx(np.exp(0.02 * (np.arange(BEFORE, BEFORE + AFTER) - 17.5)))
    plain = replace(data, errors_grow=False)
    assert plain.relative_sizes(before, asked_months)[1] == pytest.approx(1.0)
