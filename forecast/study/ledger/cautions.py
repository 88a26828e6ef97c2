"""Cautions: what else happened to the flows of a ledger, months after the measure ended, a measure aimed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.core.event_scope import scope_is_unknown
from forecast.core.ledger import LedgerQuestion
from forecast.core.measures_in_window import other_measures
from forecast.core.plurals import pluralize
from forecast.core.series import countries
from forecast.core.vintage import Vintage
from forecast.study.ledger.leg_plan import LegPlan
from forecast.study.ledger.legs import design_of
from forecast.study.ledger.months_asked import told_as_too_early


def cautions_of(question: LedgerQuestion, plans: Sequence[LegPlan], vintage: Vintage) -> list[str]:
    """Remarks on the loss, each once: the flow between the two sides, by both records, in the months accounted for."""
    told: list[str] = []
    sides = [plan for plan in plans if plan.role in ("L_X", "L_M")]
    direct = (
        question.lost_flow,
        f"{question.destination}.import.{question.exporter}.{question.product}",
    )
    if scope_is_unknown(question.events, direct):
        named = " or ".join(dict.fromkeys(good for event in question.events for good in event.products)).replace("_", " ")
        told.append(
            f"whether a measure on {named} covers {question.product.replace('_', ' ')} is not known here, and so not whether "
            "the change of this flow is a direct effect"
        )
    elif not any(event.touches(series) for event in question.events for series in direct):
        told.append("no measure asked about is aimed at this flow, so that its change is no direct effect of one")
    for event in question.events:
        if event.imposed_by and not countries(question.exporter) & {one for by in event.imposed_by for one in countries(by)}:
            told.append(f"“{event.short_title}” was imposed by {' and '.join(event.imposed_by)}, not by the exporter")
    own = {event.id for event in question.events}
    met = {
        event.short_title: None
        for plan in sides
        if plan.series
        for event in other_measures(vintage.events, own, [plan.series], plan.first, plan.last)
    }
    if met:
        names = " and ".join(f"“{title}”" for title in met)
        fall, its = ("fall", "their") if len(met) > 1 else ("falls", "its")
        told.append(f"{names} {fall} into the same months: what changed may be {its} doing too")
    for plan in sides:
        if not plan.series:
            continue
        if early := told_as_too_early(question, plan, vintage.steps):
            told.append(f"in the {'exporter' if plan.role == 'L_X' else 'destination'}'s record of what was lost, {early}")
        after = design_of(question, plan, vintage).aftermath(vintage, plan.first, plan.last)
        if after:
            months = pluralize(plan.last - plan.first + 1, "month")
            lie = "lies" if len(after.months) == 1 else "lie"
            told.append(f"{len(after.months)} of the {months} asked {lie} after the end of the measure on {after.ended}")
    return list(dict.fromkeys(told))
