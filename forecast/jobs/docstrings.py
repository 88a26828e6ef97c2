"""What a docstring says of each parameter: of a plug-in's options, and of the words of a config's tables.

Public docstrings have the sections of numpydoc. The tables of a config, which nobody calls, are told in a shorter form, which
plug-ins may use too: a line ``word : text`` for each word, or ``one, other : text``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

NAMES = r"\w+(?:, \w+)*"


def descriptions_of(cls: object, words: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The first paragraph of a docstring, and what it says of each of some words."""
    doc = inspect.getdoc(cls) or ""
    said = _short_entries(doc) | _entries(_sections(doc).get("Parameters", ""))
    known = set(words)
    return " ".join(doc.split("\n\n")[0].split()), {word: text for word, text in said.items() if word in known}


def remarks(cls: object) -> list[str]:
    """The paragraphs of a docstring between its first and its parameters."""
    paragraphs = re.split(r"\n\s*\n", _sections(inspect.getdoc(cls) or "")[""])
    return [one for one in paragraphs[1:] if not re.match(rf"{NAMES} : ", one)]


def _sections(doc: str) -> dict[str, str]:
    """The sections of numpydoc by their headers; what stands before the first one by ``""``."""
    before, *pieces = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", doc, flags=re.MULTILINE)
    return {"": before.strip(), **dict(zip(pieces[::2], pieces[1::2], strict=True))}


def _entries(section: str) -> dict[str, str]:
    """The entries of a section: a line ``names : type``, and an indented text."""
    pieces = re.split(rf"^({NAMES}) : .*\n", section, flags=re.MULTILINE)
    texts = zip(pieces[1::2], pieces[2::2], strict=True)
    return {name: " ".join(text.split()) for names, text in texts for name in names.split(", ")}


def _short_entries(doc: str) -> dict[str, str]:
    """Entries ``word : text``, which begin a line or follow a semicolon, and end with the paragraph or before the next one."""
    said: dict[str, str] = {}
    for paragraph in re.split(rf"\n\s*\n|\n(?={NAMES} : )", _sections(doc)[""]):
        pieces = re.split(rf"(?:^|(?<=; ))({NAMES}) : ", " ".join(paragraph.split()))
        for names, text in zip(pieces[1::2], pieces[2::2], strict=True):
            said |= {name: text.strip().rstrip(";") for name in names.split(", ")}
    return said
