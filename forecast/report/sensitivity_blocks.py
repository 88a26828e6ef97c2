"""Sensitivity of each answer: shipping lag, donut, prior of the level, and day of asking changed one at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from forecast.report.blocks import MISSING, Block, Bullets, Column, Details, Prose, TableBlock, TableCell
from forecast.report.effect_rows import EffectAnswer, VariedAnswer
from forecast.report.number_cells import amount_cell
from forecast.report.numbers import capitalize, day, percent, period, treated_name
from forecast.report.prose import reason_in_words, relative_change, test_text
from forecast.report.run_data import RunData
from forecast.report.table_blocks import intervals_text, power_text

KINDS = ("lag_months", "donut", "level_sd", "day")
CHANGE_WORDS = {
    "lag_months": "months under way",
    "donut": "months left out after the start",
    "level_sd": "step of the expected level, in shares of the series' spread",
    "day": "day of asking",
}


def sensitivity_blocks(data: RunData) -> list[Block]:
    """One sentence per question and a table of all answers; empty if no question was varied."""
    asked = data.variations
    if not asked:
        return []
    own = {a.id: a for a in data.headline}
    count = sum(len(found) for found in asked.values())
    introduction = Prose(
        "Each question was put again with one thing changed: the months goods are under way (months before the first arrival "
        "then count as clean), how far the level of the expected path may step from month to month, or the day of asking, with "
        "the figures released and the measures announced by then. Every answer is judged like the question itself, but alone: "
        "it is at most suggestive, and does not enter the correction for many questions. Fewer windows without an event may "
        "stand behind it than behind the question's own answer. Per cent are the estimate's, of what was expected."
    )
    lines = Bullets(tuple(variation_sentence(data, own[name], found) for name, found in asked.items()))
    table = _variation_table(data, own, asked)
    return [Details(f"How firm: the same question asked otherwise ({count} answers)", (introduction, lines, table))]


def variation_sentence(data: RunData, own: EffectAnswer, found: Sequence[VariedAnswer]) -> str:
    """Whether the verdict of a question holds, and what each change did to it."""
    asked = f"**{own.id}. {treated_name(own.treated)}, {own.known_window}**"
    head = f"{asked} ({_short_text(own)}): {_verdict_count(own, found)}"
    parts = []
    for kind in KINDS:
        some = [v for v in found if v.what == kind]
        if some:
            other = _likeliest_level(data, own, some) if kind == "level_sd" else None
            method = f", method {other.estimator} (likeliest: {_short_text(other)})" if other else ""
            same = kind != "day" and all(_same_answer(v, other or own) for v in some)
            values = ", ".join(v.value for v in some)
            outcome = f"{values}: no difference" if same else "; ".join(_variation_text(v, own) for v in some)
            parts.append(f"{CHANGE_WORDS[kind]}{method}: {outcome}")
    return f"{head} {capitalize('. '.join(capitalize(p) for p in parts))}."


def _verdict_count(own: EffectAnswer, found: Sequence[VariedAnswer]) -> str:
    """How many of the answers that could be given have the question's own verdict."""
    given = [v for v in found if v.answer.months_from]
    if not given:
        return "none of the changed questions could be answered."
    same = sum(v.answer.verdict == own.verdict for v in given)
    if same == len(given):
        return f"the same verdict in all {len(given)} answers." if len(given) > 1 else "the same verdict."
    return f"the same verdict in {same} of {len(given)} answers."


def _variation_text(v: VariedAnswer, own: EffectAnswer) -> str:
    """One answer in short: value, size if estimated, and verdict and months if they differ from the question's own."""
    a = v.answer
    value = day(v.value) if v.what == "day" else v.value
    if not a.months_from:
        return f"{value}: no answer"
    seen = _months_text(v)
    other = "" if (a.months_from, a.months_to) == (own.months_from, own.months_to) else f" ({seen})"
    size = _fraction(a)
    same = a.verdict == own.verdict and math.isfinite(size)
    return f"{value}: {percent(size) if same else _short_text(a)}{other}"


