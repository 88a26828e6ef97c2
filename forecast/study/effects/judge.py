"""Judge an effect: estimate, placebos, gates, and the strongest verdict the gates allow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from forecast.core.contracts import Answer, Estimator, Evidence
from forecast.core.effects import Effect
from forecast.core.errors import NotIdentifiedError
from forecast.core.judgement import Gate, Judgement, Placebo, Verdict
from forecast.core.questions import Design, replace_design
from forecast.core.results import Failure
from forecast.core.significance import SignificanceTest
from forecast.core.vintage import Vintage
from forecast.prep.spikes import spikes_before
from forecast.study.ask import Memo, answer, name_of
from forecast.study.effects import placebo
from forecast.study.effects.shipped_gates import CheckSpec, gates_asked, gates_left_out
from forecast.study.effects.significance import detectable_effect, no_effect_test

VERDICTS_BY_STRENGTH = (
    "supported", "suggestive", "cannot distinguish", "no material effect", "descriptive", "contradicted by mirror",
    "not identified",
)  # fmt: skip
WITHHOLDING_VERDICTS = ("descriptive", "not identified")
LEVELS = ("significance", "materiality", "sign")  # gates that grade the evidence; the others judge the design


def estimate(
    method: Estimator,
    vintage: Vintage,
    design: Design,
    seed: int = 0,
    *,
    siblings: Mapping[str, Effect] | None = None,
    memo: Memo | None = None,
    placebos: int = 40,
    checks: Sequence[CheckSpec] | None = None,
) -> Effect | Failure:
    """The effect of a design with its verdict, or a Failure.

    placebos : maximal number of placebo windows, evenly thinned. No placebo is run if the first gates withhold the estimate.
    checks : the gates that judge, instead of the shipped ones
    """
    memo = {} if memo is None else memo
    made = answer(method, vintage, design, seed, memo)
    if isinstance(made, Failure):
        return made
    if not isinstance(made, Effect):
        raise TypeError(f"{name_of(method)} is no estimator")
    evidence = Evidence(vintage, design, siblings or {})
    try:
        made.contrast()
        _require_months_asked(made, vintage)
    except NotIdentifiedError as error:
        bare = replace(made, counterfactual=None, point=None, early=None, parts={}, parameters=(), loglike=math.nan)
        reason = Gate("identified", "fail", reason=error.problem, cap="not identified", withholds=True)
        return apply_verdict(bare, [reason, *(gate for gate in run_gates(bare, evidence, checks) if gate.gate != "identified")])
    early = run_gates(made, evidence, checks)
    if made.counterfactual is None or _is_withheld(made, early):
        return apply_verdict(made, early)
    falling = made.contrast().difference.estimate < 0
    found, findings = placebo.placebos_in_time(method, vintage, design, seed, memo, placebos, falling=falling)
    notes = tuple(f.text for f in findings)
    if notes and made.used:
        made = replace(made, used=(replace(made.used[0], notes=(*made.used[0].notes, *notes)), *made.used[1:]))
    kept = None
    if not falling and any(len(spikes_before(vintage, design, s)) for s in design.treated):
        kept = answer(method, vintage, replace_design(design, keep_spikes=True), seed, memo)
    made = weigh(made, vintage, found, kept)
    return apply_verdict(made, run_gates(made, evidence, checks))


def _require_months_asked(effect: Effect, vintage: Vintage) -> None:
    """A question on months before the start needs them in its window or its measure; else it would be answered with others."""
    design, window = effect.design, effect.design.window(vintage)
    if effect.counterfactual is None or window.first < window.start or window.hole >= window.start or effect.early is not None:
        return
    if design.measure == "net" or (design.estimand == "anticipation" and design.measure == "cumulative"):
        asked = "some of the months asked lie before the measure took effect"
        problem = f"{asked}, and the method '{effect.estimator}' estimates none of these"
        raise NotIdentifiedError(problem, where=design.event_ids, hint="counterfactual or regression, or an earlier window")


def weigh(effect: Effect, vintage: Vintage, found: Sequence[Placebo], kept: Answer | None = None) -> Effect:
    """The effect with its test, placebos, detectable effect and margin, and its intervals calibrated by the placebos.

    kept : the answer with old spikes left in the fit; a rise must pass that test too
    """
    every = (*effect.own_placebos, *found)
    bare = replace(effect, judgement=Judgement(placebos=every))
    apart = [p for p in bare.apart if math.isfinite(p.z)]
    factor = placebo.interval_calibration(every, len(apart))
    test = no_effect_test(effect, vintage, factor)
    if isinstance(kept, Effect) and kept.counterfactual is not None:
        test = max(test, no_effect_test(kept, vintage, factor), key=lambda one: one.p)
    elif kept is not None:
        test = SignificanceTest()
    rank, rank_floor = placebo.rank_p_value(no_effect_test(replace(effect, own_p=math.nan), vintage).z, apart)
    judgement = Judgement(
        test, rank, rank_floor, detectable_effect(effect, vintage, factor), math.nan, factor, every
    )  # fmt: skip
    made = replace(placebo.stretch_interval(effect, factor, vintage.nonnegative), judgement=judgement)
    return replace(made, judgement=replace(judgement, margin=smallest_margin(made)))


def smallest_margin(effect: Effect) -> float:
    """The larger bound of the 90 % interval as a share of the counterfactual (two one-sided tests at 5 %).

    Schuirmann (1987, J. Pharmacokinet. Biopharm. 15:657): an effect is shown to lie within a margin where both bounds do.
    """
    contrast = effect.contrast()
    low, high = contrast.relative.interval(0.9)
    return max(abs(low), abs(high)) if math.isfinite(low) else math.inf


def run_gates(effect: Effect, evidence: Evidence, checks: Sequence[CheckSpec] | None = None) -> list[Gate]:
    """The outcomes of the gates asked, by default the shipped ones, in the panel's own steps; those left out stand last."""
    found = [gate.judge(effect, evidence) for gate in gates_asked(checks)]
    return [replace(gate, reason=evidence.vintage.steps.words(gate.reason)) for gate in found] + gates_left_out(checks)


