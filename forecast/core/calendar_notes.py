"""Notes of the calendar: what was said, ruled, promised or falls due, which is no measure and which no model reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from forecast.core.errors import DataError, nearest
from forecast.core.event_fields import STATUSES, parse_field

KINDS = ("statement", "ruling", "promise", "extension", "due", "future")


@dataclass(frozen=True)
class CalendarNote:
    """One dated sentence about events of the calendar.

    day : the day it speaks of; known : the day on which it could be read, never later than it was
    kind : "statement", "ruling", "promise", "extension", "due" (a day by which something ends or begins) or "future"
    about : ids of the events that it bears on
    status : "official", "secondary" or "unverified", as of an event
    """

    day: dt.date
    kind: str
    text: str
    known: dt.date
    status: str
    about: tuple[str, ...] = ()
    publisher: str = ""
    source_url: str = ""


def note_from(row: Mapping[str, Any], where: str = "") -> CalendarNote:
    """A note from a table of a TOML file, or a DataError that names what is wrong with it."""
    made: dict[str, Any] = {}
    known = [f.name for f in fields(CalendarNote)]
    for key, value in row.items():
        if key not in known:
            raise DataError(f"a note has no field '{key}'", where=where, hint=nearest(key, known))
        made[key] = parse_field(key, value, where)
    for key in ("day", "kind", "text", "status"):
        if not made.get(key):
            raise DataError(f"a note lacks its '{key}'", where=where, hint=f"add {key}")
    made.setdefault("known", made["day"])
    for key, allowed in (("kind", KINDS), ("status", STATUSES)):
        if made[key] not in allowed:
            raise DataError(f"unknown {key} '{made[key]}'", where=where, hint=nearest(made[key], allowed))
    return CalendarNote(**made)
