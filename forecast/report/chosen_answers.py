"""The answers that matter most, by rules: those the config names, else the firmest; of a series the longest window."""

from __future__ import annotations

import math

from forecast.report.effect_rows import EffectAnswer, mineral_title
from forecast.report.numbers import capitalize, number_in_words
from forecast.report.run_data import RunData

MAX_ANSWERS = 6
_STRENGTH = (
    "supported", "contradicted by mirror", "suggestive", "no material effect", "cannot distinguish", "not identified",
    "descriptive",
)  # fmt: skip


def firmness(answer: EffectAnswer) -> int:
    """The place of an answer's verdict among the verdicts, the firmest first."""
    return _STRENGTH.index(answer.verdict) if answer.verdict in _STRENGTH else len(_STRENGTH)


def summary_rows(data: RunData) -> list[EffectAnswer]:
    """Answers named by the config; otherwise the strongest per mineral, then per further series, in the config's order."""
    rows = list(data.headline)
    named = (data.config.get("report") or {}).get("summary") or ()
    if named:
        return [a for name in named for a in rows if a.id == name]
    ranked = sorted(rows, key=firmness)
    picked: list[EffectAnswer] = []
    for fresh in (lambda a: mineral_title(a), lambda a: a.series, lambda a: a.id):
        for answer in ranked:
            if len(picked) < MAX_ANSWERS and fresh(answer) not in {fresh(p) for p in picked}:
                picked.append(answer)
    return sorted(picked, key=rows.index)


def longest_window(data: RunData, series: str) -> EffectAnswer | None:
    """The headline row of a series with the longest window among those with a baseline level."""
    rows = [
        a
        for a in data.headline
        if a.series == series
        and a.has_baseline
        and a.measure in ("cumulative", "net")
        and a.expected > 0
        and math.isfinite(a.observed_total)
    ]
    return max(rows, key=lambda a: a.n_months, default=None)


def grade_sentence(data: RunData, grade: str = "our highest grade, “firm”") -> str:
    """How many answers reach the highest grade."""
    firm, asked = sum(a.verdict == "supported" for a in data.headline), len(data.headline)
    if asked == 1:
        return f"This finding {'reaches' if firm else 'does not reach'} {grade}."
    if not firm:
        return f"No finding of {asked} reaches {grade}."
    return f"{capitalize(number_in_words(firm))} of {asked} findings reach{'es' if firm == 1 else ''} {grade}."
