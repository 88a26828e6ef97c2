"""Every sentence a gate gives, of every outcome of many effects, holds what the effect, the figures and the calendar hold."""

import datetime as dt
import functools
import math
import re
from collections.abc import Callable

import numpy as np
import pytest

from forecast.core import months, registry
from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.events import Event, EventCalendar
from forecast.core.judgement import Gate
from forecast.core.questions import Design
from forecast.core.vintage import Cell, Vintage
from forecast.study.ask import answer
from forecast.study.effects import judge
from forecast.study.effects.shipped_gates import SHIPPED_GATES

MAIN, MIRROR = "CHN.export.USA.gallium", "USA.import.CHN.gallium"
DONORS = tuple(f"CHN.export.USA.good_{letter}" for letter in "abcdef")
START = months.ordinal("2023-01")
BAN = Event("ban", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), role="default", instrument="ban")
AGAIN = Event("again", "", dt.date(2023, 3, 10), dt.date(2023, 3, 10), products=("gallium",), role="default")
FORESEEN = Event(
    "ban", "", dt.date(2022, 9, 1), dt.date(2023, 1, 1), products=("gallium",), role="default", instrument="ban",
    anticipation_from=dt.date(2022, 9, 1),
)  # fmt: skip


def flow(before=60, after=6, *, share=1.0, noise=0.1, growth=0.0, empty=0.0, seed=0, spike=None, early=1.0, window=None):
    rng, at = np.random.default_rng(seed), np.arange(before + after) - before
    y = 100 * np.exp(noise * rng.standard_normal(len(at)) + growth * at) * (rng.random(len(at)) >= empty)
    y = np.where(at >= 0, share * y, y) * np.where((at < 0) & (at >= -4), early, 1.0)
    if spike is not None:
        y[spike] *= 12
    values = y.tolist()
    return values if window is None else values[:before] + window


def vintage(event=BAN, events=(), mirror=None, donors=False, **words):
    values = flow(**words)
    before = words.get("before", 60)
    series = {MAIN: values}
    if mirror is not None:
        series[MIRROR] = [mirror * v for v in flow(before, 6, seed=99)]
    if donors:
        series |= {name: flow(before, 6, seed=50 + i) for i, name in enumerate(DONORS)}
    first = START - before
    cells = {
        name: tuple(
            Cell(first + i, first + i, float(v), "zero" if v == 0 else "value") for i, v in enumerate(row) if v is not None
        )
        for name, row in series.items()
    }
    return Vintage(dt.date(2030, 1, 1), cells, EventCalendar((event, *events)))


# name: method, siblings, the event, words of the vintage, of the design
CASES = {
    "halved": ("counterfactual", ("regression",), BAN, {"share": 0.5}, {}),
    "halved, regression": ("regression", ("counterfactual",), BAN, {"share": 0.5}, {}),
    "halved, baseline": ("baseline", ("counterfactual",), BAN, {"share": 0.5}, {}),
    "nothing happened": ("counterfactual", (), BAN, {"noise": 0.05}, {}),
    "nothing seen": ("counterfactual", ("baseline",), BAN, {"noise": 0.9, "seed": 3}, {}),
    "a rise": ("counterfactual", (), BAN, {"share": 1.6}, {}),
    "a stop": ("counterfactual", ("regression",), BAN, {"share": 0.0}, {}),
    "a stop of a flow with empty months": ("counterfactual", (), BAN, {"share": 0.0, "empty": 0.4}, {}),
    "halved with empty months": ("regression", (), BAN, {"share": 0.5, "empty": 0.25, "seed": 2}, {}),
    "a stop after an old spike": ("counterfactual", (), BAN, {"share": 0.0, "spike": slice(20, 23)}, {}),
    "a rise after an old spike": ("counterfactual", (), BAN, {"share": 1.5, "spike": slice(20, 23)}, {}),
    "growing": ("baseline", (), BAN, {"growth": 0.03}, {}),
    "growing, counterfactual": ("counterfactual", ("baseline",), BAN, {"growth": 0.03, "share": 0.4}, {}),
    "two years": ("counterfactual", (), BAN, {"before": 24, "share": 0.5}, {}),
    "nine months": ("counterfactual", (), BAN, {"before": 9, "share": 0.5}, {}),
    "half unknown": ("counterfactual", (), BAN, {"window": [50.0, None, None, None, 45.0, 55.0]}, {}),
    "one unknown": ("baseline", (), BAN, {"window": [50.0, None, 40.0, 60.0, 45.0, 55.0]}, {}),
    "nothing known": ("counterfactual", (), BAN, {"window": []}, {}),
    "always zero": ("counterfactual", (), BAN, {"share": 0.0, "empty": 1.0}, {}),
    "two measures": ("counterfactual", (), BAN, {"share": 0.5, "events": (AGAIN,)}, {}),
    "foreseen": ("counterfactual", (), FORESEEN, {"share": 0.1, "early": 1.8}, {}),
    "foreseen and left in the fit": ("counterfactual", (), FORESEEN, {"share": 0.1, "early": 1.8}, {"anticipation": 0}),
    "recovery asked": ("counterfactual", (), BAN, {"share": 0.6}, {"estimand": "recovery", "clean_from": "2018-01"}),
    "beside its mirror": ("counterfactual", (), BAN, {"share": 0.5, "mirror": 0.6}, {}),
    "donors": ("synthetic", (), BAN, {"share": 0.5, "donors": True}, {"donors": DONORS}),
    "a long window": ("baseline", (), BAN, {"before": 60, "after": 24, "share": 0.7}, {"stop": "2024-12"}),
}  # fmt: skip


