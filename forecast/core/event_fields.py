"""The fields of events and notes as people write them in a file, and their words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forecast.core import months
from forecast.core.errors import DataError, with_place

INSTRUMENTS = (
    "licence", "ban", "suspension", "deal", "enforcement", "relief", "tariff", "quota", "regulation", "investigation",
    "agreement", "supply", "other",
)  # fmt: skip
ACTS_ON = ("both", "exports", "imports")
ROLES = ("default", "control", "context")
DATES = {"announced", "effective", "end", "end_announced", "called_off", "superseded_on", "anticipation_from", "day", "known"}
LISTS = {"imposed_by", "targets", "products", "about"}
STATUSES = ("official", "secondary", "unverified")


def parse_field(key: str, value: Any, where: str) -> Any:
    """One field converted to its type: a day, a list of names, a shape, a share, or text."""
    place = f"{where}, {key}" if where else key
    if key in DATES:
        with with_place(place):
            return months.parse_day(value)
    if key in LISTS:
        listed = value.split(";") if isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not all(isinstance(item, str) for item in listed):
            raise DataError(f"{value!r} is no list of names", where=place, hint='["CHN", "USA"], or "ALL"')
        return tuple(listed)
    if key == "shape":
        if not isinstance(value, str | Mapping):
            raise DataError(f"{value!r} is no shape", where=place, hint="its name, or a table: use = its name, and its options")
        return {"use": value} if isinstance(value, str) else value
    if key == "share_stopped":
        try:
            return float(value)
        except (TypeError, ValueError):
            raise DataError(f"{value!r} is no share", where=place, hint="a number from 0 to 1") from None
    if not isinstance(value, str):
        raise DataError(f"{value!r} is no text", where=place, hint="text in quotes")
    return value
