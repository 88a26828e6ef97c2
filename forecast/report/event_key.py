"""Letters that mark events in a figure, and the key that explains them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from forecast.core import months as mm
from forecast.core.events import Event
from forecast.report.numbers import month_of


def letter_events(events: Iterable[Event]) -> dict[str, Event]:
    """The events of a figure by their letters, in order of effective day."""
    return dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", events, strict=False))


def events_of_panel(letters: Mapping[str, Event], series: str) -> dict[str, Event]:
    """The events of a figure that affect the series of one panel, with the figure's letters."""
    return {letter: event for letter, event in letters.items() if event.touches(series.partition(":")[0])}


def event_key(letters: Mapping[str, Event]) -> tuple[tuple[str, str], ...]:
    """Each letter of a figure with the day and title of its event."""
    days = {letter: event.effective or event.announced for letter, event in letters.items()}
    return tuple(
        (letter, f"{days[letter].day}\u00a0{month_of(mm.ordinal(days[letter]))}: {event.title.partition(';')[0]}")
        for letter, event in letters.items()
    )
