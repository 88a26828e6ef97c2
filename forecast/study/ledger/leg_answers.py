"""What the events changed in each leg: by the estimator of the question, else by a description that all legs share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.fetch_commands import what_would_fill
from forecast.core.ledger import REST, LedgerQuestion, Leg, State
from forecast.core.plurals import pluralize
from forecast.core.vintage import Vintage
from forecast.prep.baselines import describe
from forecast.prep.pre_period import clean_pre_period
from forecast.prep.spans_and_gaps import window_total
from forecast.study.ask import Memo, answer_many, estimator_from, rng_of
from forecast.study.effects.judge import run_gates
from forecast.study.effects.significance import claim_history, empty_months, no_effect_test
from forecast.study.ledger.leg_plan import LegPlan
from forecast.study.ledger.legs import design_of, what_would_fill_rest

GATES = ("identified", "length")  # on the figures before the event; the others ask about one effect alone
FEWEST_MONTHS, FEWEST_TRADED = 24, 3  # before the event, of a flow that hardly traded; with more trade it has a model
TESTED = ("path", "I")  # the two flows of a route
OUTWARD = ("D", "path", "ahead")  # legs that need not add up with the others: a sum of other months may stand for them


@dataclass(frozen=True)
class Months:
    """The months of a comparison: what they are called, and whether the figure is one of a longer sum."""

    mean: float
    note: str = ""


def estimated_legs(
    question: LedgerQuestion, plans: Sequence[LegPlan], vintage: Vintage, factor: float, seed: int = 0, memo: Memo | None = None
) -> list[Leg]:
    """The legs as estimated; "described", without a value, where the estimator cannot tell but there are figures.

    factor : by which every figure is multiplied (content of the element)
    """
    memo = {} if memo is None else memo
    method = estimator_from(question.estimator)
    asked = [plan for plan in plans if plan.series]
    designs = {plan: design_of(question, _whole(plan, plans), vintage) for plan in asked}
    answers = dict(zip(asked, answer_many(method, [(designs[plan], vintage) for plan in asked], seed, memo), strict=True))
    return [_estimated_leg(question, plan, answers.get(plan), vintage, factor) for plan in plans]


def _whole(plan: LegPlan, plans: Sequence[LegPlan]) -> LegPlan:
    """The plan that is fitted: for the months ahead the whole path that holds them, so that both come from the same draws."""
    if plan.role != "ahead":
        return plan
    return next(one for one in plans if one.role == "path" and one.country == plan.country)


def _estimated_leg(question: LedgerQuestion, plan: LegPlan, made: Any, vintage: Vintage, factor: float) -> Leg:
    bare = _bare_leg(question, plan, vintage)
    if isinstance(made, Effect) and bare.known:
        made, note = _of_hardly_any_trade(made, vintage) if made.counterfactual is None else _unless_withheld(made, vintage)
        bare = replace(bare, note="; ".join(filter(None, (bare.note, note))))
    if not bare.known or not isinstance(made, Effect) or made.counterfactual is None or made.description.unknown:
        return bare
    inside = [i for i, (first, last) in enumerate(made.periods) if plan.first <= first and last <= plan.last]
    if not inside or sum(b - a + 1 for a, b in (made.periods[i] for i in inside)) != bare.months:
        return bare
    draws = factor * made.draws[:, inside].sum(axis=1)
    if not np.isfinite(draws).all():
        return bare
    whole = len(inside) == len(made.periods)
    value = factor * made.cumulative.estimate if whole else float(np.median(draws))
    p = _p_of_rise(made, vintage) if plan.role in TESTED else math.nan
    return replace(bare, state="estimated", value=value, draws=draws, p_value=p, effect=made)


def _unless_withheld(made: Effect, vintage: Vintage) -> tuple[Effect, str]:
    """An effect without its estimate, and why, where the gates on its history withhold that."""
    found = run_gates(made, Evidence(vintage, made.design), GATES)
    reasons = [gate.reason for gate in found if gate.gate in GATES and gate.withholds and gate.outcome != "pass"]
    return (replace(made, counterfactual=None), "; ".join(reasons)) if reasons else (made, "")


def _of_hardly_any_trade(made: Effect, vintage: Vintage) -> tuple[Effect, str]:
    """An effect on a flow with too little trade before for any model: its clean months, drawn anew, are what was expected."""
    before = clean_pre_period(vintage, made.design)
    traded = _months_with_trade(made, vintage)
    if before.count < FEWEST_MONTHS or traded >= FEWEST_TRADED or before.spans or not vintage.nonnegative:
        return made, ""
    rng = rng_of(0, estimator_from(made.estimator), made.design)
    months = [last - first + 1 for first, last in made.periods]
    drawn = np.stack([rng.choice(before.values, (made.design.draws, n)).sum(axis=1) for n in months], axis=1)
    point = float(made.observed.sum() - before.values.mean() * sum(months))
    note = f"trade in {traded} of {before.count} months before, drawn anew as what was expected"
    return replace(made, counterfactual=drawn, point=point), note


def _months_with_trade(made: Effect, vintage: Vintage) -> int:
    return int((clean_pre_period(vintage, made.design).values > 0).sum())


def _p_of_rise(made: Effect, vintage: Vintage) -> float:
    """One-sided p-value of no rise, from the package's test of no effect; of the draws where that has none."""
    if _months_with_trade(made, vintage) < FEWEST_TRADED:  # too few amounts: whether there was trade is all that counts
        counted = empty_months(made.contrast(), claim_history(made, vintage))
        return 1.0 if counted is None else counted.fewer
    test = no_effect_test(made, vintage)
    if math.isfinite(test.p):
        return test.p / 2 if test.direction > 0 else 1.0 - test.p / 2
    draws = made.cumulative.draws
    return float((1 + (draws <= 0).sum()) / (1 + len(draws)))


