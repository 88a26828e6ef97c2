"""Prose from verdicts: a sentence says the word, the reading, the reason and the figures, and never more than the verdict.

Only `reading` decides whether a sentence may speak of an effect; the description stands whatever the verdict.
"""

from __future__ import annotations

import math
import re

from forecast.core import months as mm
from forecast.core.products import display
from forecast.report.blocks import MISSING
from forecast.report.effect_rows import Answer
from forecast.report.numbers import (
    MINUS,
    NBSP,
    day,
    inline_name,
    month_of,
    number,
    percent,
    period,
    plain,
    points,
    portion,
    treated_name,
    window,
)
from forecast.report.run_data import Facts

MEANING = {
    "supported": "size, sign and cause pass every check that was asked",
    "suggestive": "the figures point this way, but a check that a firm claim needs is missing or weak",
    "descriptive": "what was observed, beside a named baseline; no cause is claimed",
    "cannot distinguish": "the estimate cannot be told from no effect with these data; this is not “no effect”",
    "not identified": "the data hold no information on what was asked; what was observed is still stated",
    "contradicted by mirror": "the two sides of the trade report different things",
}
NO_LEAST = "How large an effect would have been seen cannot be said, because none was estimated"
WINDOWS = 3  # placebo windows from which a spread is taken
SAID = 2  # reasons a sentence gives; all of them stand with the gates
INFORMS = 0.1  # a p-value that could not fall to this level for want of placebo windows says nothing
_SERIES = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\.(?:export|import)\.[A-Z][A-Z0-9_]+\.[a-z0-9_]+(?::[a-z_]+)?")
_EVENT = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
_PERCENT = re.compile(r"(\d) ?%")
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_SPAN = re.compile(r"\b\d{4}-\d\d(?:/\d{4}-\d\d)?\b")
_TIMES = re.compile(r"(?<== )x(?=\d)")
_NEGATIVE = re.compile(r"(?<![\w-])-(?=\d)")
_CLAUSE = re.compile(r"; (?![^()]*\))")
_KILOGRAMS = re.compile(r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?) kg\b")
_INSTRUMENTS = {
    "licence": "export licensing", "ban": "the export ban", "suspension": "the suspension", "deal": "the deal",
    "enforcement": "the enforcement campaign", "relief": "the eased licensing", "tariff": "the tariff", "quota": "the quota",
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
    if answer.measure == "share":
        seen = f"a share of {seen}"
        base += f" ({portion(answer.expected)})" if math.isfinite(answer.expected) else ""
    elif answer.measure != "relative" and answer.expected > 0 and answer.first != answer.last:
        base += f" ({level(answer, answer.expected)} over as many months)"
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
    sized = [(abs(v), _size(answer, v), "below" if v < 0 else "above") for v in (low, high)]
    (_, least, one), (_, most, other) = sorted(sized) if low * high > 0 else sized
    if one != other:
        return f", between {least} {one} and {most} {other} depending on the baseline"
    if least == most:
        return f", and {least} {one} the others too"
    unit = least.rpartition(NBSP)[2]
    first = least.removesuffix(NBSP + unit) if most.endswith(NBSP + unit) else least
    return f", between {first} and {most} {one} depending on the baseline"


def _size(answer: Answer, difference: float) -> str:
    """A difference without its sign: per cent of the baseline it belongs to where there is one, else in the row's unit."""
    if answer.measure not in ("relative", "share") and answer.observed - difference > 0:
        return percent(abs(difference / (answer.observed - difference)), sign=False)
    return amount(answer, abs(difference), sign=False)


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
    named = [cause_of(facts, e) for e in answer.events]
    if not named:
        return "the event"
    return named[0] if len(named) == 1 else ", ".join(named[:-1]) + " and " + named[-1]


def cause_of(facts: Facts, event_id: str) -> str:
    """One event by what was done and when."""
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
    """A gate's reason for a reader: as `worded`, and amounts in the row's unit."""
    return worded(facts, _KILOGRAMS.sub(lambda m: number(float(m[1]) / display(answer.series)[1], answer.unit), text))


def worded(facts: Facts, text: str) -> str:
    """A text of the run for a reader: series, events, months and days by their names, no id left, a true minus."""
    text = _SERIES.sub(lambda m: inline_name(m[0]), text)
    text = _EVENT.sub(lambda m: cause_of(facts, m[0]) if m[0] in facts.calendar else m[0].replace("_", " "), text)
    text = _TIMES.sub("×", _SPAN.sub(lambda m: period(m[0]), _DAY.sub(lambda m: day(m[0]), text)))
    return _NEGATIVE.sub(MINUS, _PERCENT.sub(f"\\1{NBSP}%", text))


def why(facts: Facts, answer: Answer) -> str:
    """The one or two reasons that matter most; the rest stands with the gates."""
    found = reasons(facts, answer)[:SAID]
    return f", because {', and '.join(found)}" if found else ""


def said(facts: Facts, answer: Answer) -> str:
    """What the verdict allows to be said and why, without repeating the row's figures."""
    return _said(facts, answer, why(facts, answer), figures=False)


def sentence(facts: Facts, answer: Answer) -> str:
    """One row in two or three sentences: who and when, what was observed, what may be said, why, and the row's first note."""
    lead = f"**{treated_name(answer.series).replace(': ', ', ')}, {window(answer.first, answer.last)}.**"
    told = _said(facts, answer, why(facts, answer), figures=True)
    seen = description(answer)
    note = remark(answer.note.partition(". ")[0])
    if answer.verdict == "not identified":
        return f"{lead} {told} What was observed: {seen}.{note}"
    seen = seen[:1].upper() + seen[1:]
    if answer.verdict == "descriptive":
        return f"{lead} {seen}; {_lower(told)}{note}"
    return f"{lead} {seen}. {told}{note}"


def remark(note: str) -> str:
    """A note as a sentence of its own, to stand behind another; nothing where there is none."""
    note = note.strip().rstrip(".")
    return f" {note[:1].upper()}{note[1:]}." if note else ""


def placebos(answer: Answer) -> str:
    """The p-value with the lowest it could be and where it comes from, where it could say something."""
    if not math.isfinite(answer.p_value):
        return ""
    in_time = answer.n_apart > 0 and math.isclose(answer.p_floor, 1 / (answer.n_apart + 1), rel_tol=0.02)
    if answer.p_floor > INFORMS:
        return f"too few placebo windows without overlap ({answer.n_apart})" if in_time else "too few comparisons for a p-value"
    value = plain(answer.p_value, 2) if answer.p_value >= 0.005 else "below 0.01"
    lowest = f" (lowest possible {plain(answer.p_floor, 2)})" if answer.p_floor > 0 else " (without a lowest value)"
    if answer.p_value <= answer.p_floor:
        lowest = ", the lowest possible"
    if in_time:
        return f"placebo p {value} over {answer.n_apart} windows without overlap{lowest}"
    return f"p {value} by the method's own test{lowest}"


def visible(answer: Answer) -> str:
    """The smallest effect seen four times in five, in its unit and as a share of the baseline.

    Where the verdict is "cannot distinguish", and where three windows without an event or more stand behind it.
    """
    if not math.isfinite(answer.mde80) or (answer.verdict != "cannot distinguish" and answer.n_placebo < WINDOWS):
        return ""
    size, share = amount(answer, answer.mde80, sign=False), answer.mde_share
    if answer.measure == "relative" or not math.isfinite(share):
        return size
    return f"{size} ({percent(share, sign=False)} of the baseline)"


def robust(answer: Answer) -> str:
    """The breakdown value in words: how the effect compares with the worst of the windows without an event."""
    if not (answer.estimated and math.isfinite(answer.breakdown) and answer.n_placebo >= WINDOWS):
        return ""
    return f"breakdown value {plain(answer.breakdown, 1)}: so many times the largest of {answer.n_placebo} placebos"


def ledger(answer: Answer) -> str:
    """Stockpile A, what came after P, and their sum, as a sentence; empty where no estimate of them stands."""
    if not answer.ledgered or answer.reading not in ("causal", "relative"):
        return ""

    def told(value: float, low: float, high: float) -> str:
        unit, sized = answer.unit, number(value, answer.unit, sign=True)
        return f"{sized} (80{NBSP}% interval {number(low, unit, sign=True)} to {number(high, unit, sign=True)})"

    none = answer.anticipation_lo80 <= 0 <= answer.anticipation_hi80
    ahead = "nothing visible was brought forward, A =" if none else "before the start A ="
    return (
        f" Ledger: {ahead} {told(answer.anticipation, answer.anticipation_lo80, answer.anticipation_hi80)}; "
        f"after it P = {number(answer.net - answer.anticipation, answer.unit, sign=True)}; "
        f"net {told(answer.net, answer.net_lo80, answer.net_hi80)}."
    )


def _said(facts: Facts, answer: Answer, reason: str, figures: bool) -> str:
    return _judged(facts, answer, reason, figures) + ledger(answer)


def _judged(facts: Facts, answer: Answer, reason: str, figures: bool) -> str:
    event, word = cause(facts, answer), answer.verdict
    several = len(answer.events) > 1
    kind = "joint " if several else "relative " if answer.reading == "relative" else ""
    effect = f"A {kind}effect" if kind else "An effect"
    got = estimate(answer) if figures and answer.reading in ("causal", "relative") else ""
    if word in ("supported", "suggestive") and answer.estimated and answer.reading in ("causal", "relative"):
        if got:
            limit = f" It stays suggestive{reason}." if word == "suggestive" else ""
            alone = "" if several else kind
            return f"The {alone}estimate for {event}{' jointly' if several else ''} is {got}.{limit}"
        if word == "supported":
            return f"{effect} of {event} is supported by every check."
        return f"{effect} of {event} is suggested, not shown{reason}."
    if word in ("supported", "suggestive"):
        return f"The size points to {event} but does not show it{reason}."
    if word == "cannot distinguish":
        shown = f" The estimate is {got}." if got else ""
        least = visible(answer)
        unseen = f" Only an effect of {least} or more would be seen with a chance of 80{NBSP}%." if least else f" {NO_LEAST}."
        return f"{effect} of {event} cannot be told from none{reason}.{shown}{unseen}"
    if word == "not identified":
        return f"The {kind}effect of {event} is not identified{reason}."
    if word == "contradicted by mirror":
        return f"The partner's figures contradict this{reason}."
    return f"These data cannot say how much of it {event}{' together' if several else ''} caused{reason}."


def _lower(text: str) -> str:
    text = text.strip()
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def better(ratio: float, low: float, high: float) -> str:
    """Whether a model beats its benchmark: only where the 90 % interval of the ratio lies below 1; worse only above 1."""
    if not math.isfinite(ratio):
        return "no ratio"
    if not (math.isfinite(low) and math.isfinite(high)):
        return "ratio only, no test"
    if high < 1 or low > 1:
        return "beats it" if high < 1 else "is worse"
    return "not shown to beat it" if ratio < 1 else "does not beat it"
