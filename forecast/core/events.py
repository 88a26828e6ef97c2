"""The calendar of policy events, and what was known of them on a given day."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core import months
from forecast.core.bundled_data import bundled_text
from forecast.core.calendar_notes import CalendarNote, note_from
from forecast.core.errors import DataError, nearest
from forecast.core.event import Event as Event
from forecast.core.event_ends import end_of, ended_measure, has_announced_end
from forecast.core.event_fields import INSTRUMENTS as INSTRUMENTS, ROLES as ROLES
from forecast.core.event_rows import event_from as event_from
from forecast.core.identity import identity
from forecast.core.presentation import shown

MOST_REMEMBERED = 256  # parts of calendars kept: the law of a day is asked of the same few series again and again


@shown
@dataclass(frozen=True)
class EventCalendar:
    """Events in order of announcement, and notes.

    It is iterated over, has a length, and gives an event by its id; `calendar["ID:end"]` is the announced end of `ID`, an event
    of its own.

    Parameters
    ----------
    events : tuple of Event, optional
        in order of announcement
    verified_to : date, optional
        the last day to which the table was checked
    notes : tuple of CalendarNote, optional
        what was said, ruled, promised or falls due, which no method reads

    Raises
    ------
    DataError
        where two events have one id; by `calendar[id]` where none has it, or no end of it is announced

    Examples
    --------
    >>> import forecast as fc
    >>> calendar = fc.load_archive().events
    >>> calendar["us_ban_2024"].effective
    datetime.date(2024, 12, 3)
    >>> "us_ban_2024" in calendar.touching("CHN.export.USA.gallium")
    True
    """

    events: tuple[Event, ...] = ()
    verified_to: dt.date | None = None
    notes: tuple[CalendarNote, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for event in self.events:
            if event.id in seen:
                raise DataError(f"two events are called '{event.id}'", hint="give each its own id")
            seen.add(event.id)

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hash of all events, equal for two calendars only where their events are equal; notes do not enter."""
        return hashlib.sha256(identity(self.events).encode()).hexdigest()

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def __contains__(self, event_id: str) -> bool:
        measure = ended_measure(event_id)
        return any(
            event.id == event_id
            or (event.id == measure and has_announced_end(event) and self._reversal_before_end(event) is None)
            for event in self.events
        )

    def __getitem__(self, event_id: str) -> Event:
        measure = ended_measure(event_id)
        for event in self.events:
            if event.id == event_id:
                return event
            if event.id == measure:
                if (reversal := self._reversal_before_end(event)) is not None:
                    problem = (
                        f"'{measure}' was reversed by '{reversal.id}' before its announced end, which nobody awaited any more"
                    )
                    raise DataError(problem, where=event_id, hint=f"{reversal.id}, an event of its own")
                return end_of(event)
        raise DataError(f"no event is called '{event_id}'", hint=nearest(event_id, [e.id for e in self.events]))

    def _reversal_before_end(self, event: Event) -> Event | None:
        """The measure that took an event back before the end that had been announced for it."""
        found = [e for e in self.events if e.reversal_of == event.id and e.in_force and e.effective and event.end]
        return next((e for e in found if e.effective and event.end and e.effective < event.end), None)

    def known_on(self, day: dt.date) -> EventCalendar:
        """The calendar known on that day: announced events, with the ends announced by then.

        Parameters
        ----------
        day : date
            on which it is asked

        Returns
        -------
        EventCalendar
            a new one
        """
        known = tuple(e for e in (event.known_on(day) for event in self.events) if e)
        verified = min(self.verified_to, day) if self.verified_to else None
        return EventCalendar(known, verified, tuple(note for note in self.notes if note.known <= day))

    def learned_after(self, day: dt.date) -> EventCalendar:
        """What became known after a day, for readers and for no method.

        Parameters
        ----------
        day : date
            after which events were announced and notes could be read

        Returns
        -------
        EventCalendar
            a new one
        """
        later = tuple(event for event in self.events if event.announced > day)
        return EventCalendar(later, self.verified_to, tuple(note for note in self.notes if note.known > day))

    def touching(self, series: str, roles: Iterable[str] = ROLES) -> EventCalendar:
        """Events of the given roles that apply to a series.

        Parameters
        ----------
        series : str
            its key, or its name in a plain panel
        roles : sequence of str, default ("default", "control", "context")
            those that count

        Returns
        -------
        EventCalendar
            a new one
        """
        return _touching(self, series, frozenset(roles))

    def without(self, ids: Iterable[str]) -> EventCalendar:
        """The calendar without some events.

        Parameters
        ----------
        ids : sequence of str
            ids of events; unknown ones are ignored

        Returns
        -------
        EventCalendar
            a new one
        """
        drop = set(ids)
        return replace(self, events=tuple(e for e in self.events if e.id not in drop))

    def with_events(self, others: Iterable[Event]) -> EventCalendar:
        """The calendar with more events, in order of announcement; an event with a known id replaces the old one.

        Parameters
        ----------
        others : sequence of Event
            events

        Returns
        -------
        EventCalendar
            a new one
        """
        merged = {event.id: event for event in (*self.events, *others)}
        return replace(self, events=tuple(sorted(merged.values(), key=lambda e: (e.announced, e.id))))

    def held_at(self, point: float) -> EventCalendar:
        """The calendar in which the law of a point goes on: default measures keep, none is added.

        Parameters
        ----------
        point : float
            a day as a real number of months (`forecast.core.months.position`)

        Returns
        -------
        EventCalendar
            a new one
        """
        return _held_at(self, point)

    def regressors(
        self, when: Sequence[int] | Ints, series: str, roles: Iterable[str] = ("default",)
    ) -> tuple[list[str], Floats]:
        """Names and columns of the effective events that apply to the whole of a series.

        A measure against one partner moves a total by a share that varies over time, so it is no regressor of the total.

        Parameters
        ----------
        when : sequence of int
            months as integers
        series : str
            its key, or its name in a plain panel
        roles : sequence of str, default ("default",)
            those that count

        Returns
        -------
        (list of str, array of float of shape (months, k))
            without dimension, 1 at full strength
        """
        when = np.asarray(when, dtype=np.int64)
        names: list[str] = []
        columns: list[Floats] = []
        for event in self.touching(series, roles):
            if not event.in_force or not event.directed_at(series):
                continue
            columns.append(event.response(when))
            count = columns[-1].shape[1]
            names += [event.id] if count == 1 else [f"{event.id}.{j + 1}" for j in range(count)]
        return names, np.column_stack(columns) if columns else np.empty((len(when), 0))


@functools.lru_cache(MOST_REMEMBERED)
def _touching(calendar: EventCalendar, series: str, roles: frozenset[str]) -> EventCalendar:
    return replace(calendar, events=tuple(e for e in calendar.events if e.role in roles and e.touches(series)))


@functools.lru_cache(MOST_REMEMBERED)
def _held_at(calendar: EventCalendar, point: float) -> EventCalendar:
    kept = [
        event.held_at(point) if event.role == "default" else event
        for event in calendar.events
        if event.role != "default" or event.interval[0] <= point
    ]
    return replace(calendar, events=tuple(kept))


@functools.cache
def bundled_events() -> EventCalendar:
    """The calendar of the bundled data set."""
    raw = tomllib.loads(bundled_text("events.toml"))
    verified = months.parse_day(raw["verified_to"])
    events = tuple(sorted(map(event_from, raw["event"]), key=lambda e: (e.announced, e.id)))
    return EventCalendar(events, verified, tuple(map(note_from, raw.get("note", ()))))
