"""The donor estimator on trade flows: who may stand in, what is refused, controls, placebos in space, the gate."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.core import months, registry
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError, NotIdentifiedError
from forecast.core.events import Event, EventCalendar
from forecast.core.panel import panel
from forecast.core.parameters import Parameter
from forecast.core.questions import Design
from forecast.core.results import Failure
from forecast.core.vintage import Cell, Vintage
from forecast.estimators.synthetic import conformal_inference, synthetic_weights
from forecast.estimators.synthetic.donor_departures import donor_departures
from forecast.estimators.synthetic.donors_as_treated import DonorsAsTreated
from forecast.estimators.synthetic.sample import WeightingSample
from forecast.prep.baselines import observe_window
from forecast.prep.donor_pool import build_donor_table
from forecast.study.ask import answer
from forecast.study.effects import judge, placebo
from forecast.study.effects.judge import Evidence, estimate

TREATED = "CHN.export.USA.gallium"
DONORS = tuple(f"CHN.export.USA.good_{letter}" for letter in "abcde")
BAN = Event("toy_ban", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), role="default")


def flows(seed=2, count=66):
    """One wave common to all, own noise; levels that differ by powers of ten."""
    rng = np.random.default_rng(seed)
    wave = 1 + 0.1 * np.sin(np.arange(count) / 6)
    shares = wave[:, None] * np.exp(0.05 * rng.standard_normal((count, 6)))
    return shares * np.array([10.0, 1.0, 100.0, 10.0, 1000.0, 50.0])


def vintage(values=None, gone=(), more=None):
    start = months.ordinal("2018-01")
    values = flows() if values is None else values
    cells = {
        name: tuple(
            Cell(start + i, start + i, float(v), "zero" if v == 0 else "value")
            for i, v in enumerate(column)
            if (name, i) not in gone
        )
        for name, column in zip((TREATED, *DONORS), values.T, strict=True)
    }
    return Vintage(dt.date(2030, 1, 1), cells | (more or {}), EventCalendar((BAN,)))


def design(donors=DONORS, **changes):
    return Design(BAN, TREATED, donors, **({"stop": "2023-06", "draws": 400} | changes))


def made(known, question, **options):
    return answer(registry.build("estimator", {"use": "synthetic", **options}), known, question, 1)


def laid(known, question, fewest=8):
    return build_donor_table(known, question, observe_window(known, question), fewest)


def test_all_donors_of_a_trade_flow_must_be_named():
    found = made(vintage(), design("all"))
    assert isinstance(found, Failure)
    assert "untouched" in found.detail


def test_the_same_good_to_another_destination_is_barred():
    detour = "CHN.export.THA.gallium"
    known = vintage(more={detour: vintage().cells[DONORS[0]]})
    table = laid(known, design((*DONORS, detour, TREATED)))
    assert table.donors == DONORS
    assert table.barred == (
        f"{detour}: the same good to another destination, where diverted trade may go",
        f"{TREATED}: treated itself",
    )
    assert made(known, design((*DONORS, detour))).used[0].dropped == table.barred[:1]


def test_a_donor_without_the_asked_months_is_left_out_and_a_gap_costs_its_month():
    lost = laid(vintage(gone={(DONORS[1], 62)}), design())
    assert lost.donors == tuple(d for d in DONORS if d != DONORS[1])
    assert "unknown in an asked month" in lost.barred[0]
    gap = laid(vintage(gone={(DONORS[1], 30)}), design())
    assert (gap.donors, len(gap.months)) == (DONORS, 59)
    assert months.ordinal("2018-01") + 30 not in gap.months


def test_a_published_sum_of_a_donor_counts_as_its_months():
    """In the window exactly, before it shared out."""
    first, last = months.ordinal("2023-01"), months.ordinal("2023-02")
    whole = vintage()
    total = sum(c.value for c in whole.cells[DONORS[0]] if c.first in (first, last))
    cells = tuple(c for c in whole.cells[DONORS[0]] if c.first not in (first, last))
    table = laid(replace(whole, cells={**whole.cells, DONORS[0]: (*cells, Cell(first, last, total))}), design())
    assert DONORS[0] in table.donors
    assert table.after[:2, 1].sum() == pytest.approx(total)


def test_a_donor_may_lack_a_tenth_of_the_months_that_the_treated_flow_knows():
    def kept(*places, treated=()):
        table = laid(vintage(gone={(DONORS[1], i) for i in places} | {(TREATED, i) for i in treated}), design())
        return DONORS[1] in table.donors, len(table.months)

    assert kept(*range(6, 12)) == (True, 54)
    assert kept(*range(6, 13)) == (False, 60)
    assert kept(*range(6, 15), treated=range(6, 15)) == (True, 51)


def test_months_split_out_of_sums_are_those_of_the_donors_kept():
    whole, start = vintage(), months.ordinal("2018-01")

    def with_sum(name, *gone):
        cells = [c for c in whole.cells[name] if c.first - start not in (30, 31, *gone)]
        total = sum(c.value for c in whole.cells[name] if c.first - start in (30, 31))
        return {name: (*cells, Cell(start + 30, start + 31, total))}

    more = with_sum(DONORS[0]) | with_sum(DONORS[1], 62)  # the second lacks an asked month
    table = laid(replace(whole, cells={**whole.cells, **more}), design())
    assert (DONORS[1] in table.donors, table.split, len(table.months)) == (False, 2, 60)


def test_weights_need_two_donors():
    with pytest.raises(NotIdentifiedError, match="1 donor is left"):
        laid(vintage(), design(DONORS[:1]))
    alone = made(vintage(), design(()))
    assert alone.counterfactual is None
    assert "weights need two" in alone.used[0].notes[0]


@pytest.mark.parametrize("inference", ["space", "leave_two_out"])
def test_two_donors_carry_no_placebo_test(inference):
    alone = made(vintage(), design(DONORS[:2]), inference=inference)
    assert alone.counterfactual is None
    assert "a test needs 3" in alone.used[0].notes[0]


@pytest.mark.parametrize("inference", ["blocks", "conformal", "space", "ttest", "leave_two_out"])
@pytest.mark.parametrize("form", ["sc", "sdid", "did"])
def test_flows_of_any_size_are_compared_by_their_share(form, inference):
    """Donors a thousand times as large; a loss of 40 % is found by every form, in the treated flow's own unit."""
    values = flows()
    values[60:, 0] *= 0.6
    found = made(vintage(values), design(), form=form, inference=inference)
    low, high = found.relative.interval(0.9)
    few = inference in ("space", "leave_two_out")  # five donors carry no band of 90 %
    assert few == any("no interval above 83.3%" in note for note in found.used[0].notes)
    assert low < -0.4 < high or few
    assert found.relative.estimate == pytest.approx(-0.4, abs=0.06)
    assert found.counterfactual.min() >= 0
    assert 0 < found.p_value <= 1


