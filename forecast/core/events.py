"""Policy events as time intervals, and the calendar of what was known of them on a given day."""

from __future__ import annotations

import datetime as dt
import functools
import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core import months, registry
from forecast.core.bundled_data import bundled_text
from forecast.core.calendar_notes import STATUSES, CalendarNote, note_from
from forecast.core.errors import DataError, nearest, with_place
from forecast.core.event_fields import DAYS, LISTS, parse_field
from forecast.core.identity import identity
from forecast.core.presentation import shown
from forecast.core.products import mineral_of
from forecast.core.series import SeriesKey, countries

INSTRUMENTS = (
    "licence", "ban", "suspension", "deal", "enforcement", "relief", "tariff", "quota", "regulation", "investigation",
    "agreement", "supply", "other",
)  # fmt: skip
ROLES = ("default", "control", "context")


@shown
@dataclass(frozen=True)
class Event:
    """One policy measure as an interval of days, with its scope, shape and source.

    id : its name in a config; title : its name in the report
    short : its name in legends and sentences; without it the title up to its first semicolon
    announced, effective : the days on which it was announced and took effect
    end : the last day (exclusive) as known; end_announced : the day on which that end became known
    called_off : the day on which a measure was withdrawn before it took effect
    superseded_by, superseded_on : the event that took its place, and when
    imposed_by, targets : countries that impose it, and those whose trade with them it acts on
    products : minerals or goods that it names
    instrument : licence, ban, suspension, deal, ...
    reversal_of : the event that it suspends or ends
    share_stopped : share of the trade that its text stops (1.0: a full ban); None where it names none
    like : known months, "YYYY-MM/YYYY-MM", that show what it lets through; empty: all months under the same measures
    cluster : name shared with events that cannot be told apart from it
    anticipation_from : the first day on which traders could act on it, where that is before it took effect
    shape : how it unfolds
    role : "default", part of every calendar; "control", for models that ask for it; "context", told and not modelled
    scope_note, hs_codes, document, source_url, confidence, note : what it covers, where it stands, and how sure that is
    status : "official" (read in the office's own words), "secondary" (reported by others), "unverified"; empty: not stated
    """

    id: str
    title: str
    announced: dt.date
    effective: dt.date | None = None
    end: dt.date | None = None
    end_announced: dt.date | None = None
    called_off: dt.date | None = None
    superseded_by: str = ""
    superseded_on: dt.date | None = None
    imposed_by: tuple[str, ...] = ("CHN",)
    targets: tuple[str, ...] = ("ALL",)
    products: tuple[str, ...] = ("ALL",)
    instrument: str = "other"
    reversal_of: str = ""
    share_stopped: float | None = None
    like: str = ""
    cluster: str = ""
    anticipation_from: dt.date | None = None
    shape: Mapping[str, Any] = field(default_factory=lambda: {"use": "step"})
    role: str = "context"
    scope_note: str = ""
    hs_codes: str = ""
    document: str = ""
    source_url: str = ""
    confidence: str = ""
    note: str = ""
    short: str = field(default="", repr=False)  # a name for readers is no part of what is asked, nor is where it was read
    status: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for key in (f.name for f in fields(self) if f.name in DAYS | LISTS):
            value = getattr(self, key)
            if isinstance(value, str | dt.datetime):  # as people write them
                object.__setattr__(self, key, parse_field(key, value, f"event '{self.id}'"))

        def refuse(problem: str, hint: str) -> DataError:
            return DataError(problem, where=f"event '{self.id}'", hint=hint)

        if self.instrument not in INSTRUMENTS:
            raise refuse(f"unknown instrument '{self.instrument}'", nearest(self.instrument, INSTRUMENTS))
        if self.role not in ROLES:
            raise refuse(f"unknown role '{self.role}'", nearest(self.role, ROLES))
        if self.status and self.status not in STATUSES:
            raise refuse(f"unknown status '{self.status}'", nearest(self.status, STATUSES))
        if self.end and not self.end_announced:
            raise refuse("has an end but not the day on which that end was announced", "add end_announced")
        for key, day in (("ends", self.end), ("was called off", self.called_off)):
            if day and day < self.announced:
                raise refuse(f"{key} on {day}, before it was announced on {self.announced}", "check the two days")
        if self.end and self.effective and self.end < self.effective and not self.called_off:
            problem = f"ends on {self.end}, before it takes effect on {self.effective}"
            raise refuse(problem, "give the day it was called off (called_off) if it never took effect")
        if self.share_stopped is not None and not 0.0 <= self.share_stopped <= 1.0:
            raise refuse(f"stops {self.share_stopped} of the trade", "share_stopped from 0 to 1, or leave it out")
        if self.effective and self.effective < self.announced and self.instrument in ("licence", "ban"):
            raise refuse("takes effect before it was announced", "check announced and effective")

    @property
    def short_title(self) -> str:
        """Its name in legends and sentences."""
        return self.short or self.title.partition(";")[0]

    @property
    def in_force(self) -> bool:
        """Whether the measure takes effect at some time, as far as known."""
        return self.effective is not None and self.called_off is None

    @property
    def until(self) -> dt.date | None:
        """The day from which the measure no longer applies, as far as known: its end, or the day it was superseded."""
        days = [day for day in (self.end, self.superseded_on) if day]
        return min(days) if days else None

    @property
    def start(self) -> int:
        """The month in which the measure takes effect (is announced, where it has no effective day)."""
        return months.ordinal(self.effective or self.announced)

    @property
    def interval(self) -> tuple[float, float]:
        """Start and end of the measure on the continuous axis of months (`months.position`), as far as known.

        It starts when the measure takes effect, never before its announcement, and is empty where it was called off first.
        """
        begin = months.position(max(self.effective or self.announced, self.announced))
        days = [day for day in (self.until, self.called_off) if day]
        return begin, max(begin, months.position(min(days))) if days else math.inf

    @property
    def anticipation(self) -> int:
        """Number of months before `start` in which traders could already react."""
        return self.start - months.ordinal(self.anticipation_from) if self.anticipation_from else 0

    def known_on(self, day: dt.date) -> Event | None:
        """The event as known on that day; None before its announcement."""
        if self.announced > day:
            return None
        known = self
        later_end = self.end_announced and self.end_announced > day
        # an end before the effective day is valid only together with the day on which the measure was called off
        never = self.end and self.effective and self.end < self.effective and self.called_off and self.called_off > day
        if later_end or never:
            known = replace(known, end=None, end_announced=None)
        if self.called_off and self.called_off > day:
            known = replace(known, called_off=None)
        if self.superseded_on and self.superseded_on > day:
            known = replace(known, superseded_on=None, superseded_by="")
        return known

    def held_at(self, point: float) -> Event:
        """The event without an end from a point on the axis of months (`months.position`) on, nor `like`."""
        ends = self.end is not None and months.position(self.end) >= point
        gives_way = self.superseded_on is not None and months.position(self.superseded_on) >= point
        return replace(
            self,
            end=None if ends else self.end,
            end_announced=None if ends else self.end_announced,
            superseded_on=None if gives_way else self.superseded_on,
            superseded_by="" if gives_way else self.superseded_by,
            like="",
        )

    def covers(self, product: str) -> bool:
        """Whether a product is in scope, by its own name or its mineral's."""
        return "ALL" in self.products or product in self.products or mineral_of(product) in self.products

    def touches(self, series: str) -> bool:
        """Whether the event applies to a flow: product in scope, and trade between the two sides.

        A total over all partners, or over a group, is touched by a measure against one of them. A series of a plain panel is
        touched by an event whose products are "ALL" or hold its name.
        """
        key = SeriesKey.maybe(series)
        if key is None:
            return "ALL" in self.products or series in self.products
        if not self.covers(key.product):
            return False
        ends = {key.origin, key.destination}
        if "WLD" in ends:
            return bool(ends & set(self.imposed_by)) or bool(ends & set(self.targets)) or "ALL" in self.targets
        one, other = countries(key.origin), countries(key.destination)
        return any(
            not a.isdisjoint(self.imposed_by) and ("ALL" in self.targets or not b.isdisjoint(self.targets))
            for a, b in ((one, other), (other, one))
        )

    def directed_at(self, series: str) -> bool:
        """Whether the event applies to the whole of a flow; to a total over partners only where it targets all of them."""
        key = SeriesKey.maybe(series)
        if key is None or not self.touches(series):
            return key is None and self.touches(series)
        one, other = countries(key.origin), countries(key.destination)
        return any(
            a.issubset(self.imposed_by) and ("ALL" in self.targets or b.issubset(self.targets))
            for a, b in ((one, other), (other, one))
        )

    def response(self, when: Ints) -> Floats:
        """Regressor columns of the event's shape for months `when`, (months, k)."""
        columns: Floats = np.asarray(registry.build("shape", self.shape).response(when, self), float)
        return columns.reshape(len(when), -1)


