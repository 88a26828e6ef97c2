"""Events from rows of tables, as files hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from forecast.core.errors import DataError, nearest, with_place
from forecast.core.event import Event
from forecast.core.event_fields import parse_field


def event_from(row: Mapping[str, Any], where: str = "") -> Event:
    """An event from a table of a TOML file (or the row of a CSV, lists joined by ``;``).

    Parameters
    ----------
    row : mapping of str to Any
        fields by name
    where : str, optional
        the place in the file, for messages

    Returns
    -------
    Event
        with the id as its title where it has none

    Raises
    ------
    DataError
        where a field is unknown, missing or cannot be read
    """
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
