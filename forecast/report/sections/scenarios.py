"""Section on scenarios."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from forecast.core import months as mm, registry
from forecast.core.errors import ConfigError
from forecast.core.products import display_unit
from forecast.core.registry import section
from forecast.report.blocks import MISSING, Block, Bullets, Column, Details, FigureBlock, Heading, Prose, TableBlock, TableCell
from forecast.report.event_key import event_key
from forecast.report.numbers import NBSP, day, flow_name, percent, period, product_name, quantity, series_name
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData

if TYPE_CHECKING:
    import pandas as pd

VALUES = ("mean", "q10", "q50", "q90")
NOT_IDENTIFIED = "not identified"


@section
@dataclass(frozen=True)
class ScenariosSection:
    """Under each scenario: fans, sums over a year against the observed regime, and what each rests on."""

    order: ClassVar[float] = 50
    needs: ClassVar[tuple[str, ...]] = (MORE_THAN_NOWCASTS,)

    def blocks(self, data: RunData) -> list[Block]:
        """Empty unless the run has scenarios."""
        asked = [row for row in data.config.get("scenarios") or () if isinstance(row, dict)]
        table = _scenario_table(data)
        lost = _refused_fans(data)
        if not asked or not (len(table) or lost):
            return []
        part = data.config.get("scenario_forecast") or {}
        found = set(table["series"]) if len(table) else set()
        series = [s for s in data.histories if s in found or s in {name for name, _ in lost}]
        order = [s for s in part.get("series", ()) if s in series]
        series = order + [s for s in series if s not in order]
        names = _scenario_names(asked, table)
        return [
            Heading(
                f"{'The same as forecasts' if len(data.table('regimes')) else 'What may be decided'}: one fan for each course",
                3,
            ),
            _introduction(data, asked, str(part.get("model", "")), series),
            Bullets(tuple(_scenario_text(row, table, lost) for row in asked)),
            *([_fan_figure(data, table, lost, names, series)] if len(table) else []),
            _sums_table(data, table, lost, names, series),
            Details("On what each fan rests, in full", (_basis_table(table, lost, names, series),)),
        ]


def _scenario_names(asked: list[dict[str, Any]], table: pd.DataFrame) -> list[str]:
    """Scenarios in the config's order, then the pooled ones."""
    names = [str(row["name"]) for row in asked]
    return names + [n for n in (dict.fromkeys(table["scenario"]) if len(table) else ()) if n not in names]


def _scenario_table(data: RunData) -> pd.DataFrame:
    """The scenarios table in display units."""
    table = data.table("scenarios").copy()
    for name in VALUES if len(table) else ():
        table[name] = table[name] / table["series"].map(lambda s: display_unit(s)[1])
    return table


def _refused_fans(data: RunData) -> dict[tuple[str, str], str]:
    """Why a scenario has no fan, keyed by (series, scenario)."""
    mark = "scenario: "
    rows = data.table("failures").to_dict("records")
    return {
        (str(r["series"]), str(r["question"])[len(mark) :]): str(r["reason"])
        for r in rows
        if str(r["question"]).startswith(mark)
    }


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
    words = next((m for m in data.config.get("models") or () if model == (m.get("name") or m.get("use"))), {"use": model})
    try:
        sentence = registry.sentence("model", str(words["use"])).rstrip(".")
    except ConfigError:  # the run was made by a package that had more models
        sentence = ""
    described = f" ({sentence[:1].lower()}{sentence[1:]})" if sentence else ""
    return Prose(
        f"Standing on {day(data.as_of)}, with nothing but the calendar changed after it, by the model **{model}**{described}; "
        "the forecasts above know of no decision still to come. A fan stands for all measures of its months together, not for "
        f"the effect of one of them, and a regime seen for a few months says little of longer ones. {weighed}{late}"
    )


def _scenario_text(row: dict[str, Any], table: pd.DataFrame, lost: dict[tuple[str, str], str]) -> str:
    """One scenario in words, and the basis of its last months."""
    name = str(row["name"])
    chance = "" if row.get("probability") is None else f" ({percent(float(row['probability']), sign=False)})"
    own = table[table["scenario"] == name].drop_duplicates("series").to_dict("records") if len(table) else []
    rests = {str(r["series"]): _last_basis(str(r["basis"])) for r in own}
    rests |= {series: NOT_IDENTIFIED for series, other in lost if other == name}
    text = f": {row['text']}" if row.get("text") else ""
    return f"**{name[:1].upper()}{name[1:]}**{chance}{text}. Rests on: {_group_by_flow(rests)}."


def _last_basis(basis: str) -> str:
    """The basis of the last regime in the forecast months, without the names of its measures."""
    return basis.rpartition("; ")[2].partition(": ")[2] or basis


def _group_by_flow(rests: dict[str, str]) -> str:
    """Bases of series, stated once for a flow whose goods all share one."""
    flows: dict[str, dict[str, list[str]]] = {}
    for series in sorted(rests):
        good = product_name(series.rsplit(".", 1)[-1]).partition(",")[0]
        flows.setdefault(flow_name(series), {}).setdefault(rests[series], []).append(good)
    return "; ".join(
        f"{flow}{'' if len(texts) == 1 else ', ' + ' and '.join(goods)}: {text}"
        for flow, texts in flows.items()
        for text, goods in texts.items()
    )


