"""The mirror gate: gaps before the event, concepts, and what may contradict."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from forecast.checks.mirror import Mirror, mirror_series
from forecast.core import months, registry
from forecast.core.effects import Description, Effect
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Design
from forecast.core.vintage import Cell, Vintage
from forecast.study.effects import judge

OURS, THEIRS = "CHN.export.USA.gallium", "USA.import.CHN.gallium"
BAN = Event("toy", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), instrument="ban", role="default")


def vintage(**levels):
    """One level for 42 months from 2020-01 on, or a figure each from there; 36 of them before the ban."""
    start = months.ordinal("2020-01")
    series = {"ours": OURS, "theirs": THEIRS}
    told = {series[k]: [v] * 42 if np.isscalar(v) else v for k, v in levels.items()}
    cells = {k: tuple(Cell(start + i, start + i, float(y)) for i, y in enumerate(v) if y is not None) for k, v in told.items()}
    return Vintage(dt.date(2030, 1, 1), cells, EventCalendar((BAN,)))


def effect(series, middle, estimator="toy"):
    """An effect of about `middle` kg, the 80 % interval far from zero."""
    draws = 100.0 - middle + np.random.default_rng(0).standard_normal((200, 1))
    return Effect(estimator, Design(BAN, series), "kg", ((24276, 24281),), np.array([100.0]), draws, Description(100.0, ""))


def judged(check, known, mine, siblings=None):
    return check.judge(mine, judge.Evidence(known, mine.design, siblings or {}))


def test_the_partner_s_record_of_a_flow():
    assert mirror_series(OURS) == THEIRS
    assert mirror_series(THEIRS) == OURS
    assert mirror_series("CHN.export.USA.gallium:usd") == "USA.import.CHN.gallium:usd"
    assert (
        mirror_series("CHN.export.WLD.gallium") == mirror_series("WLD.import.CHN.gallium") == mirror_series("California") == ""
    )


def test_close_legs_pass_and_distant_ones_are_two_ledgers():
    near = judged(Mirror(), vintage(ours=100, theirs=80), effect(OURS, -50))
    assert (near.outcome, near.value) == ("pass", pytest.approx(0.2))
    far = judged(Mirror(), vintage(ours=100, theirs=70), effect(OURS, -50))
    assert (far.outcome, far.value) == ("fail", pytest.approx(0.3))
    assert "two ledgers, each with its own verdict" in far.reason
    assert "difference of concept" in far.reason
    assert far.ceiling == "supported", "the basis is part of what is claimed"


@pytest.mark.parametrize(
    ("ours", "theirs", "outcome", "gap"),
    [
        (0, 100, "fail", 1.0),  # a leg that tells nothing of the trade
        (100, 0, "fail", 1.0),
        (0, 0, "pass", 0.0),
        (100, 75, "pass", 0.25),
        (75, 100, "pass", 0.25),
        (100, 74.9, "fail", 0.251),
        (0.01, 0.02, "fail", 0.5),  # grams are kilograms too
        (3, 4.02, "fail", 1.02 / 4.02),  # of the larger leg, whichever it is
    ],
)
def test_the_gap_is_a_part_of_the_larger_leg(ours, theirs, outcome, gap):
    gate = judged(Mirror(), vintage(ours=ours, theirs=theirs), effect(OURS, -50))
    assert (gate.gate, gate.outcome, gate.value, gate.threshold) == ("mirror", outcome, pytest.approx(gap), 0.25)
    assert f"{THEIRS} differs by {gap:.0%} over 36 clean months" in gate.reason


def test_the_gap_is_of_clean_months_that_both_tell():
    """20 of the 36 clean months: sums of 16 x 100 + 4 x 50 = 1800 and 20 x 80 = 1600."""
    ours = [900] * 10 + [100] * 16 + [50] * 4 + [None] * 6 + [1] * 6
    theirs = [None] * 10 + [80] * 26 + [2] * 6
    gate = judged(Mirror(), vintage(ours=ours, theirs=theirs), effect(OURS, -50))
    assert gate.value == pytest.approx(200 / 1800)
    assert "over 20 clean months" in gate.reason


def test_without_a_mirror_the_gate_is_not_run():
    assert judged(Mirror(), vintage(ours=100), effect(OURS, -50)).outcome == "not run"
    known = vintage(ours=100, theirs=90)
    for treated in ("CHN.export.WLD.gallium", (OURS, THEIRS)):
        made = judged(Mirror(), known, replace(effect(OURS, -50), design=Design(BAN, treated)))
        assert (made.gate, made.outcome) == ("mirror", "not run")
        assert "has no mirror" in made.reason
    for ours, theirs in (([100] * 42, [None] * 36 + [90] * 6), ([None] * 39 + [100] * 3, [90] * 42)):
        made = judged(Mirror(), vintage(ours=ours, theirs=theirs), effect(OURS, -50))
        assert (made.outcome, made.reason) == ("not run", f"no clean month shared with {THEIRS}")


def spread(series, middle, estimator="toy"):
    """An effect of `middle` standard deviations: draws at the quantiles of a normal distribution."""
    draws = 100.0 - middle - norm.ppf((np.arange(2001) + 0.5) / 2001)[:, None]
    return replace(effect(series, middle, estimator), counterfactual=draws)


@pytest.mark.parametrize(
    ("mine", "theirs", "outcome"),
    [
        (-1.35, 1.35, "fail"),  # the 80 % interval reaches 1.28 standard deviations
        (1.35, -1.35, "fail"),
        (-1.2, 1.35, "pass"),
        (-1.35, 1.2, "pass"),
        (-1.35, -1.35, "pass"),
    ],
)
def test_only_intervals_of_80_percent_on_opposite_sides_contradict(mine, theirs, outcome):
    known, check = vintage(ours=100, theirs=90), Mirror(consignment=("USA",))
    gate = judged(check, known, spread(OURS, mine), {"theirs": spread(THEIRS, theirs)})
    assert gate.outcome == outcome
    assert ("both 80% intervals exclude zero" in gate.reason) == (outcome == "fail")


def test_a_leg_that_was_only_described_contradicts_nothing():
    check, known = Mirror(consignment=("USA",)), vintage(ours=100, theirs=90)
    for draws in (None, np.empty((0, 1)), np.full((50, 1), 100.0)):  # the last: an effect of nothing, for sure
        described = replace(effect(THEIRS, 50), counterfactual=draws)
        assert judged(check, known, effect(OURS, -50), {"theirs": described}).outcome == "pass"
        assert (
            judged(check, known, replace(effect(OURS, -50), counterfactual=draws), {"x": effect(THEIRS, 50)}).outcome == "pass"
        )


def test_the_other_leg_is_answered_by_the_same_estimator_where_it_was():
    known, check = vintage(ours=100, theirs=90), Mirror(consignment=("USA",))
    against, along = effect(THEIRS, 50), effect(THEIRS, -50)
    for same, other, outcome in ((against, along, "fail"), (along, against, "pass")):
        legs = {"a": replace(other, estimator="another"), "b": same, "c": effect(OURS, 50)}
        assert judged(check, known, effect(OURS, -50), legs).outcome == outcome
    assert judged(check, known, effect(OURS, -50), {"a": replace(against, estimator="another")}).outcome == "fail"


def test_only_the_reporters_named_count_by_consignment():
    known, mine, other = vintage(ours=100, theirs=90), effect(OURS, -50), {"theirs": effect(THEIRS, 50)}
    assert judged(Mirror(consignment=("DEU",)), known, mine, other).outcome == "pass"
    same = judged(Mirror(consignment=("USA",)), known, mine)
    assert "concept" not in same.reason
    assert "two ledgers" not in same.reason


def test_only_the_same_concept_can_contradict():
    known, mine = vintage(ours=100, theirs=90), effect(OURS, -50)
    other = {"theirs": effect(THEIRS, +50)}
    origin = judged(Mirror(), known, mine, other)
    assert origin.ceiling == "supported"
    assert "no contradiction" in origin.reason
    found = [mine.with_verdict([origin], judge.Verdict("suggestive", "causal")), other["theirs"]]
    assert Mirror().judge_family(found)[0] == origin, "said once"
    same = judged(Mirror(consignment=("USA",)), known, mine, other)
    assert (same.outcome, same.ceiling) == ("fail", "contradicted by mirror")
    agreeing = judged(Mirror(consignment=("USA",)), known, mine, {"theirs": effect(THEIRS, -50)})
    assert agreeing.outcome == "pass"
    unsure = effect(THEIRS, 0.1)
    assert judged(Mirror(consignment=("USA",)), known, mine, {"theirs": unsure}).outcome == "pass"


def test_the_family_finds_the_other_leg():
    check, known = Mirror(consignment=("USA",)), vintage(ours=100, theirs=90)
    legs = [effect(OURS, -50), effect(THEIRS, 50)]
    legs = [e.with_verdict([judged(check, known, e)], judge.Verdict("suggestive", "causal")) for e in legs]
    assert [g.ceiling for g in check.judge_family(legs)] == ["contradicted by mirror"] * 2
    both = replace(legs[0], design=Design(BAN, (OURS, "CHN.export.USA.germanium")))
    assert [g.outcome for g in check.judge_family([both, legs[1]])] == ["pass", "pass"], "a sum of two flows has no mirror"
    alone = check.judge_family([effect(OURS, -50), legs[1]])
    assert [(g.gate, g.outcome) for g in alone] == [("mirror", "fail")] * 2, (
        "a row that looked for no mirror has its answer too"
    )
    later = replace(legs[1], design=Design(replace(BAN, id="later"), THEIRS))
    assert [g.outcome for g in check.judge_family([legs[0], later])] == ["pass", "pass"], "another event"
    touching = replace(legs[1], periods=((24281, 24290),))
    assert [g.outcome for g in check.judge_family([legs[0], touching])] == ["fail", "fail"]
    apart = replace(legs[1], periods=((24282, 24295),))
    assert [g.outcome for g in check.judge_family([legs[0], apart])] == ["pass", "pass"]
    # in a run, as shipped: imports are by origin, so the verdicts stand and the reason says why
    told = judge.apply_family_gates(
        [e.with_verdict(judge.run_gates(e, judge.Evidence(known, e.design)), e.verdict) for e in legs]
    )
    assert [e.verdict.word for e in told] == ["suggestive"] * 2
    (gate,) = [g for g in told[0].gates if g.gate == "mirror"]
    assert "difference of concept" in gate.reason
    assert gate.reason.count("another concept") == 1
    assert registry.build("check", "mirror") == Mirror()
