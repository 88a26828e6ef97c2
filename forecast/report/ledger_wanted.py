"""What is missing in a ledger, in words: the series that would fill an entry."""

from __future__ import annotations

import re
from collections.abc import Iterable

COMMAND = re.compile(r" \((forecast fetch|pages of) [^)]*\)")  # stands once, with its flow


def series_wanted(wanted: Iterable[str]) -> str:
    """The series that would fill something, each once; how they are fetched stands with the flows."""
    found: dict[str, str] = {}
    for one in wanted:
        for part in COMMAND.sub("", one).split("; "):
            found.setdefault(part.partition(",")[0], part)
    return "; ".join(found.values())


def lacking_sentence(text: str, wanted: tuple[str, ...]) -> str:
    """That something has no data, and which series it would take."""
    return f"{text}: no data; it would take {series_wanted(wanted)}."
