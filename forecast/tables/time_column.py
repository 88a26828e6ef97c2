"""The months of a column, judged once over the whole column: a way of reading that fits all rows, or a question."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from forecast.core import months
from forecast.core.archive_table import VALID_YEARS
from forecast.core.errors import ConfigError, DataError, nearest
from forecast.tables.time_spellings import DOTTED, FIVE, WayOfReading, choices_in, is_written_as_day, months_meant

Months = tuple[int, int]
WORDS = {  # of `dates` in a config -> field of the way of reading, and its value
    "day first": ("day_first", True),
    "month first": ("day_first", False),
    "serial days": ("serial", True),
    "year and month joined": ("serial", False),
    "as written": ("lost_zero", False),
    "zeros lost": ("lost_zero", True),
    "same day": ("next_day", False),
    "next day": ("next_day", True),
}
MEANINGS = {
    "day first": "day before month", "month first": "month before day", "serial days": "days of a spreadsheet",
    "year and month joined": "year and month joined, without a zero", "as written": "a month as written",
    "zeros lost": "October where a number lost its zero", "same day": "the month of the day itself",
    "next day": "the day that begins at the midnight after, as in another time zone",
}  # fmt: skip


@dataclass(frozen=True)
class TimeColumn:
    """The first and last month of each spelling in a column, and what was inferred, in sentences."""

    months: Mapping[str, Months]
    notes: tuple[str, ...] = ()


def read_times(
    entries: Sequence[tuple[str, str]],
    places: Mapping[str, str],
    dates: Sequence[str] = (),
    today: dt.date | None = None,
) -> TimeColumn:
    """The months of a column.

    entries : (series and release of a row, its time as text); two spellings of one series are never the same month
    places : where each spelling first stands, in words; dates : ways of reading that were declared, of `WORDS`
    """
    this_year = (today or dt.date.today()).year
    texts = list(dict.fromkeys(text for _, text in entries))
    open_choices = _open_choices(texts, dates)
    ways = _ways(open_choices, dates, joined=_has_joined_months(texts))
    found = [{text: months_meant(text, way, this_year) for text in texts} for way in ways]
    whole = [i for i, one in enumerate(found) if all(_is_valid(months) for months in one.values())]
    if not whole:
        raise _unreadable(texts, found, places)
    pairs = list(dict.fromkeys(entries))
    fitting = [i for i in whole if not _clashes(pairs, found[i])] or whole
    different = {tuple(found[i].items()): i for i in reversed(fitting)}
    if len(different) > 1:
        raise _question(texts, [(ways[i], found[i]) for i in sorted(different.values())], open_choices, places)
    chosen = found[fitting[0]]
    read = {text: months for text, months in chosen.items() if months is not None}
    return TimeColumn(read, tuple(_notes(texts, ways[fitting[0]], len(ways) > len(fitting), open_choices, read)))


def restore_lost_zeros(entries: Sequence[tuple[str, str]]) -> list[str]:
    """The times of a column in which 2018.1 stands twice in a year, as numbers lose their last zero: October as 2018-10.

    entries : (series and release, time) row by row. Of the two, October is the one beside 2018.9 or 2018.11, where the other
    is not; where that does not decide, the times stay as they are, and are refused as twins.
    """
    texts = [text for _, text in entries]
    rows: dict[str, list[int]] = {}
    for i, (group, _) in enumerate(entries):
        rows.setdefault(group, []).append(i)
    for own in rows.values():
        at: dict[str, list[int]] = {}
        for place, i in enumerate(own):
            at.setdefault(texts[i], []).append(place)
        for text, places in at.items():
            match = DOTTED.fullmatch(text)
            if not match or match[2] != "1" or len(places) != 2:
                continue
            beside = [at[f"{text[:-1]}{month}"][0] for month in (9, 11) if len(at.get(f"{text[:-1]}{month}", [])) == 1]
            october = [place for place in places if any(abs(place - other) == 1 for other in beside)]
            if len(october) == 1:
                texts[own[october[0]]] = f"{match[1]}-10"
    return texts


def _open_choices(texts: Sequence[str], dates: Sequence[str]) -> list[str]:
    """The fields of the way of reading that matter for some text and were not declared."""
    for word in dates:
        if word not in WORDS:
            raise ConfigError(f"'{word}' is no way of reading dates", where="[data], dates", hint=nearest(word, WORDS))
    matter = {choice for text in texts for choice in choices_in(text)}
    if _has_joined_months(texts):
        matter.discard("serial")
    declared = {WORDS[word][0] for word in dates}
    return [field.name for field in fields(WayOfReading) if field.name in matter - declared]


def _has_joined_months(texts: Sequence[str]) -> bool:
    """Whether six digits stand in the column, beside which five are months without a zero, not a spreadsheet's days."""
    return any(len(text) == 6 and text.isdecimal() for text in texts)


