"""Letters that mark events in figures, the same event by the same letter on the whole page, and the key that explains them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import ascii_uppercase

from forecast.core import months as mm
from forecast.core.events import Event
from forecast.report.numbers import NBSP, month_of
from forecast.report.run_data import RunData


def letter_events(data: RunData, series: Iterable[str], since: int, until: int) -> dict[str, Event]:
    """The events of a figure by their letters: those on its series that take effect between two months."""
    letters = {name: letter_of(i) for i, name in enumerate(data.marked_events)}
    return {letters[e.id]: e for e in data.events_on(series, since, until) if e.id in letters}


def letter_of(place: int) -> str:
    """A to Z, then AA, AB and on.

    >>> letter_of(0), letter_of(25), letter_of(26)
    ('A', 'Z', 'AA')
    """
    before, last = divmod(place, len(ascii_uppercase))
    return (letter_of(before - 1) if before else "") + ascii_uppercase[last]


def events_of_panel(letters: Mapping[str, Event], series: str) -> dict[str, Event]:
    """The events of a figure that affect the series of one panel, with the figure's letters."""
    return {letter: event for letter, event in letters.items() if event.touches(series.partition(":")[0])}


def event_key(letters: Mapping[str, Event]) -> tuple[tuple[str, str], ...]:
    """Each letter of a figure with the day, the short name and the status of its event."""
    return tuple((letter, f"{_day_of(event)}: {event.short_title}{_read(event)}") for letter, event in letters.items())


def _day_of(event: Event) -> str:
    when = event.effective or event.announced
    return f"{when.day}{NBSP}{month_of(mm.ordinal(when))}"


def _read(event: Event) -> str:
    return f" ({event.status})" if event.status else ""
