"""A run in three lines: what was forecast, the strongest verdict, and what was left unanswered with the place of the page."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from forecast.core.plurals import pluralize
from forecast.core.run import Run
from forecast.core.schema import FailureRow
from forecast.core.unanswered import questions_asked, refusal_record
from forecast.report.effect_rows import EffectAnswer
from forecast.report.glossary import VERDICT_MEANINGS
from forecast.report.inline_markup import strip_markup
from forecast.report.numbers import day, treated_name, window
from forecast.report.prose import description, estimate_text
from forecast.report.run_data import RunData, nowcast_groups

SHORT_CAUSES = {
    "too short": "too short a history", "not identified": "not identified", "refused": "not for that method",
    "failed": "a calculation that failed", "": "no cause recorded",
}  # fmt: skip


def page_of(run: Run) -> Path:
    """The page of a run."""
    return run.folder / "report.html"


def refusals_of(run: Run) -> dict[str, Any]:
    """What a run left unanswered (`refusal_record`): as written in run.json, or from the tables of an older run."""
    found = run.info.get("unanswered")
    if isinstance(found, dict):
        return found
    return refusal_record(questions_asked(run.info.get("counts") or {}), RunData(run).rows(FailureRow))


def verdict_of(answer: EffectAnswer) -> str:
    """The verdict of a question, over the whole run where that is another."""
    return answer.family_word or answer.verdict


def verdict_counts(data: RunData) -> dict[str, int]:
    """The number of questions with each verdict, the firmest first."""
    counts = Counter(verdict_of(answer) for answer in data.headline)
    return {word: counts[word] for word in VERDICT_MEANINGS if counts[word]}


def summary_lines(run: Run) -> list[str]:
    """The three lines."""
    data = RunData(run)
    return [_forecast_line(data), _verdict_line(data), _unanswered_line(run)]


def _forecast_line(data: RunData) -> str:
    """How many series are forecast, for which months, by how many models, standing on which day."""
    table = data.run.table("forecasts")
    now = {name for row in data.nowcasts for name in nowcast_groups(row)}
    groups = table["group"] if "group" in table else table["job"].map(lambda _: "")
    ahead = table[(table.cutoff == data.as_of) & ~groups.isin(now) & ~table.month.str.contains("/")]
    parts = []
    if len(ahead):
        models = pluralize(int(ahead.model.nunique()), "model")
        months = window(str(ahead.month.min()), str(ahead.month.max()))
        parts.append(f"Forecast: {int(ahead.series.nunique())} series, {months}, by {models}")
    if now:
        found = table[groups.isin({nowcast_groups(row)[0] for row in data.nowcasts})]
        parts.append(f"Nowcast: {int(found.series.nunique())} series")
    return f"{'; '.join(parts) or 'No forecast was asked'}; standing on {day(data.as_of)}."


def _verdict_line(data: RunData) -> str:
    """The firmest verdict, how many questions have it, and the first of them with its figures."""
    counts = verdict_counts(data)
    if not counts:
        return "No effect of an event was asked."
    word = next(iter(counts))
    first = next(answer for answer in data.headline if verdict_of(answer) == word)
    head = f"Strongest verdict: {word}, {counts[word]} of {pluralize(len(data.headline), 'question')}, such as {first.id}"
    figures = estimate_text(first) or description(first, data.held)
    return strip_markup(f"{head}: {treated_name(first.treated)}, {first.window}: {figures}.")


def _unanswered_line(run: Run) -> str:
    """How many answers were not given, by cause, and where the page is."""
    found = refusals_of(run)
    by_cause: Counter[str] = Counter()
    for one in found["causes"]:
        by_cause[one["cause"]] += one["count"]
    asked = f" of {found['asked']:,}" if found["asked"] else ""
    causes = ", ".join(f"{n} {SHORT_CAUSES.get(cause, cause)}" for cause, n in by_cause.most_common())
    told = f"{found['count']:,}{asked}" + (f" ({causes})" if causes else "")
    return f"Unanswered: {told}; report: {page_of(run)}"