@functools.cache
def judged(case):
    """The judged effect of a case, what it was judged by, and the effect as its gates saw it: before it was withheld."""
    method, siblings, event, words, changes = CASES[case]
    known = vintage(event, **words)
    design = Design(event, MAIN, **({"stop": "2023-06", "draws": 400} | changes))
    beside = {name: answer(registry.build("estimator", name), known, design, 1, {}) for name in siblings}
    beside = {name: one for name, one in beside.items() if isinstance(one, Effect)}
    made = judge.estimate(registry.build("estimator", method), known, design, 1, siblings=beside, placebos=12)
    assert isinstance(made, Effect), made
    seen = made if made.counterfactual is not None else answer(registry.build("estimator", method), known, design, 1, {})
    assert isinstance(seen, Effect)
    return made, Evidence(known, design, beside), seen


def numbers(text):
    return [float(x) for x in re.findall(r"(?<![\w-])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", text.replace(",", ""))]


def said(pattern, text):
    found = re.search(pattern, text)
    return found.groups() if found else None


def close(told, value, digits):
    return float(told) == pytest.approx(value, abs=0.5001 * 10**-digits)


def clean_months(evidence):
    """Known single months before the first one hidden, counted from the cells."""
    hole = evidence.design.window(evidence.vintage).hole
    begin = months.ordinal(evidence.design.clean_from) if evidence.design.clean_from else -1
    return sum(begin <= c.first < hole for c in evidence.vintage.cells[MAIN])


def identified(made, evidence, gate):
    n = clean_months(evidence)
    assert gate.value == n
    if gate.outcome == "pass":
        assert gate.reason.startswith(f"{n} month")
        assert len(made.observed)
    if "no figure is known" in gate.reason:
        assert len(made.observed) == 0
    if "already zero" in gate.reason:
        assert not any(c.value for c in evidence.vintage.cells[MAIN] if c.first < START)
    assert ("no figure is known" in gate.reason or "already zero" in gate.reason) == (gate.outcome == "fail")


def length(made, evidence, gate):
    n, h = clean_months(evidence), evidence.design.window(evidence.vintage).length
    assert (gate.value, gate.threshold) == (n, max(36, 3 * h))
    least = max(12, 2 * h)
    assert gate.ceiling == ("supported" if n >= gate.threshold else "suggestive" if n >= least else "descriptive")
    if gate.outcome == "pass":
        assert gate.reason.startswith(f"{n} clean month")
    elif gate.ceiling == "suggestive":
        assert numbers(gate.reason) == [gate.threshold, n]
    else:
        assert numbers(gate.reason) == ([h, least, n] if n else [h, least])


def data_state(made, evidence, gate):
    window = evidence.design.window(evidence.vintage)
    known = {c.first for c in evidence.vintage.cells[MAIN]}
    missing = sum(m not in known for m in range(window.first, window.last + 1))
    assert gate.value == pytest.approx(missing / window.length)
    assert (gate.outcome == "fail") == (gate.value >= 0.5)
    if missing:
        assert str(missing) in gate.reason
        assert "every month has a final figure" not in gate.reason
    else:
        assert gate.reason == "every month has a final figure"


