"""Events and notes of the calendar as run.json holds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from forecast.core.calendar_notes import CalendarNote
from forecast.core.events import Event
from forecast.jobs.plan import Plan


def event_rows(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events as tables that `event_from` reads; dates as text, empty fields omitted."""
    return [_row(event) for event in events]


def note_rows(notes: Iterable[CalendarNote]) -> list[dict[str, Any]]:
    """Notes as tables that `note_from` reads; dates as text, empty fields omitted."""
    return [_row(note) for note in notes]


def learned_rows(plan: Plan) -> dict[str, Any]:
    """What the calendar holds from after the day of the run; nothing where the config chose an earlier day to stand on."""
    if plan.config.as_of != "latest":
        return {"events": [], "notes": []}
    learned = plan.archive.events.learned_after(plan.vintage.day)
    return {"events": event_rows(learned), "notes": note_rows(learned.notes)}


def _row(one: Event | CalendarNote) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for field in fields(one):
        value = getattr(one, field.name)
        if value is None or value in ("", ()):
            continue
        if hasattr(value, "isoformat"):
            value = value.isoformat()
        row[field.name] = list(value) if isinstance(value, tuple) else value
    return row
