"""Every check answers every kind of effect with a gate, and the gates hold what they should."""

import datetime as dt
import functools
import math
from dataclasses import replace

import numpy as np
import pytest

from forecast.core import months, registry
from forecast.core.effects import Effect
from forecast.core.events import Event, EventCalendar
from forecast.core.judgement import VERDICTS, Judgement, Placebo
from forecast.core.questions import Design
from forecast.core.significance import SignificanceTest
from forecast.core.vintage import Cell, Vintage
from forecast.prep.baselines import describe
from forecast.study.effects.judge import Evidence, verdict_of, weigh

CHECKS = registry.names("check")
SERIES = "USA.import.CHN.gallium"
BAN = Event("toy_ban", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), instrument="ban", role="default")


def vintage(values, events=(BAN,), first="2018-01", spans=(), last_known=None):
    start = months.ordinal(first)
    cells = [Cell(start + i, start + i, float(v), "zero" if v == 0 else "value") for i, v in enumerate(values) if v is not None]
    cells += [Cell(months.ordinal(a), months.ordinal(b), float(v), "zero" if v == 0 else "value") for a, b, v in spans]
    return Vintage(dt.date(2030, 1, 1), {SERIES: tuple(cells)}, EventCalendar(tuple(events)))


def asked(event=BAN, **changes):
    return Design(event, SERIES, **({"stop": "2023-06"} | changes))


def effect(known, design, expected=None, spread=1.0, scores=()):
    """An effect with a counterfactual of `expected` a month beside windows of these `scores`, weighed; or none."""
    text = describe(known, design)
    window = design.window(known)
    observed = known.observed(SERIES)
    periods = tuple((m, m) for m in range(window.first, window.last + 1) if np.isfinite(observed.at(m, m)).all())
    values = np.array([observed.at(m, m)[0] for m, _ in periods])
    draws = None
    if expected is not None:
        noise = np.random.default_rng(0).standard_normal((400, len(values)))
        draws = expected + spread * noise
    found = [Placebo("time", SERIES, months.label(months.ordinal("2010-01") + 6 * i), z, 0.0, z) for i, z in enumerate(scores)]
    made = Effect("toy", design, "kg", periods, values, draws, text)
    return made if draws is None else weigh(made, known, found)


def judge(name, known, design, siblings=None, **rest):
    made = effect(known, design, **rest)
    return registry.build("check", name).judge(made, Evidence(known, design, siblings or {}))


LONG = [10.0] * 66
CASES = {
    "estimated": (vintage(LONG), asked(), {"expected": 10.0}),
    "refused": (vintage(LONG[:6], first="2022-08"), asked(stop="2023-01"), {}),
    "nothing in the window": (vintage(LONG[:60]), asked(), {}),
    "all zero": (vintage([0.0] * 66), asked(), {"expected": 0.0}),
    "with placebos": (vintage(LONG), asked(), {"expected": 12.0, "scores": [0.5, -0.4, 0.1]}),
    "stopped": (vintage([*LONG[:60], *[0.0] * 6]), asked(), {"expected": 10.0}),
    "months without trade": (vintage([0.0, 7.0, 9.0] * 22), asked(), {"expected": 10.0}),
    "a share of nothing": (vintage(LONG), asked(), {"expected": 0.0, "spread": 0.0}),
}


@functools.cache
def effect_of(case):
    """The effect of a case, which every check is shown."""
    known, design, rest = CASES[case]
    return effect(known, design, **rest)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", CHECKS)
def test_a_gate_is_complete(name, case):
    known, design, _ = CASES[case]
    gate = registry.build("check", name).judge(effect_of(case), Evidence(known, design, {}))
    assert gate.gate == name
    assert gate.outcome in ("pass", "fail", "not run")
    assert gate.cap in VERDICTS
    assert gate.ceiling in VERDICTS
    assert gate.reason
    if gate.outcome == "pass":
        assert gate.ceiling == "supported"


def test_identified_needs_figures_in_the_window():
    gate = judge("identified", *CASES["nothing in the window"][:2])
    assert (gate.outcome, gate.cap) == ("fail", "not identified")
    assert "no figure is known in the asked window" in gate.reason


def test_a_loss_asked_of_zeros_is_not_identified_and_a_recovery_from_them_is():
    known = vintage([0.0] * 60 + [5.0] * 6)
    assert judge("identified", known, asked()).ceiling == "not identified"
    assert "already zero" in judge("identified", known, asked()).reason
    assert judge("identified", known, asked(estimand="recovery", clean_from="2022-01")).outcome == "pass"


def test_a_zero_span_is_zero_in_each_of_its_months():
    known = vintage([], spans=[("2022-01", "2022-10", 0.0), ("2023-01", "2023-06", 5.0)])
    gate = registry.build("check", "identified").judge(effect(known, asked()), Evidence(known, asked(), {}))
    assert "already zero" in gate.reason


