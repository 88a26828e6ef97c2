"""Sentences from verdicts: verdict, reading, reasons and figures, never claiming more than the verdict allows.

Only `reading` decides whether a sentence may speak of an effect; the description is given whatever the verdict.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection

from forecast.core.cells import UNHELD
from forecast.core.products import display_unit
from forecast.report.blocks import MISSING
from forecast.report.effect_rows import EffectAnswer
from forecast.report.facts import Facts
from forecast.report.measure_phrases import event_phrase, events_phrase, measures_in_estimate, past_end_sentence
from forecast.report.numbers import (
    MINUS,
    NBSP,
    capitalize,
    day,
    decimal,
    inline_name,
    percent,
    percentage_points,
    period,
    quantity,
    share_text,
    treated_name,
)
from forecast.report.run_data import RunData

NO_DETECTABLE_SIZE = "How large an effect would have been seen cannot be said, because none was estimated"
SHARED = "for limits that several answers share"
MIN_PLACEBOS = 3  # placebo windows needed for a spread
MAX_REASONS = 2  # reasons in a sentence; the section on gates gives all
MAX_P_FLOOR = 0.1  # a p-value whose lowest possible value is higher is not informative
_SERIES = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\.(?:export|import)\.[A-Z][A-Z0-9_]+\.[a-z0-9_]+(?::[a-z_]+)?")
_EVENT = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?::end)?\b")
_PERCENT = re.compile(r"(\d) ?%")
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_SPAN = re.compile(r"\b\d{4}-\d\d(?:/\d{4}-\d\d)?\b")
_TIMES = re.compile(r"(?<== )x(?=\d)")
_NEGATIVE = re.compile(r"(?<![\w-])-(?=\d)")
_CLAUSE = re.compile(r"; (?![^()]*\))")
_P_VALUE = re.compile(r"\bp = (\d\.\d{3})\b")
_PART = re.compile(r"(?<=the estimate is )[\d.]+%(?= of the counterfactual)")
_KILOGRAMS = re.compile(r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?) kg\b")


def amount(answer: EffectAnswer, value: float, sign: bool = True) -> str:
    """A value of the row's measure in its unit: tonnes, per cent or percentage points."""
    if answer.measure == "relative":
        return percent(value, sign)
    if answer.measure == "share":
        return percentage_points(value, sign)
    return quantity(value, answer.unit, sign)


def interval_text(answer: EffectAnswer, low: float, high: float) -> str:
    """An interval in the row's unit, with the unit given once."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return MISSING
    left, right = amount(answer, low), amount(answer, high)
    unit = left.rpartition(NBSP)[2]
    return f"{left.removesuffix(NBSP + unit)} to {right}" if unit and right.endswith(unit) else f"{left} to {right}"


def level_text(answer: EffectAnswer, value: float) -> str:
    """A level of the series, or of a share, in its own unit."""
    if not math.isfinite(value):
        return ""
    return share_text(value) if answer.measure == "share" else quantity(value, answer.unit)


def relative_change(answer: EffectAnswer) -> float:
    """Relative difference from the named baseline; NaN without a positive level."""
    if answer.measure == "relative":
        return answer.desc_estimate
    if answer.measure == "share" or not answer.has_baseline or not answer.expected > 0:
        return math.nan
    return answer.observed_total / answer.expected - 1.0


def description(answer: EffectAnswer, held: str = "bundle") -> str:
    """Observed value against the named baseline, with the range over all baselines; nothing causal. `held` names the data."""
    if not answer.has_baseline:
        return _last_level(answer, held)
    base = _with_article(answer.baseline)
    seen = level_text(answer, answer.observed_total) or "the figure"
    if answer.measure == "share":
        seen = f"a share of {seen}"
        base += f" ({share_text(answer.expected)})" if math.isfinite(answer.expected) else ""
    elif answer.measure != "relative" and answer.expected > 0 and answer.n_months > 1:
        known = f"{answer.n_known} months" if answer.unknown_months else "as many months"
        base += f" ({level_text(answer, answer.expected)} over {known})"
    side = "below" if answer.desc_estimate < 0 else "above"
    fraction = relative_change(answer)
    if answer.desc_estimate == 0:
        size = "as much as"
    elif math.isfinite(fraction) and answer.measure != "relative":
        size = f"{percent(abs(fraction), sign=False)} ({amount(answer, abs(answer.desc_estimate), sign=False)}) {side}"
    else:
        size = f"{amount(answer, abs(answer.desc_estimate), sign=False)} {side}"
    return f"{seen} was {size} {base}{baseline_range(answer)}"


def baseline_range(answer: EffectAnswer) -> str:
    """Range over the baselines, if there is more than one."""
    low, high = answer.desc_lo, answer.desc_hi
    if not (math.isfinite(low) and math.isfinite(high)) or low == high or not answer.has_baseline:
        return ""
    sized = [(abs(v), _difference_text(answer, v), "below" if v < 0 else "above") for v in (low, high)]
    (_, least, one), (_, most, other) = sorted(sized) if low * high > 0 else sized
    if one != other:
        return f", between {least} {one} and {most} {other} depending on the baseline"
    if least == most:
        return f", and {least} {one} the others too"
    unit = least.rpartition(NBSP)[2]
    first = least.removesuffix(NBSP + unit) if most.endswith(NBSP + unit) else least
    return f", between {first} and {most} {one} depending on the baseline"


def _difference_text(answer: EffectAnswer, difference: float) -> str:
    """Absolute difference: in per cent of its own baseline if there is one, else in the row's unit."""
    if answer.measure not in ("relative", "share") and answer.observed_total - difference > 0:
        return percent(abs(difference / (answer.observed_total - difference)), sign=False)
    return amount(answer, abs(difference), sign=False)