def _same_answer(v: VariedAnswer, own: EffectAnswer) -> bool:
    """Whether months, verdict and estimate are unchanged."""
    one, other = ((a.months_from, a.months_to, a.verdict, a.estimate, a.desc_estimate) for a in (v.answer, own))
    return one == other


def _short_text(a: EffectAnswer) -> str:
    """A verdict, with the estimate in per cent of the expected level if there is one."""
    size = _fraction(a)
    return f"{a.verdict}, {percent(size)}" if math.isfinite(size) else a.verdict


def _likeliest_level(data: RunData, own: EffectAnswer, found: Sequence[VariedAnswer]) -> EffectAnswer | None:
    """The answer whose level prior was varied, if it is not the question's first."""
    names = {v.answer.estimator for v in found if v.what == "level_sd"} - {own.estimator}
    return next((a for a in data.answers if a.id == own.id and a.estimator in names), None)


def _months_text(v: VariedAnswer) -> str:
    """Months an answer uses, as known on the day of asking."""
    if not v.answer.months_observed:
        return v.answer.window if v.answer.months_from else ""
    return " and ".join(period(run) for run in v.answer.months_observed.split(" and "))


def _fraction(a: EffectAnswer) -> float:
    if not a.has_estimate or a.measure == "share":
        return math.nan
    if a.measure == "relative":
        return a.estimate
    expected = a.observed_total - a.estimate
    return a.estimate / expected if expected > 0 else math.nan


def _variation_table(data: RunData, own: dict[str, EffectAnswer], asked: dict[str, tuple[VariedAnswer, ...]]) -> TableBlock:
    columns = (
        Column("Changed"), Column("Months"), Column("Observed less baseline", True), Column("Estimate", True),
        Column("Support"), Column("Verdict"),
    )  # fmt: skip
    rows: list[tuple[TableCell, ...]] = []
    for name, found in asked.items():
        a = own[name]
        rows.append((TableCell(f"{a.id}. {a.question or treated_name(a.treated)}", tone="group"),))
        rows.append((TableCell("as asked", f"method {a.estimator}"), *_answer_cells(data, a, a.window)))
        if other := _likeliest_level(data, a, found):
            likeliest = TableCell("likeliest step of the level", f"method {other.estimator}")
            rows.append((likeliest, *_answer_cells(data, other, other.window)))
        rows += [
            (_variation_cell(v), *_answer_cells(data, v.answer, _months_text(v))) for v in sorted(found, key=_variation_order)
        ]
    return TableBlock("Every answer, in the unit of its question.", columns, tuple(rows))


def _variation_order(v: VariedAnswer) -> tuple[int, float, str]:
    return KINDS.index(v.what), 0.0 if v.what == "day" else float(v.value), v.value


def _variation_cell(v: VariedAnswer) -> TableCell:
    months = f"{v.value} month{'' if v.value == '1' else 's'}"
    words = {
        "lag_months": f"{months} under way",
        "donut": f"{months} left out after the start",
        "level_sd": f"level steps by {percent(float(v.value), sign=False)} of the spread" if v.what == "level_sd" else "",
        "day": f"asked on {day(v.value)}" if v.what == "day" else "",
    }
    return TableCell(words[v.what], f"method {v.answer.estimator}")


def _answer_cells(data: RunData, a: EffectAnswer, months: str) -> tuple[TableCell, ...]:
    """Months, description, estimate, support and verdict of one answer."""
    fraction = relative_change(a)
    against = f"{percent(fraction)} on the {a.baseline}" if math.isfinite(fraction) else a.baseline
    described = amount_cell(a, a.desc_estimate, against) if a.has_baseline else TableCell(MISSING)
    estimated = amount_cell(a, a.estimate, intervals_text(a)) if a.has_estimate else TableCell(MISSING)
    clean = f"{a.n_clean} clean months" if a.months_from else ""
    support = "; ".join(x for x in (clean, test_text(a), power_text(a)) if x)
    reason = "" if a.months_from else reason_in_words(data, a, a.because)
    return (
        TableCell(months or MISSING),
        described,
        estimated,
        TableCell(support or MISSING),
        TableCell(a.verdict, reason, a.verdict),
    )
