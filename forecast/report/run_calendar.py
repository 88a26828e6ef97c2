"""The calendar in a run folder: what was known on the day of the run, and what its writer had learned since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from forecast.core import months as mm
from forecast.core.calendar_notes import CalendarNote, note_from
from forecast.core.events import Event, EventCalendar, bundled_events, event_from


def known_calendar(info: Mapping[str, Any]) -> EventCalendar:
    """Events and notes known on the day of a run: its own list if it has one, else the bundled ones."""
    if info.get("events") is None:
        return bundled_events().known_on(mm.parse_day(str(info["as_of"])))
    return EventCalendar(_events(info["events"]), _verified_day(info), _notes(info.get("notes")))


def learned_calendar(info: Mapping[str, Any]) -> EventCalendar:
    """Events and notes that became known after the day of a run; empty in a run of a chosen day, and in older runs."""
    since = info.get("learned_since") or {}
    return EventCalendar(_events(since.get("events") or ()), _verified_day(info), _notes(since.get("notes")))


def day_of_outcomes(info: Mapping[str, Any], calendar: EventCalendar) -> str:
    """The day to which outcomes are known: that of the run, or the one to which its calendar was checked if that is earlier."""
    verified = calendar.verified_to
    return min(str(info["as_of"]), verified.isoformat() if verified else dt.date.max.isoformat())


def _events(rows: Any) -> tuple[Event, ...]:
    return tuple(event_from(row) for row in rows)


def _notes(rows: Any) -> tuple[CalendarNote, ...]:
    return tuple(note_from(row) for row in rows or ())


def _verified_day(info: Mapping[str, Any]) -> dt.date | None:
    verified = info.get("events_verified_to")
    return mm.parse_day(str(verified)) if verified else None
