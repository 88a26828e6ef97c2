"""Clean months: how many more `clean_from` would count, where too few before the measures leave a description."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.core.ledger import LedgerQuestion, Leg
from forecast.core.plurals import pluralize
from forecast.core.questions import replace_design
from forecast.core.vintage import Vintage
from forecast.prep.pre_period import clean_pre_period
from forecast.study.ledger.leg_plan import LegPlan
from forecast.study.ledger.legs import design_of


def what_an_interval_would_take(
    question: LedgerQuestion, plans: Sequence[LegPlan], legs: Sequence[Leg], vintage: Vintage
) -> str:
    """The `clean_from` that counts more months of the described flows, and how many; "" where none does, or one is given."""
    designs = [
        design_of(question, plan, vintage)
        for plan, leg in zip(plans, legs, strict=True)
        if leg.state == "described" and len(vintage.observed(plan.series).months)
    ]
    if question.clean_from or not designs:
        return ""
    label = vintage.steps.label(max(vintage.observed(design.treated[0]).first for design in designs))
    now = min(clean_pre_period(vintage, design).count for design in designs)
    then = min(clean_pre_period(vintage, replace_design(design, clean_from=label)).count for design in designs)
    if then <= now:
        return ""
    number = f"only {pluralize(now, 'month')}" if now else "no month"
    known = f"{number} before the measure {'are' if now > 1 else 'is'} known of every flow that no other measure touches"
    return f'{known}, too few for an interval: clean_from = "{label}" counts {then}, months after other measures among them'
