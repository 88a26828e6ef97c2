"""Published claims against the bundled figures."""

from __future__ import annotations

from forecast.report.blocks import Block, Cell, Column, Heading, Prose, Table
from forecast.report.facts import Facts


def blocks(facts: Facts) -> list[Block]:
    """The claims the run carries, else where they are worked out."""
    out: list[Block] = [Heading("Published claims", 2, "claims", "Claims")]
    rows = facts.table("claims").to_dict("records")
    if not rows and (facts.config.get("data") or {}).get("use", "published") != "published":
        return []
    if not rows:
        return [*out, Prose("Claims of the press are computed one by one, with the arithmetic, in `experiments/001_claims`.")]
    columns = (Column("Claim"), Column("From the bundled figures"), Column("Holds?"))
    cells = [
        (Cell(str(r["claim"]), str(r["source"])),
         Cell(str(r["arithmetic"]), f"Would settle it: {r['settle']}" if r["settle"] else ""),
         Cell(str(r["verdict"])))
        for r in rows
    ]  # fmt: skip
    return [*out, Table("Each claim with its scope and arithmetic.", columns, tuple(cells), stacked=True)]
