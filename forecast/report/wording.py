"""Prose from verdicts: a sentence says the word, the reading, the reason and the figures, and never more than the verdict.

Only `reading` decides whether a sentence may speak of an effect; the description stands whatever the verdict.
"""

from __future__ import annotations

import math
import re

from forecast.core import months as mm
from forecast.core.products import display
from forecast.report.blocks import MISSING
from forecast.report.facts import Answer, Facts
from forecast.report.numbers import NBSP, month_of, number, percent, period, points, portion, treated_name, window

MEANING = {
    "supported": "size, sign and cause pass every check that was asked",
    "suggestive": "the figures point this way, but a check that a firm claim needs is missing or weak",
    "descriptive": "what was observed, beside a named baseline; no cause is claimed",
    "cannot distinguish": "the estimate cannot be told from no effect with these data; this is not “no effect”",
    "not identified": "the data hold no information on what was asked; what was observed is still stated",
    "contradicted by mirror": "the two sides of the trade report different things",
}
_EVENT = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
_PERCENT = re.compile(r"(\d)%")
_SPAN = re.compile(r"\d{4}-\d\d/\d{4}-\d\d")
_CLAUSE = re.compile(r"; (?![^()]*\))")
_KILOGRAMS = re.compile(r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?) kg\b")
_INSTRUMENTS = {
    "licence": "export licensing", "ban": "the export ban", "suspension": "the suspension", "deal": "the deal",
    "enforcement": "the enforcement campaign", "relief": "the relief", "tariff": "the tariff", "quota": "the quota",
    "agreement": "the agreement", "regulation": "the regulation",
}  # fmt: skip


def amount(answer: Answer, value: float, sign: bool = True) -> str:
    """A value of the row's measure in its unit: tonnes, per cent or percentage points."""
    if answer.measure == "relative":
        return percent(value, sign)
    if answer.measure == "share":
        return points(value, sign)
    return number(value, answer.unit, sign)


def between(answer: Answer, low: float, high: float) -> str:
    """An interval in the row's unit, the unit said once."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return MISSING
    left, right = amount(answer, low), amount(answer, high)
    unit = left.rpartition(NBSP)[2]
    return f"{left.removesuffix(NBSP + unit)} to {right}" if unit and right.endswith(unit) else f"{left} to {right}"


def level(answer: Answer, value: float) -> str:
    """A level of the series, or of a share, in its own unit."""
    if not math.isfinite(value):
        return ""
    return portion(value) if answer.measure == "share" else number(value, answer.unit)


def change(answer: Answer) -> float:
    """Observed against the named baseline as a fraction, where a level allows it."""
    if answer.measure == "relative":
        return answer.desc
    if answer.measure == "share" or not answer.compared or not answer.expected > 0:
        return math.nan
    return answer.observed / answer.expected - 1.0


def description(answer: Answer) -> str:
    """What was observed beside the named baseline and the range over all of them; no word of a cause."""
    if not answer.compared:
        return _last_level(answer)
    base = _the(answer.baseline)
    seen = level(answer, answer.observed) or "the figure"
    side = "below" if answer.desc < 0 else "above"
    fraction = change(answer)
    if answer.desc == 0:
        size = "as much as"
    elif math.isfinite(fraction) and answer.measure != "relative":
        size = f"{percent(abs(fraction), sign=False)} ({amount(answer, abs(answer.desc), sign=False)}) {side}"
    else:
        size = f"{amount(answer, abs(answer.desc), sign=False)} {side}"
    return f"{seen} was {size} {base}{spread(answer)}"


def spread(answer: Answer) -> str:
    """The range over the baselines, where there is more than one."""
    low, high = answer.desc_lo, answer.desc_hi
    if not (math.isfinite(low) and math.isfinite(high)) or low == high or not answer.compared:
        return ""
    return f", between {between(answer, low, high).replace(' to ', ' and ')} depending on the baseline"


def _the(baseline: str) -> str:
    return baseline if baseline[:1].isupper() or baseline.startswith(("the ", "calendar")) else f"the {baseline}"


def _last_level(answer: Answer) -> str:
    if not math.isfinite(answer.desc):
        return "no figure of this is in the bundle"
    when = answer.baseline.partition("level, ")[2] or answer.baseline.removeprefix("none").strip("; ")
    shown = portion(answer.desc) if answer.measure in ("share", "relative") else number(answer.desc, answer.unit)
    seen = level(answer, answer.observed)
    head = f"{seen} in {window(answer.first, answer.last)}; " if seen else ""
    return f"{head}the last published level is {shown}" + (f" ({period(when)})" if when else "") + "; no baseline can be formed"


def estimate(answer: Answer) -> str:
    """The estimate with its 95 % interval; empty where the row has none."""
    if not answer.estimated:
        return ""
    return f"{amount(answer, answer.estimate)} (95{NBSP}% interval {between(answer, answer.lo95, answer.hi95)})"


def cause(facts: Facts, answer: Answer) -> str:
    """The event, or the events of a cluster, by what was done and when."""
    named = [_event(facts, e) for e in answer.events]
    if not named:
        return "the event"
    return named[0] if len(named) == 1 else ", ".join(named[:-1]) + " and " + named[-1]


def _event(facts: Facts, event_id: str) -> str:
    if event_id not in facts.calendar:
        return event_id.replace("_", " ")
    event = facts.calendar[event_id]
    what = _INSTRUMENTS.get(event.instrument, f"“{event.title.partition(';')[0]}”")
    return f"{what} of {month_of(mm.ordinal(event.effective or event.announced))}"


def reasons(facts: Facts, answer: Answer) -> list[str]:
    """Why the verdict is what it is: the gates' reasons, one by one."""
    text = spelled(facts, answer, answer.because)
    return [_lower(part) for part in _CLAUSE.split(text.rstrip(". ")) if part]


