"""The strongest verdict that a question can reach, told before anything is estimated.

A gate that fails on the figures and the calendar alone (months before the event, months of the window without a figure, other
measures in it, values instead of quantities) fails whatever the estimate is. The rest are granted, or given the clearest effect
there could be, far from zero beside windows in which nothing moves. What may still hold the verdict down is the number of these
windows: in the question alone, and against the number of questions in a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.core.contracts import Check, Estimator, Evidence
from forecast.core.effects import Effect
from forecast.core.errors import DataError
from forecast.core.identity import identity
from forecast.core.judgement import Gate, Judgement, Placebo, Verdict
from forecast.core.questions import Design
from forecast.core.significance import SignificanceTest
from forecast.core.vintage import Vintage
from forecast.prep.baselines import observe_window
from forecast.prep.donor_pool import unestimated_effect
from forecast.study.ask import name_of
from forecast.study.effects import judge, placebo
from forecast.study.effects.shipped_gates import CheckSpec, gate_name, gates_asked, gates_left_out

WINDOW_GATES = ("placebo_time",)  # whose outcome for the clearest effect depends on the number of windows alone
FAMILY_GATES = ("multiplicity",)  # the same, over all questions of a run
CLEAR = 1e3  # the clearest effect, in units of what is observed or expected
DRAWS = 8


@dataclass(frozen=True)
class BestVerdict:
    """The strongest verdict of a question by itself, and over all questions of its run, each with what limits it."""

    word: str
    because: str = ""
    family: str = ""
    because_family: str = ""


def best_verdicts(
    asked: Sequence[tuple[Estimator, Design]],
    vintage: Vintage,
    checks: Sequence[CheckSpec] | None = None,
    placebos: int = 40,
) -> list[BestVerdict]:
    """The strongest verdict of each question by each method of a run; nothing is estimated.

    placebos : maximal number of windows without an event, as in `judge.estimate`
    """
    gates = gates_asked(checks)
    known: dict[str, tuple[Effect, list[Gate]] | BestVerdict] = {}
    for _, design in asked:
        if identity(design) not in known:
            known[identity(design)] = _limits(design, vintage, gates, gates_left_out(checks), placebos)
    clear: dict[int, Effect] = {}
    out: list[BestVerdict] = []
    for i, (method, design) in enumerate(asked):
        found = known[identity(design)]
        if isinstance(found, BestVerdict):
            out.append(found)
            continue
        effect, limits = found
        verdict = judge.verdict_of(effect, limits)
        out.append(_best_of(verdict))
        if verdict.word not in judge.WITHHOLDING_VERDICTS and not any(g.withholds and g.outcome != "pass" for g in limits):
            certain = SignificanceTest(0.0, 0.0, int(np.sign(effect.cumulative.estimate)), "the clearest effect")
            judged = replace(effect.judgement, test=certain)
            clear[i] = replace(effect, estimator=name_of(method), judgement=judged).with_verdict(limits, verdict)
    for gate in (g for g in gates if gate_name(g) in FAMILY_GATES and hasattr(g, "judge_family")):
        for i, more in zip(clear, gate.judge_family(list(clear.values())), strict=True):
            together = judge.verdict_of(clear[i], [*clear[i].gates, more])
            if together.word != out[i].word:
                out[i] = replace(out[i], family=together.word, because_family=together.because)
    return out


def _limits(
    design: Design, vintage: Vintage, gates: Sequence[Check], left_out: Sequence[Gate], placebos: int
) -> tuple[Effect, list[Gate]] | BestVerdict:
    """The clearest effect of a design, and the gates that would limit it; the verdict itself where there is no window."""
    try:
        bare = unestimated_effect("", vintage, design, observe_window(vintage, design))
        windows = placebo.placebo_windows(vintage, design, placebos)
    except DataError as error:
        return BestVerdict("not identified", error.problem)
    evidence, clear = Evidence(vintage, design), _clearest_effect(bare, [w.event_start or "" for w in windows])
    found = [gate.judge(clear if gate_name(gate) in WINDOW_GATES else bare, evidence) for gate in gates]
    settled = [one for one in found if one.outcome == "fail" or one.gate in WINDOW_GATES]
    return clear, [*settled, *left_out]


def _clearest_effect(bare: Effect, windows: Sequence[str]) -> Effect:
    """An effect far from zero in the direction asked, beside windows without an event in which nothing moves."""
    chosen, series = bare.description.chosen, "+".join(bare.design.treated)
    size = CLEAR * max(1.0, float(np.abs(bare.observed).max(initial=0.0)), abs(chosen.expected) if chosen else 0.0)
    direction = 1.0 if bare.design.estimand == "recovery" else -1.0
    spread = 1.0 + 1e-3 * np.linspace(-1.0, 1.0, DRAWS)
    made = replace(bare, counterfactual=bare.observed[None, :] - direction * size * spread[:, None])
    placebos = tuple(Placebo("time", series, start, 0.0, 0.0, 0.0) for start in windows)
    apart = replace(made, judgement=Judgement(placebos=placebos)).apart
    rank, floor = placebo.rank_p_value(CLEAR, apart)
    return replace(made, judgement=Judgement(rank_p=rank, rank_floor=floor, placebos=placebos))


def _best_of(verdict: Verdict) -> BestVerdict:
    return BestVerdict(verdict.word, "" if verdict.word == "supported" else verdict.because)
