"""Section on antimony exports."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from forecast.core import months as mm
from forecast.core.registry import section
from forecast.report.blocks import Block, FigureBlock, Heading, Prose
from forecast.report.effect_rows import EffectAnswer
from forecast.report.event_key import event_key, letter_events
from forecast.report.figures.flows import level_panel
from forecast.report.numbers import percent
from forecast.report.prose import amount, answer_sentences
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData

SERIES = "CHN.export.WLD.antimony_products_reuters"
SINCE = mm.ordinal("2023-01")


@section
@dataclass(frozen=True)
class AntimonySection:
    """Antimony exports: what was shipped before the licence, and the collapse after it."""

    order: ClassVar[float] = 80
    needs: ClassVar[tuple[str, ...]] = ("observations", MORE_THAN_NOWCASTS)

    def blocks(self, data: RunData) -> list[Block]:
        """Empty unless the run has bundled antimony exports."""
        history = data.histories.get(SERIES) if data.bundled else None
        if history is None:
            return []
        events = letter_events(data, [SERIES], SINCE, history.last)
        rows = [a for a in data.headline if a.series == SERIES]
        first = next((a for a in rows if a.has_baseline and a.measure in ("cumulative", "net", "anticipation")), None)
        months = first.n_months if first else 1
        expected = (first.baseline, first.expected / months) if first and first.expected > 0 else None
        panel = level_panel(
            "China to world, antimony products (Reuters' basket)", history, SINCE, history.last, events, expected
        )
        out: list[Block] = [Heading("Antimony exports: before and after the licence", 2, "antimony", "Antimony exports")]
        out += [Prose(answer_sentences(data, a)) for a in rows] or [
            Prose("No question was asked of this series; the figure shows what is known.")
        ]
        ledger = ledger_text(rows)
        if ledger:
            out.append(Prose(ledger))
        out.append(
            FigureBlock(
                "antimony", "Antimony exports of China", (panel,), 2,
                "Tonnes a month. Many months are known only through sums; the dotted steps are their means. The basket is the "
                "publisher's (metal, oxide and other goods). Source: China's customs through Reuters.",
                "Chart of China's antimony exports with the September 2024 licence marked", event_key(events),
            )
        )  # fmt: skip
        return out


def ledger_text(rows: Sequence[EffectAnswer]) -> str:
    """Anticipation, shortfall and net difference from one baseline, as descriptions; no cause is claimed.

    Empty unless all three questions were asked and their answers add up.
    """
    for net in (a for a in rows if a.measure == "net" and a.has_baseline):
        same = [a for a in rows if a.has_baseline and a.events == net.events and a.baseline == net.baseline]
        early = next((a for a in same if a.measure == "anticipation" and a.months_from == net.months_from), None)
        late = next((a for a in same if a.measure == "cumulative" and a.months_to == net.months_to), None)
        if early is None or late is None:
            continue
        if not math.isclose(early.desc_estimate + late.desc_estimate, net.desc_estimate, rel_tol=1e-6):
            continue
        parts = [(early, "A"), (late, "P"), (net, "net")]
        sums = ", ".join(f"{sign} = {amount(a, a.desc_estimate)} in {a.known_window} ({a.verdict})" for a, sign in parts)
        made_up = ""
        if early.desc_estimate > 0 > late.desc_estimate:
            share = percent(early.desc_estimate / -late.desc_estimate, sign=False)
            made_up = f" The surplus equals {share} of what was missing after it."
        words = {a.verdict for a, _ in parts}
        limit = " As descriptions, they claim no cause." if words <= {"descriptive", "not identified"} else ""
        return f"**Ledger against the {net.baseline}:** {sums}.{made_up}{limit}"
    return ""
