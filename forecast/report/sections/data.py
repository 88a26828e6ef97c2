"""The data: coverage, sources with their articles, contradictions, findings, how far events are verified."""

from __future__ import annotations

from itertools import groupby

from forecast.core import months as mm
from forecast.report.blocks import Block, Bullets, Callout, Cell, Column, Details, Figure, Heading, Prose, Table
from forecast.report.facts import Facts
from forecast.report.sections.outlook import unadjusted

ROWS = 44
SINCE = mm.ordinal("2018-01")


def blocks(facts: Facts) -> list[Block]:
    """Coverage figure, sources, findings by topic."""
    out: list[Block] = [Heading("Data", 2, "data", "Data and sources")]
    if not facts.histories:
        out.append(Callout("No series is known on this day.", "warning"))
    else:
        verified = facts.calendar.verified_to
        until = f" Events are verified to {verified}; nothing later is known to this table." if verified else ""
        out.append(
            Prose(
                f"{len(facts.table('observations')):,} figures of {len(facts.histories)} series, released by {facts.as_of}. "
                f"Missing is not zero, and “not bundled” is not “not released”: the table ends where it ends.{until} "
                f"{unadjusted(facts)}"
            )
        )
        out.append(_coverage(facts))
        out += _sources(facts)
    return [*out, *_findings(facts)]


def _coverage(facts: Facts) -> Figure:
    from forecast.report.figures.coverage import coverage

    used = {s for a in facts.answers for s in a.series.split("+")}
    if len(facts.outlook):
        used |= set(facts.outlook["series"])
    chosen = [h for s, h in facts.histories.items() if s in used or (":" not in s and len(h.status) >= 24)]
    if not chosen:
        chosen = list(facts.histories.values())
    chosen = sorted(chosen, key=lambda h: (h.series not in used, h.series))[:ROWS]
    chosen.sort(key=lambda h: h.series)
    first = max(min(h.first for h in chosen), SINCE) if any(h.last >= SINCE for h in chosen) else min(h.first for h in chosen)
    last = max(h.last for h in chosen)
    rest = len(facts.histories) - len(chosen)
    more = f" {rest} further series with few figures or in US dollars are in the run folder." if rest else ""
    return Figure(
        "coverage", "What is known", (coverage(chosen, first, last),), 1,
        f"One cell a month; a month inside a sum is known only through that sum.{more} Source: the run's observations.",
        "Chart of which months of which series are known, zero, inside a sum, missing or not bundled",
    )  # fmt: skip


def _sources(facts: Facts) -> list[Block]:
    table = facts.table("observations")
    rows = []
    for name, part in sorted(table.groupby("source"), key=lambda g: (-len(g[1]), str(g[0]))):
        links = [u for u in dict.fromkeys(str(u) for u in part["url"]) if u.startswith("http")]
        listed = " ".join(f"[{i}]({_safe(u)})" for i, u in enumerate(links, 1))
        kinds = ", ".join(f"{n} {k}" for k, n in part["kind"].value_counts().items())
        rows.append(
            (
                Cell(str(name) or "not named"),
                Cell(str(len(part)), kinds),
                Cell(listed or "–", "" if listed else "no address kept"),
            )
        )
    columns = (Column("Publisher"), Column("Figures", True), Column("Articles"))
    whole = Table("Publishers of the figures this run saw; each number opens the article or table.", columns, tuple(rows))
    return [Details(f"Sources: {len(rows)} publishers", (whole,))]


def _safe(address: str) -> str:
    return address.replace("(", "%28").replace(")", "%29").replace(" ", "%20")


def _findings(facts: Facts) -> list[Block]:
    found = sorted(
        facts.run.findings,
        key=lambda f: (f.get("level") != "warning", f.get("topic", ""), f.get("where", ""), f.get("text", "")),
    )
    if not found:
        return [Prose("The audit found nothing to report.", "note")]
    out: list[Block] = [Heading("Findings and contradictions", 3)]
    for topic, part in groupby(found, key=lambda f: f.get("topic", "")):
        rows = list(part)
        items = tuple(f"{r.get('text', '')}" + (f" ({r['where']})" if r.get("where") else "") for r in rows)
        level = ", warning" if any(r.get("level") == "warning" for r in rows) else ""
        out.append(Details(f"{topic.replace('_', ' ').capitalize() or 'Other'}: {len(rows)}{level}", (Bullets(items),)))
    return out
