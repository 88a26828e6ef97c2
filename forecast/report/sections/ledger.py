"""Section on ledgers: where the trade went that a measure took from a destination."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from forecast.core.ledger import REST, Ledger
from forecast.core.ledger_of_rows import ledger_of_rows
from forecast.core.output_files import segment
from forecast.core.registry import section
from forecast.core.schema import LedgerRow, group_rows
from forecast.report.blocks import MISSING, Block, Bullets, Column, Details, FigureBlock, Heading, Prose, TableBlock, TableCell
from forecast.report.figures.ledger import ledger_panel
from forecast.report.ledger_amounts import amount_text, months_text, span_text
from forecast.report.ledger_annual import annual_sentences
from forecast.report.ledger_route_sentences import MADE_UP_FOR, flows_exceeded, p_text
from forecast.report.ledger_sentences import sentences_of
from forecast.report.ledger_wanted import series_wanted
from forecast.report.numbers import capitalize, country_name, decimal, product_name, window
from forecast.report.run_data import RunData

ENTRIES = {
    "L_X": "lost, by the exporter's record",
    "L_M": "lost, by the importer's record",
    "R": "rerouted",
    "O": "origin declared, none reported",
    "N": "other origins",
    "S": "shortfall of all imports",
    "M": "records differ",
    "G": "exporter's other growth",
    "Z": "not exported",
}


@section
@dataclass(frozen=True)
class LedgerSection:
    """Where did it go: losses, what may have been rerouted, who filled the gap, and what the exporter sold elsewhere."""

    order: ClassVar[float] = 75
    needs: ClassVar[tuple[str, ...]] = ("ledger",)

    def blocks(self, data: RunData) -> list[Block]:
        """Empty unless the run asks for a ledger."""
        groups = group_rows(data.rows(LedgerRow), lambda row: row.question)
        if not groups:
            return []
        asked = {str(row["id"]): row for row in data.config.get("ledger") or ()}
        out: list[Block] = [
            Heading("Where did it go?", 2, "ledger", "Where did it go"),
            Prose(
                "What a measure took from a destination, and what stands against it: goods that may have come by way of a "
                "third country, other origins, less imports; on the exporter's side, other buyers and goods not exported. What "
                "was rerouted is known between two bounds only. An entry without data stays open, and is not zero."
            ),
        ]
        names = sorted(groups, key=lambda one: list(asked).index(one) if one in asked else len(asked))
        accounts = {name: ledger_of_rows(groups[name]) for name in names}
        titles = {name: _title(data, made, groups[name][0].event) for name, made in accounts.items()}
        for name, made in accounts.items():
            note = str(asked.get(name, {}).get("note") or "")
            twice = list(titles.values()).count(titles[name]) > 1
            out += self._account(data, made, f"{titles[name]} ({name})" if twice else titles[name], note)
        return out

    def _account(self, data: RunData, made: Ledger, title: str, note: str) -> list[Block]:
        q = made.question
        out: list[Block] = [Heading(title, 3), Bullets((*sentences_of(made), *annual_sentences(data, made)))]
        if note:
            out.append(Prose(note, "note"))
        if made.reading != "no data":
            panel = ledger_panel(made, "Loss and what stands against it", months_text(made), ENTRIES)
            caption = (
                "Dark: to the end nearer zero; pale: to the other end, by what may have been rerouted; line: 95 % limits. "
                "Rerouting is drawn to its upper bound."
            )
            out.append(FigureBlock(segment(f"ledger_{q.name}"), title, (panel,), 1, caption, f"Ledger of {title}"))
        out.append(_entries(made))
        if made.routes:
            out.append(_routes(made))
        if made.gap is not None and made.gap.changes:
            out.append(_origins(made))
        out.append(Details("The flows of this account", (_flows(made),)))
        return out


def _title(data: RunData, made: Ledger, measures: str) -> str:
    q = made.question
    events = " and ".join(data.calendar[one].short_title if one in data.calendar else one for one in measures.split("+"))
    return f"{capitalize(product_name(q.product))}, {country_name(q.exporter)} to {country_name(q.destination)}: {events}"


def _with_sign(made: Ledger, value: float) -> str:
    return MISSING if not math.isfinite(value) else f"{'−' if value < 0 else ''}{amount_text(made, value)}"


def _cell(made: Ledger, value: float) -> TableCell:
    return TableCell(_with_sign(made, value), value=value if math.isfinite(value) else None)


def _limits(made: Ledger, low: float, high: float) -> TableCell:
    return TableCell(MISSING if not math.isfinite(low) else span_text(made, low, high))


def _entries(made: Ledger) -> TableBlock:
    rows = []
    for symbol, words in ENTRIES.items():
        one = made.entry(symbol)
        name = TableCell(capitalize(words), symbol.replace("_", " "))
        if not one.known:
            rows.append(
                (
                    name,
                    TableCell("no data", tone="muted"),
                    TableCell(MISSING),
                    TableCell(series_wanted(one.wanted), tone="muted"),
                )
            )
            continue
        if symbol in ("R", "N", "G") and made.crossed:
            limits = _limits(made, one.lo95, one.hi95) if symbol == "R" else TableCell(MISSING)
            rows.append((name, TableCell("bounds cross", tone="muted"), limits, TableCell("")))
            continue
        ends = sorted((one.at_lower, one.at_upper))
        text = _with_sign(made, ends[0]) if ends[0] == ends[1] else span_text(made, *ends)
        rows.append((name, TableCell(text, value=one.at_upper), _limits(made, one.lo95, one.hi95), TableCell("")))
    heads = (Column("Entry"), Column("Amount", True), Column("95 % limits", True), Column("What would fill it"))
    closed = ", ".join(f"{side} {decimal(error, 1) if error > 1e-6 else 'exact'}" for side, error in made.closure.items())
    note = f"The sides add up by construction ({closed}), which shows nothing." if closed else ""
    return TableBlock("The account", heads, tuple(rows), note, True)


def _routes(made: Ledger) -> TableBlock:
    rows = []
    for route in made.routes:
        state = "bounds cross" if route.contradiction else "both flows rose" if route.found else "not shown"
        if not math.isfinite(route.p_holm):
            state = "not tested"
        if not math.isfinite(route.upper):
            state = "no data"
        rows.append(
            (
                TableCell(capitalize(country_name(route.country))), _cell(made, route.outward.value),
                _cell(made, route.onward.value), _cell(made, route.lower), _cell(made, route.upper),
                _cell(made, route.upper_limit),
                TableCell(state, p_text(route.p_holm) if math.isfinite(route.p_holm) else "", "muted"),
            )
        )  # fmt: skip
    heads = (
        Column("Third country"), Column("Exporter to it", True), Column("It to destination", True), Column("At least", True),
        Column("At most", True), Column("95 % limit", True), Column("Both rose?"),
    )  # fmt: skip
    above = f" ({MADE_UP_FOR})" if any(flows_exceeded(made, route) for route in made.routes) else ""
    note = (
        f"At most: the smaller of the two flows, an upper bound, in one step and under one code{above}; its limit is one-sided."
        " At least: what arrived less the country's own sources as declared with the question (no published figure), if these "
        "are all else that it could have sent; 0 where none are."
    )
    return TableBlock("What may have gone on through third countries", heads, tuple(rows), note, True)


def _origins(made: Ledger) -> TableBlock:
    assert made.gap is not None
    names = {REST: "all others", f"{REST}+": "others that sent more", f"{REST}-": "others that sent less"}
    rows = tuple(
        (
            TableCell(capitalize(names.get(one.origin) or country_name(one.origin)), one.production), _cell(made, one.value),
            _limits(made, one.lo95, one.hi95),
        )
        for one in made.gap.changes
    )  # fmt: skip
    note = (
        "Production, by the US Geological Survey (Mineral Commodity Summaries), is that of the stage named: what a country "
        "makes of others' ore or metal is not in it, and what it sent may come from anywhere."
        if any("production in" in one.production for one in made.gap.changes)
        else ""
    )
    heads = (Column("Origin"), Column("Change", True), Column("Joint 95 % limits", True))
    return TableBlock("Who filled the gap", heads, rows, note)


def _flows(made: Ledger) -> TableBlock:
    words = {
        "L_X": "exporter to destination", "L_M": "the same, by the importer", "D": "exporter to {}",
        "path": "exporter to {}, in time to be sent on", "ahead": "exporter to {}, before the measure",
        "I": "to destination, from {}", "rest_D": "exporter to all others", "rest_I": "to destination, from all others",
    }  # fmt: skip
    rows = []
    for leg in made.legs:
        when = window(leg.months_from, leg.months_to) if leg.known else MISSING
        told = leg.note if leg.known else leg.wanted
        rows.append(
            (
                TableCell(capitalize(words[leg.role].format(country_name(leg.country))), leg.series), TableCell(when),
                TableCell(leg.state, tone="muted"), _cell(made, leg.value), TableCell(told, tone="muted"),
            )
        )  # fmt: skip
    heads = (Column("Flow"), Column("Months"), Column("Reading"), Column("Change", True), Column("Remark"))
    return TableBlock("Flows", heads, tuple(rows), "", True)
