"""Cards of what the judge says: verdict, gates, the test."""

from __future__ import annotations

import math
from typing import Any

from forecast.core.judgement import Gate, Judgement, Placebo, Verdict
from forecast.core.plurals import pluralize
from forecast.report.cards.card import Card
from forecast.report.cards.fields import list_in_short
from forecast.report.glossary import VERDICT_MEANINGS
from forecast.report.numbers import decimal, digits


def verdict_card(verdict: Verdict) -> Card:
    """The word, what it means, how it may be read, and why."""
    return Card(
        f"Verdict: {verdict.word or 'none'}",
        (("means", VERDICT_MEANINGS.get(verdict.word, "")), ("reading", verdict.reading), ("because", verdict.because)),
    )


def gate_card(gate: Gate) -> Card:
    """One line: the outcome and its reason."""
    return Card(f"{gate.gate}: {gate.outcome}" + (f" ({gate.reason})" if gate.reason else ""))


def placebo_card(placebo: Placebo) -> Card:
    """One line: where, and how large an effect was found where there is none."""
    share = f", {placebo.relative:+.1%} of what was expected" if math.isfinite(placebo.relative) else ""
    size = decimal(placebo.cumulative, digits(placebo.cumulative))
    return Card(f"Placebo in {placebo.kind}, {placebo.series} from {placebo.start}: {size}{share}")


def judgement_card(judgement: Judgement) -> Card:
    """The test, what would have been seen, and the gates by outcome."""
    by_outcome = {
        outcome: [gate.gate for gate in judgement.gates if gate.outcome == outcome] for outcome in ("pass", "fail", "not run")
    }
    test = judgement.test
    return Card(
        f"Judgement: {judgement.verdict.word if judgement.verdict else 'no verdict'}",
        (
            ("test", f"p = {test.p:.3g} ({test.score})" if math.isfinite(test.p) else ""),
            ("placebos", pluralize(len(judgement.placebos), "window") if judgement.placebos else ""),
            ("seen from", decimal(judgement.mde80, digits(judgement.mde80)) if math.isfinite(judgement.mde80) else ""),
            *((outcome, list_in_short(names[:6], len(names))) for outcome, names in by_outcome.items()),
        ),
    )


CARDS: dict[str, Any] = {
    "Verdict": verdict_card,
    "Gate": gate_card,
    "Placebo": placebo_card,
    "Judgement": judgement_card,
}
