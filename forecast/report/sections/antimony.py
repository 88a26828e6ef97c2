"""Antimony exports: what was rushed out before the licence, and the collapse after it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from forecast.core import months as mm
from forecast.report.blocks import Block, FigureBlock, Heading, Prose
from forecast.report.effect_rows import EffectRow
from forecast.report.numbers import percent, window
from forecast.report.prose import amount, answer_sentences
from forecast.report.run_data import RunData
from forecast.report.sections.outlook import event_key

SERIES = "CHN.export.WLD.antimony_products_reuters"
SINCE = mm.ordinal("2023-01")


def blocks(facts: RunData) -> list[Block]:
    """Nothing where the run has no antimony exports."""
    history = facts.histories.get(SERIES)
    if history is None:
        return []
    from forecast.report.figures.flows import level_panel
    from forecast.report.figures.timeline import event_letters

    events = facts.events_on([SERIES], SINCE, history.last)
    named = event_letters(events)
    rows = [a for a in facts.headline if a.series == SERIES]
    first = next((a for a in rows if a.compared and a.measure in ("cumulative", "net", "anticipation")), None)
    months = mm.ordinal(first.last) - mm.ordinal(first.first) + 1 if first else 1
    expected = (first.baseline, first.expected / months) if first and first.expected > 0 else None
    panel = level_panel(
        "China to world, antimony products (Reuters' basket)", history, SINCE, history.last, events, named, expected
    )
    out: list[Block] = [Heading("Antimony exports: before and after the licence", 2, "antimony", "Antimony exports")]
    out += [Prose(answer_sentences(facts, a)) for a in rows] or [
        Prose("No question was asked of this series; the figure shows what is known.")
    ]
    told = ledger_text(rows)
    if told:
        out.append(Prose(told))
    out.append(
        FigureBlock(
            "antimony", "Antimony exports of China", (panel,), 2,
            "Tonnes a month. Many months are known only through sums; the dotted steps are their means. The basket is the "
            "publisher's (metal, oxide and other goods). Source: China's customs through Reuters.",
            "Chart of China's antimony exports with the September 2024 licence marked", event_key(events, named),
        )
    )  # fmt: skip
    return out


def ledger_text(rows: Sequence[EffectRow]) -> str:
    """Shipped early, missing after, and both together, as described against one baseline; no cause is claimed.

    Nothing where the three were not all asked, or do not add up.
    """
    for net in (a for a in rows if a.measure == "net" and a.compared):
        same = [a for a in rows if a.compared and a.events == net.events and a.baseline == net.baseline]
        early = next((a for a in same if a.measure == "anticipation" and a.first == net.first), None)
        late = next((a for a in same if a.measure == "cumulative" and a.last == net.last), None)
        if early is None or late is None or not math.isclose(early.desc + late.desc, net.desc, rel_tol=1e-6):
            continue
        parts = [(early, "A"), (late, "P"), (net, "net")]
        sums = ", ".join(f"{sign} = {amount(a, a.desc)} in {window(a.first, a.last)} ({a.verdict})" for a, sign in parts)
        made_up = ""
        if early.desc > 0 > late.desc:
            made_up = f" The surplus equals {percent(early.desc / -late.desc, sign=False)} of what was missing after it."
        words = {a.verdict for a, _ in parts}
        limit = " As descriptions, they claim no cause." if words <= {"descriptive", "not identified"} else ""
        return f"**Ledger against the {net.baseline}:** {sums}.{made_up}{limit}"
    return ""
