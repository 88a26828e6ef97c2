"""Section on placebos and gates."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.core import registry
from forecast.core.products import display_unit
from forecast.core.registry import section
from forecast.core.schema import GateRow, PlaceboRow, group_rows
from forecast.report.blocks import MISSING, Block, Bullets, Column, Details, Heading, Prose, TableBlock, TableCell
from forecast.report.mirror_gap_blocks import mirror_gap_blocks
from forecast.report.number_cells import quantity_cell
from forecast.report.numbers import capitalize, quantity, treated_name
from forecast.report.prose import amount, in_words, reason_in_words, test_text
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData
from forecast.report.series_overview import told_answers

FIRST_GATES = ("identified", "length", "data_state")  # first columns of the matrix; the others follow A to Z
MARKS = {"pass": "✓", "fail": "✗", "not run": MISSING}
OUTCOMES = {"fail": "failed", "not run": "not run"}
UNINFORMATIVE = (
    "nothing was estimated",
    "no other estimate of the same question",
)  # reasons that follow from other gates, or from the config


@section
@dataclass(frozen=True)
class ChecksSection:
    """Placebos and gates: what had to hold before a verdict was given."""

    order: ClassVar[float] = 110
    needs: ClassVar[tuple[str, ...]] = (MORE_THAN_NOWCASTS,)

    def blocks(self, data: RunData) -> list[Block]:
        """Matrix of gates by question, reasons for failures, and placebo effects."""
        if not data.rows(GateRow) and not data.rows(PlaceboRow):
            return []
        out: list[Block] = [Heading("Placebos and gates", 2, "gates", "Placebos, gates")]
        out.append(
            Prose(
                "A gate is one check; a gate that fails or cannot be run limits what may be said. A clean month has a figure "
                "of its own and lies before the event and its anticipation, outside every other event on the product. A "
                "placebo asks the same question of months without an event, where the truth is zero. The p-value tests the "
                "effect itself, on the scale on which the flow's noise is even; the rank of its score among the windows "
                "without an event stands beside it where there are enough of them."
            )
        )
        return [
            *out,
            *_departure_blocks(data),
            *_gate_blocks(data),
            *_donor_blocks(data),
            *_placebo_blocks(data),
            *mirror_gap_blocks(data),
        ]


def _departure_blocks(data: RunData) -> list[Block]:
    """Gates that the config adds, leaves out, or asks with options other than the default ones."""
    told = tuple(capitalize(one.get("text", "").replace("_", " ")) for one in data.run.findings if one.get("topic") == "gates")
    if not told:
        return []
    return [Prose("This run does not judge by the shipped gates with their default options alone."), Bullets(told)]


def _donor_blocks(data: RunData) -> list[Block]:
    """Flows that are no donors because a measure may reach them, and those let in by hand, each with its reason."""
    said: dict[str, list[str]] = {}
    for one in data.run.findings:
        if one.get("topic") == "donors":
            said.setdefault(in_words(data, one.get("text", "")), []).append(one.get("where", ""))
    if not said:
        return []
    introduction = Prose(
        "A flow to which the trade of the treated one may have moved, or which the measure reaches itself, is no comparison: "
        "what it gains would be counted as lost twice, and what it loses would hide the loss."
    )
    lines = Bullets(tuple(f"{capitalize(text)} ({', '.join(where)})" for text, where in said.items()))
    return [Details(f"No donors, because the measure may reach them ({len(said)})", (introduction, lines))]


def _gate_blocks(data: RunData) -> list[Block]:
    by_job = group_rows(data.rows(GateRow), lambda g: g.job)
    rows = [a for a in told_answers(data) if a.job in by_job]
    if not rows:
        return []
    order = {name: i for i, name in enumerate(FIRST_GATES)}
    names = sorted({g.gate for g in data.rows(GateRow)}, key=lambda n: (order.get(n, len(order)), n))
    cells: list[tuple[TableCell, ...]] = []
    reasons: list[tuple[TableCell, ...]] = []
    for a in rows:
        gates = {g.gate: g for g in by_job[a.job]}
        question = f"{treated_name(a.treated)}, {a.window}"
        marks = [
            TableCell(MARKS.get(gates[n].outcome, MISSING), tone=gates[n].outcome) if n in gates else TableCell("")
            for n in names
        ]
        cells.append((TableCell(a.id, question), *marks, TableCell(a.verdict, a.family_text, a.verdict)))
        held = [gates[n] for n in names if n in gates]
        held = [g for g in held if g.outcome != "pass" and g.reason not in ("", *UNINFORMATIVE)]
        if held:
            reasons.append((TableCell(f"{a.id}. {question}: {a.verdict}", tone="group"),))
        for g in held:
            outcome = TableCell(OUTCOMES.get(g.outcome, g.outcome), tone=g.outcome)
            words = capitalize(reason_in_words(data, a, g.reason))
            reasons.append((TableCell(g.gate.replace("_", " ")), outcome, TableCell(words)))
    matrix = TableBlock(
        "Gates by question: ✓ passed, ✗ failed, – not run.",
        (Column("Question"), *(Column(n.replace("_", " ")) for n in names), Column("Verdict")),
        tuple(cells),
    )
    why = TableBlock("Why a gate failed or was not run.", (Column("Gate"), Column("Outcome"), Column("Reason")), tuple(reasons))
    asked = tuple(f"**{n.replace('_', ' ')}**: {registry.sentence('check', n)}" for n in names if n in registry.names("check"))
    out: list[Block] = [Details("What each gate asks", (Bullets(asked),))] if asked else []
    out.append(matrix)
    return [*out, Details("Why: the gates that failed or were not run, by question", (why,))] if reasons else out


def _placebo_blocks(data: RunData) -> list[Block]:
    by_job = group_rows(data.rows(PlaceboRow), lambda r: r.job)
    rows = []
    for a in (a for a in told_answers(data) if a.job in by_job):
        unit, scale = display_unit(a.first_series)
        values = np.array([r.cumulative for r in by_job[a.job]]) / scale
        kinds = ", ".join(f"{n} in {k}" for k, n in Counter(r.kind for r in by_job[a.job]).most_common())
        rows.append(
            (
                TableCell(a.id, treated_name(a.treated)), TableCell(kinds),
                quantity_cell(float(np.nanmedian(values)), unit, sign=True),
                TableCell(" to ".join(quantity(float(end), unit, sign=True) for end in (np.nanmin(values), np.nanmax(values)))),
                TableCell(amount(a, a.estimate) if a.has_estimate else MISSING, "" if a.has_estimate else "no estimate"),
                TableCell(test_text(a) or "no p-value"),
            )
        )  # fmt: skip
    if not rows:
        return [Prose("No placebo could be run: no stretch without an event is long enough.", "note")]
    columns = (
        Column("Question"), Column("Placebos"), Column("Median", True), Column("Range", True), Column("Estimate", True),
        Column("Read as"),
    )  # fmt: skip
    return [
        TableBlock("Placebo effects, added up over a window of the question's length; the truth is zero.", columns, tuple(rows))
    ]