def _bare_leg(question: LedgerQuestion, plan: LegPlan, vintage: Vintage) -> Leg:
    """A leg without a value: "described" where every month of it is known, else "no data" and what is missing."""
    label = vintage.steps.label
    leg = Leg(
        plan.role, plan.country, plan.series, plan.mirror, label(plan.first), label(plan.last), plan.last - plan.first + 1,
        wanted=plan.wanted, note=plan.note,
    )  # fmt: skip
    if plan.country == REST:
        leg = replace(leg, wanted=what_would_fill_rest(question, plan, vintage))
    if not plan.series:
        return leg
    known = math.isfinite(window_total(vintage.observed(plan.series), plan.first, plan.last))
    if known or (plan.role in OUTWARD and vintage.observed(plan.series).spans):
        return replace(leg, state="described", wanted="")
    if plan.country == REST:
        return leg
    wanted = f"{what_would_fill(plan.series)}, {vintage.steps.period(plan.first, plan.last)}"
    return replace(leg, wanted=wanted)


def described_legs(
    question: LedgerQuestion, plans: Sequence[LegPlan], legs: Sequence[Leg], vintage: Vintage, factor: float
) -> tuple[list[Leg], str]:
    """The legs as differences of monthly means times the months of each, all against one baseline; its name.

    The baseline is the first of the design's that every leg with data knows. A leg from the exporter to a third country, whose
    figures are sums of other months, is the difference of the means of those sums; its note tells their months.
    """
    texts = {
        plan: describe(vintage, design_of(question, plan, vintage))
        for plan, leg in zip(plans, legs, strict=True)
        if leg.known and math.isfinite(window_total(vintage.observed(plan.series), plan.first, plan.last))
    }
    names = [[c.baseline for c in text.compared] for plan, text in texts.items() if plan.role not in OUTWARD]
    chosen = next((name for name in (names or [[]])[0] if all(name in own for own in names)), "")
    made = []
    for plan, leg in zip(plans, legs, strict=True):
        found = {c.baseline: c.difference for c in texts[plan].compared} if plan in texts else {}
        if not leg.known:
            made.append(leg)
        elif chosen in found:
            note = f"{leg.note}; {_other_baselines(found, chosen)}".strip("; ") if plan.role in ("L_X", "L_M") else leg.note
            made.append(_with(leg, "described", factor * found[chosen], note))
        elif plan.role in OUTWARD and (told := _means_of_sums(question, plan, vintage)):
            made.append(_with(leg, "described", factor * told.mean * leg.months, f"{leg.note}; {told.note}".strip("; ")))
        else:
            before = f", and {question.baseline[0]} to {question.baseline[1]}" if question.baseline else ", and months before"
            wanted = f"{what_would_fill(plan.series)}, {leg.months_from} to {leg.months_to}{before}"
            made.append(replace(_with(leg, "no data", math.nan, leg.note), wanted=wanted))
    return made, chosen


def _other_baselines(found: Mapping[str, float], chosen: str) -> str:
    """How large the change is against each other baseline that its own figures know, as a multiple; empty where none is."""
    others = [name for name in found if name != chosen]
    if not others or not found[chosen]:
        return ""
    return "against " + ", ".join(f"{name} {found[name] / found[chosen]:.2f} times this change" for name in others)


def _with(leg: Leg, state: State, value: float, note: str) -> Leg:
    return replace(leg, state=state, value=value, draws=None, p_value=math.nan, note=note, effect=None)


def _means_of_sums(question: LedgerQuestion, plan: LegPlan, vintage: Vintage) -> Months | None:
    """Difference of monthly means between the sum that shares most months with the leg, and one before the events."""
    seen, steps = vintage.observed(plan.series), vintage.steps
    begin = min(steps.of(e.effective or e.announced) for e in question.events)
    sums = [(c.first, c.last, c.value) for c in seen.spans if c.status not in ("missing", "suppressed")]
    after = max((s for s in sums if s[1] >= begin), key=lambda s: _months_shared(s, plan.first, plan.last), default=None)
    lo, hi = (steps.ordinal(m) for m in question.baseline) if question.baseline else (begin - 12, begin - 1)
    before = max((s for s in sums if s[1] < begin), key=lambda s: _months_shared(s, lo, hi), default=None)
    if after is None or before is None or not _months_shared(after, plan.first, plan.last):
        return None
    mean = [total / (last - first + 1) for first, last, total in (before, after)]
    shared = _months_shared(after, plan.first, plan.last)
    note = (
        f"means of {steps.period(*after[:2])} and {steps.period(*before[:2])}; the first shares {shared} of "
        f"{pluralize(plan.last - plan.first + 1, 'month')} with {steps.period(plan.first, plan.last)}"
    )
    return Months(mean[1] - mean[0], note)


def _months_shared(figures: tuple[int, int, float], first: int, last: int) -> int:
    return max(min(figures[1], last) - max(figures[0], first) + 1, 0)
