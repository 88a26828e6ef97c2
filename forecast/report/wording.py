"""Prose from verdicts: a sentence says the word, the reading, the reason and the figures, and never more than the verdict.

Only `reading` decides whether a sentence may speak of a cause; the description stands whatever the verdict.
"""

from __future__ import annotations

import math

from forecast.report.blocks import MISSING
from forecast.report.facts import Answer, Facts
from forecast.report.numbers import NBSP, number, percent, period, plain, points, series_name, window

MEANING = {
    "supported": "size, sign and cause pass every check that was asked",
    "suggestive": "the figures point this way, but a check that a firm claim needs is missing or weak",
    "descriptive": "what was observed, beside a named baseline; no cause is claimed",
    "cannot distinguish": "the estimate cannot be told from no effect with these data; this is not “no effect”",
    "not identified": "the data hold no information on what was asked; what was observed is still stated",
    "contradicted by mirror": "the two sides of the trade report different things",
}


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


def seen(answer: Answer) -> str:
    """What was observed, in the series' own unit."""
    if not math.isfinite(answer.observed):
        return ""
    return percent(answer.observed, sign=False) if answer.measure == "share" else number(answer.observed, answer.unit)


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
    base = answer.baseline
    side = "below" if answer.desc < 0 else "above"
    fraction = change(answer)
    head = f"{seen(answer)} observed in {window(answer.first, answer.last)}, " if seen(answer) else ""
    if answer.desc == 0:
        text = f"{head}as much as {_the(base)}"
    elif answer.measure == "share":
        text = f"{head}{points(abs(answer.desc), sign=False)} {side} {_the(base)}"
    elif answer.measure == "relative":
        text = f"{head}{percent(abs(answer.desc), sign=False)} {side} {_the(base)}"
    else:
        part = f"{percent(abs(fraction), sign=False)} " if math.isfinite(fraction) else ""
        size = number(abs(answer.desc), answer.unit)
        text = f"{head}{part}({amount(answer, answer.desc)}) {side} {_the(base)}" if part else f"{head}{size} {side} {_the(base)}"
    return text + spread(answer)


def spread(answer: Answer) -> str:
    """The range over the baselines, where there is more than one."""
    low, high = answer.desc_lo, answer.desc_hi
    if not (math.isfinite(low) and math.isfinite(high)) or low == high or not answer.compared:
        return ""
    return f"; between {amount(answer, low)} and {amount(answer, high)}, depending on the baseline"


def _the(baseline: str) -> str:
    return f"the {baseline}" if baseline.startswith(("same months", "mean", "last", "average", "year")) else baseline


def _last_level(answer: Answer) -> str:
    if not math.isfinite(answer.desc):
        return "no figure of this is in the bundle"
    when = answer.baseline.partition("level, ")[2] or answer.baseline.removeprefix("none").strip("; ")
    level = percent(answer.desc, sign=False) if answer.measure in ("share", "relative") else number(answer.desc, answer.unit)
    return f"the last published level is {level}" + (f" ({period(when)})" if when else "") + "; no baseline can be formed"


def estimate(answer: Answer) -> str:
    """The estimate with its bounds; empty where the row has none."""
    if not answer.estimated:
        return ""
    text = f"{amount(answer, answer.estimate)} (95{NBSP}% interval {between(answer, answer.lo95, answer.hi95)})"
    if math.isfinite(answer.p_value):
        floor = f", smallest attainable {plain(answer.p_floor, 3)}" if math.isfinite(answer.p_floor) else ""
        text += f", placebo p{NBSP}={NBSP}{plain(answer.p_value, 3)}{floor}"
    return text


def cause(facts: Facts, answer: Answer) -> str:
    """The event or cluster by title."""
    titles = [facts.event_title(e) for e in answer.events]
    titles = [t[:1].lower() + t[1:] if t[1:2].islower() else t for t in titles]
    short = [t.partition(";")[0].partition(",")[0] for t in titles]
    return f"“{short[0]}”" if len(short) == 1 else " and ".join(f"“{s}”" for s in short[:2]) if short else "the event"


def sentence(facts: Facts, answer: Answer) -> str:
    """One sentence on one row, after its verdict."""
    name = series_name(answer.series.split("+")[0])
    told = description(answer)
    because = answer.because.rstrip(". ")
    reason = f", because {_lower(because)}" if because else ""
    event = cause(facts, answer)
    joined = " jointly" if len(answer.events) > 1 else ""
    got = estimate(answer)
    word = answer.verdict
    if word in ("supported", "suggestive") and got and answer.reading != "descriptive":
        verb = "puts" if word == "supported" else "would put"
        scope = f" relative to {_other(answer)}" if answer.reading == "relative" else ""
        limits = f" It stays suggestive{reason}." if word == "suggestive" else ""
        return f"{name}: {told}. The estimate {verb} the effect of {event}{joined}{scope} at {got}.{limits}"
    if word == "suggestive":
        return f"{name}: {told}. This is suggestive of {event}{joined}, not proof of it{reason}."
    if word == "cannot distinguish":
        size = f" An effect under {amount(answer, answer.mde80, sign=False)} would go unseen." if math.isfinite(answer.mde80) else ""
        shown = f"; the estimate is {got}" if got else ""
        return f"{name}: {told}{shown}. These data cannot tell an effect of {event} from none{reason}.{size}"
    if word == "not identified":
        return f"{name}: the effect of {event} is not identified{reason}. What was observed: {told}."
    if word == "contradicted by mirror":
        return f"{name}: {told}. The partner's figures contradict this{reason}."
    return f"{name}: {told}; these data cannot say how much of it {event} caused{reason}."


def _other(answer: Answer) -> str:
    return answer.baseline or "the comparison"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def better(ratio: float, high: float) -> str:
    """Whether a model beats its benchmark: only where the 90 % interval of the ratio lies below 1."""
    if not math.isfinite(ratio):
        return "no ratio"
    if not math.isfinite(high):
        return "ratio only, no test"
    return "beats it" if high < 1 else "not shown to beat it" if ratio < 1 else "does not beat it"
