"""Section with the title and the answers in short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from forecast.core.judgement import VERDICTS
from forecast.core.ledger_of_rows import ledgers_of
from forecast.core.registry import section
from forecast.core.schema import LedgerRow
from forecast.report.blocks import Block, Bullets, Callout, Details, Heading, Prose, Statements
from forecast.report.chosen_answers import MAX_ANSWERS, grade_sentence, summary_rows
from forecast.report.glossary import VERDICT_MEANINGS
from forecast.report.ledger_sentences import accounts_in_short
from forecast.report.nowcast_blocks import nowcast_sentences
from forecast.report.numbers import day, number_in_words, series_name
from forecast.report.prose import answer_sentences
from forecast.report.run_data import RunData
from forecast.report.shared_limits import shared_limits


@section
@dataclass(frozen=True)
class SummarySection:
    """Title, what the run rests on, and its main answers, each with its verdict."""

    order: ClassVar[float] = 10
    needs: ClassVar[tuple[str, ...]] = ()

    def blocks(self, data: RunData) -> list[Block]:
        """Title, what the run rests on, and the answers."""
        name = str(data.config.get("title") or data.config.get("name") or data.run.folder.name)
        models = set(data.table("forecasts")["model"])
        accounts = ledgers_of(data.rows(LedgerRow))
        asked = len(data.headline) or len(data.nowcasts) or len(accounts)
        counts = [
            _count_text(asked, "question"),
            _count_text(len(data.histories), "series", "series"),
            _count_text(len(models), "model"),
        ]
        chosen = summary_rows(data)
        several = len(data.headline) >= MAX_ANSWERS and len(chosen) > 1
        short = f"{number_in_words(len(chosen)).capitalize()} answers in short" if several else "In short"
        explained = data.headline or data.outlook or data.nowcasts
        words = " Words are explained in the [glossary](#glossary)." if explained else ""
        out: list[Block] = [
            Heading(name, 1),
            Prose(
                f"What was known on {day(data.as_of)}: {', '.join(counts)}. Quantities in tonnes (t) or kilograms (kg) as "
                f"marked; pp are percentage points.{words}",
                "lead",
            ),
            Heading(short, 2, "summary", "In short"),
        ]
        now = nowcast_sentences(data)
        if now and not chosen:
            return [*out, Bullets(now)]
        if accounts and not chosen:
            return [*out, Bullets(accounts_in_short(accounts))]
        if not chosen:
            return [*out, _no_answer(data)]
        shared = shared_limits(data, chosen)
        out.append(Statements(tuple((a.verdict, answer_sentences(data, a, shared.reasons)) for a in chosen)))
        out.append(Prose(" ".join((*shared.sentences, grade_sentence(data, "**supported**, the highest grade")))))
        used = [w for w in VERDICTS if any(w in (a.verdict, a.family_word) for a in data.headline)]
        out.append(Details("What the verdict words mean", (Bullets(tuple(f"**{w}**: {VERDICT_MEANINGS[w]}" for w in used)),)))
        return out


def _no_answer(data: RunData) -> Callout:
    if not data.asks("effects", "forecast", "nowcast", "ledger"):
        return Callout("This run asks no question of an event or of months ahead. The chapters below show what is known.")
    if not data.outlook:
        return Callout("No question of this run could be answered. The chapters below say why, and what is known.", "warning")
    names = ", ".join(series_name(s) for s in list(dict.fromkeys(r.series for r in data.outlook))[:4])
    return Callout(f"This run asks what comes next, not what an event changed. Series ahead: {names}.")


def _count_text(n: int, word: str, plural: str = "") -> str:
    return f"{n} {word if n == 1 else plural or word + 's'}"
