"""A run's findings in words that need no glossary."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from forecast.core.schema import ForecastRow
from forecast.report.blocks import MISSING
from forecast.report.credits import credit
from forecast.report.effect_rows import EffectAnswer
from forecast.report.numbers import NBSP, decimal, flow_name, good_name, number_in_words, percent, quantity
from forecast.report.prose import amount, level_text, relative_change
from forecast.report.run_data import RunData

EIGHT_OF_TEN = "in eight cases of ten"
HOW_SURE = {
    "supported": "firm: every check is passed",
    "suggestive": "points to {it}, without proof",
    "no material effect": "a change that matters is ruled out",
    "cannot distinguish": "cannot be told from no effect",
    "descriptive": "what was seen; no cause is claimed",
    "not identified": "these figures cannot say",
    "contradicted by mirror": "the trading partner's figures contradict it",
}
_CLEAN = re.compile(r"\bclean (months?)\b")


def flow_words(series: str) -> str:
    """A flow in brackets after its good, whose name ends at its first comma: magnets (China to world)."""
    measure = {"usd": ", value", "usd_per_kg": ", value of a kilogram"}.get(series.partition(":")[2], "")
    return f"{good_name(series).partition(',')[0]} ({flow_name(series)}{measure})"


def range_text(low: float, high: float, unit: str) -> str:
    """A range with its unit given once."""
    return f"{quantity(low) if low else 0} to {quantity(high, unit)}"


def fan_range(row: ForecastRow, unit: str) -> str:
    """The range that holds eight of ten draws."""
    return range_text(row.q10, row.q90, unit)


def brief_credit(data: RunData, series: Sequence[str], *more: str) -> str:
    """The sources of a figure; what the report lists is in the annex."""
    return credit(data, series, "figure", *more).replace("listed under Data", "named in the full report")


def how_sure(answer: EffectAnswer) -> str:
    """A verdict in plain words."""
    it = "the measures" if len(answer.events) > 1 or answer.reading == "relative" else "the measure"
    return HOW_SURE.get(answer.verdict, answer.verdict or MISSING).format(it=it)


def plain_baseline(answer: EffectAnswer) -> str:
    """The name of a baseline with its article, months without a measure in plain words."""
    name = _CLEAN.sub(r"undisturbed \1", answer.baseline)
    if name[:1].isupper() or name.startswith(("the ", "calendar")):
        return name
    return f"the {name}"


def observation_words(answer: EffectAnswer) -> str:
    """What was observed beside its baseline: 51 % (7,483 t) less than the mean of 2024."""
    level = level_text(answer, answer.observed_total)
    if not answer.has_baseline:
        return level
    size = answer.desc_estimate
    if size == 0:
        return f"{level}, as much as {plain_baseline(answer)}"
    side = "less" if size < 0 else "more"
    fraction = relative_change(answer)
    if answer.measure == "share":
        points = amount(answer, abs(size), sign=False).replace("pp", "points")
        return f"a share of {level}, {points} {side} than {plain_baseline(answer)}"
    if answer.measure == "relative":
        return f"{percent(abs(size), sign=False)} {side} than {plain_baseline(answer)}"
    shown = amount(answer, abs(size), sign=False)
    part = f"{percent(abs(fraction), sign=False)} ({shown})" if math.isfinite(fraction) else shown
    return f"{part} {side} than {baseline_at_length(answer)}"


def baseline_at_length(answer: EffectAnswer) -> str:
    """What a sum is held against, with its length: three months at the mean of 2024; a mean over so many months itself."""
    name, count = plain_baseline(answer), answer.n_known
    if count < 2 or "same months" in name or answer.measure in ("share", "relative"):
        return name
    steps = f"{number_in_words(count)} {answer.steps.unit}s"
    return f"{steps} at {name}" if name.startswith("the mean") else f"{steps} at the pace of {name}"


def chance_words(answer: EffectAnswer) -> str:
    """How often so large a difference is seen where there is no effect; empty without a test."""
    p = answer.p_value
    if not math.isfinite(p):
        return ""
    if p < 0.001:
        return "without an effect seen in fewer than 1 of 1,000 cases"
    return f"without an effect seen in {decimal(100 * p, 0 if p >= 0.1 else 1)} of 100 cases"


def effect_words(answer: EffectAnswer) -> str:
    """One answer without its verdict: the months, and what was seen of which flow."""
    when = f"{answer.window}, " if answer.window else ""
    return f"{when}{flow_words(answer.first_series)}, {observation_words(answer) or 'no figure'}"


def effect_range(answer: EffectAnswer) -> str:
    """The range of an estimate that holds eight of ten draws; a dash where the checks allow no estimate."""
    if not answer.has_estimate or not (math.isfinite(answer.lo80) and math.isfinite(answer.hi80)):
        return MISSING
    low, high = amount(answer, answer.lo80), amount(answer, answer.hi80)
    unit = low.rpartition(NBSP)[2]
    return f"{low.removesuffix(NBSP + unit)} to {high}" if unit and high.endswith(unit) else f"{low} to {high}"
