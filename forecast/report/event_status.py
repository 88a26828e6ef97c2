"""Where an event was read, told beside its name, and what the notes of the calendar say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from forecast.core.calendar_notes import CalendarNote
from forecast.core.events import Event, EventCalendar
from forecast.report.inline_markup import link, safe_address
from forecast.report.numbers import day, join_with_and
from forecast.report.run_data import RunData

READ = {"official": "read in the office's own words", "secondary": "reported by others", "unverified": "no page at hand"}
LEARNED = "Read after the day of the run. No effect here rests on it, and forecasts stand on the law as written on that day:"


def named_with_status(event: Event) -> str:
    """Its name in quotes, and its status where the calendar states one."""
    return f"“{event.short_title}”" + (f" ({event.status})" if event.status else "")


def statuses_text(calendar: EventCalendar) -> str:
    """How many events have which status, and what it means; empty where none is stated."""
    counts = Counter(event.status for event in calendar)
    said = [f"{counts[status]} {status} ({words})" for status, words in READ.items() if counts[status]]
    return join_with_and(said) if said else ""


def note_text(note: CalendarNote) -> str:
    """A note with its day, its status and its source."""
    source = f" ({link(note.publisher or 'source', note.source_url)})" if safe_address(note.source_url) else ""
    source = source or (f" ({note.publisher})" if note.publisher else "")
    return f"{day(note.day.isoformat())}, {note.kind}, {note.status}: {note.text}{source}."


def event_text(event: Event) -> str:
    """An event with the day of its announcement, its status and its source."""
    status = f", {event.status}" if event.status else ""
    source = f" ({link('source', event.source_url)})" if safe_address(event.source_url) else ""
    return f"{day(event.announced.isoformat())}{status}: {event.title}{source}."


def notes_on(data: RunData, events: Iterable[str]) -> tuple[CalendarNote, ...]:
    """Notes on some events, whenever they became known, by day."""
    ids = set(events)
    found = [n for calendar in (data.calendar, data.learned) for n in calendar.notes if ids & set(n.about)]
    return tuple(sorted(found, key=lambda n: (n.day, n.text)))


def learned_texts(data: RunData, series: Sequence[str] = ()) -> tuple[str, ...]:
    """What became known since the day of the run, a sentence each by day; of some series, only what bears on them."""
    keys = [s.partition(":")[0] for s in series]
    whole = {e.id: e for calendar in (data.calendar, data.learned) for e in calendar}

    def bears(ids: Iterable[str]) -> bool:
        return not series or any(whole[name].touches(key) for name in ids if name in whole for key in keys)

    dated = [(e.announced, event_text(e)) for e in data.learned if bears([e.id])]
    dated += [(n.day, note_text(n)) for n in data.learned.notes if bears(n.about)]
    return tuple(text for _, text in sorted(dated))