def _with_article(baseline: str) -> str:
    return baseline if baseline[:1].isupper() or baseline.startswith(("the ", "calendar")) else f"the {baseline}"


def _last_level(answer: EffectAnswer, held: str) -> str:
    if not math.isfinite(answer.desc_estimate):
        return f"no figure of this is in the {held}"
    when = answer.baseline.partition("level, ")[2] or answer.baseline.removeprefix("none").strip("; ")
    level = answer.desc_estimate
    shown = share_text(level) if answer.measure in ("share", "relative") else quantity(level, answer.unit)
    seen = level_text(answer, answer.observed_total)
    head = f"{seen} in {answer.known_window}; " if seen else ""
    return f"{head}the last published level is {shown}" + (f" ({period(when)})" if when else "") + "; no baseline can be formed"


def estimate_text(answer: EffectAnswer) -> str:
    """The estimate with its 95 % interval; empty if the row has none."""
    if not answer.has_estimate:
        return ""
    return f"{amount(answer, answer.estimate)} (95{NBSP}% interval {interval_text(answer, answer.lo95, answer.hi95)})"


def verdict_reasons(data: Facts, answer: EffectAnswer) -> list[str]:
    """Reasons for the verdict, one per gate."""
    return _clauses(data, answer, answer.because)


def _clauses(data: Facts, answer: EffectAnswer, text: str) -> list[str]:
    return [_lower(part) for part in _CLAUSE.split(reason_in_words(data, answer, text).rstrip(". ")) if part]


def reason_in_words(data: Facts, answer: EffectAnswer, text: str) -> str:
    """A gate's reason in words, with amounts in the row's unit, and p-values and shares as they stand in its table."""
    text = _P_VALUE.sub(lambda m: f"p = {_p_text(float(m[1]))}", text)
    whole = answer.observed_total - answer.estimate
    if answer.measure not in ("relative", "share") and whole > 0:
        text = _PART.sub(lambda _: percent(abs(answer.estimate / whole), sign=False), text)
    return in_words(data, _KILOGRAMS.sub(lambda m: quantity(float(m[1]) / display_unit(answer.series)[1], answer.unit), text))


def in_words(data: Facts, text: str) -> str:
    """A text of the run with ids of series and events, months and days replaced by names, and a true minus."""
    text = text.replace(UNHELD, data.unheld)
    text = _SERIES.sub(lambda m: inline_name(m[0]), text)
    text = _EVENT.sub(lambda m: event_phrase(data, m[0]) if m[0] in data.calendar else m[0].replace("_", " "), text)
    text = _TIMES.sub("×", _SPAN.sub(lambda m: period(m[0]), _DAY.sub(lambda m: day(m[0]), text)))
    return _NEGATIVE.sub(MINUS, _PERCENT.sub(f"\\1{NBSP}%", text))