def agreement(made, evidence, gate):
    others = {name: e for name, e in evidence.siblings.items() if e.counterfactual is not None}
    if gate.outcome == "not run":
        assert not others or made.counterfactual is None
        return
    low, high = said(r"estimates from (\S+) kg to (\S+) kg", gate.reason)
    sizes = [e.cumulative.estimate for e in (made, *others.values())]
    assert (float(low), float(high)) == pytest.approx((min(sizes), max(sizes)), rel=1e-3)
    same = {name for name, e in others.items() if e.cumulative.estimate * made.cumulative.estimate > 0}
    assert gate.value == pytest.approx(len(same) / len(others))
    if gate.outcome == "pass":
        assert said(r"same direction: ([^;]*);", gate.reason)[0].split(", ") == sorted(others)
    elif "opposite" in gate.reason:
        assert set(said(r"\(([^)]*)\)", gate.reason)[0].split(", ")) == set(others) - same


def anticipation(made, evidence, gate):
    foreseen = evidence.design.events[0].announced < evidence.design.events[0].effective
    if gate.outcome == "not run":
        assert made.counterfactual is None
    elif not foreseen:
        assert gate.reason == "no month between announcement and start"
    elif evidence.design.anticipation == 0:
        assert gate.outcome == ("fail" if gate.value > gate.threshold else "pass")
        (t,) = said(r"\(t = (-?[\d.]+)\)", gate.reason)
        assert close(abs(float(t)), gate.value, 1)
        assert "2022-09" in gate.reason
    else:
        a, low, high = map(float, said(r"A = (\S+) kg in 2022-09/2022-12 \(90% interval (\S+) kg to (\S+) kg\)", gate.reason))
        assert a == pytest.approx(made.anticipation.estimate, rel=1e-3)
        assert (low, high) == pytest.approx(made.anticipation.interval(0.9), rel=1e-3)
        assert ("anticipation present" in gate.reason) == (not low <= 0 <= high)
        if "P = " in gate.reason:
            p, net = map(float, said(r"P = (\S+) kg after it, net (\S+) kg", gate.reason))
            assert (p, net) == pytest.approx((made.cumulative.estimate, made.net.estimate), rel=1e-3)


def significance(made, evidence, gate):
    test = made.judgement.test
    if gate.outcome == "not run":
        assert made.counterfactual is None or math.isnan(test.p)
        assert gate.ceiling == "cannot distinguish"
        return
    assert gate.value == test.p
    told, score = said(r"^p = ([\d.]+|below 0\.001) \((.*?)[;)]", gate.reason)
    assert (test.p < 0.0005) if told.startswith("below") else close(told, test.p, 3)
    assert score == test.score
    low, high = made.summary().interval(0.9)
    firm = test.p <= 0.01 and not low <= 0 <= high
    assert gate.ceiling == ("supported" if firm else "suggestive" if test.p <= 0.05 else "cannot distinguish")
    if "includes zero" in gate.reason:
        assert test.p <= 0.01
        assert low <= 0 <= high
        return
    bound = said(r": above ([\d.]+)$", gate.reason)
    assert (bound is None) == (gate.outcome == "pass")
    assert bound is None or test.p > float(bound[0])
    freedom = said(r"(\d+) degrees of freedom", gate.reason)
    assert (freedom is None) == math.isnan(test.freedom)
    assert freedom is None or close(freedom[0], test.freedom, 0)
    counted = said(r"months with trade alone: p = ([\d.]+|below 0\.001)", gate.reason)
    assert (counted is None) == math.isnan(test.incidence)
    if counted and not counted[0].startswith("below"):
        assert close(counted[0], test.incidence, 3)
    smallest = said(r"the smallest possible: ([\d.]+)", gate.reason)
    if smallest:
        assert close(smallest[0], test.floor, 3)
        assert test.floor <= test.p * (1 + 1e-9)
    window = [c.value for c in evidence.vintage.cells[MAIN] if c.first >= START]
    clean = [c.value for c in evidence.vintage.cells[MAIN] if c.first < START]
    if "months with trade" in score:
        assert 0 in window or 0 in clean, "months are counted only where some are empty"
    if test.direction:
        assert test.direction == np.sign(made.cumulative.estimate)


