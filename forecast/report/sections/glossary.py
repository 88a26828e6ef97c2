"""Section that explains the words of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from forecast.core.registry import section
from forecast.report.blocks import Block, Bullets, Heading
from forecast.report.run_data import RunData

AHEAD = {
    "draw": "one possible path of a series, drawn from the model; all figures of a fan come from one set of draws",
    "band": "the range that holds so many of a hundred draws, month by month",
    "median": "the middle draw: as many lie above as below",
    "law as written": "the measures as their texts stand on the run's day, with the ends that they name",
    "scenario": "a course that may be taken in place of the law as written; it has no probability unless the config gives one",
    "CRPS, WIS": "scores of a whole forecast, in the unit of the series; smaller is better",
}
CHANGED = {
    "baseline": "the earlier level that an observation is compared with, always named; it claims no cause",
    "counterfactual": "what the months before an event lead to expect without it",
    "clean month": "a month before the event in which no other measure on the same trade was in force",
    "clean sum": "a sum of such months that was published as one figure",
    "gate": "one of the checks that decide what may be said of an estimate",
    "placebo": "the same estimate where there was no event: in an earlier window, or in a flow that it left alone",
    "smallest p possible": "with few placebos even the rarest result is no rarer than this",
    "80 % power": "an effect of this size would be seen in eight cases of ten",
    "breakdown value": "the effect as a multiple of the largest placebo",
    "reading": "what the checks allow: causal, of several measures together (relative), descriptive, or none",
    "asked: shortfall, recovery, net": "whether the question is of trade lost, regained, or both taken together",
    "anticipation": "trade brought forward before a measure took effect",
}


@section
@dataclass(frozen=True)
class GlossarySection:
    """The words of the report that an outsider would stop at."""

    order: ClassVar[float] = 115
    needs: ClassVar[tuple[str, ...]] = ()

    def blocks(self, data: RunData) -> list[Block]:
        """Words on events and on the months ahead, as far as the run has such answers; empty without any."""
        words = (CHANGED if data.headline else {}) | (AHEAD if data.outlook or data.nowcasts else {})
        if not words:
            return []
        items = tuple(f"**{word}**: {meaning}" for word, meaning in sorted(words.items(), key=lambda item: item[0].lower()))
        return [Heading("Glossary", 2, "glossary", "Glossary"), Bullets(items)]
