"""The terms of the package in a reader's words: verdicts, gates, what is asked and measured, regimes, words of the report."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

from forecast.core import registry

Kind = Literal["verdict", "gate", "asked", "measure", "reading", "regime", "word"]
KINDS: dict[Kind, str] = {
    "verdict": "Verdicts, from the firmest on",
    "gate": "Gates: what is checked before a verdict is given",
    "asked": "What is asked (`estimand`)",
    "measure": "How an answer is measured (`measure`)",
    "reading": "How an answer may be read (`reading`)",
    "regime": "Policy regimes of a month (`regime`)",
    "word": "Other words of the report",
}
VERDICT_MEANINGS = {
    "supported": "not zero at the 1 % level, of the size that matters, and every check that a firm claim needs is passed",
    "suggestive": "not zero at the 5 % level, but a check that a firm claim needs is missing or weak",
    "no material effect": "the data exclude an effect larger than the margin stated; that is a finding, not a lack of one",
    "contradicted by mirror": "the two sides of the trade report different things",
    "cannot distinguish": "the estimate cannot be told from no effect with these data; this is not “no effect”",
    "descriptive": "what was observed, beside a named baseline; no cause is claimed",
    "not identified": "the data hold no information on what was asked; what was observed is still stated",
}
GATE_MEANINGS = {
    "agreement": "do other methods, put the same question, find the same direction?",
    "anticipation": "could traders act before the measure took effect? Those months are hidden from the fit and told apart",
    "calibration": "did the method's intervals hold the truth often enough in simulations of so short a history?",
    "data_state": "how many months of the window are provisional, missing or published only in a sum?",
    "donors": "does the estimate hang on a single comparison series, or on one that had a shock of its own?",
    "fit": "did the method foresee earlier windows of the same length, and was there no unexplained break just before?",
    "identified": "are there figures in the window and before it, and was there trade that could be lost?",
    "length": "is the clean past long enough for a window of this length?",
    "materiality": "is the effect as large as the smallest one of interest, or shown to be smaller?",
    "mirror": "do the exporter's and the partner's figures of one trade agree before the event?",
    "multiplicity": "with so many questions in one run, could this answer be one that chance alone would give?",
    "placebo_space": "is the effect larger than those found in series that the measure did not touch?",
    "placebo_time": "is the effect larger than those found in earlier windows without a measure?",
    "separable": "does no other measure fall into the window or shortly before it?",
    "sign": "did the flow move in the direction that was asked about, and do the baselines show it too?",
    "significance": "is the effect told from none: p at most 0.01 for a firm claim, at most 0.05 for a suggestion?",
    "unit_value": "is it a value over a quantity, which moves with grades and arrival lags as well as with prices?",
}
ASKED_MEANINGS = {
    "shortfall": "how much less was traded than without the measure",
    "recovery": "how much more was traded than if the measure had gone on",
    "net": "the months before the measure, in which traders could stockpile, and the months under it, taken together",
    "share": "how a partner's part of a total changed",
    "anticipation": "how much was traded early, between the announcement and the first day of the measure",
    "relative": "the change as a fraction of what was expected",
}
MEASURE_MEANINGS = {
    "cumulative": "the sum over the months asked, in tonnes or kilograms",
    "relative": "that sum as a fraction of what was expected; −100 % is all of it",
    "share": "percentage points (pp) of a total",
    "anticipation": "the sum over the months of anticipation",
    "net": "the sum over the months of anticipation and those under the measure",
}
READING_MEANINGS = {
    "causal": "the change is put down to the measure asked about, as firmly as the verdict says",
    "relative": "the change belongs to several measures together, or is a share: it is not put down to one of them alone",
    "descriptive": "what was observed beside a baseline; no estimate is printed",
    "none": "nothing was found on what was asked",
}
REGIME_MEANINGS = {
    "no control": "no restriction on the flow is in the calendar",
    "before": "before the first restriction was announced",
    "anticipation": "from the announcement to the month before the restriction took effect",
    "under control": "a restriction is in force",
    "after reversal": "restrictions have ended, or a suspension, a deal or a reversal has begun since the newest one",
}
WORD_MEANINGS = {
    "80 % interval": "the range in which four cases of five are expected; the 95 % interval holds nineteen of twenty",
    "backtest": "the same forecast asked on past days, with what was known then, and held against what came",
    "baseline": "a clean period that observed months are compared with, such as the year before; it is named beside the figure",
    "breakdown value": "the effect over the largest placebo effect: its sign survives a drift so many times that one",
    "band": "the range that holds so many of a hundred draws, month by month",
    "clean month": "a month with a figure of its own, before the event and its anticipation and outside every other event",
    "clean sum": "a sum of clean months that was published as one figure",
    "counterfactual": "what would have been traded without the measure, as far as the months before it tell",
    "coverage": "how often intervals held the figure that came: 80 % intervals should in four cases of five",
    "CRPS": "mean error of a whole forecast distribution, in the unit of the series; lower is better",
    "cutoff": "the day on which a forecast stands: it uses nothing that became known later",
    "draw": "one possible path of a series, drawn from the model; all figures of a fan come from one set of draws",
    "floor": "the smallest p-value that a test with so few placebos can give: even the rarest result is no rarer",
    "gate": "one of the checks that decide what may be said of an estimate",
    "law as written": "the measures as their texts stand on the run's day, with the ends that they name",
    "median": "the middle draw: as many lie above as below",
    "mirror": "the partner country's own figures of the same trade",
    "nowcast": "the figure of a month that is over, but not published yet",
    "p-value": "how often chance alone would give so large an effect if there were none",
    "placebo": "the same question put to months or series without a measure, where the true effect is zero",
    "power": "the chance that an effect of the size named would have been seen",
    "reading": "what the checks allow: causal, of several measures together (relative), descriptive, or none",
    "ratio to the benchmark": "a model's mean error over that of the best naive forecast; below 1 is better",
    "scenario": "a forecast under a policy course that is assumed; it says nothing of how likely the course is",
    "span": "a figure published for several months together, such as January and February",
    "vintage": "everything that was known on one day",
}


@dataclass(frozen=True)
class Term:
    """A word of the report and its meaning, without a full stop; `kind` is a key of `KINDS`."""

    kind: Kind
    word: str
    meaning: str


@functools.cache
def terms(kind: Kind | None = None) -> tuple[Term, ...]:
    """All terms, kind by kind, or those of one kind; a gate that is not shipped is told by its own first sentence."""
    gates = {name: _gate_meaning(name) for name in registry.names("check")}
    told: dict[Kind, dict[str, str]] = {
        "verdict": VERDICT_MEANINGS, "gate": gates, "asked": ASKED_MEANINGS, "measure": MEASURE_MEANINGS,
        "reading": READING_MEANINGS, "regime": REGIME_MEANINGS, "word": WORD_MEANINGS,
    }  # fmt: skip
    return tuple(Term(k, word, text) for k, words in told.items() if kind in (None, k) for word, text in words.items())


def meaning(word: str, kind: Kind | None = None) -> str:
    """What a word means; empty where the glossary does not hold it. Of a word of several kinds the first one counts."""
    return next((term.meaning for term in terms(kind) if term.word == word), "")


def _gate_meaning(name: str) -> str:
    return GATE_MEANINGS.get(name) or registry.sentence("check", name).rstrip(".")