def test_the_window_moves_no_draw_of_the_counterfactual():
    values = flows()
    changed = values.copy()
    changed[60:, 0] *= 0.1
    for inference in ("blocks", "conformal"):
        one, two = (made(vintage(v), design(), inference=inference) for v in (values, changed))
        assert np.array_equal(one.counterfactual, two.counterfactual)


def test_a_control_is_taken_out():
    """What a known series moves in all units is no effect, even where it moves the treated one only."""
    rng = np.random.default_rng(4)
    y = 10 + 0.2 * rng.standard_normal((40, 5)) + np.linspace(0, 2, 40)[:, None]
    heat = rng.standard_normal((40, 5))
    heat[30:, 0] += 3.0
    table = pd.DataFrame(
        {
            "time": np.repeat(range(40), 5), "unit": list("tabcd") * 40, "y": (y + 2.0 * heat).ravel(), "heat": heat.ravel(),
        }
    )  # fmt: skip
    known = panel(table, unit="unit", time="time", value="y", controls=["heat"])
    naive, fair = (made(known, Design.at(30, "t", "all", controls=c, draws=400)) for c in ((), ("heat",)))
    assert naive.average.estimate > 4
    assert abs(fair.average.estimate) < 0.3
    assert fair.observed == pytest.approx(naive.observed)


def test_several_treated_series_are_summed():
    known = panel(
        pd.DataFrame(10 + np.random.default_rng(1).standard_normal((40, 6)), columns=list("tuabcd"))
        .assign(time=range(40))
        .melt("time", var_name="unit", value_name="y"),
        unit="unit", time="time", value="y",
    )  # fmt: skip
    both = made(known, Design.at(30, ["t", "u"], list("abcd"), draws=400), form="did")
    apart = [made(known, Design.at(30, one, list("abcd"), draws=400), form="did") for one in "tu"]
    assert both.cumulative.estimate == pytest.approx(sum(e.cumulative.estimate for e in apart))


