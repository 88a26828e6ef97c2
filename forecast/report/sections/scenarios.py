"""Section on scenarios."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from forecast.core import months as mm
from forecast.core.products import display_unit
from forecast.core.registry import section
from forecast.core.schema import FailureRow, RegimeRow, ScenarioForecastRow, group_rows
from forecast.report.blocks import MISSING, Block, Bullets, Column, Details, FigureBlock, Heading, Prose, TableBlock, TableCell
from forecast.report.event_key import event_key, events_of_panel, letter_events
from forecast.report.figures.scenarios import HISTORY_MONTHS, line_styles, scenario_panel
from forecast.report.numbers import NBSP, capitalize, day, flow_name, good_name, percent, period, quantity, series_name
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData, in_display_units

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
        known = "The same as forecasts" if data.rows(RegimeRow) else "What may be decided"
        return [
            Heading(f"{known}: one fan for each course", 3),
            _introduction(data, asked, str(part.get("model", "")), series),
            Bullets(tuple(_scenario_text(row, rows, lost) for row in asked)),
            *([_fan_figure(data, rows, lost, names, series)] if rows else []),
            _sums_table(data, rows, lost, names, series),
            Details("On what each fan rests, in full", (_basis_table(rows, lost, names, series),)),
        ]


def _refused_fans(data: RunData) -> Refusals:
    """Why a scenario has no fan."""
    mark = "scenario: "
    failures = [r for r in data.rows(FailureRow) if r.question.startswith(mark)]
    return {(r.series, r.question.removeprefix(mark)): r.reason for r in failures}


def _introduction(data: RunData, asked: list[dict[str, Any]], model: str, series: list[str]) -> Prose:
    chances = [row.get("probability") for row in asked]
    weighed = "The probabilities are the config's own, not estimated." if all(p is not None for p in chances) else (
        "No probability is attached to any of them: which one holds is a decision, not a draw."
    )  # fmt: skip
    late = (
        " Measures count from the month in which they hold; imports arrive one to two months later, so a turn may show later "
        "than it is drawn."
        if any(".import." in s for s in series)
        else ""
    )
    return Prose(
        f"Standing on {day(data.as_of)}, with nothing but the calendar changed after it, by the model **{model}**"
        f"{data.model_description(model)}; the forecasts above know of no decision still to come. A fan stands for all "
        "measures of its months together, not for the effect of one of them, and a regime seen for a few months says little "
        f"of longer ones. {weighed}{late}"
    )


def _scenario_text(row: dict[str, Any], rows: Sequence[ScenarioForecastRow], lost: Refusals) -> str:
    """One scenario in words, and the basis of its last months."""
    name = str(row["name"])
    chance = "" if row.get("probability") is None else f" ({percent(float(row['probability']), sign=False)})"
    own = group_rows((r for r in rows if r.scenario == name), lambda r: r.series)
    rests = {series: _last_basis(part[0].basis) for series, part in own.items()}
    rests |= {series: NOT_IDENTIFIED for series, other in lost if other == name}
    text = f": {row['text']}" if row.get("text") else ""
    return f"**{capitalize(name)}**{chance}{text}. Rests on: {_group_by_flow(rests)}."


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
    single = group_rows((r for r in rows if "/" not in r.month), lambda r: r.series)
    drawn = [s for s in series if s in single]
    first = min(data.histories[s].last - HISTORY_MONTHS for s in drawn)
    events = letter_events(data.events_on(drawn, first, mm.ordinal(data.as_of[:7])))
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
        "Black: published months. Coloured: mean of the draws and 80 % band of a single month under each scenario; until the "
        f"scenarios part they are one. Grey: months already past on {day(data.as_of)} {data.unknown}. Dashed: "
        "events in force. Sources as in the charts above; own calculation.",
        "Fans under scenarios of " + "; ".join(map(series_name, drawn)),
        event_key(events),
    )


def _sums_table(
    data: RunData, rows: Sequence[ScenarioForecastRow], lost: Refusals, names: list[str], series: list[str]
) -> TableBlock:
    """Median and 80 % interval of the last twelve months' sum by scenario, with twelve times the regime's observed mean."""
    observed = {(r.series, r.regime): r.mean for r in data.rows(RegimeRow)}
    sums = _yearly_sums(rows)
    spans = {r.month for r in sums.values()}
    length = max((b - a + 1 for a, b in map(mm.parse_period, spans)), default=12)
    out = []
    for s in series:
        unit, scale = display_unit(s)
        cells = []
        for name in names:
            r, mean = sums.get((s, name)), observed.get((s, name), math.nan)
            beside = f"observed {quantity(length * mean / scale, unit)}" if math.isfinite(mean) else ""
            if r is None:
                cells.append(TableCell(NOT_IDENTIFIED if (s, name) in lost else MISSING, beside, "muted"))
                continue
            band = f"{quantity(r.q10) if r.q10 else 0} to {quantity(r.q90, unit)}"
            cells.append(TableCell(quantity(r.q50, unit), "; ".join(x for x in (band, beside) if x)))
        out.append((TableCell(good_name(s), flow_name(s)), *cells))
    when = period(next(iter(spans))) if len(spans) == 1 else "the last months asked"
    reasons = [f"{capitalize(NOT_IDENTIFIED)}: {text}." for text in dict.fromkeys(map(_shared_reason, lost.values()))]
    shown = {(s, n) for s in series for n in names} & set(observed)
    beside = ", and what the same number of months came to at the mean observed under that regime" if shown else ""
    note = ["Observed means as in the table above, over the months named there."] if shown else []
    return TableBlock(
        f"Sum over {when}: the median; beneath it 80{NBSP}% of the draws{beside}.",
        (Column("Series"), *(Column(capitalize(name), True) for name in names)),
        tuple(out),
        " ".join([*note, *reasons]),
    )


def _shared_reason(text: str) -> str:
    """A reason without the ids of measures, so that equal reasons can be merged."""
    head, mark, rest = text.partition(" on a part of this total: ")
    return f"a measure begins or ends{mark}{rest}" if mark else head


def _yearly_sums(rows: Sequence[ScenarioForecastRow]) -> dict[tuple[str, str], ScenarioForecastRow]:
    """The printed sum of each fan: over the last twelve months, or over all of them where there are fewer."""
    lengths = {month: last - first + 1 for month in {r.month for r in rows} for first, last in [mm.parse_period(month)]}
    short = sorted((r for r in rows if lengths[r.month] <= 12), key=lambda r: lengths[r.month])  # the last of the longest
    return {(r.series, r.scenario): r for r in short}


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