@shown
@dataclass(frozen=True)
class EventCalendar:
    """Events in order of announcement, notes by day; `verified_to` is the last day to which the table was checked."""

    events: tuple[Event, ...] = ()
    verified_to: dt.date | None = None
    notes: tuple[CalendarNote, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for event in self.events:
            if event.id in seen:
                raise DataError(f"two events are called '{event.id}'", hint="give each its own id")
            seen.add(event.id)

    @functools.cached_property
    def spelling(self) -> str:
        """All events as one text, equal for two calendars only where their events are equal."""
        return identity(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def __contains__(self, event_id: str) -> bool:
        return any(event.id == event_id for event in self.events)

    def __getitem__(self, event_id: str) -> Event:
        for event in self.events:
            if event.id == event_id:
                return event
        raise DataError(f"no event is called '{event_id}'", hint=nearest(event_id, [e.id for e in self.events]))

    def known_on(self, day: dt.date) -> EventCalendar:
        """The calendar known on that day: announced events, with the ends announced by then."""
        known = tuple(e for e in (event.known_on(day) for event in self.events) if e)
        verified = min(self.verified_to, day) if self.verified_to else None
        return EventCalendar(known, verified, tuple(note for note in self.notes if note.known <= day))

    def learned_after(self, day: dt.date) -> EventCalendar:
        """What became known after that day: events announced and notes taken since, for readers and for no method."""
        later = tuple(event for event in self.events if event.announced > day)
        return EventCalendar(later, self.verified_to, tuple(note for note in self.notes if note.known > day))

    def touching(self, series: str, roles: Iterable[str] = ROLES) -> EventCalendar:
        """Events of the given roles that apply to a series."""
        wanted = set(roles)
        return replace(self, events=tuple(e for e in self.events if e.role in wanted and e.touches(series)))

    def without(self, ids: Iterable[str]) -> EventCalendar:
        """The calendar without some events."""
        drop = set(ids)
        return replace(self, events=tuple(e for e in self.events if e.id not in drop))

    def with_events(self, others: Iterable[Event]) -> EventCalendar:
        """The calendar with more events, in order of announcement; an event with a known id replaces the old one."""
        merged = {event.id: event for event in (*self.events, *others)}
        return replace(self, events=tuple(sorted(merged.values(), key=lambda e: (e.announced, e.id))))

    def held_at(self, point: float) -> EventCalendar:
        """The calendar in which the law of a point on the axis of months goes on: default measures keep, none is added."""
        kept = [
            event.held_at(point) if event.role == "default" else event
            for event in self.events
            if event.role != "default" or event.interval[0] <= point
        ]
        return replace(self, events=tuple(kept))

    def regressors(
        self, when: Sequence[int] | Ints, series: str, roles: Iterable[str] = ("default",)
    ) -> tuple[list[str], Floats]:
        """Names and columns (months, k) of the effective events that apply to the whole of a series.

        A measure against one partner moves a total by a share that varies over time, so it is no regressor of the total.
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


def event_from(row: Mapping[str, Any], where: str = "") -> Event:
    """An event from a table of a TOML file (or the row of a CSV, lists joined by ``;``)."""
    known = {f.name for f in fields(Event)}
    made: dict[str, Any] = {}
    for key, value in row.items():
        if key not in known:
            raise DataError(f"an event has no field '{key}'", where=where, hint=nearest(key, known))
        if value is not None and value != "":
            made[key] = parse_field(key, value, where)
    for key in ("id", "announced"):
        if key not in made:
            raise DataError(f"an event lacks its '{key}'", where=where or str(row.get("id", "")), hint=f"add {key}")
    made.setdefault("title", made["id"])
    with with_place(f"{where}, event '{made['id']}'" if where else ""):
        return Event(**made)


@functools.cache
def bundled_events() -> EventCalendar:
    """The calendar of the bundled data set."""
    raw = tomllib.loads(bundled_text("events.toml"))
    verified = months.parse_day(raw["verified_to"])
    events = tuple(sorted(map(event_from, raw["event"]), key=lambda e: (e.announced, e.id)))
    return EventCalendar(events, verified, tuple(map(note_from, raw.get("note", ()))))
