"""Poisson differences: the textbook fit, separation, collapse, rank among donors, hurdle, triple difference."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from forecast.core import months, registry
from forecast.core.events import Event, EventCalendar
from forecast.core.panel import panel
from forecast.core.questions import Design
from forecast.core.vintage import Cell, Vintage
from forecast.estimators.ppml import hurdle, poisson, triple_difference
from forecast.study.ask import answer
from forecast.study.effects import judge

UNITS, STEPS, START = 6, 48, 42
BAN = Event("toy_ban", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), instrument="ban", role="default")


def flows(seed=0, effect=-0.7, units=UNITS, zeros=0.0):
    """y (units, STEPS): unit and month effects of very different size, the first unit changed from START on."""
    rng = np.random.default_rng(seed)
    y = np.exp(rng.uniform(2, 12, units))[:, None] * np.exp(0.2 * rng.standard_normal(STEPS))[None, :]
    y = y * rng.gamma(8, 1 / 8, y.shape) * (rng.random(y.shape) >= zeros)
    y[0, START:] *= np.exp(effect)
    return y


def table(y):
    names = ["treated", *(f"other_{j}" for j in range(1, len(y)))]
    return panel(
        pd.DataFrame({"unit": np.repeat(names, STEPS), "time": np.tile(np.arange(STEPS), len(y)), "y": y.ravel()}),
        unit="unit",
        value="y",
    )


def asked(y, design=None, seed=1, **options):
    made = answer(
        registry.build("estimator", {"use": "ppml", **options}),
        table(y),
        design or Design.at(START, "treated", "all", draws=400),
        seed,
    )
    assert not hasattr(made, "reason"), made
    return made


def coefficients(effect):
    return [p for p in effect.parameters if p.name.startswith("effect")]


def long(y):
    unit, time = np.indices(y.shape).reshape(2, -1)
    step = ((unit == 0) & (time >= START)).astype(float)
    return y.ravel(), step, unit, time


def glm(y, x):
    import statsmodels.api as sm

    return sm.GLM(y, x, family=sm.families.Poisson()).fit(tol=1e-14, maxiter=300)


@pytest.mark.parametrize("zeros", [0.0, 0.15])
def test_the_textbook_difference_is_statsmodels_poisson_with_dummies(zeros):
    y, step, unit, time = long(flows(zeros=zeros))
    fitted = poisson.fit_poisson(y, step[:, None], [unit, time])
    dummies = [unit[:, None] == np.arange(UNITS), time[:, None] == np.arange(1, STEPS)]
    theirs = glm(y / y.mean(), np.column_stack([step, *dummies]).astype(float))
    assert fitted.beta[0] == pytest.approx(theirs.params[0], abs=1e-8)
    assert fitted.mu == pytest.approx(theirs.mu * y.mean(), rel=1e-6)
    # margins of a Poisson fit are those of the data
    assert np.bincount(unit, fitted.mu) == pytest.approx(np.bincount(unit, y), rel=1e-9)
    assert fitted.beta[0] * step + fitted.effects[0][unit] + fitted.effects[1][time] == pytest.approx(np.log(fitted.mu))
    single = asked(flows(zeros=zeros), coefficient="single", form="ppml")
    assert single.parameters[0].estimate == pytest.approx(theirs.params[0], abs=1e-6)
    assert np.isnan(single.parameters[0].se)


def test_a_coefficient_a_month_is_the_fit_without_those_cells():
    y, step, unit, time = long(flows())
    own = (time[:, None] == np.arange(START, STEPS)) & (unit == 0)[:, None]
    dummies = [unit[:, None] == np.arange(UNITS), time[:, None] == np.arange(1, STEPS)]
    theirs = glm(y / y.mean(), np.column_stack([own, *dummies]).astype(float))
    made = asked(flows())
    assert [p.estimate for p in coefficients(made)[1:]] == pytest.approx(theirs.params[: STEPS - START], abs=1e-6)
    expected = y[step > 0] / np.exp(theirs.params[: STEPS - START])
    assert made.cumulative.estimate == pytest.approx(y[step > 0].sum() - expected.sum(), rel=1e-6)


def test_three_ways_of_effects_are_statsmodels_too():
    rng = np.random.default_rng(4)
    goods, partners, time = (a.ravel() for a in np.meshgrid(range(3), range(3), range(10), indexing="ij"))
    y = rng.gamma(4, 25.0, len(goods))
    step = ((goods == 0) & (partners == 0) & (time >= 7)).astype(float)
    groups = [goods * 3 + partners, goods * 10 + time, partners * 10 + time]
    dummies = np.column_stack([g[:, None] == np.arange(g.max() + 1) for g in groups]).astype(float)
    keep = np.linalg.qr(dummies, mode="r")
    keep = np.abs(np.diag(keep)) > 1e-8
    theirs = glm(y, np.column_stack([step, dummies[:, keep]]))
    assert poisson.fit_poisson(y, step[:, None], groups).beta[0] == pytest.approx(theirs.params[0], abs=1e-6)


def test_no_certificate_where_a_maximum_exists():
    y, step, unit, time = long(flows(zeros=0.15))
    assert (y == 0).any()
    assert not poisson.separation_certificate(y, step[:, None], [unit, time]).any()


def test_the_certificate_names_the_cells_of_a_collapse():
    """The example on which statsmodels reports -28.9 with a standard error of 14,842 and convergence."""
    y = flows(zeros=0.05)
    y[0, START:] = 0
    values, step, unit, time = long(y)
    z = poisson.separation_certificate(values, step[:, None], [unit, time])
    assert (z > 0).tolist() == (step > 0).tolist()
    assert not z[values > 0].any()
    # a combination of the design's columns: nothing is left over
    design = np.column_stack([step, unit[:, None] == np.arange(UNITS), time[:, None] == np.arange(STEPS)]).astype(float)
    rest = z - design @ np.linalg.lstsq(design, z, rcond=None)[0]
    assert np.abs(rest).max() < 1e-9


def test_effects_can_be_separated_too():
    y = flows()
    y[3, :] = 0
    y[:, 7] = 0
    values, step, unit, time = long(y)
    z = poisson.separation_certificate(values, step[:, None], [unit, time])
    assert (z > 0).sum() == STEPS + UNITS - 1
    laid = triple_difference.fit_difference(y, np.arange(UNITS) == 0, np.arange(STEPS) >= START, (np.zeros(UNITS, int),))
    assert laid.separated == STEPS + UNITS - 1
    assert laid.expected[7] == 0


@pytest.mark.parametrize("coefficient", ["monthly", "single"])
def test_a_collapse_has_no_coefficient_and_loses_everything(coefficient):
    y = flows()
    y[0, START:] = 0
    made = asked(y, coefficient=coefficient)
    assert made.relative.estimate == -1.0
    low, high = made.relative.interval(0.95)
    assert low == -1.0 < high < -0.5, "the bound that the count of empty months sets"
    assert not coefficients(made)
    assert any("all zero: no coefficient" in note for note in made.used[0].notes)
    assert made.cumulative.draws == pytest.approx(-made.counterfactual.sum(axis=1))
    assert made.p_value == made.p_floor
    kept = asked(flows(), coefficient="monthly")
    assert made.cumulative.estimate == pytest.approx(kept.cumulative.estimate - kept.observed.sum())


def test_almost_nothing_left_is_reported_both_ways():
    y = flows()
    y[0, START:] *= 0.001
    made = asked(y)
    (note,) = [n for n in made.used[0].notes if n.startswith("near zero")]
    assert "by the coefficient" in note
    assert "as a collapse" in note
    assert made.parameters[0].estimate < np.log(0.01)


def test_units_do_not_matter():
    one, many = asked(flows(), seed=3), asked(flows() * 1e6, seed=3)
    assert many.cumulative.draws == pytest.approx(1e6 * one.cumulative.draws, rel=1e-9)
    assert many.parameters[0].estimate == pytest.approx(one.parameters[0].estimate, abs=1e-9)


def test_the_rank_is_among_the_donors():
    made = asked(flows(effect=-2.0))
    assert made.p_value == made.p_floor == 1 / UNITS
    assert len([p for p in made.placebos if p.kind == "space"]) == UNITS - 1
    ranks = [asked(flows(seed=s, effect=0.0)).p_value for s in range(6)]
    assert {round(p * UNITS) for p in ranks} <= set(range(1, UNITS + 1))
    assert len(set(ranks)) > 2
    assert "floor 0.167" in made.used[0].notes[-1]


def test_the_reading_is_relative_and_placebos_in_space_are_kept():
    made = judge.estimate(registry.build("estimator", "ppml"), table(flows(effect=-2.0)), Design.at(START, "treated", "all"))
    assert made.verdict.reading == "relative"
    assert {p.kind for p in made.placebos} == {"space", "time"}


def test_donors_of_both_kinds_give_a_triple_difference():
    """What hits the good everywhere, or all goods of the partner, is not the event."""
    rng = np.random.default_rng(2)
    start, cells = months.ordinal("2019-01"), {}
    hit = {"good": np.r_[np.ones(48), np.full(6, 0.6)], "partner": np.r_[np.ones(48), np.full(6, 1.5)]}
    for partner in ("USA", "JPN", "KOR"):
        for good in ("gallium", "nickel", "boron"):
            y = 1000 * np.exp(rng.normal()) * rng.gamma(200, 1 / 200, 54)
            y = y * (hit["good"] if good == "gallium" else 1) * (hit["partner"] if partner == "USA" else 1)
            y[48:] *= 0.3 if (good, partner) == ("gallium", "USA") else 1
            cells[f"CHN.export.{partner}.{good}"] = tuple(Cell(start + i, start + i, float(v)) for i, v in enumerate(y))
    known = Vintage(dt.date(2030, 1, 1), cells, EventCalendar((BAN,)))
    treated = "CHN.export.USA.gallium"
    every = Design(BAN, treated, [s for s in cells if s != treated], draws=200)
    made = answer(registry.build("estimator", "ppml"), known, every, 0)
    assert made.relative.estimate == pytest.approx(-0.7, abs=0.03)
    assert made.used[0].notes[0].startswith("triple difference")
    goods = answer(
        registry.build("estimator", "ppml"), known, Design(BAN, treated, ["CHN.export.USA.nickel", "CHN.export.USA.boron"]), 0
    )
    assert goods.relative.estimate == pytest.approx(0.3 * 0.6 - 1, abs=0.03)
    partners = Design(BAN, treated, ["CHN.export.JPN.gallium", "CHN.export.KOR.gallium"])
    made = answer(registry.build("estimator", "ppml"), known, partners, 0)
    assert made.relative.estimate == pytest.approx(0.3 * 1.5 - 1, abs=0.05)
    assert "includes diversion" in made.used[0].notes[0]
    # other goods of one other partner are a difference, not a triple one
    abroad = Design(BAN, treated, ["CHN.export.JPN.nickel", "CHN.export.JPN.boron"])
    made = answer(registry.build("estimator", "ppml"), known, abroad, 0)
    assert made.relative.estimate == pytest.approx(0.3 * 0.6 * 1.5 - 1, abs=0.05)
    assert "other goods of another partner" in made.used[0].notes[0]
    # donors that share nothing with the treated cannot close the square
    loose = Design(BAN, treated, ["CHN.export.USA.nickel", "CHN.export.JPN.boron"])
    made = answer(registry.build("estimator", "ppml"), known, loose, 0)
    assert made.counterfactual is None
    assert "do not determine" in made.used[0].notes[0]


def test_without_donors_negative_or_short_only_the_description_is_left():
    alone = asked(flows(), Design.at(START, "treated", draws=100))
    assert alone.counterfactual is None
    assert "no donor" in alone.used[0].notes[0]
    assert "negative" in asked(flows() - 1e4).used[0].notes[0]
    assert "8 clean steps" in asked(flows(), Design.at(8, "treated", "all")).used[0].notes[0]
    y = flows()
    y[1:, 44] = np.nan
    assert "do not determine" in asked(y).used[0].notes[0]


def test_donors_without_trade_in_the_window_say_nothing():
    y = flows()
    y[1:, START:] = 0
    made = asked(y)
    assert made.counterfactual is None
    assert "every donor was zero" in made.used[0].notes[0]


def test_flat_flows_have_no_effect_at_all():
    made = judge.estimate(
        registry.build("estimator", "ppml"), table(np.full((UNITS, STEPS), 7.0)), Design.at(START, "treated", "all")
    )
    assert made.cumulative.estimate == 0
    assert made.verdict.word == "no material effect"
    assert made.judgement.margin == pytest.approx(0, abs=1e-9)


def test_a_ratio_that_wanders_widens_the_band_with_the_window():
    """Treated and donors on levels that wander: twelve months ahead less is known than where levels stand."""
    widths = []
    for step in (0.0, 0.15):
        rng = np.random.default_rng(7)
        y = np.exp(
            5 + np.cumsum(step * rng.standard_normal((UNITS, STEPS)), axis=1) + 0.1 * rng.standard_normal((UNITS, STEPS))
        )
        low, high = asked(y).relative.interval(0.9)
        widths.append(high - low)
    assert widths[1] > 2 * widths[0]


def test_a_month_of_zero_keeps_the_ratio_as_it_stands():
    y = flows(effect=0.0)
    y[0, 5] = 0.0
    made = asked(y)
    assert made.used[0].model == "Poisson pseudo-likelihood"
    assert made.counterfactual.min() >= 0
    low, high = made.relative.interval(0.95)
    assert low < 0 < high


def test_the_effect_without_each_donor_and_how_far_each_departed():
    y = flows(effect=0.0)
    y[3, START:] *= 4
    known = {p.name: p.estimate for p in asked(y).parameters}
    others = [f"other_{j}" for j in range(1, UNITS)]
    assert max(others, key=lambda name: known[f"departure of {name}"]) == "other_3"
    assert known["departure of other_3"] > 3
    alone = asked(np.delete(y, 3, axis=0))
    assert known["ATT without moved: other_3"] == pytest.approx(alone.average.estimate, rel=1e-6)
    assert known["ATT without other_3"] == pytest.approx(alone.average.estimate, rel=1e-6)
    assert known["ATT"] == pytest.approx(asked(y).average.estimate, rel=1e-9)


def test_large_treated_flows_do_not_shrink_their_own_error():
    """The joint month effects follow a flow as large as all others together; its error must not."""
    rng = np.random.default_rng(0)
    y = 100 * rng.gamma(8, 1 / 8, (UNITS, STEPS))
    y[0] *= 1000
    own, hidden = np.arange(UNITS) == 0, np.arange(STEPS) >= START
    ratios = triple_difference.pre_event_ratios(y, own, hidden, (np.zeros(UNITS, int),))[1]
    assert len(ratios) == START
    assert np.std(ratios) > 0.3


# --- the hurdle -------------------------------------------------------------------------------------------------------


def sparse(seed=0, left=1.0):
    rng = np.random.default_rng(seed)
    y = (rng.random((UNITS, STEPS)) < 0.5) * rng.gamma(4, 25.0, (UNITS, STEPS))
    y[0, START:] *= left
    return y


def test_firth_is_finite_where_the_logit_is_not():
    x = np.column_stack([np.ones(20), np.repeat([0.0, 1.0], 10)])
    y = np.r_[np.tile([0.0, 1.0], 5), np.zeros(10)]
    beta, spread = hurdle.fit_firth_logit(y, x)
    # two cells a/n and b/m: Firth's estimate is the logit of (a + 1/2) / (n + 1) in each
    assert beta == pytest.approx([0.0, np.log(0.5 / 10.5)], abs=1e-8)
    assert np.isfinite(spread).all()


def test_sparse_flows_take_the_hurdle_and_count():
    made = asked(sparse(left=0.0))
    assert made.used[0].model.startswith("hurdle")
    assert "0 of 6 in the window (Fisher p =" in made.used[0].notes[0]
    assert made.relative.estimate == -1.0
    assert made.reads == "relative"
    assert asked(flows()).used[0].model == "Poisson pseudo-likelihood"


def test_hurdle_draws_have_their_mean_and_hold_zeros():
    y = sparse(3)
    before, window = np.arange(STEPS) < START, np.arange(STEPS) >= START
    made = hurdle.fit_hurdle(y, 0, before, window)
    drawn = hurdle.draw_months(made, 6, 4000, np.random.default_rng(0))
    assert 0.2 < (drawn == 0).mean() < 0.8
    assert drawn.mean() == pytest.approx(hurdle.expected_month(made), rel=0.15)
    held = [
        lo <= 0 <= hi for lo, hi in (asked(sparse(s), seed=s).cumulative.interval(0.9) for s in range(40))
    ]  # fmt: skip
    assert np.mean(held) >= 0.8


def test_a_hurdle_needs_no_donors_and_is_then_read_as_it_stands():
    made = asked(sparse(), Design.at(START, "treated", draws=200))
    assert made.counterfactual is not None
    assert made.reads == "causal"