@pytest.mark.parametrize(
    "options", [{"form": "sdid", "demean": True}, {"zeta": -1.0}, {"form": "did", "zeta": 1.0}, {"folds": 1}]
)
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(ConfigError):
        registry.build("estimator", {"use": "synthetic", **options})


# --- placebos in space --------------------------------------------------------------------------------------------------


def test_every_donor_takes_the_treated_place_and_its_effect_the_treated_size():
    method = registry.build("estimator", {"use": "synthetic", "form": "did"})
    found, findings = placebo.placebos_in_space(method, vintage(), design())
    assert [p.series for p in found] == list(DONORS)
    assert not findings
    assert {(p.kind, p.start) for p in found} == {("space", "2023-01")}
    assert max(abs(p.cumulative) for p in found) < 0.2 * 60  # six months of ten, donors a hundred times as large
    assert placebo.placebos_in_space(method, vintage(), design(DONORS[:1]))[1]


def test_any_estimator_may_be_asked_in_space():
    found, _ = placebo.placebos_in_space(
        registry.build("estimator", "baseline"), vintage(), design(baselines=("last_12_clean",))
    )
    assert len(found) == 5


# --- the gate -----------------------------------------------------------------------------------------------------------


def gate(effect, known, name="donors"):
    return registry.build("check", name).judge(effect, Evidence(known, effect.design, {}))


def test_the_gate_passes_clean_donors_and_knows_no_others():
    known = vintage()
    assert gate(made(known, design()), known).outcome == "pass"
    other = answer(registry.build("estimator", "baseline"), known, design(), 1)
    assert gate(other, known).outcome == "not run"


def test_a_donor_the_event_reached_is_seen():
    values = flows()
    values[60:, 1] *= 0.2
    known = vintage(values)
    found = made(known, design(), form="sc")
    assert gate(found, known).withholds
    assert any(p.name == f"ATT without moved: {DONORS[0]}" for p in found.parameters)
    judged = estimate(registry.build("estimator", {"use": "synthetic", "form": "sc"}), known, design(), placebos=4)
    assert isinstance(judged, Effect)
    assert judged.counterfactual is None
    assert judged.verdict.word == "descriptive"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("pre-RMSPE", 9.0, "9.0 times what is usual"),
        ("share of months outside the donors' range", 0.5, "outside the donors' range in 50%"),
    ],
)
def test_a_poor_fit_leaves_a_suggestion(name, value, words):
    known = vintage()
    found = made(known, design(), form="sc")
    plain = {"pre-RMSPE": 1.0, "pre-RMSPE of a donor (median)": 1.0, "ATT": 0.0, f"ATT without {DONORS[0]}": 0.0} | {
        name: value
    }
    poor = replace(found, parameters=tuple(Parameter(k, v) for k, v in plain.items()), weights={DONORS[0]: 0.5})
    assert gate(poor, known).ceiling == "suggestive"
    assert words in gate(poor, known).reason
    heavy = replace(poor, parameters=tuple(Parameter(k, 0.0) for k in plain), weights={DONORS[0]: 0.7})
    assert "carries 70% of the weight" in gate(heavy, known).reason


def test_on_flows_the_test_is_that_of_the_draws_and_the_rank_among_donors_a_gate_of_its_own():
    known = vintage()
    found = made(known, design())
    weighed = judge.weigh(found, known, ())
    assert found.own_p > 0.1
    assert (weighed.p_value, weighed.p_floor) != (found.own_p, found.own_floor)
    assert weighed.judgement.test.score in ("log", "power")
    low, high = weighed.cumulative.interval(0.95)
    assert (weighed.p_value <= 0.05) == (low > 0 or high < 0)  # interval and test of the same draws
    assert gate(found, known, "placebo_space").outcome == "not run"  # five donors: no p below 1/6
    assert "floor 0.167" in gate(found, known, "placebo_space").reason


# --- kernels ------------------------------------------------------------------------------------------------------------


def test_the_least_p_of_moving_blocks_is_one_shift():
    quiet = np.append(np.full(18, 0.1), [5.0, 5.0])
    assert conformal_inference.moving_block_p_value(quiet, 2) == pytest.approx(1 / 20)
    assert conformal_inference.moving_block_p_value(np.ones(20), 2) == 1.0