def materiality(made, evidence, gate):
    if made.counterfactual is None and gate.outcome == "not run":
        return
    share = abs(made.cumulative.estimate) / abs(made.window.expected)
    assert gate.value == pytest.approx(share)
    if made.judgement.placebos or made.judgement.test.score:
        low, high = made.relative.interval(0.9)
        assert made.judgement.margin == pytest.approx(max(abs(low), abs(high)))
    claimed = made.p_value <= 0.05 and share >= 0.05
    if gate.ceiling == "no material effect":
        within, margin = said(r"lies within (\d+)% of the counterfactual \(margin (\d+)%\)", gate.reason)
        assert close(within, 100 * made.judgement.margin, 0)
        assert made.judgement.margin <= float(margin) / 100
        assert not claimed
        return
    (told,) = said(r"([\d.]+)% of the counterfactual", gate.reason)
    assert close(told, 100 * share, 1 if gate.outcome == "fail" else 0)
    assert (gate.outcome == "fail") == (share < 0.05)
    if made.judgement.margin == made.judgement.margin:
        (margin,) = said(r"smallest margin of no material effect: (\d+)%", gate.reason)
        assert close(margin, 100 * made.judgement.margin, 0)


def sign(made, evidence, gate):
    if gate.outcome == "not run":
        assert made.counterfactual is None
        return
    found = np.sign(made.cumulative.estimate)
    asked = {"shortfall": -1, "recovery": 1}[evidence.design.estimand]
    assert (gate.value, gate.threshold) == (found, asked)
    if "was found" in gate.reason:
        assert found * asked < 0
        assert gate.reason.startswith(f"no {evidence.design.estimand} was found: the estimate is ")
        assert ("a rise" in gate.reason) == (found > 0)
        size = said(r"(\d+)%", gate.reason)
        assert size is None or close(size[0], 100 * abs(made.cumulative.estimate / made.window.expected), 0)
        return
    signs = {np.sign(c.difference) for c in made.description.compared if c.difference}
    assert ("disagree" in gate.reason) == (len(signs) > 1)
    assert ("opposite" in gate.reason) == (signs == {-found})
    assert (gate.outcome == "fail") == (-found in signs)


def placebo_time(made, evidence, gate):
    found = [p for p in made.placebos if p.kind == "time"]
    if made.counterfactual is None:
        assert gate.outcome == "not run"
        return
    if not found:
        assert gate.reason == "no clean window of this length before the event"
        return
    apart, every = map(int, said(r"(\d+) windows? without overlap, of (\d+) without an event", gate.reason))
    assert (apart, every) == (len(made.apart), len(found))
    larger = said(r"p = ([\d.]+) by rank", gate.reason)
    if gate.outcome == "not run":
        assert made.judgement.rank_floor > 0.1
    else:
        assert close(larger[0], made.judgement.rank_p, 2 if gate.outcome == "fail" else 3)
        assert made.judgement.rank_floor == pytest.approx(1 / (len([p for p in made.apart if math.isfinite(p.z)]) + 1))
        assert (gate.outcome == "fail") == (made.judgement.rank_p > 0.1)


def placebo_space(made, evidence, gate):
    found = [p.cumulative for p in made.placebos if p.kind == "space"]
    if gate.reason.startswith("no donor"):
        assert made.counterfactual is None or not found
        return
    p, donors, floor = said(r"p = ([\d.]+) from (\d+) donors? in its place \(floor ([\d.]+)\)", gate.reason)
    assert int(donors) == len(found)
    rank = (1 + sum(abs(x) >= abs(made.cumulative.estimate) for x in found)) / (1 + len(found))
    assert close(p, rank, 3)
    assert close(floor, 1 / (1 + len(found)), 3)


def separable(made, evidence, gate):
    others = [e.id for e in evidence.vintage.events if e.id != "ban"]
    assert gate.value == len(others)
    assert all(name in gate.reason for name in others)
    assert (gate.outcome == "fail") == bool(others)


def mirror(made, evidence, gate):
    if MIRROR not in evidence.vintage.cells:
        assert (gate.outcome, MIRROR in gate.reason) == ("not run", True)
        return
    sums = [sum(c.value for c in evidence.vintage.cells[name] if c.first < START) for name in (MAIN, MIRROR)]
    gap = abs(sums[0] - sums[1]) / max(sums)
    told, over = said(r"differs by (\d+)% over (\d+) clean months", gate.reason)
    assert gate.value == pytest.approx(gap)
    assert close(told, 100 * gap, 0)
    assert int(over) == clean_months(evidence)
    assert (gate.outcome == "fail") == (gap > 0.25)


