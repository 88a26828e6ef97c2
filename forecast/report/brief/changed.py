"""What the measures changed: the main answers with their size, range and how sure, and a difference added up."""

from __future__ import annotations

import math

from forecast.core.plurals import pluralize
from forecast.report.blocks import Block, Column, FigureBlock, Heading, TableBlock, TableCell
from forecast.report.brief.plain_words import (
    EIGHT_OF_TEN,
    HOW_SURE,
    baseline_at_length,
    brief_credit,
    chance_words,
    effect_range,
    flow_words,
    how_sure,
    plain_baseline,
)
from forecast.report.chosen_answers import longest_window, summary_rows
from forecast.report.effect_rows import EffectAnswer
from forecast.report.figures.flows import cumulative_panel
from forecast.report.numbers import capitalize
from forecast.report.prose import amount, level_text
from forecast.report.run_data import RunData

FIRM = ("supported", "suggestive", "no material effect", "contradicted by mirror")
MOST_ROWS = 6
MOST_PANELS = 2


def changed_blocks(data: RunData) -> list[Block]:
    """Empty in a run without questions on events."""
    if not data.headline:
        return []
    rows = told_answers(data)
    out: list[Block] = [Heading("What the measures changed", 2, "changed", "What changed"), _table(data, rows)]
    figure = _figure(data, rows)
    return [*out, figure] if figure else out


def told_answers(data: RunData) -> list[EffectAnswer]:
    """The answers of the summary, and every other one that says more than what was seen, in the config's order."""
    chosen = {a.job for a in summary_rows(data)}
    firm = [a for a in data.headline if a.verdict in FIRM and a.job not in chosen]
    picked = chosen | {a.job for a in firm[: max(MOST_ROWS - len(chosen), 0)]}
    return [a for a in data.headline if a.job in picked]


def _table(data: RunData, answers: list[EffectAnswer]) -> TableBlock:
    rows = tuple(
        (
            TableCell(a.question or a.id, f"{flow_words(a.first_series)}, {a.window}"),
            TableCell(*_size(a)),
            TableCell(effect_range(a)),
            TableCell(how_sure(a), chance_words(a)),
        )
        for a in answers
    )
    left = len(data.headline) - len(answers)
    notes = [f"{pluralize(left, 'further answer')} in the full report." if left else ""]
    if any(a.has_estimate and a.measure == "cumulative" and abs(a.lo80) > a.expected > 0 for a in answers):
        notes.append("A loss can exceed the earlier trade, which might have grown.")
    if any(_is_opposed(a) for a in answers):
        notes.append("Where size and comparison differ in sign, the size follows the path of the months before.")
    grades = "; ".join(words.format(it="the measure") for words in HOW_SURE.values())
    notes.append(f"The grades, of which a test of the effect and a list of checks decide: {grades}.")
    columns = (Column("Question"), Column("Size", True), Column(f"Range {EIGHT_OF_TEN}", True), Column("How sure"))
    note = " ".join(text for text in notes if text)
    return TableBlock("What was asked, and what the figures say.", columns, rows, note, stacked=True)


def _size(answer: EffectAnswer) -> tuple[str, str]:
    """The estimate with what was seen beneath it; without an estimate what was seen."""
    if not answer.has_baseline:
        return (amount(answer, answer.estimate), "") if answer.has_estimate else ("no figure to compare", "")
    shown = amount(answer, answer.desc_estimate)
    level, expected = level_text(answer, answer.observed_total), level_text(answer, answer.expected)
    before = f"{expected}, {baseline_at_length(answer)}" if expected else plain_baseline(answer)
    compared = f"{level + ' ' if level else ''}against {before}"
    if not answer.has_estimate:
        return shown, f"seen: {compared}"
    size = amount(answer, answer.estimate)
    return size, compared if size == shown else f"seen: {shown}, {compared}"


def _is_opposed(answer: EffectAnswer) -> bool:
    return answer.has_estimate and answer.has_baseline and answer.estimate * answer.desc_estimate < 0


def _figure(data: RunData, answers: list[EffectAnswer]) -> FigureBlock | None:
    """The difference added up over the longest window of the first flows that have one."""
    found = {a.series: a for one in answers if (a := longest_window(data, one.series)) and a.series in data.histories}
    drawn = [a for a in found.values() if a.n_months > 1 and math.isfinite(a.desc_estimate)][:MOST_PANELS]
    if not drawn:
        return None
    series = [a.series for a in drawn]
    names = "; ".join(map(flow_words, series))
    return FigureBlock(
        "brief_changed",
        "More or less than before",
        tuple(cumulative_panel(capitalize(flow_words(a.series)), data.histories[a.series], a) for a in drawn),
        2,
        "Line: what was observed less the level named above the frame, added up month by month: a description, no cause. "
        "Bar: the range over all levels compared with. " + brief_credit(data, series, "own calculation"),
        f"Charts of the difference added up: {names}",
    )