def because_clause(data: Facts, answer: EffectAnswer, told_once: Collection[str] = ()) -> str:
    """The first reasons as a clause; the section on gates gives all. Reasons told once for several answers are left out."""
    own = _CLAUSE.split(answer.because)
    left = [part for part in own if part not in told_once]
    found = _clauses(data, answer, "; ".join(left))[:MAX_REASONS]
    said = [f"because {', and '.join(found)}"] if found else []
    said += [SHARED] if len(left) < len(own) else []
    return "".join(f", {'and ' * (i > 0)}{part}" for i, part in enumerate(said))


def answer_sentences(data: Facts, answer: EffectAnswer, told_once: Collection[str] = ()) -> str:
    """One row in two or three sentences: series and window, observation, verdict, reasons, and the row's first note.

    told_once : reasons that stand elsewhere on the page for several answers (`report/shared_limits.py`)
    """
    lead = f"**{treated_name(answer.treated).replace(': ', ', ')}, {answer.known_window}.**"
    verdict = verdict_sentence(data, answer, figures=True, told_once=told_once)
    seen = description(answer, data.held)
    note = note_sentence(answer.note.partition(". ")[0])
    if answer.verdict == "not identified":
        return f"{lead} {verdict} What was observed: {seen}.{note}"
    seen = capitalize(seen)
    if answer.verdict == "descriptive":
        return f"{lead} {seen}; {_lower(verdict)}{note}"
    return f"{lead} {seen}. {verdict}{_opposed_text(answer)}{note}"


def _opposed_text(answer: EffectAnswer) -> str:
    """Why an estimate has not the sign of the description; empty where it has."""
    if not (answer.has_estimate and answer.has_baseline) or answer.estimate * answer.desc_estimate >= 0:
        return ""
    return " The estimate has another sign because it follows the path of the months before, not the one baseline."


def note_sentence(note: str) -> str:
    """A note as a sentence to append to another; empty if there is none."""
    note = note.strip().rstrip(".")
    return f" {capitalize(note)}." if note else ""


def test_text(answer: EffectAnswer) -> str:
    """The p-value of the test of no effect, what it compares, and its rank among windows without an event."""
    if not math.isfinite(answer.p_value):
        return ""
    text = f"p {_p_text(answer.p_value)} ({answer.score})" if answer.score else f"p {_p_text(answer.p_value)}"
    if answer.p_floor > 0:
        text += ", the lowest possible" if answer.p_value <= answer.p_floor else f", lowest possible {_p_text(answer.p_floor)}"
    if math.isfinite(answer.p_rank) and answer.p_rank_floor <= MAX_P_FLOOR:
        return f"{text}; rank {_p_text(answer.p_rank)} among {answer.n_apart} windows without an event"
    return text


def _p_text(p: float) -> str:
    return decimal(p, 2) if p >= 0.095 else decimal(p, 3) if p >= 0.0005 else "below 0.001"


def detectable_text(answer: EffectAnswer) -> str:
    """Effect that a test at 5 % finds with power 80 %, in its unit and as a share of the counterfactual."""
    if not math.isfinite(answer.mde80):
        return ""
    size, share = amount(answer, answer.mde80, sign=False), answer.mde_share
    if answer.measure == "relative" or not math.isfinite(share):
        return size
    return f"{size} ({percent(share, sign=False)} of what was expected)"


def margin_text(answer: EffectAnswer) -> str:
    """The smallest margin of no material effect that the data could show, as a share of the counterfactual."""
    return percent(answer.margin, sign=False) if math.isfinite(answer.margin) else ""


def breakdown_text(answer: EffectAnswer) -> str:
    """The breakdown value in words: the effect as a multiple of the largest placebo effect."""
    if not (answer.has_estimate and math.isfinite(answer.breakdown) and answer.n_placebo >= MIN_PLACEBOS):
        return ""
    return f"breakdown value {decimal(answer.breakdown, 1)}: so many times the largest of {answer.n_placebo} placebos"


