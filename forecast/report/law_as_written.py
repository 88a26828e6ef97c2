"""Which law the fans stand on: the one in force and as written for the months ahead, or a mixture of courses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from forecast.core import months as mm
from forecast.core.events import Event
from forecast.core.schema import ForecastRow
from forecast.report.blocks import Block, Bullets, Details, Prose
from forecast.report.event_status import named_with_status
from forecast.report.numbers import capitalize, day, join_with_and, series_name
from forecast.report.prose import in_words
from forecast.report.run_data import RunData

MIXTURE = "scenarios by declared probability"  # how the record of a mixture begins (`study.scenarios.pool_scenarios`)
PASSES = "passes"
PART = " A total over partners goes on as it is where a change bears on a part of it: what the others would ship is not known."


def law_blocks(data: RunData, fans: Mapping[str, Sequence[ForecastRow]]) -> list[Block]:
    """What is written for the months of the fans, where the fans are a mixture, and what measures let through in them."""
    mixed = [s for s, rows in fans.items() if rows and rows[0].model_used.startswith(MIXTURE)]
    out: list[Block] = []
    written = [s for s in fans if s not in mixed]
    if mixed:
        weights = fans[mixed[0]][0].model_used.partition(": ")[2]
        names = join_with_and([series_name(s) for s in mixed])
        out.append(Prose(f"What is decided is not known: for {names} the fan is the mixture of the courses below by the "
                         f"config's probabilities, {in_words(data, weights)}."))  # fmt: skip
    changes = _scheduled_changes(data, {s: fans[s] for s in written})
    if changes:
        stated = "; ".join(changes.values())
        which = " of the other series" if mixed else ""
        out.append(
            Prose(
                f"The fans{which} stand on the law as written on {day(data.as_of)}: {stated}. Another decision is another "
                f"course, not a surprise.{PART if _in_part(data, changes, written) else ''}"
            )
        )
    passed = tuple(text for s in written for text in _passing(data, s, fans[s]))
    if passed:
        out.append(Details("What measures to come let through in the fans", (Bullets(passed),)))
    return out


def _scheduled_changes(data: RunData, fans: Mapping[str, Sequence[ForecastRow]]) -> dict[str, str]:
    """By id, the measures on the series of the fans that are known to begin or end in their months."""
    found: dict[str, str] = {}
    for series, rows in fans.items():
        last = max((mm.parse_period(r.month)[1] for r in rows), default=0)
        for event in data.calendar.touching(series.partition(":")[0], ("default",)):
            if (text := _change_text(data, event, last)) and event.in_force:
                found[event.id] = text
    return found


def _in_part(data: RunData, changes: Mapping[str, str], written: Sequence[str]) -> bool:
    """Whether some change bears on a part of some series alone."""
    keys = [series.partition(":")[0] for series in written]
    events = [data.calendar[name] for name in changes]
    return any(event.touches(key) and not event.directed_at(key) for event in events for key in keys)


def _change_text(data: RunData, event: Event, last: int) -> str:
    name, known = named_with_status(event), data.outcomes_known_to
    if event.effective and str(event.effective) > known and event.start <= last:
        return f"{name} begins on {day(str(event.effective))}{_unseen(data, event.effective)}"
    if event.until and str(event.until) > known and mm.ordinal(event.until) <= last:
        back = ", and what it suspends comes back" if event.reversal_of and event.instrument == "suspension" else ""
        return f"{name} ends on {day(str(event.until))}{back}{_unseen(data, event.until)}"
    return ""


def _unseen(data: RunData, due: dt.date) -> str:
    """That a day already past on the day of the run lies beyond the days to which the calendar was checked."""
    checked = f" (so it was announced; the calendar is checked to {day(data.outcomes_known_to)} only)"
    return "" if str(due) > data.as_of else checked


def _passing(data: RunData, series: str, rows: Sequence[ForecastRow]) -> list[str]:
    """The notes of a fan on what passes a measure, in words."""
    notes = [note for note in (rows[0].notes.split("; ") if rows else ()) if PASSES in note and note.startswith("from ")]
    return [f"{capitalize(series_name(series))}: {in_words(data, note)}." for note in notes]
