"""What cannot be known from a run, and what would settle it: each limit once."""

from __future__ import annotations

from collections import Counter

from forecast.core import months as mm
from forecast.core.plurals import pluralize
from forecast.core.schema import FailureRow, GateRow
from forecast.report.blocks import Block, Bullets, Heading
from forecast.report.brief.decisions import Horizon
from forecast.report.brief.months_ahead import told_series
from forecast.report.brief.plain_words import flow_words
from forecast.report.chosen_answers import grade_sentence
from forecast.report.numbers import day, join_with_and, month_of
from forecast.report.run_data import RunData

REASONS = {  # a failed check in plain words, and what would settle it
    "length": ("too few months before the measure are undisturbed", "longer records"),
    "identified": ("there is too little to compare with", "figures of the months that are missing"),
    "separable": ("other measures fall into the same months", "figures by licence or firm"),
    "significance": ("the change cannot be told from chance", "more months"),
    "materiality": ("the change is too small to matter", ""),
    "data_state": ("figures are missing or preliminary", "the final figures"),
    "placebo_time": ("earlier windows without a measure show changes as large", "longer records"),
    "placebo_space": ("flows without a measure show changes as large", "more flows to compare with"),
    "fit": ("the method misses the months before the measure", "longer records"),
    "sign": ("the answer's direction hangs on what it is compared with", "an agreed level to compare with"),
    "agreement": ("methods disagree", "longer records"),
    "unit_value": ("values mix prices with grades", "prices by grade"),
    "mirror": ("the partner's figures differ", "a check of both sides' records"),
    "donors": ("no comparable flow is free of the measure", "figures of untouched flows"),
    "anticipation": ("shipments may have been brought forward", "figures by day of contract"),
}
FAILED = ("fail", "weak")
MOST_REASONS = 3
MOST_NAMES = 3
LATE = 3  # months between the end of a series and the run's day from which its end is told


def limit_blocks(data: RunData, horizon: Horizon) -> list[Block]:
    """Empty in a run that leaves nothing open."""
    found = [
        _grade_limit(data),
        _questions_without_answer(data),
        _open_outcomes(data, horizon),
        _parts_of_totals(data),
        _late_figures(data, horizon),
    ]
    items = tuple(text for text in found if text)
    head = Heading("What cannot be known, and what would settle it", 2, "limits", "What cannot be known")
    return [head, Bullets(items)] if items else []


def _grade_limit(data: RunData) -> str:
    """How many answers reach the highest grade, and what most of the others lack; empty where none lacks anything."""
    short = [a for a in data.headline if a.verdict not in ("supported", "no material effect")]
    if not short:
        return ""  # nothing is lacking, and the message tells the grade
    jobs = {a.job for a in short}
    failed = {(r.job, r.gate) for r in data.rows(GateRow) if r.job in jobs and r.outcome in FAILED and r.gate in REASONS}
    found = Counter(gate for _, gate in failed)
    counts = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_REASONS]
    if not counts:
        return grade_sentence(data)
    why = join_with_and([f"{REASONS[gate][0]} ({n})" for gate, n in counts])
    settle = join_with_and(list(dict.fromkeys(REASONS[gate][1] for gate, _ in counts if REASONS[gate][1])))
    helped = f" {settle[:1].upper()}{settle[1:]} would help." if settle else ""
    return f"{grade_sentence(data)} The commonest reasons, with the number of findings: {why}.{helped}"


def _questions_without_answer(data: RunData) -> str:
    """Questions that the figures cannot answer at all."""
    rows = [a for a in data.headline if a.verdict == "not identified"]
    if not rows:
        return ""
    asked = list(dict.fromkeys(f"“{a.question}”" if a.question else f"{flow_words(a.first_series)}, {a.window}" for a in rows))
    more = f" and {len(asked) - MOST_NAMES} more" if len(asked) > MOST_NAMES else ""
    return f"{pluralize(len(rows), 'question')} cannot be answered from these figures: {'; '.join(asked[:MOST_NAMES])}{more}."


def _open_outcomes(data: RunData, horizon: Horizon) -> str:
    """Decisions whose outcome is not known."""
    past = [d for d in horizon.decisions if d.day <= horizon.today]
    if not past:
        return ""
    said = [f"“{d.event.short_title}” {'ended' if d.ends else 'began'} on {day(d.day.isoformat())} as announced" for d in past]
    return f"Whether {join_with_and(said)}. The notice itself would settle it."


def _parts_of_totals(data: RunData) -> str:
    """Totals whose course under a scenario is not identified."""
    lost = dict.fromkeys(r.series for r in data.rows(FailureRow) if r.question.startswith("scenario: "))
    if not lost:
        return ""
    names = "; ".join(map(flow_words, lost))
    return f"What the courses would bring for {names}. Figures of how the other suppliers answer would settle it."


def _late_figures(data: RunData, horizon: Horizon) -> str:
    """Series of the brief whose figures end well before the run's day."""
    ends = {s: data.histories[s].last for s in told_series(data, horizon)}
    late = [s for s, last in ends.items() if mm.ordinal(data.as_of[:7]) - last > LATE]
    if not late:
        return ""
    named = "; ".join(f"{flow_words(s)}, {month_of(ends[s])}" for s in late[:MOST_NAMES])
    return f"What was traded since the last figure: {named}. Later figures would settle it."
