"""Holm over the headline rows read as causal, Benjamini and Hochberg over all."""

import datetime as dt
import math

import numpy as np
import pytest

from forecast.checks.multiplicity import Multiplicity, headline_rows
from forecast.core.effects import Description, Effect
from forecast.core.events import Event
from forecast.core.judgement import Gate, Judgement, Verdict
from forecast.core.questions import Design
from forecast.core.significance import SignificanceTest
from forecast.kernels.holm_romano_wolf import benjamini_hochberg, holm
from forecast.study.effects import judge

BAN = Event("toy", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), instrument="ban", role="default")


def effect(p, series="USA.import.CHN.gallium", floor=0.01, word="supported", reading="causal", estimator="a"):
    made = Effect(
        estimator, Design(BAN, series), "kg", ((0, 0),), np.array([50.0]), np.full((10, 1), 100.0), Description(1.0, ""),
        judgement=Judgement(SignificanceTest(p, floor, -1, "log")),
    )  # fmt: skip
    return made.with_verdict([Gate("multiplicity", "not run", reason="alone")], Verdict(word, reading))


def goods(*p, **rest):
    return [effect(x, f"USA.import.CHN.good_{i}", **rest) for i, x in enumerate(p)]


def test_adjusted_p_values_are_those_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(0).random(15) ** 2
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])
    assert holm([]) == benjamini_hochberg([]) == []


def test_the_first_answer_to_a_question_is_its_headline():
    rows = [effect(0.1), effect(0.2, estimator="b"), effect(0.3, "USA.import.CHN.germanium")]
    assert headline_rows(rows) == [0, 2]


def test_many_questions_cost_a_claim():
    gates = Multiplicity().judge_family(goods(0.02, 0.5, 0.6, 0.7, 0.8, 0.9))
    assert gates[0].value == pytest.approx(0.12)
    assert (gates[0].outcome, gates[0].ceiling) == ("fail", "suggestive")
    assert "Holm, floor 0.060" in gates[0].reason
    alone = Multiplicity().judge_family(goods(0.02))
    assert (alone[0].outcome, alone[0].value) == ("pass", pytest.approx(0.02))


def test_every_headline_row_tested_counts_for_holm_whatever_its_reading():
    again = effect(0.9, "USA.import.CHN.good_0", estimator="b")
    rows = [*goods(0.02, 0.03), again, *(effect(0.9, f"USA.import.CHN.other_{i}", reading="relative") for i in range(2))]
    gates = Multiplicity().judge_family(rows)
    assert gates[0].value == pytest.approx(4 * 0.02)
    assert "4 headline rows" in gates[0].reason
    assert gates[2].value == pytest.approx(0.9)
    assert gates[2].reason.startswith("q = 0.900 over 5 p-values"), "the second answer to a question is none of them"


def test_a_floor_too_high_for_the_family_is_named():
    gates = Multiplicity().judge_family(goods(0.05, 0.05, 0.05, floor=0.05))
    assert gates[0].value == pytest.approx(0.15)
    assert "Holm, floor 0.150" in gates[0].reason


def test_rows_without_a_p_value_are_left_alone():
    gates = Multiplicity().judge_family([effect(math.nan), *goods(0.01)])
    assert gates[0].outcome == "not run"
    assert gates[1].value == pytest.approx(0.01)


def test_the_family_weakens_and_never_strengthens():
    told = judge.apply_family_gates(goods(0.02, 0.5, 0.6, 0.7, 0.8, 0.9))
    assert told[0].verdict.word == "suggestive"
    assert "Holm" in told[0].verdict.because
    assert [g.gate for g in told[0].gates].count("multiplicity") == 1
    weak = judge.apply_family_gates(goods(0.001, word="cannot distinguish"))
    assert weak[0].verdict.word == "cannot distinguish"


def test_a_withheld_row_keeps_its_word():
    """Its estimate is gone, so it cannot be judged anew from the draws."""
    from dataclasses import replace

    gone = replace(effect(math.nan, word="cannot distinguish", reading="descriptive"), counterfactual=None)
    (told,) = judge.apply_family_gates([gone])
    assert told.verdict == gone.verdict
