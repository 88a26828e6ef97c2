"""Placebos and gates: what had to hold before a verdict was given."""

from __future__ import annotations

import math

from forecast.report.blocks import MISSING, Block, Cell, Column, Details, Heading, Prose, Table
from forecast.report.facts import Facts
from forecast.report.numbers import number, plain, treated_name, window
from forecast.report.wording import amount, spelled

FIRST = ("identified", "length", "data_state")  # the order in which the gates are read
MARKS = {"pass": "✓", "fail": "✗", "not run": MISSING}


def blocks(facts: Facts) -> list[Block]:
    """A matrix of gates by question, the reasons, and how the placebos came out."""
    if not len(facts.table("gates")) and not len(facts.table("placebos")):
        return []
    out: list[Block] = [Heading("Placebos and gates", 2, "gates", "Placebos, gates")]
    out.append(
        Prose(
            "A gate is one check; a failed gate caps what may be said. A placebo asks the same question of months without "
            "an event, where the truth is zero; with few such windows the smallest attainable p (the floor) is large."
        )
    )
    return [*out, *_gates(facts), *_placebos(facts)]


def _gates(facts: Facts) -> list[Block]:
    table = facts.table("gates")
    by = {job: part.to_dict("records") for job, part in table.groupby("job")} if len(table) else {}
    rows = [a for a in facts.headline if a.job in by]
    if not rows:
        return []
    names = sorted(table["gate"].astype(str).unique(), key=lambda n: (FIRST.index(n) if n in FIRST else len(FIRST), n))
    cells, reasons = [], []
    for a in rows:
        gates = {str(g["gate"]): g for g in by[a.job]}
        marks = [
            Cell(MARKS.get(str(gates[n]["outcome"]), MISSING), tone=str(gates[n]["outcome"])) if n in gates else Cell("")
            for n in names
        ]
        cells.append(
            (Cell(a.id, f"{treated_name(a.series)}, {window(a.first, a.last)}"), *marks, Cell(a.verdict, tone=a.verdict))
        )
        for n in names:
            if n in gates and gates[n]["outcome"] != "pass" and gates[n]["reason"]:
                g = gates[n]
                limit = _limit(g["value"], g["threshold"])
                reasons.append(
                    (
                        Cell(a.id),
                        Cell(n.replace("_", " ")),
                        Cell(str(g["outcome"]), tone=str(g["outcome"])),
                        Cell(spelled(facts, a, str(g["reason"])), limit),
                    )
                )
    matrix = Table(
        "Gates by question: ✓ passed, ✗ failed, – not run.",
        (Column("Question"), *(Column(n.replace("_", " ")) for n in names), Column("Verdict")),
        tuple(cells),
    )
    why = Table(
        "Why a gate failed or was not run.",
        (Column("Question"), Column("Gate"), Column("Outcome"), Column("Reason")),
        tuple(reasons),
    )
    return (
        [matrix, Details(f"Reasons of the gates that failed or were not run ({len(reasons)})", (why,))] if reasons else [matrix]
    )


def _limit(value: object, threshold: object) -> str:
    """Value and threshold where the gate has both and the threshold says something."""
    pair = [float(v) if isinstance(v, int | float) else math.nan for v in (value, threshold)]
    if not all(map(math.isfinite, pair)) or pair[1] == 0:
        return ""
    return "value {}, threshold {}".format(*(plain(v, 2).removesuffix(".00") for v in pair))


def _placebos(facts: Facts) -> list[Block]:
    from forecast.core.products import display

    table = facts.table("placebos")
    rows = []
    for a in facts.headline:
        part = table[table["job"] == a.job] if len(table) else table
        if not len(part):
            continue
        unit, scale = display(a.series.split("+")[0])
        values = part["cumulative"].astype(float) / scale
        kinds = ", ".join(f"{n} in {k}" for k, n in part["kind"].value_counts().items())
        rows.append(
            (
                Cell(a.id, treated_name(a.series)), Cell(kinds),
                Cell(number(float(values.median()), unit, sign=True)),
                Cell(f"{number(float(values.min()), unit, sign=True)} to {number(float(values.max()), unit, sign=True)}"),
                Cell(amount(a, a.estimate) if a.estimated else MISSING, "" if a.estimated else "no estimate"),
                Cell(plain(a.p_value, 3), f"floor {plain(a.p_floor, 3)}" if math.isfinite(a.p_floor) else ""),
            )
        )  # fmt: skip
    if not rows:
        return [Prose("No placebo could be run: no stretch without an event is long enough.", "note")]
    columns = (
        Column("Question"), Column("Placebos"), Column("Median", True), Column("Range", True), Column("Estimate", True),
        Column("p", True),
    )  # fmt: skip
    return [Table("Placebo effects, added up over a window of the question's length.", columns, tuple(rows))]
