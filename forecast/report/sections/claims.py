"""Section on published claims."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from forecast.core.products import display_unit
from forecast.core.registry import section
from forecast.core.schema import ClaimRow, group_rows
from forecast.report.blocks import CLAIM_VERDICTS, Block, Column, Details, Heading, Prose, TableBlock, TableCell
from forecast.report.numbers import NBSP, capitalize, decimal, join_with_and, quantity
from forecast.report.prose import in_words
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData

MAX_ARITHMETIC = 260  # characters shown outside the folded details
_SENTENCE = re.compile(r"(?<=[^.\s]\.) (?=[A-Z])")
_SIGNED = re.compile(r"= [+-]\d")
_COUNT = {
    "holds": ("holds", "hold"),
    "holds within rounding": ("holds within rounding", "hold within rounding"),
    "holds for another scope": ("holds for another scope only", "hold for another scope only"),
    "contradicted": ("is contradicted", "are contradicted"),
    "cannot be checked": ("cannot be checked", "cannot be checked"),
}


@section
@dataclass(frozen=True)
class ClaimsSection:
    """Published claims against the bundled figures: counts by verdict, and the arithmetic of each."""

    order: ClassVar[float] = 90
    needs: ClassVar[tuple[str, ...]] = (MORE_THAN_NOWCASTS,)

    def blocks(self, data: RunData) -> list[Block]:
        """The run's claims, or a pointer to where they are computed."""
        out: list[Block] = [Heading("Published claims", 2, "claims", "Claims")]
        rows = data.rows(ClaimRow)
        if not rows and (data.config.get("data") or {}).get("use", "published") != "published":
            return []
        if not rows:
            return [
                *out,
                Prose("Claims of the press are computed one by one, with the arithmetic, in `experiments/001_claims`."),
            ]
        found = group_rows(rows, lambda r: r.verdict)
        groups = {word: found[word] for word in dict.fromkeys((*CLAIM_VERDICTS, *found)) if word in found}
        counts = [f"**{len(part)}** {_COUNT.get(word, (word, word))[len(part) > 1]}" for word, part in groups.items()]
        out.append(
            Prose(
                f"Of {len(rows)} published claims, {join_with_and(counts)}. A figure that was computed back "
                "from a published percentage never tests that percentage."
                if counts[1:]
                else f"Of {len(rows)} published claims, {counts[0]}."
            )
        )
        for word, part in groups.items():
            out.append(_claims_table(data, word, part))
            out.append(
                Details(f"The arithmetic in full, and what would settle it ({len(part)})", (_arithmetic_table(data, part),))
            )
        return out


def _claims_table(data: RunData, word: str, rows: Sequence[ClaimRow]) -> TableBlock:
    cells = []
    for r in rows:
        claim = TableCell(capitalize(r.claim), in_words(data, r.source), href=r.url)
        figure = TableCell(_computed_text(r) or "no figure that tests it", in_words(data, _telling_sentence(r)))
        cells.append((claim, figure, TableCell(word, tone=word)))
    columns = (Column("Claim"), Column("From the bundled figures"), Column("Verdict"))
    return TableBlock(f"{capitalize(word)}: {len(rows)}", columns, tuple(cells), stacked=True)


def _arithmetic_table(data: RunData, rows: Sequence[ClaimRow]) -> TableBlock:
    cells = [
        (
            TableCell(capitalize(r.claim)),
            TableCell(in_words(data, r.arithmetic)),
            TableCell(capitalize(in_words(data, r.settle))),
        )
        for r in rows
    ]
    columns = (Column("Claim"), Column("Arithmetic"), Column("What would settle it"))
    return TableBlock("Every figure named with its series and period.", columns, tuple(cells), stacked=True)


def _computed_text(row: ClaimRow) -> str:
    """The value computed from the bundled figures, in the claim's own measure."""
    value, unit = row.computed, row.unit
    if not math.isfinite(value):
        return ""
    if unit == "fraction":
        return f"{decimal(100 * value, 1, sign=bool(_SIGNED.search(row.arithmetic)))}{NBSP}%"
    if unit == "ratio":
        return f"×{NBSP}{decimal(value, 1)}"
    if unit == "kg":
        named = re.search(r"\b[A-Z0-9_]+\.(?:export|import)\.[A-Z0-9_]+\.[a-z0-9_]+", row.arithmetic)
        shown, scale = display_unit(named[0]) if named else ("kg", 1.0)
        return quantity(value / scale, shown)
    if unit == "months":
        return f"{int(value)} earlier months were lower"
    return "none of these goods" if unit == "goods" and not value else f"{decimal(value, 0)} {unit}".strip()


def _telling_sentence(row: ClaimRow) -> str:
    """The sentence of the arithmetic with the computed figure, else the first one, truncated at a word."""
    sentences, value = _SENTENCE.split(row.arithmetic), row.computed
    shown = (f"= {100 * value:+.1f} %", f"= {100 * value:.1f} %", f"= x{value:.2f}") if math.isfinite(value) else ()
    text = next((s for s in sentences if any(word in s for word in shown)), sentences[0])
    return text if len(text) <= MAX_ARITHMETIC else text[:MAX_ARITHMETIC].rsplit(" ", 1)[0].rstrip(" ,;:(") + " …"
