"""The title and six answers, each with its verdict word."""

from __future__ import annotations

from forecast.core.effects import VERDICTS
from forecast.report.blocks import Block, Bullets, Callout, Details, Heading, Prose, Statements
from forecast.report.effect_rows import EffectRow
from forecast.report.numbers import day, series_name
from forecast.report.prose import VERDICT_MEANINGS, answer_sentences
from forecast.report.run_data import RunData
from forecast.report.sections.headline import mineral_title
from forecast.report.sections.nowcast import nowcast_sentences

MAX_ANSWERS = 6
_STRENGTH = ("supported", "contradicted by mirror", "suggestive", "cannot distinguish", "not identified", "descriptive")


def blocks(facts: RunData) -> list[Block]:
    """Title, what the run stands on, and the answers."""
    name = str(facts.config.get("title") or facts.config.get("name") or facts.run.folder.name)
    models = sorted(facts.table("forecasts")["model"].unique()) if len(facts.table("forecasts")) else []
    asked = len(facts.headline) or len(facts.nowcasts)
    counts = [
        _count_text(asked, "question"),
        _count_text(len(facts.histories), "series", "series"),
        _count_text(len(models), "model"),
    ]
    out: list[Block] = [
        Heading(name, 1),
        Prose(
            f"What was known on {day(facts.as_of)}: {', '.join(counts)}. Quantities in tonnes (t) or kilograms (kg) as marked; "
            "pp are percentage points.",
            "lead",
        ),
        Heading("Six answers in short" if len(facts.headline) >= MAX_ANSWERS else "In short", 2, "summary", "In short"),
    ]
    chosen = summary_rows(facts)
    now = nowcast_sentences(facts)
    if now and not chosen:
        return [*out, Bullets(now)]
    if not chosen:
        return [*out, _no_answer(facts)]
    out.append(Statements(tuple((a.verdict, answer_sentences(facts, a)) for a in chosen)))
    words = [w for w in VERDICTS if any(a.verdict == w for a in facts.headline)]
    out.append(Details("What the verdict words mean", (Bullets(tuple(f"**{w}**: {VERDICT_MEANINGS[w]}" for w in words)),)))
    return out


def summary_rows(facts: RunData) -> list[EffectRow]:
    """The answers the config names; else the firmest on each mineral, then on further series, in the config's order."""
    rows = list(facts.headline)
    named = (facts.config.get("report") or {}).get("summary") or ()
    if named:
        return [a for name in named for a in rows if a.id == name]
    ranked = sorted(rows, key=lambda a: _STRENGTH.index(a.verdict) if a.verdict in _STRENGTH else len(_STRENGTH))
    picked: list[EffectRow] = []
    for fresh in (lambda a: mineral_title(a), lambda a: a.series, lambda a: a.id):
        for answer in ranked:
            if len(picked) < MAX_ANSWERS and fresh(answer) not in {fresh(p) for p in picked}:
                picked.append(answer)
    return sorted(picked, key=rows.index)


def _no_answer(facts: RunData) -> Callout:
    ahead = facts.outlook
    if not len(ahead):
        return Callout("No question of this run could be answered. The chapters below say why, and what is known.", "warning")
    names = ", ".join(series_name(s) for s in list(dict.fromkeys(ahead["series"]))[:4])
    return Callout(f"This run asks what comes next, not what an event changed. Series ahead: {names}.")


def _count_text(n: int, word: str, plural: str = "") -> str:
    return f"{n} {word if n == 1 else plural or word + 's'}"