def fit(made, evidence, gate):
    if made.counterfactual is None and gate.outcome == "not run":
        return
    scores = [p.z for p in made.placebos if p.kind == "time" and math.isfinite(p.z)]
    past = said(r"in (\d+) windows without an event off by ([\d.]+) predicted standard errors", gate.reason)
    if past:
        size = math.sqrt(np.mean(np.square(scores)))
        assert int(past[0]) == len(scores)
        assert close(past[1], size, 1)
        assert gate.value == pytest.approx(size)
    box = said(r"Ljung-Box p = ([\d.]+)", gate.reason)
    shift = said(r"an undeclared break of the level in (\S+) \(t = (-?[\d.]+)\)", gate.reason)
    if gate.outcome == "pass":
        assert not shift
        assert box is None or float(box[0]) >= 0.0095
        assert not gate.value > 2
    elif gate.outcome == "fail":
        assert shift or (box and float(box[0]) <= 0.0105) or gate.value > 2
        assert shift is None or (abs(float(shift[1])) >= 3.95 and months.ordinal(shift[0]) < START)
    elif made.counterfactual is not None:
        assert gate.ceiling == "suggestive"


def donors(made, evidence, gate):
    known = {p.name: p.estimate for p in made.parameters}
    shifts = [abs(v - known["ATT"]) for name, v in known.items() if name.startswith("ATT without ") and "ATT" in known]
    if gate.outcome == "not run":
        assert made.counterfactual is None or not shifts
    elif gate.outcome == "pass":
        count, size = said(r"any one of (\d+) donors? the estimate moves by at most ([\d.]+) standard errors", gate.reason)
        assert int(count) == sum(name.startswith("ATT without ") for name in known if "moved:" not in name)
        assert gate.value == pytest.approx(max(shifts) / made.average.se, rel=0.3)  # before the placebos' calibration
        assert close(size, gate.value, 2)


def calibration(made, evidence, gate):
    if gate.outcome != "not run":
        held = said(r"held (\d+)% of the truths", gate.reason)
        assert held or "excluded zero" in gate.reason
        before, after = map(int, said(r"(\d+) months before and (\d+) after", gate.reason))
        assert before <= max(made.n_clean, clean_months(evidence))
        assert after >= 1
        assert (gate.outcome == "fail") == gate.withholds


def unit_value(made, evidence, gate):
    assert (gate.outcome, gate.reason) == ("pass", "a quantity")


def multiplicity(made, evidence, gate):
    assert (gate.outcome, gate.ceiling) == ("not run", "supported")


FACTS: dict[str, Callable[[Effect, Evidence, Gate], None]] = {
    check.__name__: check
    for check in (
        identified, length, data_state, agreement, anticipation, calibration, donors, fit, materiality, mirror, multiplicity,
        placebo_space, placebo_time, separable, sign, significance, unit_value,
    )
}  # fmt: skip


def test_every_gate_has_its_facts():
    assert sorted(FACTS) == sorted(SHIPPED_GATES)


@pytest.mark.parametrize("case", CASES)
def test_the_reasons_of_a_judged_effect_are_facts(case):
    made, evidence, seen = judged(case)
    assert [g.gate for g in made.gates] == list(SHIPPED_GATES)
    for gate in made.gates:
        assert gate.reason
        assert gate.reason == gate.reason.strip("; ")
        assert gate.reason in made.verdict.because or gate.outcome != "fail" or gate.ceiling != made.verdict.word
        FACTS[gate.gate](seen, evidence, gate)


@pytest.mark.parametrize("case", CASES)
def test_the_verdict_is_that_of_its_gates(case):
    """From the outcomes alone: the weakest ceiling, and the reasons of those that hold it there."""
    made, *_ = judged(case)
    order = judge.VERDICTS_BY_STRENGTH
    weakest = max((g.ceiling for g in made.gates), key=order.index)
    design = [g for g in made.gates if g.gate not in ("significance", "materiality", "sign")]
    if weakest == "no material effect" and any(g.ceiling == "cannot distinguish" for g in design):
        weakest = "cannot distinguish"
    if made.counterfactual is None and order.index(weakest) < order.index("descriptive"):
        weakest = "descriptive"
    assert made.verdict.word == weakest
    if weakest == "supported":
        assert made.p_value <= 0.01
        assert abs(made.relative.estimate) >= 0.05


def test_the_cases_reach_every_outcome_that_a_gate_alone_can_have():
    reached = {(gate.gate, gate.outcome) for case in CASES for gate in judged(case)[0].gates}
    for name in (
        "identified",
        "length",
        "data_state",
        "significance",
        "materiality",
        "sign",
        "separable",
        "anticipation",
        "fit",
    ):
        assert {(name, "pass"), (name, "fail")} <= reached, name
    words = {judged(case)[0].verdict.word for case in CASES}
    assert words >= {
        "supported", "suggestive", "descriptive", "no material effect", "cannot distinguish", "not identified",
    }  # fmt: skip
