"""Section that explains the words of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from forecast.core.registry import section
from forecast.report.blocks import Block, Bullets, Heading
from forecast.report.glossary import WORD_MEANINGS
from forecast.report.run_data import RunData

AHEAD = ("band", "CRPS", "draw", "law as written", "median", "nowcast", "ratio to the benchmark", "scenario", "vintage")
CHANGED = (
    "baseline", "breakdown value", "clean month", "clean sum", "counterfactual", "floor", "gate", "mirror", "p-value",
    "placebo", "power", "reading", "span",
)  # fmt: skip


@section
@dataclass(frozen=True)
class GlossarySection:
    """The words of the report that an outsider would stop at."""

    order: ClassVar[float] = 115
    needs: ClassVar[tuple[str, ...]] = ()

    def blocks(self, data: RunData) -> list[Block]:
        """Words on events and on the months ahead, as far as the run has such answers; empty without any."""
        words = (*(CHANGED if data.headline else ()), *(AHEAD if data.outlook or data.nowcasts else ()))
        if not words:
            return []
        items = tuple(f"**{word}**: {WORD_MEANINGS[word]}" for word in sorted(words, key=str.lower))
        return [Heading("Glossary", 2, "glossary", "Glossary"), Bullets(items)]
