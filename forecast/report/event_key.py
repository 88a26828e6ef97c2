"""Letters that mark events in a figure, and the key that explains them."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.core import months as mm
from forecast.core.events import Event
from forecast.report.numbers import month_of


def event_letters(events: Sequence[Event]) -> dict[str, str]:
    """A letter for each event of a figure, in order of effective day."""
    return {event.id: chr(ord("A") + i) for i, event in enumerate(events[:26])}


def event_key(events: Sequence[Event], letters: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Each letter of a figure with the day and title of its event."""
    rows = []
    for event in events:
        day = event.effective or event.announced
        title = event.title.partition(";")[0]
        rows.append((letters[event.id], f"{day.day}\u00a0{month_of(mm.ordinal(day))}: {title}"))
    return tuple(rows)
