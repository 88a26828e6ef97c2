"""The order of verdicts: a larger effect never weakens one; fewer degrees of freedom or a missing input never strengthen it."""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings, strategies as st

from forecast.core import months
from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.events import Event, EventCalendar
from forecast.core.judgement import Gate, Judgement, Placebo
from forecast.core.questions import Design
from forecast.core.significance import SignificanceTest
from forecast.core.vintage import Cell, Vintage
from forecast.kernels.score_test import MeanScore, two_part_p_value
from forecast.prep.baselines import describe
from forecast.prep.working_scale import trade_floor
from forecast.study.effects import judge

SERIES = "COD.export.WLD.alpha"
STOP = Event("stop", "", dt.date(2024, 1, 1), dt.date(2024, 1, 1), products=("alpha",), instrument="ban", role="default")
START = months.ordinal("2024-01")
STRENGTH = {word: i for i, word in enumerate(judge.VERDICTS_BY_STRENGTH)} | {"no material effect": 2}  # as weak as no claim
QUICK = settings(max_examples=60, deadline=None)


def vintage(before, window):
    values, first = np.r_[before, window], START - len(before)
    cells = tuple(Cell(first + i, first + i, float(v), "zero" if v == 0 else "value") for i, v in enumerate(values))
    return Vintage(dt.date(2030, 1, 1), {SERIES: cells}, EventCalendar((STOP,)))