def spelled(facts: Facts, answer: Answer, text: str) -> str:
    """A gate's reason for a reader: events by what was done and when, spans of months and amounts in the row's unit."""
    text = _EVENT.sub(lambda m: _event(facts, m[0]) if m[0] in facts.calendar else m[0], text)
    text = _KILOGRAMS.sub(lambda m: number(float(m[1]) / display(answer.series)[1], answer.unit), text)
    return _SPAN.sub(lambda m: period(m[0]), _PERCENT.sub(f"\\1{NBSP}%", text))


def said(facts: Facts, answer: Answer) -> str:
    """What the verdict allows to be said, with every reason, without repeating the row's figures."""
    why = "; ".join(reasons(facts, answer))
    return _said(facts, answer, f", because {why}" if why else "", figures=False)


def sentence(facts: Facts, answer: Answer) -> str:
    """One row in one sentence or two: who and when, what was observed, what may be said and the first reason why."""
    lead = f"**{treated_name(answer.series)}, {window(answer.first, answer.last)}:**"
    why = reasons(facts, answer)[:1]
    told = _said(facts, answer, f", because {why[0]}" if why else "", figures=True)
    if answer.verdict == "not identified":
        return f"{lead} {_lower(told)} What was observed: {description(answer)}."
    if answer.verdict == "descriptive":
        return f"{lead} {description(answer)}; {_lower(told)}"
    return f"{lead} {description(answer)}. {told}"


def _said(facts: Facts, answer: Answer, reason: str, figures: bool) -> str:
    event, word = cause(facts, answer), answer.verdict
    kind = "joint " if len(answer.events) > 1 else "relative " if answer.reading == "relative" else ""
    effect = f"A {kind}effect" if kind else "An effect"
    got = estimate(answer) if figures and answer.reading in ("causal", "relative") else ""
    if word in ("supported", "suggestive") and answer.estimated and answer.reading in ("causal", "relative"):
        if got:
            limit = f"; it stays suggestive{reason}" if word == "suggestive" else ""
            return f"The {kind}estimate for {event} is {got}{limit}."
        if word == "supported":
            return f"{effect} of {event} is supported by every check."
        return f"{effect} of {event} is suggested, not shown{reason}."
    if word in ("supported", "suggestive"):
        return f"The size points to {event} but does not show it{reason}."
    if word == "cannot distinguish":
        shown = f" The estimate is {got}." if got else ""
        unseen = f" An effect smaller than {amount(answer, answer.mde80, sign=False)} would go unseen."
        return f"{effect} of {event} cannot be told from none{reason}.{shown}{unseen if math.isfinite(answer.mde80) else ''}"
    if word == "not identified":
        return f"The {kind}effect of {event} is not identified{reason}."
    if word == "contradicted by mirror":
        return f"The partner's figures contradict this{reason}."
    together = " together" if len(answer.events) > 1 else ""
    return f"These data cannot say how much of it {event}{together} caused{reason}."


def _lower(text: str) -> str:
    text = text.strip()
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def better(ratio: float, high: float) -> str:
    """Whether a model beats its benchmark: only where the 90 % interval of the ratio lies below 1."""
    if not math.isfinite(ratio):
        return "no ratio"
    if not math.isfinite(high):
        return "ratio only, no test"
    return "beats it" if high < 1 else "not shown to beat it" if ratio < 1 else "does not beat it"
