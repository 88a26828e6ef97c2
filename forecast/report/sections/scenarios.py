"""Section on scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from forecast.core import months as mm
from forecast.core.products import display_unit
from forecast.core.registry import section
from forecast.core.schema import FailureRow, ScenarioForecastRow, group_rows
from forecast.report.blocks import MISSING, Block, Bullets, Column, Details, FigureBlock, Heading, Prose, TableBlock, TableCell
from forecast.report.event_key import event_key, events_of_panel, letter_events
from forecast.report.figures.scenarios import HISTORY_MONTHS, line_styles, scenario_panel
from forecast.report.number_cells import quantity_cell
from forecast.report.numbers import (
    NBSP,
    capitalize,
    day,
    flow_name,
    good_name,
    number_in_words,
    percent,
    period,
    quantity,
    series_name,
)
from forecast.report.prose import in_words
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData, in_display_units
from forecast.report.scenario_sums import yearly_sums

NOT_IDENTIFIED = "not identified"
Refusals = dict[tuple[str, str], str]  # (series, scenario) -> why it has no fan


@section
@dataclass(frozen=True)
class ScenariosSection:
    """Under each scenario: fans, sums over a year against the observed regime, and what each rests on."""

    order: ClassVar[float] = 50
    needs: ClassVar[tuple[str, ...]] = (MORE_THAN_NOWCASTS,)

    def blocks(self, data: RunData) -> list[Block]:
        """Empty unless the run has scenarios."""
        asked = [row for row in data.config.get("scenarios") or () if isinstance(row, dict)]
        rows, lost = in_display_units(data.rows(ScenarioForecastRow)), _refused_fans(data)
        if not asked or not (rows or lost):
            return []
        part = data.config.get("scenario_forecast") or {}
        found = {r.series for r in rows} | {name for name, _ in lost}
        order = [s for s in part.get("series", ()) if s in found and s in data.histories]
        series = order + [s for s in data.histories if s in found and s not in order]
        names = list(dict.fromkeys([*(str(row["name"]) for row in asked), *(r.scenario for r in rows)]))  # pooled ones last
        return [
            Heading("What may be decided: one fan for each course", 3),
            _introduction(data, asked, rows, series),
            Bullets(tuple(_scenario_text(data, row, rows, lost) for row in asked)),
            *([_fan_figure(data, rows, lost, names, series)] if rows else []),
            _sums_table(data, lost, names, series),
            Details("On what each fan rests, in full", (_basis_table(rows, lost, names, series),)),
        ]


def _refused_fans(data: RunData) -> Refusals:
    """Why a scenario has no fan."""
    mark = "scenario: "
    failures = [r for r in data.rows(FailureRow) if r.question.startswith(mark)]
    return {(r.series, r.question.removeprefix(mark)): r.reason for r in failures}


def _introduction(data: RunData, asked: list[dict[str, Any]], rows: Sequence[ScenarioForecastRow], series: list[str]) -> Prose:
    chances = [row.get("probability") for row in asked]
    weighed = "The probabilities are the config's own, not estimated." if all(p is not None for p in chances) else (
        "No probability is attached to any of them: which one holds is a decision, not a draw."
    )  # fmt: skip
    models = list(dict.fromkeys(r.model for r in rows))
    if models == [data.default_model]:
        how = (
            f"from the same draws of **{data.default_model_text}** as the fans above. A measure takes away from the path "
            "without it, draw by draw, and a course that leaves the calendar as it is is the fan."
        )
    else:
        named = " and ".join(f"**{name}**{data.model_description(name)}" for name in models)
        how = f"by the model {named}, not the default of the fans above." if models else "by no model that could answer."
    return Prose(
        f"Standing on {day(data.as_of)}, with nothing but the calendar changed after it, {how} A fan stands for all "
        "measures of its months together, and a regime seen for a few months says little "
        f"of longer ones. {weighed}{_transit_text(data, models, series)}"
    )


def _transit_text(data: RunData, models: Sequence[str], series: list[str]) -> str:
    """How long goods are under way by the model's declaration."""
    if not any(".import." in s for s in series):
        return ""
    specs = {str(m.get("name") or m.get("use")): m for m in data.config.get("models") or () if isinstance(m, dict)}
    months = {specs.get(name, {}).get("lag_months") for name in models}
    if len(months) == 1 and isinstance(only := months.pop(), int) and only > 0:
        return f" Imports show a measure of the exporter {number_in_words(only)} month{'s' * (only > 1)} after it took effect."
    return " Measures count from the month in which they hold; imports arrive later, so a turn may show later than it is drawn."