@st.composite
def flows(draw):
    """A flow before the event, a window without one and draws of its counterfactual; noise, trend and empty months vary."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    n, h = draw(st.integers(14, 72)), draw(st.integers(1, 8))
    noise, growth = draw(st.sampled_from([0.05, 0.3, 1.0])), draw(st.sampled_from([-0.02, 0.0, 0.0, 0.03]))
    empty = draw(st.sampled_from([0.0, 0.0, 0.2, 0.6]))
    y = 100 * np.exp(noise * rng.standard_normal(n + h) + growth * (np.arange(n + h) - n)) * (rng.random(n + h) >= empty)
    level = 100 * np.exp(0.3 * noise * rng.standard_normal((400, 1)))
    draws = level * np.exp(noise * rng.standard_normal((400, h))) * (rng.random((400, h)) >= empty)
    scores = rng.standard_normal(draw(st.sampled_from([0, 2, 6, 12]))) * draw(st.sampled_from([0.5, 1.0, 2.0]))
    return y[:n], y[n:], draws, tuple(scores.tolist())


def judged(before, window, draws, scores, estimand="shortfall"):
    """The effect of a window beside given draws and windows without an event, through every gate."""
    known = vintage(before, window)
    stop = months.label(START + len(window) - 1)
    more = {"clean_from": months.label(START - len(before))} if estimand == "recovery" else {}
    design = Design(STOP, SERIES, stop=stop, estimand=estimand, **more)
    periods = tuple((START + i, START + i) for i in range(len(window)))
    made = Effect("toy", design, "kg", periods, window, draws, describe(known, design), n_clean=len(before))
    found = [Placebo("time", SERIES, months.label(START - 9 * (i + 1)), 0.0, 0.0, z) for i, z in enumerate(scores)]
    made = judge.weigh(made, known, found)
    return judge.apply_verdict(made, judge.run_gates(made, Evidence(known, design)))


@QUICK
@given(flows(), st.lists(st.floats(0.02, 1.2), min_size=2, max_size=4))
def test_a_larger_loss_never_weakens_the_verdict(flow, shares):
    before, window, draws, scores = flow
    shipped = window[window > 0]
    # a month with next to nothing is one without trade, and a stop is judged by the number of such months: another score
    assume(not len(shipped) or min(shares) * shipped.min() > 2 * trade_floor(before))
    found = [judged(before, share * window, draws, scores) for share in sorted(shares, reverse=True)]
    words = [STRENGTH[one.verdict.word] for one in found]
    assert words == sorted(words, reverse=True), [(one.verdict, one.judgement.test) for one in found]


def test_larger_shipments_are_no_evidence_of_a_sum_that_fell():
    """Two of seven months are empty, and the others a little larger than ever: the sum fell, and nothing tells why."""
    rng = np.random.default_rng(0)
    before = 100 * np.exp(0.05 * rng.standard_normal(40)) * (rng.random(40) >= 0.15)
    draws = 100 * np.exp(0.05 * rng.standard_normal((400, 7))) * (rng.random((400, 7)) >= 0.15)
    window = np.array([107.0, 108, 0, 107, 0, 106, 108])
    made = judged(before, window, draws, ())
    assert made.cumulative.estimate < 0
    assert made.p_value > 0.5
    assert made.verdict.word == "cannot distinguish"


@QUICK
@given(flows(), st.lists(st.floats(0.8, 30.0), min_size=2, max_size=4))
def test_a_larger_rise_never_weakens_the_verdict(flow, factors):
    before, window, draws, scores = flow
    found = [judged(before, factor * window, draws, scores, "recovery") for factor in sorted(factors)]
    words = [STRENGTH[one.verdict.word] for one in found]
    assert words == sorted(words, reverse=True), [(one.verdict, one.judgement.test) for one in found]


def test_a_loss_beside_flat_baselines_of_a_growing_flow_keeps_its_order():
    """Above every baseline, below some, below all: the estimate falls short of the trend throughout."""
    at = np.arange(78) - 72
    y = 100 * np.exp(0.03 * at + 0.02 * np.random.default_rng(1).standard_normal(78))
    draws = y[72:] * np.exp(0.02 * np.random.default_rng(2).standard_normal((400, 6)))
    found = [judged(y[:72], share * y[72:], draws, ()) for share in (0.9, 0.75, 0.4)]
    gates = [next(gate for gate in one.gates if gate.gate == "sign") for one in found]
    assert [gate.ceiling for gate in gates] == ["suggestive", "suggestive", "supported"]
    assert [gate.reason for gate in gates] == [
        "every named baseline shows the opposite direction", "the named baselines disagree on the direction",
        "the named baselines agree on the direction",
    ]  # fmt: skip


@QUICK
@given(flows(), st.floats(0.02, 1.2), st.sampled_from([1e-3, 0.25, 1e4]))
def test_units_do_not_matter(flow, share, unit):
    before, window, draws, scores = flow
    one, two = (judged(u * before, u * share * window, u * draws, scores) for u in (1.0, unit))
    assert one.verdict.word == two.verdict.word
    assert math.isclose(one.p_value, two.p_value, rel_tol=1e-6, abs_tol=1e-12) or math.isnan(one.p_value + two.p_value)


SCORES = st.tuples(st.floats(-3, 3), st.floats(0.01, 2), st.floats(3, 200))
ONE_SIDED = st.none() | st.floats(1e-9, 1.0).map(lambda p: (p, 1.0 - p))


@given(SCORES, ONE_SIDED, st.floats(3, 200))
def test_fewer_degrees_of_freedom_never_strengthen_the_verdict(score, incidence, freedom):
    difference, scale, other = score
    if incidence is not None and (incidence[0] < 0.5) != (difference < 0):
        incidence = incidence[::-1]  # both parts speak for one direction
    few, many = sorted([freedom, other])
    towards = -1 if difference < 0 else 1
    p = [two_part_p_value(MeanScore(difference, scale, v).p_values, incidence, 1.0, towards)[0] for v in (few, many)]
    assert p[0] >= p[1] * (1 - 1e-9)
    words = [verdict_at(one) for one in p]
    assert STRENGTH[words[0]] >= STRENGTH[words[1]]


def verdict_at(p, margin=0.6, expected=200.0):
    """The verdict on a loss of half, by the two gates that grade the evidence."""
    known = vintage(np.full(40, 100.0), np.full(2, 50.0))
    design = Design(STOP, SERIES, stop="2024-02")
    draws = np.full((9, 2), expected / 2)
    judgement = Judgement(SignificanceTest(p, 0.0, -1, "log"), margin=margin)
    made = Effect(
        "toy", design, "kg", ((START, START), (START + 1, START + 1)), np.full(2, 50.0), draws, describe(known, design),
        judgement=judgement,
    )  # fmt: skip
    gates = judge.run_gates(made, Evidence(known, design), ["significance", "materiality"])
    return judge.verdict_of(made, [g for g in gates if g.gate in ("significance", "materiality")]).word


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_p_never_strengthens_the_verdict_and_a_missing_one_makes_no_claim(one, two):
    low, high = sorted([one, two])
    assert STRENGTH[verdict_at(high)] >= STRENGTH[verdict_at(low)]
    assert verdict_at(math.nan) == "cannot distinguish"
    assert verdict_at(high, margin=math.nan) == verdict_at(high)


@QUICK
@given(flows(), st.floats(0.02, 1.2), st.integers(0, 16))
def test_a_gate_that_could_not_be_run_never_strengthens_the_verdict(flow, share, which):
    """Any gate of the list left out: its cap is never above that of the outcome it would have had, short of a failure."""
    before, window, draws, scores = flow
    made = judged(before, share * window, draws, scores)
    if made.counterfactual is None:
        return
    found = list(made.gates)
    gate = found[which % len(found)]
    names = [g.gate for g in found if g.gate != gate.gate]
    without = judge.run_gates(made, Evidence(vintage(before, share * window), made.design), names)
    if gate.outcome != "fail":
        assert STRENGTH[judge.verdict_of(made, without).word] >= STRENGTH[made.verdict.word]


@QUICK
@given(flows(), st.floats(0.02, 1.2))
def test_fewer_windows_than_a_rank_needs_never_strengthen_it_at_the_same_calibration(flow, share):
    before, window, draws, _ = flow
    many = judged(before, share * window, draws, (1.0,) * 12)  # whose mean square is one
    none = judged(before, share * window, draws, ())
    assert none.judgement.calibration == many.judgement.calibration == 1.0
    rank: Gate = next(g for g in many.gates if g.gate == "placebo_time")
    if rank.outcome == "pass":
        assert STRENGTH[none.verdict.word] >= STRENGTH[many.verdict.word]


@QUICK
@given(flows(), st.floats(0.02, 1.2))
def test_an_estimator_s_own_test_changes_nothing_of_a_flow(flow, share):
    before, window, draws, scores = flow
    plain = judged(before, share * window, draws, scores)
    if plain.counterfactual is None:
        return
    known = vintage(before, share * window)
    bare, own = (judge.weigh(one, known, ()) for one in (plain, replace(plain, own_p=0.2, own_floor=0.1)))
    assert (own.p_value, own.p_floor) == (bare.p_value, bare.p_floor)
