"""What changed between two runs in at most five sentences of plain words, written from the changes themselves."""

from __future__ import annotations

from forecast.core import months as mm
from forecast.report.diff.changes import Changes
from forecast.report.effect_rows import EffectAnswer
from forecast.report.numbers import capitalize, day, decimal, inline_name, join_with_and, month, number_in_words, quantity
from forecast.report.prose import because_clause, estimate_text

MOST = 5  # sentences
NAMED = 3  # events, keys or questions that a sentence names
NOTABLE = 0.05  # of the width of the earlier range: a median that moved less is not told


def sentences_on(diff: Changes) -> list[str]:
    """Data, forecasts, verdicts, events and settings, each in one sentence if it changed; one sentence if nothing did."""
    found = [one for one in (_data(diff), _forecasts(diff), _verdicts(diff), _events(diff), _settings(diff)) if one]
    return found[:MOST] or [f"Nothing changed since {_since(diff)}."]


def _since(diff: Changes) -> str:
    old, new = str(diff.old.info["as_of"]), str(diff.new.info["as_of"])
    return f"the run of {day(old)}" if old != new else f"the earlier run, which knew the data of the same day ({day(old)})"


def _count(number: int, noun: str, many: str = "") -> str:
    words = number_in_words(number) if number < 10 else decimal(number, 0)
    return f"{words} {noun if number == 1 else many or noun + 's'}"


def _data(diff: Changes) -> str:
    """New, revised and missing figures; and how the months that were forecast turned out."""
    parts = []
    for kind, words in (("new", "new"), ("revised", "revised"), ("missing", "no longer in the data")):
        some = [change for change in diff.figures if change.kind == kind]
        if some:
            series = len({change.series for change in some})
            figures = _count(len(some), "figure") + (f" of {_count(series, 'series', 'series')}" if series > 1 else "")
            parts.append(f"{figures} {'is' if len(some) == 1 else 'are'} {words}")
    ended = [mm.parse_period(change.period)[1] for change in diff.figures if change.kind == "new"]
    said = f"{capitalize(join_with_and(parts))} since {_since(diff)}" if parts else ""
    if ended:
        said += f", the latest for {month(mm.label(max(ended)))}"
    outcomes = [one for one in diff.outcomes if one.model == diff.default_model]
    if not outcomes:
        return f"{said}." if said else ""
    inside = sum(one.inside for one in outcomes)
    share = "it" if len(outcomes) == 1 == inside else "none" if inside == 0 else f"{number_in_words(inside)} of them"
    known = f"{_count(len(outcomes), 'monthly figure')} then forecast {'is' if len(outcomes) == 1 else 'are'} now out"
    known = f"{said}; {known}" if said else capitalize(known)
    return f"{known}, and {share} fell within the range given then for eight cases of ten."


def _forecasts(diff: Changes) -> str:
    """How many forecasts of the default model moved, and the one that moved most."""
    moved = [one for one in (*diff.forecasts, *diff.nowcasts) if one.model == diff.default_model or one.group]
    moved.sort(key=lambda one: -abs(one.moved))
    notable = [one for one in moved if abs(one.moved) >= NOTABLE]
    if not notable:
        return "No forecast moved by more than a twentieth of its earlier range." if moved else ""
    one = notable[0]
    what = f"{inline_name(one.series)} in {month(one.month)}"
    change = f"from {quantity(one.old, one.unit)} to {quantity(one.new, one.unit)}"
    band = f"now {quantity(one.new_lo80, one.unit)} to {quantity(one.new_hi80, one.unit)} in eight cases of ten"
    if len(notable) == 1:
        return f"The forecast of {what} went {change} ({band})."
    series = len({move.series for move in notable})
    count = f"{_count(len(notable), 'monthly forecast')} of {_count(series, 'series', 'series')}"
    return f"{capitalize(count)} moved; measured by its earlier range, that of {what} moved most, {change} ({band})."


def _verdicts(diff: Changes) -> str:
    """Questions whose verdict has another word, or whose estimate moved."""
    rows = [one for one in diff.verdicts if one.role != "sensitivity"]
    turned = [one for one in rows if one.kind == "verdict" and one.old and one.new and one.old.verdict != one.new.verdict]
    if turned:
        told = []
        for one in turned[:NAMED]:
            assert one.old is not None
            assert one.new is not None
            told.append(f"{_topic(one.new)} went from “{one.old.verdict}” to “{one.new.verdict}”")
        assert turned[0].new
        reason = because_clause(diff.data, turned[0].new) if len(turned) == 1 else ""
        more = f", and {_count(len(turned) - NAMED, 'other')}" if len(turned) > NAMED else ""
        return f"{capitalize(_count(len(turned), 'verdict'))} changed: {'; '.join(told)}{reason}{more}."
    moved = [one for one in rows if one.moved and one.old and one.new]
    if moved:
        one = max(moved, key=lambda each: abs(each.moved))
        assert one.old is not None
        assert one.new is not None
        change = f"that of {_topic(one.new)} from {estimate_text(one.old)} to {estimate_text(one.new)}"
        return f"No verdict changed; {_count(len(moved), 'estimate')} moved, most {change}."
    added = [one for one in rows if one.kind in ("added", "removed")]
    if added:
        counts = [(kind, sum(one.kind == kind for one in added)) for kind in ("added", "removed")]
        said = [f"{_count(n, 'question')} on events {'was' if n == 1 else 'were'} {kind}" for kind, n in counts if n]
        return f"{capitalize(join_with_and(said))}."
    return ""


def _topic(answer: EffectAnswer) -> str:
    return f"{inline_name(answer.first_series)}, {answer.window}"


def _events(diff: Changes) -> str:
    """Policy events that the calendar has anew, or otherwise; the latest are named."""
    added = [one for one in diff.events if one.kind == "added"]
    others = [(kind, sum(one.kind == kind for one in diff.events)) for kind in ("changed", "removed")]
    parts = []
    if added:
        named = [f"{one.title} ({day(one.announced)})" if one.announced else one.title for one in added[:NAMED]]
        lead = ":" if len(added) <= NAMED else ", the latest being"
        parts.append(f"{_count(len(added), 'policy event')} {'is' if len(added) == 1 else 'are'} new{lead} {'; '.join(named)}")
    parts += [f"{_count(n, 'event')} {'is' if n == 1 else 'are'} {kind}" for kind, n in others if n]
    return f"{capitalize('; '.join(parts))}." if parts else ""


def _settings(diff: Changes) -> str:
    """Changed keys of the config, and whether the program is another one."""
    keys = [one.path for one in diff.config if one.path != "as_of"]
    parts = []
    if keys:
        more = f" and {_count(len(keys) - NAMED, 'other')}" if len(keys) > NAMED else ""
        parts.append(f"the config differs in {join_with_and(keys[:NAMED]) if not more else ', '.join(keys[:NAMED])}{more}")
    if any(one.path in ("forecast", "code") for one in diff.versions):
        parts.append("the program is another version, so that some figures may differ for that reason")
    return f"{capitalize(', and '.join(parts))}." if parts else ""
