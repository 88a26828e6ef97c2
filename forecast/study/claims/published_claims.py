"""Published claims checked against the bundled figures: each is computed, explained, and given one of five verdicts.

A figure derived from a published percentage is never used to test that percentage (`provenance.figure` excludes it).
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from forecast.core.bundled_data import bundled_rows, bundled_text
from forecast.core.errors import DataError, nearest
from forecast.core.schema import ClaimRow
from forecast.core.vintage import Vintage
from forecast.study.claims.claim_arithmetic import (
    CONTRADICTED,
    HOLDS,
    KINDS,
    OTHER,
    ROLES,
    ROUNDING,
    UNCHECKED,
    VERDICTS,
    Claim,
    Reading,
)


def check_claim(claim: Claim, vintage: Vintage) -> ClaimRow:
    """A claim with its verdict from the figures of a vintage; `low` and `high` bound it, or what it would be, after rounding.

    A claim that holds in its first reading holds; one that holds only in another reading holds for another scope; one that
    fails in its own scope, or in a scope that contains it, is contradicted; any other cannot be checked.
    """
    outcomes = [KINDS[claim.kind](claim, reading, vintage) for reading in claim.readings]
    own = outcomes[0]
    rest = [(r, o) for r, o in zip(claim.readings[1:], outcomes[1:], strict=True) if r.role != "context"]
    elsewhere = next((o for _, o in rest if o.verdict in (HOLDS, ROUNDING)), None)
    outside = next((o for r, o in rest if o.verdict == CONTRADICTED and r.role == "contains"), None)
    if own.verdict in (HOLDS, ROUNDING):
        verdict, decided = own.verdict, own
    elif elsewhere is not None:
        verdict, decided = OTHER, elsewhere
    elif own.verdict == CONTRADICTED or outside is not None:
        verdict, decided = CONTRADICTED, own if own.verdict == CONTRADICTED else outside or own
    else:
        verdict, decided = UNCHECKED, own
    text = [": ".join(filter(None, (r.scope, o.sentence))) for r, o in zip(claim.readings, outcomes, strict=True)]
    sources = dict.fromkeys(s.partition(", compiled by")[0] for o in outcomes for s in o.sources)
    tail = [part for part in (claim.words and f"Read as: {claim.words}.", claim.note) if part]
    tail += [f"Figures: {'; '.join(sources)}."] if sources else []
    arithmetic = " ".join([*(t[:1].upper() + t[1:] + "." for t in text if t), *tail])
    return ClaimRow(
        id=claim.id, claim=claim.text, source=claim.source, url=claim.url, verdict=verdict, computed=decided.computed,
        low=decided.low, high=decided.high, unit=decided.unit, arithmetic=arithmetic, settle=claim.settle,
    )  # fmt: skip


def check_claims(vintage: Vintage, claims: Iterable[Claim] | None = None) -> list[ClaimRow]:
    """The verdicts on some claims (default: all bundled ones)."""
    return [check_claim(claim, vintage) for claim in (bundled_claims() if claims is None else claims)]


@functools.cache
def bundled_claims() -> tuple[Claim, ...]:
    """The claims shipped with the package: arithmetic from `claims.toml`, text and sources from `facts.csv`."""
    facts = {row["id"]: row for row in bundled_rows("facts.csv")}
    table = tomllib.loads(bundled_text("claims.toml"))
    return tuple(read_claim(row, facts) for row in table["claim"])


def read_claim(row: Mapping[str, Any], facts: Mapping[str, Mapping[str, str]]) -> Claim:
    """A claim from a table of `claims.toml`; `fact` names the row of `facts.csv` with its text and source."""
    row = dict(row)
    where = f"claim '{row.get('id', '')}'"
    name = row.pop("fact", "")
    if name and name not in facts:
        raise DataError(f"no fact is called '{name}'", where=where, hint=nearest(name, facts))
    fact = facts.get(name, {})
    columns = {"text": "text", "publisher": "publisher", "url": "url", "date": "article_date"}
    merged: dict[str, Any] = {**{key: fact.get(column, "") for key, column in columns.items()}, **row}
    names = {f.name for f in fields(Reading)}
    others = merged.pop("other", [])
    readings = [{k: merged.pop(k) for k in tuple(merged) if k in names}, *others]
    known = {f.name for f in fields(Claim)} - {"readings"}
    for key in [*merged, *(k for reading in readings for k in reading)]:
        if key not in known | names:
            raise DataError(f"a claim has no field '{key}'", where=where, hint=nearest(key, known | names))
    words = [("kind", merged.get("kind", ""), tuple(KINDS)), *(("role", r.get("role", ""), ROLES) for r in readings)]
    for key, word, allowed in words:
        if word not in allowed:
            raise DataError(f"unknown {key} '{word}'", where=where, hint=nearest(str(word), allowed))
    if not (merged["text"] and merged.get("settle")):
        raise DataError("a claim needs its text and what would settle it", where=where, hint="add fact or text, and settle")
    for key in {"events", "products"} & set(merged):
        merged[key] = tuple(merged[key])
    merged["readings"] = tuple(Reading(**reading) for reading in readings)
    return Claim(**merged)


__all__ = ["VERDICTS", "Claim", "Reading", "bundled_claims", "check_claim", "check_claims", "read_claim"]
