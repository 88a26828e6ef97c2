"""Months asked: those accounted for, and which of a flow's months are too early for goods that left after the measure."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.core.errors import ConfigError
from forecast.core.ledger import LedgerQuestion
from forecast.core.plurals import pluralize
from forecast.core.questions import Design
from forecast.core.time_axis import Steps
from forecast.core.vintage import Vintage
from forecast.study.ledger.leg_plan import LegPlan


def onset_of(question: LedgerQuestion, steps: Steps) -> int:
    """The month in which the first of the measures took effect, as an integer."""
    return min(steps.of(event.effective or event.announced) for event in question.events)


def require_time_to_arrive(question: LedgerQuestion, steps: Steps) -> None:
    """Refuse a last month before which nothing that left after the measure took effect could have arrived.

    Raises
    ------
    ConfigError
        where no measure is named, or the months end before it, before goods can come directly, or by way of a third country
        that had no time to stock beforehand (`ahead`)
    """
    q, where = question, f"ledger of {question.product}, {question.exporter} to {question.destination}"
    if not q.events:
        raise ConfigError("no measure is named", where=where, hint="an event of the calendar")
    if not q.stop:
        return
    onset, last = onset_of(q, steps), steps.ordinal(q.stop)
    if last < onset:
        problem = f"the months end in {q.stop}, before {q.event_ids} took effect"
        raise ConfigError(problem, where=where, hint=f"months from {steps.label(onset)} on")
    for months, lags, road in (
        (q.lag_direct, "lag_direct", ""),
        (q.months_on_the_way if q.through and not q.ahead else 0, "lag_to + lag_from", " by way of a third country"),
    ):
        if last < onset + months:
            problem = (
                f"what left {q.exporter} after {q.event_ids} took effect reaches {q.destination}{road} after "
                f"{pluralize(months, 'month')} ({lags}), from {steps.label(onset + months)} on; the months end in {q.stop}"
            )
            stocked = ", or `ahead`, for goods stocked there before" if road else ""
            hint = f"months to {steps.label(onset + months)} or later, shorter lags{stocked}"
            raise ConfigError(problem, where=where, hint=hint)


def months_accounted_for(question: LedgerQuestion, vintage: Vintage, plans: Sequence[LegPlan]) -> tuple[int, int]:
    """First and last month of the destination's imports, as integers."""
    steps = vintage.steps
    require_time_to_arrive(question, steps)
    first = steps.ordinal(question.start) if question.start else onset_of(question, steps) + question.lag_direct
    if question.stop:
        return first, steps.ordinal(question.stop)
    known = [vintage.last_month(p.series) - p.shift for p in plans if p.series and p.role != "ahead"]
    last = min((month for month in known if month >= first), default=first)
    chosen = next((p for p in plans if p.role in ("L_M", "L_X") and p.series), None)
    if chosen is not None and last > first:
        design = Design(question.events, chosen.series)
        after = design.aftermath(vintage, first + chosen.shift, last + chosen.shift)
        if after and after.months[0] - chosen.shift > first:
            last = after.months[0] - chosen.shift - 1
    return first, last


def months_too_early(question: LedgerQuestion, plan: LegPlan, steps: Steps) -> int:
    """How many of a flow's months, besides those asked by `ahead`, hold only goods that left before the measure."""
    if plan.role == "ahead":
        return 0
    first = plan.first + (question.ahead if plan.role == "path" else 0)
    early = onset_of(question, steps) + _months_to_record(question, plan) - first
    return max(0, min(early, plan.last - first + 1))


def told_as_too_early(question: LedgerQuestion, plan: LegPlan, steps: Steps) -> str:
    """The same in words, with the first month that can be asked without them; "" where there are none."""
    early = months_too_early(question, plan, steps)
    if not early:
        return ""
    months = plan.last - plan.first + 1 - (question.ahead if plan.role == "path" else 0)
    onset = onset_of(question, steps)
    hold, them = ("holds", "it") if early == 1 else ("hold", "them")
    return (
        f"{early} of the {pluralize(months, 'month')} {hold} only goods that left before the measure took effect in "
        f"{steps.label(onset)}, no answer to it; an account from "
        f"{steps.label(onset + _months_to_record(question, plan) - plan.shift)} on leaves {them} out"
    )


def _months_to_record(question: LedgerQuestion, plan: LegPlan) -> int:
    """Months from the departure of goods to the record of them; of all origins together none, whose roads differ."""
    if plan.mirror and plan.role in ("D", "path"):
        return question.lag_to
    return {"L_M": question.lag_direct, "I": 0 if plan.mirror else question.lag_from}.get(plan.role, 0)