def test_a_recovery_is_compared_with_the_regime_it_ends():
    licence = Event("licence", "", dt.date(2022, 11, 3), dt.date(2022, 11, 3), products=("gallium",), role="default")
    gate = judge("identified", vintage(LONG, events=(licence, BAN)), asked(estimand="recovery"))
    assert gate.ceiling == "not identified"
    assert gate.value == 2
    older = replace(licence, announced=dt.date(2022, 9, 3), effective=dt.date(2022, 9, 3))
    assert judge("identified", vintage(LONG, events=(older, BAN)), asked(estimand="recovery")).outcome == "pass"


@pytest.mark.parametrize(
    ("clean", "window", "ceiling"),
    [
        (36, 12, "supported"), (35, 11, "suggestive"), (36, 13, "suggestive"), (24, 12, "suggestive"), (23, 12, "descriptive"),
        (23, 11, "suggestive"), (12, 6, "suggestive"), (12, 7, "descriptive"), (11, 2, "descriptive"), (15, 7, "suggestive"),
    ],
)  # fmt: skip
def test_length_is_graded(clean, window, ceiling):
    known = vintage([10.0] * (clean + window), first=months.label(months.ordinal("2023-01") - clean))
    gate = judge("length", known, asked(stop=months.label(months.ordinal("2023-01") + window - 1)), expected=10.0)
    assert gate.ceiling == ceiling
    assert gate.withholds == (ceiling == "descriptive")


def test_sums_alone_carry_no_claim():
    known = vintage([10.0] * 6, first="2023-01", spans=[("2021-01", "2021-12", 120.0), ("2022-01", "2022-12", 120.0)])
    assert judge("length", known, asked()).ceiling == "descriptive"


def test_months_without_trade_count_like_others():
    known = vintage([0.0, 0.0, 0.0, 4.0] * 15 + [0.0] * 6)
    gate = judge("length", known, asked(), expected=1.0)
    assert (gate.outcome, gate.value, gate.withholds) == ("pass", 60, False)


def test_zeros_after_the_event_are_a_collapse_not_a_reason_to_refuse():
    known = vintage([10.0] * 60 + [0.0] * 6)
    assert judge("length", known, asked(), expected=10.0).outcome == "pass"
    assert judge("identified", known, asked()).outcome == "pass"


def test_data_state_lists_the_window_and_fails_where_half_is_unknown():
    known = vintage([10.0] * 60 + [None, None, 5.0, 5.0, 5.0, 5.0])
    gate = judge("data_state", known, asked())
    assert gate.outcome == "pass"
    assert "2 not in the data" in gate.reason
    gate = judge("data_state", vintage([10.0] * 60 + [None, None, None, 5.0, 5.0, 5.0]), asked())
    assert (gate.outcome, gate.value, gate.ceiling) == ("fail", 0.5, "descriptive")


def test_without_a_clean_window_there_is_no_rank_and_it_limits_nothing():
    gate = judge("placebo_time", vintage(LONG), asked(), expected=20.0)
    assert (gate.outcome, gate.ceiling) == ("not run", "supported")
    assert "no clean window" in gate.reason


def test_a_rank_needs_enough_windows():
    small = list(np.linspace(-1, 1, 12))
    assert judge("placebo_time", vintage(LONG), asked(), expected=20.0, scores=small).outcome == "pass"
    few = judge("placebo_time", vintage(LONG), asked(), expected=20.0, scores=small[:4])
    assert (few.outcome, few.ceiling) == ("not run", "supported")
    assert "too few for a rank" in few.reason


def weighed(p, expected=20.0, margin=1.0, floor=0.0):
    """An effect of half or none of the counterfactual with a test of p and a margin."""
    made = effect(vintage(LONG), asked(), expected=expected)
    return replace(made, judgement=Judgement(SignificanceTest(p, floor, -1, "log", 0.1, 30.0), margin=margin))


def outcome(name, made, **options):
    gate = registry.build("check", {"use": name, **options}).judge(made, Evidence(vintage(LONG), asked()))
    return gate.outcome, gate.ceiling


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.0, ("pass", "supported")), (0.01, ("pass", "supported")), (0.0101, ("fail", "suggestive")),
        (0.05, ("fail", "suggestive")), (0.0501, ("fail", "cannot distinguish")), (1.0, ("fail", "cannot distinguish")),
        (math.nan, ("not run", "cannot distinguish")),
    ],
)  # fmt: skip
def test_the_test_of_no_effect_has_two_levels(p, said):
    assert outcome("significance", weighed(p)) == said
    assert outcome("significance", replace(weighed(p), counterfactual=None)) == ("not run", "cannot distinguish")


@pytest.mark.parametrize(
    ("p", "expected", "margin", "said"),
    [
        (0.001, 20.0, 0.6, ("pass", "supported")),
        (0.5, 20.0, 0.6, ("pass", "supported")),  # the estimate is large; whether it is told from nothing is another gate's
        (0.5, 10.2, 0.6, ("fail", "cannot distinguish")),  # 2 % of the counterfactual, but nothing excludes half
        (0.5, 10.2, 0.2, ("fail", "no material effect")),
        (0.5, 10.2, 0.201, ("fail", "cannot distinguish")),
        (0.001, 10.2, 0.1, ("fail", "no material effect")),  # not zero, and too small to matter
        (0.001, 11.5, 0.19, ("pass", "supported")),  # a claim goes before its margin
        (0.06, 11.5, 0.19, ("fail", "no material effect")),
    ],
)
def test_materiality_tells_a_small_effect_from_one_not_seen(p, expected, margin, said):
    assert outcome("materiality", weighed(p, expected, margin)) == said