def verdict_of(effect: Effect, found: Sequence[Gate]) -> Verdict:
    """The strongest verdict that all gates allow, and the reasons of the gates that limit it."""
    word = max((gate.ceiling for gate in found), key=VERDICTS_BY_STRENGTH.index, default="supported")
    if word == "no material effect" and any(g.ceiling == "cannot distinguish" and g.gate not in LEVELS for g in found):
        word = "cannot distinguish"
    if effect.counterfactual is None and VERDICTS_BY_STRENGTH.index(word) < VERDICTS_BY_STRENGTH.index("descriptive"):
        word = "descriptive"
    if word == "supported":
        limits = "; ".join(gate.reason for gate in found if gate.outcome == "fail")
        return Verdict(word, _interpretation(effect, found, word), limits or "every required gate passed")
    holding = [gate for gate in found if gate.ceiling == word and gate.outcome != "pass"]
    reasons = [gate.reason for gate in holding if gate.outcome == "fail"] or [gate.reason for gate in holding]
    if effect.counterfactual is None and not any(gate.outcome == "fail" for gate in holding):
        reasons = [note for used in effect.used for note in used.notes] or reasons
    return Verdict(word, _interpretation(effect, found, word), "; ".join(dict.fromkeys(reasons)))


def _interpretation(effect: Effect, found: Sequence[Gate], word: str) -> str:
    """How the verdict may be read: only an effect of one event that the gate `separable` tells from others is causal.

    A joint effect, of the design's events or of others in the window, is relative, and so is a share.
    """
    if word == "not identified":
        return "none"
    if word == "descriptive" or effect.counterfactual is None or any(g.withholds and g.outcome != "pass" for g in found):
        return "descriptive"
    alone = any(gate.gate == "separable" and gate.outcome == "pass" for gate in found)
    joint = not alone or len(effect.design.events) > 1 or effect.design.estimand in ("share", "relative")
    return "relative" if joint or effect.reads == "relative" else "causal"


def _is_withheld(effect: Effect, found: Sequence[Gate]) -> bool:
    """Whether the estimate is withheld; on a plain panel it is always shown with its verdict, for the reader to weigh."""
    if effect.design.basis == "panel":
        return False
    return any((gate.withholds or gate.ceiling in WITHHOLDING_VERDICTS) and gate.outcome != "pass" for gate in found)


def apply_verdict(effect: Effect, found: Sequence[Gate]) -> Effect:
    """The effect with its verdict; a withheld estimate and its coefficients are removed, the description is kept."""
    verdict = verdict_of(effect, found)
    if _is_withheld(effect, found):
        effect = replace(
            effect, counterfactual=None, point=None, own_p=math.nan, own_floor=math.nan, parameters=(), loglike=math.nan,
            early=None, parts={}, judgement=Judgement(placebos=effect.placebos),
        )  # fmt: skip
    return effect.with_verdict(found, verdict)


def apply_family_gates(effects: Sequence[Effect], checks: Sequence[CheckSpec] | None = None) -> list[Effect]:
    """Apply the family-wide gates once all effects of a run are known: checks with `judge_family(effects) -> [Gate]`.

    They can only weaken a verdict. Each gate replaces the one the same check gave to the effect alone.
    """
    out = list(effects)
    for check in gates_asked(checks):
        if hasattr(check, "judge_family"):
            more = check.judge_family(out)
            out = [_add_gate(e, gate) for e, gate in zip(out, more, strict=True)]
    return out


def _add_gate(effect: Effect, gate: Gate) -> Effect:
    """The effect after one more gate; a verdict already as weak is kept, because its estimate may have been withheld."""
    names = [old.gate for old in effect.gates]
    found = [gate if old.gate == gate.gate else old for old in effect.gates] + ([] if gate.gate in names else [gate])
    verdict = effect.verdict
    if verdict is None or VERDICTS_BY_STRENGTH.index(gate.ceiling) > VERDICTS_BY_STRENGTH.index(verdict.word):
        return apply_verdict(effect, found)
    if gate.outcome == "fail" and gate.ceiling == verdict.word and gate.reason not in verdict.because:
        verdict = replace(verdict, because=f"{verdict.because}; {gate.reason}")
    return effect.with_verdict(found, verdict)
