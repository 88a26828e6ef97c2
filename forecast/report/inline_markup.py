"""Inline markup of a Block's text, parsed once for all renderers.

``**bold**``, ``[words](address)`` and `` `code` `` are markup, whoever wrote them; everything else is literal, and each
renderer escapes it in its own way. So callers never escape, and a title, a note or a name cannot inject markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from forecast.core.control_characters import one_line, printable_text

_ADDRESS = r"(?:(?i:https?://|mailto:)[^\s()<>\"`]+|#[a-z][a-z0-9-]*)"  # a chapter of the page; no other scheme is ever linked
# `**` next to a letter is not bold, as in Markdown
_MARKUP = re.compile(
    r"(?<!`)`(?P<code>[^`]+)`(?!`)"
    rf"|\[(?P<words>[^\[\]]+)\]\((?P<address>{_ADDRESS})\)"
    r"|(?<![\w*])\*\*(?![\s*])(?P<bold>(?:(?!\*\*).)+)(?<!\s)\*\*(?![\w*])"
)
_ALLOWED_ADDRESS = re.compile(_ADDRESS)
_UNSAFE = re.compile(r"[\s\"$()*<>\[\]\\^`{|}]")


@dataclass(frozen=True)
class Text:
    """Literal text."""

    text: str


@dataclass(frozen=True)
class Code:
    """Text in a fixed-width font."""

    text: str


@dataclass(frozen=True)
class Bold:
    """Bold text, which may hold code and links."""

    inside: tuple[Piece, ...]


@dataclass(frozen=True)
class Link:
    """Text linked to a web or mail address, which may hold bold and code."""

    inside: tuple[Piece, ...]
    address: str


Piece = Text | Code | Bold | Link


def parse_markup(text: str) -> tuple[Piece, ...]:
    """The pieces of a text in order, without control characters and line breaks."""
    return tuple(_parse(one_line(text)))


def _parse(text: str) -> Iterator[Piece]:
    at = 0
    for found in _MARKUP.finditer(text):
        if found.start() > at:
            yield Text(text[at : found.start()])
        at = found.end()
        if found["code"]:
            yield Code(found["code"])
        elif found["bold"]:
            yield Bold(tuple(_parse(found["bold"])))
        else:
            yield Link(tuple(_parse(found["words"])), safe_address(found["address"]))
    if at < len(text):
        yield Text(text[at:])


def safe_address(text: str) -> str:
    """A linkable address (http, https, mailto) with markup characters percent-encoded; else ''.

    >>> safe_address("https://a.example/x_(1)?q=a b"), safe_address("javascript:alert(1)")
    ('https://a.example/x_%281%29?q=a%20b', '')
    """
    text = printable_text(text.strip())
    return _UNSAFE.sub(lambda m: quote(m[0]), text) if _ALLOWED_ADDRESS.match(text) else ""


def link(words: str, to: str) -> str:
    """Link markup for a Block's text; the words alone if the address is not linkable."""
    return f"[{words}]({safe_address(to)})" if safe_address(to) else words


def strip_markup(text: str) -> str:
    """A text without markup, for a terminal; addresses follow their words in brackets."""
    return "".join(_strip_piece(piece) for piece in parse_markup(text))


def _strip_piece(piece: Piece) -> str:
    match piece:
        case Text() | Code():
            return piece.text
        case Bold():
            return "".join(map(_strip_piece, piece.inside))
        case Link():
            return f"{''.join(map(_strip_piece, piece.inside))} ({piece.address})"
