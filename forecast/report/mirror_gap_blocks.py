"""Mirror gap against incentive: what two records of one trade show around a measure, or which record is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from forecast.core.fetch_commands import way_to
from forecast.core.plurals import pluralize
from forecast.core.schema import MirrorGapRow, group_rows
from forecast.report.blocks import Block, Bullets, Column, Details, Prose, TableBlock, TableCell
from forecast.report.measure_phrases import event_phrase, events_phrase
from forecast.report.number_cells import decimal_cell
from forecast.report.numbers import NBSP, capitalize, country_name, decimal, flow_name, join_with_and, product_name
from forecast.report.run_data import RunData

DIAGNOSTIC = (
    "The gap is the logarithm of what the exporter records less that of what the importer records a month later (Fisman and "
    "Wei 2004). If a measure gives a reason to misreport, the gap of the goods under it moves and that of others does not. It "
    "shows no more than that: records part for lawful reasons too, such as goods that pass through a place of transit (Fisman, "
    "Moustakerski and Wei 2008; Feenstra and Hanson 2004), another country named as origin, or another code."
)


def mirror_gap_blocks(data: RunData) -> list[Block]:
    """The gaps that are known, their contrast, and what would fill those that are not; empty without any pair."""
    rows = data.rows(MirrorGapRow)
    if not rows:
        return []
    known = [r for r in rows if r.state == "known"]
    others = group_rows((r for r in rows if r.state != "known"), _pair_of)
    told = [mirror_gap_sentence(data, found) for found in others.values()]
    body: list[Block] = [Prose(DIAGNOSTIC)]
    body += [_gap_table(data, known)] if known else []
    body += [Bullets(tuple(filter(None, told)))] if any(told) else []
    head = "Mirror gap against incentive: a diagnostic, no proof"
    return [Details(head, tuple(body))]


def _pair_of(row: MirrorGapRow) -> tuple[str, ...]:
    """What one sentence tells: a pair around all measures, or the contrast of one measure."""
    contrast = row.event if row.state == "contrast" else ""
    return row.exporter, row.destination, row.product, row.state, row.wanted, contrast


def mirror_gap_sentence(data: RunData, rows: Sequence[MirrorGapRow]) -> str:
    """A contrast in words, or why a pair has no gap around some measures and what would fill it."""
    row = rows[0]
    ends = f"{country_name(row.exporter)} to {country_name(row.destination)}"
    starts = {e.id: e.start for e in data.calendar}
    measures = events_phrase(data, sorted((r.event for r in rows), key=lambda one: starts.get(one, 0)))
    if row.state == "contrast":
        return _contrast_sentence(f"{ends}, {measures}", row)
    good = f"{capitalize(product_name(row.product))}, {ends}"
    if row.state == "no data":
        parts = [f"{flow_name(series)}{way_to(series)}" for series in row.wanted.split("; ")]
        return f"{good}: only one side is in the data around {measures}; it would take figures of {join_with_and(parts)}."
    before, after = (max(getattr(r, name) or 0 for r in rows) for name in ("n_before", "n_after"))
    seen = f"at most {pluralize(before, 'month')} before and {pluralize(after, 'month')} after {measures} have trade in both"
    if not before and not after:
        seen = f"no month before or after {measures} has trade in both"
    return f"{good}: both records are in the data, but {seen}; {row.wanted} are needed."


def _contrast_sentence(between: str, row: MirrorGapRow) -> str:
    if not math.isfinite(row.change):
        return ""
    low, high = row.change_lo95, row.change_hi95
    goods = f"{row.n_before} under control against {row.n_after} {'other' if row.n_after == 1 else 'others'}"
    turned = f" {_past_the_turn(row.n_turned)}." if row.n_turned else ""
    size = f"{_log_points(row.change)} (95{NBSP}% interval {_log_points(low)} to {_log_points(high)})"
    if low <= 0 <= high:
        seen = f"the gap of goods under control did not visibly part from that of others, change {size}, {goods}"
        return f"{capitalize(between)}: {seen}.{turned}"
    way, side = ("rose", "more") if row.change > 0 else ("fell", "less")
    seen = f"the gap of goods under control {way} against that of others, change {size}, {goods}"
    return f"{capitalize(between)}: {seen}: the exporter records {side} of them, beside the importer, than before.{turned}"


def _past_the_turn(count: int) -> str:
    """How many of the months after a measure came into force lie after its end or easing."""
    lie = "lies" if count == 1 else "lie"
    return f"Up to {pluralize(count, 'month')} of those after it came into force {lie} after its end or easing"


def _log_points(value: float) -> str:
    return decimal(value, 2, sign=True)


def _gap_table(data: RunData, rows: list[MirrorGapRow]) -> TableBlock:
    """Mean gap before and after, its change and interval, one row per pair."""
    cells = []
    for r in rows:
        between = f"{country_name(r.exporter)} to {country_name(r.destination)}; {event_phrase(data, r.event)}"
        turned = f", {r.n_turned} of them after its end or easing" if r.n_turned else ""
        bounds = f"95{NBSP}% interval {_log_points(r.change_lo95)} to {_log_points(r.change_hi95)}"
        cells.append(
            (
                TableCell(product_name(r.product), between),
                TableCell("under control" if r.controlled else "not under control"),
                decimal_cell(r.gap_before, 2, f"{r.n_before} months"),
                decimal_cell(r.gap_after, 2, f"{pluralize(r.n_after or 0, 'month')}{turned}"),
                decimal_cell(r.change, 2, bounds),
            )
        )
    columns = (Column("Good"), Column("Measure"), Column("Before", True), Column("After", True), Column("Change", True))
    return TableBlock("Log of the exporter's record less that of the importer's.", columns, tuple(cells))
