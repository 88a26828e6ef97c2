"""The mirror gate: gaps before the event, concepts, and what may contradict."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecast.checks.mirror import Mirror, mirrored
from forecast.core import months, registry
from forecast.core.effects import Description, Effect
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Design
from forecast.core.vintage import Cell, Vintage
from forecast.study import judge

OURS, THEIRS = "CHN.export.USA.gallium", "USA.import.CHN.gallium"
BAN = Event("toy", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), instrument="ban", role="default")


def vintage(**levels):
    start = months.ordinal("2020-01")
    series = {"ours": OURS, "theirs": THEIRS}
    cells = {series[k]: tuple(Cell(start + i, start + i, float(v)) for i in range(42)) for k, v in levels.items()}
    return Vintage(dt.date(2030, 1, 1), cells, EventCalendar((BAN,)))


def effect(series, middle, estimator="toy"):
    """An effect of about `middle` kg, the 80 % interval far from zero."""
    draws = 100.0 - middle + np.random.default_rng(0).standard_normal((200, 1))
    return Effect(estimator, Design(BAN, series), "kg", ((24276, 24281),), np.array([100.0]), draws, Description(100.0, ""))


def judged(check, known, mine, siblings=None):
    return check.judge(mine, judge.Evidence(known, mine.design, siblings or {}))


def test_the_partner_s_record_of_a_flow():
    assert mirrored(OURS) == THEIRS
    assert mirrored(THEIRS) == OURS
    assert mirrored("CHN.export.USA.gallium:usd") == "USA.import.CHN.gallium:usd"
    assert mirrored("CHN.export.WLD.gallium") == mirrored("California") == ""


def test_close_legs_pass_and_distant_ones_are_two_ledgers():
    near = judged(Mirror(), vintage(ours=100, theirs=80), effect(OURS, -50))
    assert (near.outcome, near.value) == ("pass", pytest.approx(0.2))
    far = judged(Mirror(), vintage(ours=100, theirs=70), effect(OURS, -50))
    assert (far.outcome, far.value) == ("fail", pytest.approx(0.3))
    assert "two ledgers, each with its own verdict" in far.reason
    assert "difference of concept" in far.reason
    assert far.ceiling == "supported", "the basis is part of what is claimed"


def test_without_a_mirror_the_gate_is_not_run():
    assert judged(Mirror(), vintage(ours=100), effect(OURS, -50)).outcome == "not run"
    world = replace(effect(OURS, -50), design=Design(BAN, "CHN.export.WLD.gallium"))
    assert judged(Mirror(), vintage(ours=100, theirs=90), world).outcome == "not run"


def test_only_the_same_concept_can_contradict():
    known, mine = vintage(ours=100, theirs=90), effect(OURS, -50)
    other = {"theirs": effect(THEIRS, +50)}
    origin = judged(Mirror(), known, mine, other)
    assert origin.ceiling == "supported"
    assert "no contradiction" in origin.reason
    same = judged(Mirror(consignment=("USA",)), known, mine, other)
    assert (same.outcome, same.ceiling) == ("fail", "contradicted by mirror")
    agreeing = judged(Mirror(consignment=("USA",)), known, mine, {"theirs": effect(THEIRS, -50)})
    assert agreeing.outcome == "pass"
    unsure = effect(THEIRS, 0.1)
    assert judged(Mirror(consignment=("USA",)), known, mine, {"theirs": unsure}).outcome == "pass"


def test_the_family_finds_the_other_leg():
    check, known = Mirror(consignment=("USA",)), vintage(ours=100, theirs=90)
    legs = [effect(OURS, -50), effect(THEIRS, 50)]
    legs = [e.judged([judged(check, known, e)], judge.Verdict("suggestive", "causal")) for e in legs]
    assert [g.ceiling for g in check.judge_family(legs)] == ["contradicted by mirror"] * 2
    apart = replace(legs[1], periods=((24290, 24295),))
    assert [g.outcome for g in check.judge_family([legs[0], apart])] == ["pass", "pass"]
    # in a run, as shipped: imports are by origin, so the verdicts stand and the reason says why
    told = judge.family([replace(e, gates=tuple(judge.gates(e, judge.Evidence(known, e.design)))) for e in legs])
    assert [e.verdict.word for e in told] == ["suggestive"] * 2
    (gate,) = [g for g in told[0].gates if g.gate == "mirror"]
    assert "difference of concept" in gate.reason
    assert "another concept" in gate.reason
    assert registry.build("check", "mirror") == Mirror()
