"""A ledger from the rows of a run folder's table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from forecast.core.ledger import (
    GapFilled,
    Ledger,
    LedgerEntry,
    LedgerQuestion,
    Leg,
    OriginChange,
    ReroutedShare,
    Role,
    Route,
    State,
)
from forecast.core.schema import LedgerRow, group_rows, split_names


def ledgers_of(rows: Iterable[LedgerRow]) -> list[Ledger]:
    """The ledgers of a table, A to Z by the names of their questions."""
    groups = group_rows(rows, lambda row: row.question)
    return [ledger_of_rows(groups[name]) for name in sorted(groups)]


def ledger_of_rows(rows: Sequence[LedgerRow]) -> Ledger:
    """The ledger that rows of one question tell; without its draws, which stand in no table."""
    kinds: dict[str, list[LedgerRow]] = {}
    for row in sorted(rows, key=lambda row: row.place or 0):
        kinds.setdefault(row.kind, []).append(row)
    legs = tuple(_leg_of(row) for row in kinds.get("leg", ()))
    by_role = {(leg.role, leg.country): leg for leg in legs}
    routes = tuple(
        Route(
            row.country, by_role["path", row.country], by_role["I", row.country], row.at_lower, row.at_upper, row.lo95,
            row.hi95, row.p_value, row.p_holm, row.state == "found", row.note, row.own_sources,
        )
        for row in kinds.get("route", ())
    )  # fmt: skip
    entries = tuple(map(_entry_of, kinds["entry"]))
    found = {entry.symbol: entry.at_lower for entry in entries}
    less = found["L_X"] - found["Z"]  # in tables of older runs it has no row of its own
    to_others = _entry_of(kinds["others"][0]) if "others" in kinds else LedgerEntry("D", less, less)
    head, share = kinds["entry"][0], kinds["share"][0]
    question = LedgerQuestion(
        (), head.exporter, head.destination, head.product, tuple(route.country for route in routes), name=head.question
    )
    unit, _, content = head.unit.partition(" ")
    return Ledger(
        question, unit, content, cast(Any, head.reading), head.months_from, head.months_to, int(head.months or 0), legs, routes,
        entries, to_others, ReroutedShare(share.at_lower, share.at_upper, share.lo95, share.hi95, share.note),
        _gap_of(kinds.get("origin", ())), {row.item: row.at_lower for row in kinds.get("closure", ())},
        tuple(row.note for row in kinds.get("note", ())),
    )  # fmt: skip


def _entry_of(row: LedgerRow) -> LedgerEntry:
    return LedgerEntry(
        row.item, row.at_lower, row.at_upper, lo95=row.lo95, hi95=row.hi95, wanted=tuple(split_names(row.wanted))
    )


def _leg_of(row: LedgerRow) -> Leg:
    reporter = row.destination if row.item in ("L_M", "I", "rest_I") else row.exporter
    mirror = bool(row.series) and row.series.partition(".")[0] != reporter
    return Leg(
        cast(Role, row.item), row.country, row.series, mirror, row.months_from, row.months_to, int(row.months or 0),
        cast(State, row.state), row.at_lower, p_value=row.p_value, wanted=row.wanted, note=row.note,
    )  # fmt: skip


def _gap_of(rows: Iterable[LedgerRow]) -> GapFilled | None:
    found = list(rows)
    if not found:
        return None
    total, lost = (next(row for row in found if row.item == item) for item in ("total", "lost"))
    changes = tuple(OriginChange(r.country, r.at_lower, r.lo95, r.hi95, r.note) for r in found if r.item == "change")
    return GapFilled(changes, total.at_lower, lost.at_lower, total.state == "adds up", total.lo95, total.hi95)
