"""Section on placebos and gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from forecast.core import registry
from forecast.core.registry import section
from forecast.report.blocks import MISSING, Block, Bullets, Column, Details, Heading, Prose, TableBlock, TableCell
from forecast.report.numbers import quantity, treated_name
from forecast.report.prose import amount, placebo_text, reason_in_words
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData

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
        if not len(data.table("gates")) and not len(data.table("placebos")):
            return []
        out: list[Block] = [Heading("Placebos and gates", 2, "gates", "Placebos, gates")]
        out.append(
            Prose(
                "A gate is one check; a gate that fails or cannot be run limits what may be said. A clean month has a figure "
                "of its own and lies before the event and its anticipation, outside every other event on the product. A "
                "placebo asks the same question of months without an event, where the truth is zero; with fewer than nine such "
                "windows no p-value can fall to 0.10, and none is printed."
            )
        )
        return [*out, *_gate_blocks(data), *_placebo_blocks(data)]


def _gate_blocks(data: RunData) -> list[Block]:
    table = data.table("gates")
    by = {job: part.to_dict("records") for job, part in table.groupby("job")} if len(table) else {}
    rows = [a for a in data.headline if a.job in by]
    if not rows:
        return []
    names = sorted(
        table["gate"].astype(str).unique(), key=lambda n: (FIRST_GATES.index(n) if n in FIRST_GATES else len(FIRST_GATES), n)
    )
    cells: list[tuple[TableCell, ...]] = []
    reasons: list[tuple[TableCell, ...]] = []
    for a in rows:
        gates = {str(g["gate"]): g for g in by[a.job]}
        marks = [
            TableCell(MARKS.get(str(gates[n]["outcome"]), MISSING), tone=str(gates[n]["outcome"]))
            if n in gates
            else TableCell("")
            for n in names
        ]
        cells.append(
            (
                TableCell(a.id, f"{treated_name(a.series)}, {a.window}"),
                *marks,
                TableCell(a.verdict, tone=a.verdict),
            )
        )
        held = [g for n in names if (g := gates.get(n)) and g["outcome"] != "pass" and g["reason"] not in ("", *UNINFORMATIVE)]
        if held:
            reasons.append((TableCell(f"{a.id}. {treated_name(a.series)}, {a.window}: {a.verdict}", tone="group"),))
        for g in held:
            mark, words = str(g["outcome"]), reason_in_words(data, a, str(g["reason"]))
            gate = TableCell(str(g["gate"]).replace("_", " "))
            reasons.append((gate, TableCell(OUTCOMES.get(mark, mark), tone=mark), TableCell(words[:1].upper() + words[1:])))
    matrix = TableBlock(
        "Gates by question: ✓ passed, ✗ failed, – not run.",
        (Column("Question"), *(Column(n.replace("_", " ")) for n in names), Column("Verdict")),
        tuple(cells),
    )
    why = TableBlock(
        "Why a gate failed or was not run.",
        (Column("Gate"), Column("Outcome"), Column("Reason")),
        tuple(reasons),
    )
    asked = tuple(f"**{n.replace('_', ' ')}**: {registry.sentence('check', n)}" for n in names if n in registry.names("check"))
    out: list[Block] = [Details("What each gate asks", (Bullets(asked),))] if asked else []
    out.append(matrix)
    return [*out, Details("Why: the gates that failed or were not run, by question", (why,))] if reasons else out


def _placebo_blocks(data: RunData) -> list[Block]:
    from forecast.core.products import display_unit

    table = data.table("placebos")
    rows = []
    for a in data.headline:
        part = table[table["job"] == a.job] if len(table) else table
        if not len(part):
            continue
        unit, scale = display_unit(a.first_series)
        values = part["cumulative"].astype(float) / scale
        kinds = ", ".join(f"{n} in {k}" for k, n in part["kind"].value_counts().items())
        rows.append(
            (
                TableCell(a.id, treated_name(a.series)), TableCell(kinds),
                TableCell(quantity(float(values.median()), unit, sign=True)),
                TableCell(" to ".join(quantity(float(end), unit, sign=True) for end in (values.min(), values.max()))),
                TableCell(amount(a, a.estimate) if a.has_estimate else MISSING, "" if a.has_estimate else "no estimate"),
                TableCell(placebo_text(a) or "no p-value"),
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
