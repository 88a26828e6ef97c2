"""Section on published claims."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from forecast.core.products import display_unit
from forecast.core.registry import section
from forecast.report.blocks import CLAIM_VERDICTS, Block, Column, Details, Heading, Prose, TableBlock, TableCell
from forecast.report.numbers import NBSP, decimal, quantity
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
        rows = data.table("claims").to_dict("records")
        if not rows and (data.config.get("data") or {}).get("use", "published") != "published":
            return []
        if not rows:
            return [
                *out,
                Prose("Claims of the press are computed one by one, with the arithmetic, in `experiments/001_claims`."),
            ]
        words = [*CLAIM_VERDICTS, *(str(r["verdict"]) for r in rows)]
        groups = {word: [r for r in rows if r["verdict"] == word] for word in dict.fromkeys(words)}
        groups = {word: part for word, part in groups.items() if part}
        counts = [f"**{len(part)}** {_COUNT.get(word, (word, word))[len(part) > 1]}" for word, part in groups.items()]
        out.append(
            Prose(
                f"Of {len(rows)} published claims, {', '.join(counts[:-1])} and {counts[-1]}. A figure that was computed back "
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


def _claims_table(data: RunData, word: str, rows: Sequence[Mapping[Any, Any]]) -> TableBlock:
    cells = []
    for r in rows:
        claim = TableCell(_capitalize(str(r["claim"])), in_words(data, str(r["source"])), href=str(r["url"] or ""))
        figure = TableCell(_computed_text(r) or "no figure that tests it", in_words(data, _telling_sentence(r)))
        cells.append((claim, figure, TableCell(word, tone=word)))
    columns = (Column("Claim"), Column("From the bundled figures"), Column("Verdict"))
    return TableBlock(f"{_capitalize(word)}: {len(rows)}", columns, tuple(cells), stacked=True)


def _arithmetic_table(data: RunData, rows: Sequence[Mapping[Any, Any]]) -> TableBlock:
    cells = [
        (
            TableCell(_capitalize(str(r["claim"]))),
            TableCell(in_words(data, str(r["arithmetic"]))),
            TableCell(_capitalize(in_words(data, str(r["settle"] or "")))),
        )
        for r in rows
    ]
    columns = (Column("Claim"), Column("Arithmetic"), Column("What would settle it"))
    return TableBlock("Every figure named with its series and period.", columns, tuple(cells), stacked=True)


def _computed_text(row: Mapping[Any, Any]) -> str:
    """The value computed from the bundled figures, in the claim's own measure."""
    value = row["computed"]
    if value is None or not math.isfinite(value):
        return ""
    unit = str(row["unit"])
    if unit == "fraction":
        return f"{decimal(100 * float(value), 1, sign=bool(_SIGNED.search(str(row['arithmetic']))))}{NBSP}%"
    if unit == "ratio":
        return f"×{NBSP}{decimal(float(value), 1)}"
    if unit == "kg":
        named = re.search(r"\b[A-Z0-9_]+\.(?:export|import)\.[A-Z0-9_]+\.[a-z0-9_]+", str(row["arithmetic"]))
        shown, scale = display_unit(named[0]) if named else ("kg", 1.0)
        return quantity(float(value) / scale, shown)
    if unit == "months":
        return f"{int(value)} earlier months were lower"
    return "none of these goods" if unit == "goods" and not value else f"{decimal(float(value), 0)} {unit}".strip()


def _telling_sentence(row: Mapping[Any, Any]) -> str:
    """The sentence of the arithmetic with the computed figure, else the first one, truncated at a word."""
    sentences = _SENTENCE.split(str(row["arithmetic"]))
    value = row["computed"] if row["computed"] is not None else math.nan
    shown = (f"= {100 * value:+.1f} %", f"= {100 * value:.1f} %", f"= x{value:.2f}") if math.isfinite(value) else ()
    text = next((s for s in sentences if any(word in s for word in shown)), sentences[0])
    return text if len(text) <= MAX_ARITHMETIC else text[:MAX_ARITHMETIC].rsplit(" ", 1)[0].rstrip(" ,;:(") + " …"


def _capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]