def _scenario_text(data: RunData, row: dict[str, Any], rows: Sequence[ScenarioForecastRow], lost: Refusals) -> str:
    """One scenario in words, and the basis of its last months."""
    name = str(row["name"])
    chance = "" if row.get("probability") is None else f" ({percent(float(row['probability']), sign=False)})"
    own = group_rows((r for r in rows if r.scenario == name), lambda r: r.series)
    rests = {series: _last_basis(part[0].basis) for series, part in own.items()}
    rests |= {series: NOT_IDENTIFIED for series, other in lost if other == name}
    text = f": {row['text']}" if row.get("text") else ""
    return f"**{capitalize(name)}**{chance}{text}. Rests on: {in_words(data, _group_by_flow(rests))}."


def _last_basis(basis: str) -> str:
    """The basis of the last regime in the forecast months, without the names of its measures."""
    return basis.rpartition("; ")[2].partition(": ")[2] or basis


def _group_by_flow(rests: dict[str, str]) -> str:
    """Bases of series, stated once for a flow whose goods all share one."""
    flows: dict[str, dict[str, list[str]]] = {}
    for series in sorted(rests):
        good = good_name(series).partition(",")[0]
        flows.setdefault(flow_name(series), {}).setdefault(rests[series], []).append(good)
    return "; ".join(
        f"{flow}{'' if len(texts) == 1 else ', ' + ' and '.join(goods)}: {text}"
        for flow, texts in flows.items()
        for text, goods in texts.items()
    )


def _fan_figure(
    data: RunData, rows: Sequence[ScenarioForecastRow], lost: Refusals, names: list[str], series: list[str]
) -> FigureBlock:
    looks = line_styles(names)
    single = group_rows(rows, lambda r: r.series)
    drawn = [s for s in series if s in single]
    first = min(data.histories[s].last - HISTORY_MONTHS for s in drawn)
    events = letter_events(data, drawn, first, mm.ordinal(data.as_of[:7]))
    panels = tuple(
        scenario_panel(
            data.histories[s], single[s], looks, [n for n in names if (s, n) in lost], data.as_of, events_of_panel(events, s)
        )
        for s in drawn
    )
    return FigureBlock(
        "scenarios",
        "Under each scenario",
        panels,
        3,
        "Solid: published months. Coloured: median and 80 % band of a single month under each scenario; until the "
        f"scenarios part they are one. Shaded: months already past on {day(data.as_of)} {data.unknown}. Letters: "
        "events in force. Sources as in the charts above; own calculation.",
        "Fans under scenarios of " + "; ".join(map(series_name, drawn)),
        event_key(events),
    )


def _sums_table(data: RunData, lost: Refusals, names: list[str], series: list[str]) -> TableBlock:
    """Median and 80 % interval of the last twelve months' sum by scenario."""
    sums = yearly_sums(data.scenario_sums)
    spans = {r.month for r in sums.values()}
    out = []
    for s in series:
        unit, _ = display_unit(s)
        cells = []
        for name in names:
            r = sums.get((s, name))
            if r is None:
                cells.append(TableCell(NOT_IDENTIFIED if (s, name) in lost else MISSING, "", "muted"))
                continue
            cells.append(quantity_cell(r.q50, unit, f"{quantity(r.q10) if r.q10 else 0} to {quantity(r.q90, unit)}"))
        out.append((TableCell(good_name(s), flow_name(s)), *cells))
    when = period(next(iter(spans))) if len(spans) == 1 else "the last months asked"
    reasons = [f"{capitalize(NOT_IDENTIFIED)}: {text}." for text in dict.fromkeys(map(_shared_reason, lost.values()))]
    return TableBlock(
        f"Sum over {when}: the median; beneath it 80{NBSP}% of the draws.",
        (Column("Series"), *(Column(capitalize(name), True) for name in names)),
        tuple(out),
        " ".join(reasons),
    )


def _shared_reason(text: str) -> str:
    """A reason without the ids of measures, so that equal reasons can be merged."""
    head, mark, rest = text.partition(" on a part of this total: ")
    return f"a measure begins or ends{mark}{rest}" if mark else head


def _basis_table(rows: Sequence[ScenarioForecastRow], lost: Refusals, names: list[str], series: list[str]) -> TableBlock:
    out: list[tuple[TableCell, ...]] = []
    known = {(r.series, r.scenario): r for r in rows}
    for s in series:
        out.append((TableCell(series_name(s), tone="group"),))
        for name in names:
            r = known.get((s, name))
            out.append((TableCell(name), TableCell(r.basis, r.notes) if r else TableCell(lost.get((s, name), ""))))
    return TableBlock(
        "Measures by their ids, in order of the months asked", (Column("Scenario"), Column("Rests on")), tuple(out)
    )