def _fan_figure(
    data: RunData, table: pd.DataFrame, lost: dict[tuple[str, str], str], names: list[str], series: list[str]
) -> FigureBlock:
    from forecast.report.event_key import event_letters
    from forecast.report.figures.scenarios import HISTORY_MONTHS, line_styles, scenario_panel

    looks = line_styles(names)
    single = table[~table["month"].str.contains("/")]
    drawn = [s for s in series if s in set(single["series"])]
    first = min(data.histories[s].last - HISTORY_MONTHS for s in drawn)
    until = mm.ordinal(data.as_of[:7])
    events = data.events_on(drawn, first, until)
    letters = event_letters(events)
    panels = tuple(
        scenario_panel(
            data.histories[s], single[single["series"] == s], looks, [n for n in names if (s, n) in lost], data.as_of,
            data.events_on([s], first, until), letters,
        )
        for s in drawn
    )  # fmt: skip
    return FigureBlock(
        "scenarios",
        "Under each scenario",
        panels,
        3,
        "Black: published months. Coloured: mean of the draws and 80 % band of a single month under each scenario; until the "
        f"scenarios part they are one. Grey: months already past on {day(data.as_of)} {data.unknown}. Dashed: "
        "events in force. Sources as in the charts above; own calculation.",
        "Fans under scenarios of " + "; ".join(series_name(s) for s in drawn),
        event_key(events, letters),
    )


def _sums_table(
    data: RunData, table: pd.DataFrame, lost: dict[tuple[str, str], str], names: list[str], series: list[str]
) -> TableBlock:
    """Median and 80 % interval of the last twelve months' sum by scenario, with twelve times the regime's observed mean."""
    observed = {(str(r["series"]), str(r["regime"])): r for r in data.table("regimes").to_dict("records")}
    sums = _yearly_sums(table)
    spans = {str(r["month"]) for r in sums.values()}
    length = max((b - a + 1 for a, b in map(mm.parse_period, spans)), default=12)
    rows = []
    for s in series:
        unit, scale = display_unit(s)
        cells = []
        for name in names:
            r, seen = sums.get((s, name)), observed.get((s, name))
            mean = float(seen["mean"]) if seen and seen["mean"] is not None else math.nan
            beside = f"observed {quantity(length * mean / scale, unit)}" if math.isfinite(mean) else ""
            if r is None:
                cells.append(TableCell(NOT_IDENTIFIED if (s, name) in lost else MISSING, beside, "muted"))
                continue
            low, high = (float(r[q]) for q in ("q10", "q90"))
            band = f"{quantity(low, '') if low else 0} to {quantity(high, unit)}"
            cells.append(TableCell(quantity(float(r["q50"]), unit), "; ".join(x for x in (band, beside) if x)))
        rows.append((TableCell(product_name(s.rsplit(".", 1)[-1]), flow_name(s)), *cells))
    when = period(next(iter(spans))) if len(spans) == 1 else "the last months asked"
    reasons = [
        f"{NOT_IDENTIFIED[:1].upper()}{NOT_IDENTIFIED[1:]}: {text}."
        for text in dict.fromkeys(_shared_reason(t) for t in lost.values())
    ]
    shown = {(s, n) for s in series for n in names} & set(observed)
    beside = ", and what the same number of months came to at the mean observed under that regime" if shown else ""
    note = ["Observed means as in the table above, over the months named there."] if shown else []
    return TableBlock(
        f"Sum over {when}: the median; beneath it 80{NBSP}% of the draws{beside}.",
        (Column("Series"), *(Column(name[:1].upper() + name[1:], True) for name in names)),
        tuple(rows),
        " ".join([*note, *reasons]),
    )


def _shared_reason(text: str) -> str:
    """A reason without the ids of measures, so that equal reasons can be merged."""
    head, mark, rest = text.partition(" on a part of this total: ")
    return f"a measure begins or ends{mark}{rest}" if mark else head


def _yearly_sums(table: pd.DataFrame) -> dict[tuple[str, str], dict[Any, Any]]:
    """The printed sum of each fan: over the last twelve months, or over all of them where there are fewer."""
    out: dict[tuple[str, str], dict[Any, Any]] = {}
    for row in table.to_dict("records") if len(table) else ():
        first, last = mm.parse_period(str(row["month"]))
        place = str(row["series"]), str(row["scenario"])
        held = mm.parse_period(str(out[place]["month"])) if place in out else (0, -1)
        length, best = last - first + 1, held[1] - held[0] + 1
        if length <= 12 and length >= best:
            out[place] = row
    return out


def _basis_table(table: pd.DataFrame, lost: dict[tuple[str, str], str], names: list[str], series: list[str]) -> TableBlock:
    rows: list[tuple[TableCell, ...]] = []
    known = {(str(r["series"]), str(r["scenario"])): r for r in table.to_dict("records")} if len(table) else {}
    for s in series:
        rows.append((TableCell(series_name(s), tone="group"),))
        for name in names:
            r = known.get((s, name))
            text = str(r["basis"]) if r else lost.get((s, name), "")
            rows.append((TableCell(name), TableCell(text, str(r["notes"] or "") if r else "")))
    return TableBlock(
        "Measures by their ids, in order of the months asked", (Column("Scenario"), Column("Rests on")), tuple(rows)
    )