def ledger_sentence(answer: EffectAnswer) -> str:
    """Anticipation A, effect after the start P, and their sum as a sentence; empty if they were not estimated."""
    if not answer.has_ledger or answer.reading not in ("causal", "relative"):
        return ""

    def with_interval(value: float, low: float, high: float) -> str:
        unit, sized = answer.unit, quantity(value, answer.unit, sign=True)
        return f"{sized} (80{NBSP}% interval {quantity(low, unit, sign=True)} to {quantity(high, unit, sign=True)})"

    none = answer.anticipation_lo80 <= 0 <= answer.anticipation_hi80
    ahead = "nothing visible was brought forward, A =" if none else "before the start A ="
    return (
        f" Ledger: {ahead} {with_interval(answer.anticipation, answer.anticipation_lo80, answer.anticipation_hi80)}; "
        f"after it P = {quantity(answer.net - answer.anticipation, answer.unit, sign=True)}; "
        f"net {with_interval(answer.net, answer.net_lo80, answer.net_hi80)}."
    )


def verdict_sentence(data: Facts, answer: EffectAnswer, figures: bool = False, told_once: Collection[str] = ()) -> str:
    """What the verdict allows and why (with figures or not), months past the end, the run's verdict, and the ledger."""
    return (
        _verdict_text(data, answer, figures, told_once)
        + past_end_sentence(data, answer)
        + family_sentence(data, answer)
        + ledger_sentence(answer)
    )


def family_sentence(data: Facts, answer: EffectAnswer) -> str:
    """The verdict over all questions of the run, with the reasons that the question alone does not have; empty if the same."""
    if not answer.family_word:
        return ""
    own = verdict_reasons(data, answer)
    found = [r for r in _clauses(data, answer, answer.because_family) if r not in own][:MAX_REASONS]
    reason = f", because {', and '.join(found)}" if found else ""
    return f" Over all questions of this run together it is {answer.family_word}{reason}."


def _verdict_text(data: Facts, answer: EffectAnswer, figures: bool, told_once: Collection[str]) -> str:
    measures, word, reason = measures_in_estimate(data, answer), answer.verdict, because_clause(data, answer, told_once)
    event, several = events_phrase(data, measures), len(measures) > 1
    kind = "joint " if several else "relative " if answer.reading == "relative" else ""
    effect = f"A {kind}effect" if kind else "An effect"
    got = estimate_text(answer) if figures and answer.reading in ("causal", "relative") else ""
    if word in ("supported", "suggestive") and answer.has_estimate and answer.reading in ("causal", "relative"):
        if got:
            limit = f" It stays suggestive{reason}." if word == "suggestive" else ""
            alone = "" if several else kind
            return f"The {alone}estimate for {event}{' together' if several else ''} is {got}.{limit}"
        if word == "supported":
            alone = " of the question alone" if answer.family_word else ""
            return f"{effect} of {event} is supported by every check{alone} that was run."
        return f"{effect} of {event} is suggested, not shown{reason}."
    if word in ("supported", "suggestive"):
        return f"The size points to {event} but does not show it{reason}."
    if word == "no material effect":
        shown = f" The estimate is {got}." if got else ""
        share = f"its 90{NBSP}% interval stays within {margin_text(answer)} either way"
        return f"No material effect of {event}: as a share of what was expected, {share}.{shown}"
    against = answer.estimate * {"shortfall": -1, "recovery": 1}.get(answer.estimand, 0) < 0
    if word == "cannot distinguish" and against and answer.p_value <= 0.05 and answer.measure not in ("anticipation", "net"):
        return f"No {answer.estimand} is visible: the flow {'rose' if answer.estimate > 0 else 'fell'}. The estimate is {got}."
    if word == "cannot distinguish":
        shown = f" The estimate is {got}." if got else ""
        least = detectable_text(answer)
        seen = f"Only an effect of {least} or more would be seen with a chance of 80{NBSP}%" if least else NO_DETECTABLE_SIZE
        return f"{effect} of {event} cannot be told from none{reason}.{shown} {seen}."
    if word == "not identified":
        return f"The {kind}effect of {event} is not identified{reason}."
    if word == "contradicted by mirror":
        return f"The partner's figures contradict this{reason}."
    return f"These data cannot say how much of it {event}{' together' if several else ''} caused{reason}."


def _lower(text: str) -> str:
    text = text.strip()
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def seasonal_adjustment_note(data: RunData) -> str:
    """Why nothing is seasonally adjusted."""
    long = data.bundled and "CHN.export.WLD.rare_earths_total" in data.histories
    return "Nothing here is seasonally adjusted" + (
        "; all series but the rare-earth total are too short for it." if long else "."
    )