def test_nothing_expected_is_no_share():
    assert outcome("materiality", effect(vintage(LONG), asked(), expected=0.0, spread=0.0)) == ("not run", "suggestive")


def test_no_material_effect_needs_a_design_that_could_have_shown_one():
    made = weighed(0.5, 10.2, 0.1)
    gates = [registry.build("check", n).judge(made, Evidence(vintage(LONG), asked())) for n in ("significance", "materiality")]
    assert verdict_of(made, gates).word == "no material effect"
    rise = replace(gates[0], gate="sign", reason="no shortfall is visible, but a rise")
    assert verdict_of(made, [*gates, rise]).word == "no material effect", "next to nothing, whichever way"
    design = replace(gates[0], gate="agreement", reason="another method contradicts it")
    assert verdict_of(made, [*gates, design]).word == "cannot distinguish"


def test_a_rise_is_no_shortfall():
    gate = judge("sign", vintage(LONG), asked(), expected=5.0)
    assert (gate.outcome, gate.ceiling, gate.reason) == (
        "fail",
        "cannot distinguish",
        "no shortfall was found: the estimate is a rise of 101%",
    )
    assert judge("sign", vintage(LONG), asked(), expected=20.0).outcome == "pass"
    assert judge("sign", vintage(LONG), asked(), expected=10.1).outcome == "pass", "how surely is another gate's"


def test_baselines_that_disagree_forbid_a_net_effect():
    known = vintage([10.0] * 48 + [20.0] * 12 + [15.0] * 6)
    split = {"baselines": (("early", "2020-01", "2020-12"), ("late", "2022-01", "2022-12"))}
    assert judge("sign", known, asked(estimand="net", **split), expected=25.0).ceiling == "cannot distinguish"
    assert judge("sign", known, asked(**split), expected=25.0).ceiling == "suggestive"


def test_a_recovery_is_a_rise():
    known = vintage([10.0] * 60 + [1.0] * 6)
    gate = judge("sign", known, asked(estimand="recovery", clean_from="2018-01"), expected=10.0)
    assert gate.ceiling == "cannot distinguish"
    assert "no recovery" in gate.reason


def test_another_event_in_the_window_makes_the_effect_joint():
    other = Event("other", "", dt.date(2023, 3, 5), dt.date(2023, 3, 5), products=("gallium",), role="default")
    known = vintage(LONG, events=(BAN, other))
    assert judge("separable", known, asked(), expected=20.0).ceiling == "suggestive"
    both = judge("separable", known, asked(event=(BAN, other)), expected=20.0)
    assert both.outcome == "pass"
    assert "joint effect of other and toy_ban" in both.reason


def test_months_after_the_end_of_the_measure_are_named():
    ended = replace(BAN, end=dt.date(2023, 3, 1), end_announced=dt.date(2023, 1, 1))
    gate = judge("separable", vintage(LONG, events=(ended,)), asked(event=ended), expected=20.0)
    assert gate.outcome == "pass"
    assert gate.reason.endswith("4 of the 6 months asked lie after the measure's end on 2023-03-01")
    assert "end" not in judge("separable", vintage(LONG), asked(), expected=20.0).reason


def test_a_value_is_no_quantity():
    known = Vintage(dt.date(2030, 1, 1), {SERIES + ":usd": vintage(LONG).cells[SERIES]}, EventCalendar((BAN,)))
    design = Design(BAN, SERIES + ":usd", stop="2023-06")
    made = Effect("toy", design, "USD", ((0, 0),), np.ones(1), None, describe(known, design))
    assert registry.build("check", "unit_value").judge(made, Evidence(known, design, {})).ceiling == "descriptive"


def test_estimators_that_disagree_leave_a_suggestion_and_those_that_contradict_nothing():
    known = vintage(LONG)
    mine = effect(known, asked(), expected=20.0)

    def beside(expected, spread=1.0):
        theirs = replace(effect(known, asked(), expected=expected, spread=spread), estimator="other")
        return registry.build("check", "agreement").judge(mine, Evidence(known, asked(), {"other": theirs}))

    assert beside(9.0, spread=40.0).ceiling == "suggestive"  # the other way, within a wide band
    assert beside(2.0).ceiling == "cannot distinguish"  # the other way, bands apart
    assert beside(10.5, spread=1.0).ceiling == "cannot distinguish"  # nearly nothing, bands apart
    assert beside(14.0).outcome == "pass"  # the same way, less of it
    assert "estimates from" in beside(14.0).reason
    check = registry.build("check", "agreement")
    assert check.judge(mine, Evidence(known, asked(), {"other": replace(mine, estimator="other")})).outcome == "pass"
    assert math.isnan(check.judge(mine, Evidence(known, asked(), {})).value)
