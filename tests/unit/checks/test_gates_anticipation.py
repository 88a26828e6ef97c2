"""The anticipation gate and the ledger behind it: stockpile A, after P, net A + P from one draw matrix."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from forecast.core import registry
from forecast.core.contrast import Contrast
from forecast.core.effects import Description, Effect
from forecast.core.events import Event
from forecast.core.questions import Design
from forecast.study.ask import answer
from forecast.study.effects import judge, placebo

SERIES = "CHN.export.WLD.re_magnets"
EARLY = Event(
    "toy", "", dt.date(2022, 9, 1), dt.date(2023, 1, 1), products=("re_magnets",), instrument="ban", role="default",
    anticipation_from=dt.date(2022, 9, 1),
)  # fmt: skip
SUDDEN = replace(EARLY, announced=dt.date(2023, 1, 1), anticipation_from=None)


def planted(seed=0, early=1.6, after=0.05, count=66):
    """66 months from 2018-01; the four before 2023 changed by `early`, six from then on by `after`."""
    rng = np.random.default_rng(seed)
    base = 100 * np.exp(0.12 * rng.standard_normal(count) + np.cumsum(0.01 * rng.standard_normal(count)))
    y = base.copy()
    y[56:60] *= early
    y[60:] *= after
    return y, float((y - base)[56:60].sum()), float((y - base)[60:].sum())


def estimated(known, design, seed=0, model="structural"):
    return answer(registry.build("estimator", {"use": "counterfactual", "model": model}), known, design, seed)


def test_a_planted_stockpile_is_recovered(vintage_of):
    held = []
    for seed in range(30):
        y, before, after = planted(seed)
        made = estimated(vintage_of(y, first="2018-01", series=SERIES, events=[EARLY]), Design(EARLY, SERIES, draws=500), seed)
        truths = (made.anticipation, before), (made.cumulative, after), (made.net, before + after)
        held.append([lo <= truth <= hi for part, truth in truths for lo, hi in [part.interval(0.9)]])
    assert (np.mean(held, axis=0) >= 0.8).all(), np.mean(held, axis=0)


def test_the_ledger_adds_up_draw_by_draw(vintage_of):
    y, _, _ = planted()
    made = estimated(vintage_of(y, first="2018-01", series=SERIES, events=[EARLY]), Design(EARLY, SERIES, draws=300))
    assert made.net.draws == pytest.approx(made.anticipation.draws + made.cumulative.draws)
    assert made.net.estimate == pytest.approx(made.anticipation.estimate + made.cumulative.estimate)
    # one path runs through both: what a draw expects before it also expects after
    assert np.corrcoef(made.anticipation.draws, made.cumulative.draws)[0, 1] > 0.1
    for measure, part in (("anticipation", made.anticipation), ("net", made.net), ("cumulative", made.cumulative)):
        assert made.summary(measure).estimate == part.estimate


def test_the_stockpile_does_not_raise_the_counterfactual(vintage_of):
    y, _, _ = planted(early=3.0)
    flat, _, _ = planted(early=1.0)
    one, two = (
        estimated(vintage_of(v, first="2018-01", series=SERIES, events=[EARLY]), Design(EARLY, SERIES, draws=300))
        for v in (y, flat)
    )
    assert np.array_equal(one.counterfactual, two.counterfactual)


def test_no_ledger_where_nothing_was_announced_or_the_window_begins_later(vintage_of):
    y, _, _ = planted()
    known = vintage_of(y, first="2018-01", series=SERIES, events=[SUDDEN])
    assert estimated(known, Design(SUDDEN, SERIES, draws=100)).anticipation is None
    known = vintage_of(y, first="2018-01", series=SERIES, events=[EARLY])
    assert estimated(known, Design(EARLY, SERIES, start="2023-03", draws=100)).anticipation is None
    inside = estimated(known, Design(EARLY, SERIES, start="2022-09", stop="2023-06", measure="net", draws=100))
    assert inside.anticipation is None
    assert inside.summary().estimate == inside.cumulative.estimate


def test_an_unknown_month_of_anticipation_leaves_no_ledger(vintage_of):
    y, _, _ = planted()
    values = [None if i == 57 else v for i, v in enumerate(y)]
    made = estimated(vintage_of(values, first="2018-01", series=SERIES, events=[EARLY]), Design(EARLY, SERIES, draws=100))
    assert made.anticipation is None
    assert made.counterfactual is not None


@pytest.fixture
def gate(vintage_of):
    def judged(values, event=EARLY, **changes):
        known = vintage_of(values, first="2018-01", series=SERIES, events=[event])
        design = Design(event, SERIES, **({"stop": "2023-06", "draws": 400} | changes))
        made = estimated(known, design)
        return registry.build("check", "anticipation").judge(made, judge.Evidence(known, design))

    return judged


def test_the_gate_prints_gross_stockpile_and_net(gate):
    made = gate(planted()[0])
    assert made.outcome == "pass"
    assert made.reason.startswith("anticipation present")
    assert all(word in made.reason for word in ("A = ", "2022-09/2022-12", "P = ", "net "))
    assert made.value > 0.2
    assert gate(planted(early=1.0)[0]).reason.startswith("no anticipation visible")
    assert "no month between" in gate(planted()[0], SUDDEN).reason


def test_a_naive_fit_through_the_stockpile_is_withheld(gate):
    made = gate(planted()[0], anticipation=0)
    assert (made.outcome, made.ceiling, made.withholds) == ("fail", "descriptive", True)
    assert made.value > made.threshold
    quiet = gate(planted(early=1.0)[0], anticipation=0)
    assert quiet.outcome == "pass"
    assert "does not stand out" in quiet.reason


def test_a_withheld_effect_keeps_no_ledger():
    design = Design(EARLY, SERIES)
    early = Contrast(((-1, -1),), np.ones(1), np.zeros((5, 1)))
    made = Effect("toy", design, "kg", ((0, 0),), np.ones(1), np.ones((5, 1)), Description(1.0, ""), early=early)
    assert made.anticipation.estimate == 1
    gone = judge.apply_verdict(made, [judge.Gate("a", "fail", cap="descriptive")])
    assert gone.anticipation is None


def test_placebos_stretch_the_ledger_with_the_effect():
    draws = 100 + np.random.default_rng(0).standard_normal((2000, 1))
    made = Effect(
        "toy", Design(EARLY, SERIES), "kg", ((0, 0),), np.array([50.0]), draws, Description(1.0, ""),
        early=Contrast(((-1, -1),), np.array([50.0]), draws),
    )  # fmt: skip
    wide = placebo.stretch_interval(made, 2.0, False)
    assert wide.anticipation.se == pytest.approx(2 * made.anticipation.se)
    assert wide.anticipation.estimate == pytest.approx(made.anticipation.estimate)
    assert wide.cumulative.se == pytest.approx(2 * made.cumulative.se)
