"""Measures in sentences: by instrument and month, those an estimate holds together, and the months after their end."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.core import months as mm
from forecast.core.event import Event
from forecast.core.event_ends import ended_measure
from forecast.core.measures_in_window import aftermath, other_measures
from forecast.core.plurals import pluralize
from forecast.report.effect_rows import EffectAnswer
from forecast.report.facts import Facts
from forecast.report.numbers import day, join_with_and, month_of, period

UNNAMED = "at "  # begins the id of a design without a named event (`Design.event_ids`)
_INSTRUMENTS = {
    "licence": "licensing", "ban": "the ban", "suspension": "the suspension", "deal": "the deal",
    "enforcement": "the enforcement", "tariff": "the tariff", "quota": "the quota", "agreement": "the agreement",
    "regulation": "the regulation",
}  # fmt: skip
# what an instrument does not say by itself: (word of the event's own names, phrase where it stands there)
_IN_ITS_OWN_WORDS = {
    "licence": ("export", "export licensing"), "ban": ("export", "the export ban"),
    "enforcement": ("campaign", "the enforcement campaign"), "relief": ("licen", "the eased licensing"),
}  # fmt: skip


def events_phrase(data: Facts, events: Sequence[str]) -> str:
    """Events by instrument and month."""
    return join_with_and([event_phrase(data, e) for e in events]) if events else "the event"


def measures_in_estimate(data: Facts, answer: EffectAnswer) -> tuple[str, ...]:
    """The events asked about and, where the estimate is joint, the others that begin in its window, in order of effect."""
    own = [data.calendar[e] for e in answer.events if e in data.calendar]
    if answer.reading != "relative" or len(own) < len(answer.events) or not own or answer.steps.unit != "month":
        return answer.events
    start, treated = min(e.start for e in own) + answer.lag_months, answer.treated
    others = other_measures(data.calendar, answer.events, treated, start, mm.ordinal(answer.months_to))
    together = sorted([*own, *others], key=lambda e: e.effective or e.announced)
    return tuple(e.id for e in together) if others else answer.events


def past_end_sentence(data: Facts, answer: EffectAnswer) -> str:
    """How many of the months asked lie after the end of the measures, and when that was; empty where none does."""
    own = [data.calendar[e] for e in answer.events if e in data.calendar]
    if not own or not (answer.months_from and answer.months_to):
        return ""
    first, last = answer.steps.ordinal(answer.months_from), answer.steps.ordinal(answer.months_to)
    after = aftermath(data.calendar, own, answer.treated, first, last, answer.lag_months, answer.steps)
    if after is None:
        return ""
    measures = f"{'The measures' if len(own) > 1 else 'The measure'} ended on {day(after.ended.isoformat())}"
    some = len(after.months)
    under_way = f" (goods under way for {pluralize(answer.lag_months, 'month')} counted)" if answer.lag_months else ""
    if some == answer.n_months:
        return f" {measures}, before the months asked{under_way}."
    lie = "lies" if some == 1 else "lie"
    return f" {measures}: {some} of these {answer.n_months} months {lie} after the end{under_way}."


def event_phrase(data: Facts, event_id: str) -> str:
    """One event by instrument and month; one without a name by its first month."""
    if event_id.startswith(UNNAMED):
        return f"what began in {period(event_id.removeprefix(UNNAMED))}"
    if event_id not in data.calendar:
        return event_id.replace("_", " ")
    event = data.calendar[event_id]
    if measure := ended_measure(event_id):
        return f"the announced end of {event_phrase(data, measure)} ({day((event.effective or event.announced).isoformat())})"
    return f"{_what_it_is(data, event)} of {month_of(mm.ordinal(event.effective or event.announced))}"


def _what_it_is(data: Facts, event: Event) -> str:
    """Its instrument, no closer than its own names say; the name itself where the instrument says too little."""
    word, phrase = _IN_ITS_OWN_WORDS.get(event.instrument, ("", ""))
    names = f"{event.id} {event.title} {event.short}".lower()
    lifted = data.calendar[event.reversal_of].instrument if event.reversal_of in data.calendar else ""
    if phrase and (word in names or (event.instrument == "relief" and lifted == "licence")):
        return phrase
    return _INSTRUMENTS.get(event.instrument, f"“{event.short_title}”")
