"""Many series on one page: a ranked table of all of them, and the few that are told in full."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from forecast.core import months as mm
from forecast.core.plurals import pluralize
from forecast.core.schema import ForecastRow
from forecast.report.blocks import MISSING, Column, TableBlock, TableCell
from forecast.report.effect_rows import EffectAnswer
from forecast.report.flow_history import FlowHistory
from forecast.report.number_cells import decimal_cell, percent_cell, quantity_cell
from forecast.report.numbers import flow_name, good_name, period
from forecast.report.prose import relative_change
from forecast.report.run_data import RunData

MANY_SERIES = 48  # above which a page tells a few in full and ranks them all
MANY_ANSWERS = 60  # above which the answers with the largest effects stand for all
TOLD = 12  # series that are then told in full
SHOWN = 36  # published months in a row's line
BASE = 12  # months whose mean the months ahead are compared with
FIT = "mase"


@dataclass(frozen=True)
class SeriesRank:
    """One series in the table of all: what it is ranked by; NaN where it is not known."""

    history: FlowHistory
    ahead: tuple[float, ...]
    change: float
    effect: EffectAnswer | None
    fit: float

    @functools.cached_property
    def size(self) -> float:
        """Size of the largest effect, as a fraction of what was expected."""
        return abs(relative_change(self.effect)) if self.effect else math.nan


def rank_series(data: RunData, fans: Mapping[str, Sequence[ForecastRow]]) -> list[SeriesRank]:
    """All forecast series, those with the largest expected change first; unknown ones last, A to Z."""
    effects: dict[str, EffectAnswer] = {}
    for answer in data.headline:
        size = abs(relative_change(answer)) if answer.has_baseline else math.nan
        held = effects.get(answer.series)
        if math.isfinite(size) and (held is None or size > abs(relative_change(held))):
            effects[answer.series] = answer
    fits = _fits(data)
    ranks = []
    for series, rows in fans.items():
        single = sorted((row for row in rows if "/" not in row.month), key=lambda row: row.month)
        ahead = tuple(row.q50 for row in single)
        history = data.histories[series]
        ranks.append(SeriesRank(history, ahead, _change(history, ahead), effects.get(series), fits.get(series, math.nan)))
    return sorted(ranks, key=lambda r: (-abs(r.change) if math.isfinite(r.change) else math.inf, r.history.series))


def choose_series(ranks: Sequence[SeriesRank]) -> list[str]:
    """The series told in full: by turns the largest expected change, the largest effect and the worst fit."""
    measures: tuple[Callable[[SeriesRank], float], ...] = (lambda r: abs(r.change), lambda r: r.size, lambda r: r.fit)
    lists = [sorted((r for r in ranks if math.isfinite(by(r))), key=by, reverse=True) for by in measures]
    turns = (part[i].history.series for i in range(len(ranks)) for part in lists if i < len(part))
    chosen = list(dict.fromkeys(turns))[:TOLD]
    return chosen or [r.history.series for r in ranks[:TOLD]]


def overview_table(ranks: Sequence[SeriesRank], model: str) -> TableBlock:
    """One row per series: its line, its last figure, and what it is ranked by."""
    columns = (
        Column("Series"), Column("Course"), Column("Last figure", True), Column("Expected change", True),
        Column("Largest effect", True), Column("MASE", True),
    )  # fmt: skip
    return TableBlock(
        f"All {len(ranks):,} series, the largest expected change first.",
        columns,
        tuple(map(_row, ranks)),
        f"Course: the last {SHOWN} months, then the median of {model} ahead, each on a scale of its own. Expected change: "
        f"mean of the medians ahead over the mean of the last {BASE} published months. Largest effect: observed against "
        "baseline, of the questions asked about the series, with its verdict. MASE: mean over the backtest; 1 is the error of "
        "the seasonal naive forecast inside the training window.",
    )


def told_answers(data: RunData) -> tuple[EffectAnswer, ...]:
    """The answers told in full: all, or where they are many those with the largest effects, in the order of the config."""
    if len(data.headline) <= MANY_ANSWERS:
        return data.headline
    sizes = {a.job: abs(relative_change(a)) if a.has_baseline else math.nan for a in data.headline}
    ranked = sorted(data.headline, key=lambda a: -sizes[a.job] if math.isfinite(sizes[a.job]) else math.inf)
    kept = {a.job for a in ranked[:MANY_ANSWERS]}
    return tuple(a for a in data.headline if a.job in kept)


def left_out_note(data: RunData) -> str:
    """That only some answers are told, where that is so."""
    left = len(data.headline) - len(told_answers(data))
    if not left:
        return ""
    told = f"The {MANY_ANSWERS} answers with the largest effects stand here"
    return f"{told}; {pluralize(left, 'more answer')} are in the run's table of effects, with their gates."


def _row(rank: SeriesRank) -> tuple[TableCell, ...]:
    history = rank.history
    last = max(history.values, default=None)
    first = (last or history.last) - SHOWN + 1
    course = tuple(history.values.get(m, math.nan) for m in range(first, (last or history.last) + 1))
    latest = TableCell(MISSING)
    if last is not None:
        latest = quantity_cell(history.values[last], history.unit, period(mm.label(last)))
    effect = TableCell(MISSING)
    if rank.effect is not None:
        effect = percent_cell(relative_change(rank.effect), f"{rank.effect.id}: {rank.effect.verdict}")
    return (
        TableCell(good_name(history.series), flow_name(history.series)),
        TableCell("", line=(*course, *rank.ahead)),
        latest,
        percent_cell(rank.change),
        effect,
        decimal_cell(rank.fit, 2),
    )


def _change(history: FlowHistory, ahead: Sequence[float]) -> float:
    """Mean ahead over the mean of the last published months, less one."""
    recent = [history.values[m] for m in sorted(history.values)[-BASE:]]
    base = sum(recent) / len(recent) if recent else 0.0
    return sum(ahead) / len(ahead) / base - 1.0 if ahead and base > 0 else math.nan


def _fits(data: RunData) -> dict[str, float]:
    """Mean error of the default model by series, relative to the naive one."""
    scores = data.table("scores")
    own = scores[(scores.metric == FIT) & (scores.model == data.default_model)]
    return {str(series): float(value) for series, value in own.groupby("series").value.mean().items()}
