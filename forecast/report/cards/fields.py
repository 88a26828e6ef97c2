"""The card of an object that has none of its own: its fields in short, without a wall of cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from forecast.core.plurals import pluralize
from forecast.report.cards.card import Card

FEW = 4  # items of a list that are shown


def field_card(noun: Any) -> Card:
    """One line for each field that says something."""
    named = noun._fields if hasattr(noun, "_fields") else [f.name for f in dataclasses.fields(noun) if f.repr]
    lines = [(name.replace("_", " "), getattr(noun, name)) for name in named]
    return Card(type(noun).__name__, tuple((label, in_short(value)) for label, value in lines if _says_something(value)))


def _says_something(value: Any) -> bool:
    return value is not None and not (isinstance(value, str | tuple | list | Mapping) and not value)


def in_short(value: Any) -> str:
    """A value on one line: of an array or a table its shape, of a long list its first items and their number."""
    shape = getattr(value, "shape", None)
    if shape is not None and shape != ():
        return f"{' x '.join(map(str, shape))} {'table' if hasattr(value, 'columns') else 'array'}"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return list_in_short([f"{key}: {in_short(item)}" for key, item in list(value.items())[:FEW]], len(value))
    if isinstance(value, Sequence):
        return list_in_short([in_short(item) for item in value[:FEW]], len(value))
    if dataclasses.is_dataclass(value):
        return repr(value).splitlines()[0]
    return str(value)


def list_in_short(first: Sequence[str], count: int) -> str:
    """The first items of a list, and how many more there are.

    >>> list_in_short(["a", "b"], 5)
    'a, b and 3 more'
    """
    return ", ".join(first) + (f" and {count - len(first)} more" if count > len(first) else "")


def names_in_short(names: Sequence[str], noun: str) -> str:
    """Names, of many only their number and the first."""
    if len(names) <= FEW:
        return ", ".join(names)
    return f"{pluralize(len(names), noun)}: {list_in_short(list(names[:FEW]), len(names))}"
