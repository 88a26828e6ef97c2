"""Section on the effects of events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from forecast.core.products import display_unit
from forecast.core.registry import section
from forecast.core.schema import PartRow, PathRow, divide_figures, group_rows
from forecast.core.series import SeriesKey
from forecast.report.blocks import (
    Block,
    Bullets,
    Callout,
    Column,
    Details,
    FigureBlock,
    FigurePanel,
    Heading,
    Prose,
    TableBlock,
    TableCell,
)
from forecast.report.credits import credit
from forecast.report.effect_rows import EffectAnswer, mineral_title
from forecast.report.figures.flows import counterfactual_panel
from forecast.report.measure_phrases import event_phrase
from forecast.report.number_cells import amount_cell
from forecast.report.numbers import NBSP, capitalize, decimal, flow_name, good_name, treated_name
from forecast.report.prose import breakdown_text, interval_text
from forecast.report.recovered_blocks import recovered_blocks
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData
from forecast.report.sensitivity_blocks import sensitivity_blocks
from forecast.report.series_overview import left_out_note, told_answers
from forecast.report.shared_limits import shared_limits
from forecast.report.table_blocks import headline_table, other_methods_table

MAX_PANELS = 12


@section
@dataclass(frozen=True)
class HeadlineSection:
    """What the events changed: each question with its description, estimate where allowed, and verdict."""

    order: ClassVar[float] = 20
    needs: ClassVar[tuple[str, ...]] = (MORE_THAN_NOWCASTS,)

    def blocks(self, data: RunData) -> list[Block]:
        """Headline tables by mineral, answers under other methods, sensitivity, and paths behind the estimates."""
        out: list[Block] = [Heading("What the events changed", 2, "changed", "What changed")]
        rows = told_answers(data)
        if not rows and not data.asks("effects"):
            return []
        if not rows:
            reason = "no question about an event could be put to these data"
            return [*out, Callout(f"There is no row here: {reason}. Failures are listed under the backtest.", "warning")]
        out.append(
            Prose(
                "Each row stands on its own months, baseline and source; the sentence beneath says what may be said and gives "
                "the one or two reasons that matter most (all of them: Placebos and gates). A description (“observed against "
                "baseline”) claims no cause. An estimate appears only where the checks allow one, always with its bounds."
            )
        )
        if note := left_out_note(data):
            out.append(Prose(note))
        groups: dict[str, list[EffectAnswer]] = {}
        for row in rows:
            groups.setdefault(mineral_title(row), []).append(row)
        shared = shared_limits(data, rows)
        out += [Prose("What limits several rows is told once:"), Bullets(shared.sentences)] if shared.sentences else []
        out += [headline_table(data, part, name, shared.reasons) for name, part in groups.items()]
        others = [a for a in data.answers if a.role == "sensitivity"]
        if others:
            out.append(
                Details(
                    f"The same questions under other methods and windows ({len(others)})", (other_methods_table(data, others),)
                )
            )
        out += [*sensitivity_blocks(data), *event_parts(data), *recovered_blocks(data)]
        figure = _paths_figure(data, rows)
        return [*out, figure] if figure else out


def event_parts(data: RunData) -> list[Block]:
    """Contribution of each event of a cluster, where a method separates them and the estimate is allowed."""
    rows: list[tuple[TableCell, ...]] = []
    for a in data.answers:
        found = data.parts(a) if a.has_estimate and a.measure in ("cumulative", "net") else ()
        if len(found) < 2:
            continue
        title = f"{a.id}. {treated_name(a.treated)}, {a.known_window}; method {a.estimator}: {a.verdict}"
        rows.append((TableCell(title, tone="group"),))
        for p in found:
            name = " and ".join(event_phrase(data, e) for e in p.event.split("+"))
            rows.append((TableCell(name), *_sized_cells(a, p)))
        rows.append((TableCell("together"), *_sized_cells(a, a)))
    if not rows:
        return []
    columns = (Column("Event"), Column("Part", True), Column(f"80{NBSP}% interval", True), Column(f"95{NBSP}% interval", True))
    introduction = Prose(
        "Where several measures fall into one window, a method with a shape for each gives every one a part: the mean over "
        "all orders in which they can be taken away. The parts add up to the joint effect. The verdict is that of the joint "
        "effect; a part has none of its own and rests on the shapes assumed."
    )
    return [Details("What each event contributed", (introduction, TableBlock("Parts of joint effects.", columns, tuple(rows))))]


def _sized_cells(a: EffectAnswer, row: EffectAnswer | PartRow) -> tuple[TableCell, ...]:
    """Estimate with its 80 and 95 % intervals, in the unit of an answer."""
    intervals = (interval_text(a, row.lo80, row.hi80), interval_text(a, row.lo95, row.hi95))
    return amount_cell(a, row.estimate), *map(TableCell, intervals)


def _paths_figure(data: RunData, answers: Sequence[EffectAnswer]) -> FigureBlock | None:
    paths = group_rows((r for r in data.rows(PathRow) if math.isfinite(r.counterfactual_q50)), lambda r: r.job)
    panels: list[FigurePanel] = []
    left: list[str] = []
    drawn: list[str] = []
    for answer in answers:
        if not answer.has_estimate:
            continue
        if answer.job not in paths or answer.measure in ("share", "relative") or len(panels) == MAX_PANELS:
            left.append(answer.id)
            continue
        drawn.append(answer.series)
        unit, scale = display_unit(answer.first_series)
        name = good_name(answer.first_series) if SeriesKey.maybe(answer.first_series) else answer.series
        title = f"{answer.id}. {capitalize(name)}"[:52]
        flow = flow_name(answer.first_series, most=30)
        sub = f"{flow}, {answer.window}, {answer.estimator}; {unit}".replace("\u00a0", " ")
        drift = f"breakdown {decimal(answer.breakdown, 1)}, n = {answer.n_placebo}" if breakdown_text(answer) else ""
        path = [divide_figures(r, scale) for r in paths[answer.job]]
        panels.append(counterfactual_panel(title, sub, path, data.histories.get(answer.series), drift))
    if not panels:
        return None
    return FigureBlock(
        "effect_paths",
        "Observed, and expected without the event",
        tuple(panels),
        3,
        "One panel for each headline row with an estimate, by the row's own method"
        + (f" (not drawn: {', '.join(left)}, which is a ratio or has no monthly path)" if left else "")
        + ". Blue: observed, with the two years before. Orange: what the months before the event lead to expect, shaded with "
        "80 and 95 % bands of single months, dashed with the 90 % band that holds the whole path; sums spread evenly over "
        "their months. ▲: the 95 % band goes on above the frame, to the figure given. Breakdown: the effect over the largest "
        "of the n windows without an event; its sign survives a drift of the expected path up to so many times that one. "
        + credit(data, drawn, "figure", "own work"),
        "Small charts of observed against expected monthly quantities for each estimated question",
    )