def _ways(open_choices: Sequence[str], dates: Sequence[str], joined: bool) -> list[WayOfReading]:
    base = WayOfReading(**({"serial": not joined} | dict(WORDS[word] for word in dates)))
    values = [(getattr(base, name), not getattr(base, name)) for name in open_choices]
    return [replace(base, **dict(zip(open_choices, chosen, strict=True))) for chosen in itertools.product(*values)]


def _is_valid(found: Months | None) -> bool:
    return found is not None and all(month // 12 in VALID_YEARS for month in found)


def _clashes(pairs: Sequence[tuple[str, str]], found: Mapping[str, Months | None]) -> bool:
    """Whether two spellings of one series are the same month."""
    seen = {(group, found[text]) for group, text in pairs}
    return len(seen) < len(pairs)


def _unreadable(texts: Sequence[str], found: Sequence[Mapping[str, Months | None]], places: Mapping[str, str]) -> DataError:
    """The error for the first text that no month can be made of, under the reading that fails least."""
    best = min(found, key=lambda one: sum(not _is_valid(months) for months in one.values()))
    text = next(text for text in texts if not _is_valid(best[text]))
    if best[text] is not None:
        problem = f"'{text}' lies outside the years {VALID_YEARS[0]} to {VALID_YEARS[-1]}"
        return DataError(problem, where=places[text], hint="a spreadsheet's serial day has five digits")
    what = "a day" if is_written_as_day(text) else "a month"
    hint = "YYYY-MM, YYYY-MM-DD, a name and a year, a quarter, or a sum YYYY-MM/YYYY-MM; where = {...} leaves rows out"
    return DataError(f"'{text}' is not {what}", where=places[text], hint=hint)


def _question(
    texts: Sequence[str],
    readings: Sequence[tuple[WayOfReading, Mapping[str, Months | None]]],
    open_choices: Sequence[str],
    places: Mapping[str, str],
) -> DataError:
    """The error for a column that can be read in two ways, each with the line that says which."""
    (one, first), (other, second) = readings[:2]
    text = next(text for text in texts if first[text] != second[text])
    name = next(name for name in open_choices if getattr(one, name) != getattr(other, name))
    words = [_word(way, name) for way in (one, other)]
    said = " or ".join(f"{_label(got[text])} ({MEANINGS[word]})" for word, got in zip(words, (first, second), strict=True))
    hint = " or ".join(f'dates = "{word}"' for word in words)
    return DataError(f"'{text}' can be read in two ways, and so can its whole column: {said}", where=places[text], hint=hint)


def _word(way: WayOfReading, name: str) -> str:
    return next(word for word, (field, value) in WORDS.items() if field == name and value == getattr(way, name))


def _label(found: Months | None) -> str:
    return months.period_label(*found) if found else "nothing"


def _notes(
    texts: Sequence[str], way: WayOfReading, judged: bool, open_choices: Sequence[str], read: Mapping[str, Months]
) -> list[str]:
    notes = []
    for name in open_choices if judged else ():
        example = next(text for text in texts if name in choices_in(text))
        notes.append(f"times such as '{example}' are read as {MEANINGS[_word(way, name)]}, which alone fits the column")
    odd = next((text for text in texts if not (text[:4].isdecimal() and "-" in text) and text not in ("",)), "")
    if odd and not notes:
        notes.append(f"times such as '{odd}' are read as {_label(read[odd])}")
    if any(FIVE.fullmatch(text) for text in texts) and "serial" not in open_choices and not way.serial:
        notes.append("five digits are a year and a month without its zero")
    if any(DOTTED.fullmatch(text) for text in texts) and way.lost_zero and not judged:
        notes.append("2018.1 is October")
    return notes