def test_conformal_bounds_of_a_mean_are_those_of_exchangeable_values():
    """With a mean for a fit, a new value's set at level 1 - a is where its distance from the mean is not among the largest."""
    past = np.random.default_rng(0).standard_normal(19)

    def left(value):
        stacked = np.append(past, value)
        return stacked - stacked.mean()

    lower, upper = conformal_inference.conformal_bounds(left, float(past.mean()), float(past.std()))
    for k in (3, 8, 15):
        for bound, outward in ((lower[k - 1], -1), (upper[k - 1], 1)):
            counts = [
                int((np.abs(left(bound + outward * by)) >= abs(left(bound + outward * by)[-1])).sum()) for by in (-0.05, 0.05)
            ]
            assert counts[0] >= k > counts[1]


def test_cross_fitted_gaps_are_larger_than_a_fit_s_own():
    """Weights fitted on a month make its gap look small; equal weights look at no month."""
    values = flows(count=36) / flows(count=36).mean(axis=0)
    y, x = values[:30, 0], values[:30, 1:]
    sample = WeightingSample.of_outcomes(y, x, values[30:, 0], values[30:, 1:], np.full(6, 1 / 6))
    for form, larger in (("sc", True), ("did", False)):
        rule = synthetic_weights.WeightRule(form, form == "sc")
        made = synthetic_weights.fit_weights(sample, rule)
        own, crossed = y - x @ made.omega, synthetic_weights.cross_fitted_gaps(sample, made, rule)
        assert crossed.mean() == pytest.approx(own.mean(), abs=0.02)
        assert (np.std(crossed) > np.std(own)) is np.bool_(larger)


def test_the_gate_weighs_how_far_a_donor_went_with_what_hangs_on_it():
    known = vintage()
    found = made(known, design())
    se = found.average.se

    def judged(hold, departure):
        names = {"ATT": 0.0, f"ATT without {DONORS[0]}": hold * se, f"departure of {DONORS[0]}": departure}
        return gate(replace(found, parameters=tuple(Parameter(k, v) for k, v in names.items())), known)

    assert judged(0.5, 1.0).outcome == "pass"
    assert judged(0.3, 10.0).withholds
    assert judged(2.5, 0.9).withholds
    assert (judged(1.5, 1.0).ceiling, judged(1.5, 1.0).withholds) == ("suggestive", False)
    assert "carries the estimate" in judged(1.5, 1.0).reason


def test_a_donor_that_moved_is_named_before_those_it_misled():
    values = flows() / flows().mean(axis=0)
    values[60:, 3] *= 0.3
    sample = WeightingSample.of_outcomes(values[:60, 0], values[:60, 1:], values[60:, 0], values[60:, 1:], np.full(6, 1 / 6))
    rule = synthetic_weights.WeightRule("did", many=6.0)
    apart = donor_departures(DonorsAsTreated.of(sample, rule), np.arange(60), np.arange(60, 66))
    assert apart.moved == (2,)
    assert apart.errors.argmax() == 2
    assert apart.gaps.shape == (5, 60)


def test_predictors_of_trade_flows_are_shares_of_their_mean():
    """Flows whose levels differ by powers of ten are matched by their paths; the mean itself tells none from another.

    Shares are those of flows without their season, which these flows have next to none of.
    """
    early, late = ("outcome", "2018-01", "2018-12"), ("outcome", "2022-01", "2022-12")
    found = made(vintage(), design(), form="sc", predictors=[early, late])
    own = flows()[:60, 0]
    assert found.parameters["outcome 2018-01 to 2018-12, treated"].estimate == pytest.approx(own[:12].mean() / own.mean(), 1e-3)
    assert found.parameters["outcome 2022-01 to 2022-12, weighted donors"].estimate == pytest.approx(
        own[48:].mean() / own.mean(), 0.03
    )
    grown = made(vintage(flows() * [1, 100, 1, 1, 1, 1]), design(), form="sc", predictors=[early, late])
    assert grown.weights == pytest.approx(found.weights, abs=1e-6)
    alone = made(vintage(), design(), form="sc", predictors=["outcome"])
    assert "the predictor outcome is the same for all units" in alone.used[0].notes[0]
