"""Judge an effect: estimate, placebos, gates, and the strongest verdict the gates allow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from forecast.core import registry
from forecast.core.contracts import Estimator, Evidence
from forecast.core.effects import Effect, Gate, Placebo, Verdict
from forecast.core.questions import Design
from forecast.core.results import Failure
from forecast.core.vintage import Vintage
from forecast.study.ask import Memo, answer, name_of
from forecast.study.effects import placebo

VERDICTS_BY_STRENGTH = (
    "supported", "suggestive", "cannot distinguish", "descriptive", "contradicted by mirror", "not identified",
)  # fmt: skip
WITHHOLDING_VERDICTS = ("descriptive", "not identified")
FIRST_GATES = ("identified", "length", "data_state")  # gates run first; the others follow in alphabetical order


def estimate(
    method: Estimator,
    vintage: Vintage,
    design: Design,
    seed: int = 0,
    *,
    siblings: Mapping[str, Effect] | None = None,
    memo: Memo | None = None,
    placebos: int = 40,
) -> Effect | Failure:
    """The effect of a design with its verdict, or a Failure.

    placebos : maximal number of placebo windows, evenly thinned. No placebo is run if the first gates withhold the estimate.
    """
    memo = {} if memo is None else memo
    made = answer(method, vintage, design, seed, memo)
    if isinstance(made, Failure):
        return made
    if not isinstance(made, Effect):
        raise TypeError(f"{name_of(method)} is no estimator")
    evidence = Evidence(vintage, design, siblings or {})
    early = run_gates(made, evidence)
    if made.counterfactual is None or _is_withheld(made, early, verdict_of(made, early)):
        return apply_verdict(made, early)
    found, findings = placebo.placebos_in_time(method, vintage, design, seed, memo, most=placebos)
    made = add_placebos(made, found)
    notes = tuple(f.text for f in findings)
    if notes and made.used:
        made = replace(made, used=(replace(made.used[0], notes=(*made.used[0].notes, *notes)), *made.used[1:]))
    return apply_verdict(made, run_gates(made, evidence))


def add_placebos(effect: Effect, found: Sequence[Placebo]) -> Effect:
    """The effect with its placebos, p-value, minimum detectable effect, and an interval at least as wide as their spread."""
    sizes = [p.cumulative for p in found]
    every = (*effect.placebos, *found)  # an estimator may have run placebos in space itself
    own = math.isfinite(effect.p_value)  # its own test has precedence; the gate uses the placebo windows in time
    p, floor = (effect.p_value, effect.p_floor) if own else placebo.p_value(replace(effect, placebos=every))
    wide = placebo.widen_interval(effect, sizes)
    return replace(wide, placebos=every, p_value=p, p_floor=floor, mde80=placebo.minimum_detectable_effect(effect, sizes))


def run_gates(effect: Effect, evidence: Evidence) -> list[Gate]:
    """The gate of every registered check, `FIRST_GATES` first; its reason speaks of the panel's own steps."""
    names = registry.names("check")
    order = [n for n in FIRST_GATES if n in names] + [n for n in names if n not in FIRST_GATES]
    found = [registry.build("check", name).judge(effect, evidence) for name in order]
    return [replace(gate, reason=evidence.vintage.steps.words(gate.reason)) for gate in found]


def verdict_of(effect: Effect, found: Sequence[Gate]) -> Verdict:
    """The strongest verdict that all gates allow, and the reasons of the gates that limit it."""
    word = max((gate.ceiling for gate in found), key=VERDICTS_BY_STRENGTH.index, default="supported")
    if effect.counterfactual is None and VERDICTS_BY_STRENGTH.index(word) < VERDICTS_BY_STRENGTH.index("descriptive"):
        word = "descriptive"
    if word == "supported":
        limits = "; ".join(gate.reason for gate in found if gate.outcome == "fail")
        return Verdict(word, _interpretation(effect, found, word), limits or "every gate passed")
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


def _is_withheld(effect: Effect, found: Sequence[Gate], verdict: Verdict) -> bool:
    """Whether the estimate is withheld; on a plain panel it is always shown with its verdict, for the reader to weigh."""
    if effect.design.basis == "panel":
        return False
    return verdict.word in WITHHOLDING_VERDICTS or any(gate.withholds and gate.outcome != "pass" for gate in found)


def apply_verdict(effect: Effect, found: Sequence[Gate]) -> Effect:
    """The effect with its verdict; a withheld estimate and its coefficients are removed, the description is kept."""
    verdict = verdict_of(effect, found)
    if _is_withheld(effect, found, verdict):
        effect = replace(
            effect, counterfactual=None, point=None, p_value=math.nan, p_floor=math.nan, mde80=math.nan, parameters=(),
            loglike=math.nan, anticipation=None, parts={},
        )  # fmt: skip
    return effect.with_verdict(found, verdict)


def apply_family_gates(effects: Sequence[Effect]) -> list[Effect]:
    """Apply the family-wide gates once all effects of a run are known: checks with `judge_family(effects) -> [Gate]`.

    They can only weaken a verdict. Each gate replaces the one the same check gave to the effect alone.
    """
    out = list(effects)
    for name in registry.names("check"):
        check = registry.build("check", name)
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
