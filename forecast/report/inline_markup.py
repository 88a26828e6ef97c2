"""Inline: what a Block's text may hold, read once for every renderer.

``**bold**``, ``[words](address)`` and `` `code` `` are markup, whoever wrote them; everything else is literal, and each
renderer escapes it in its own way. So no caller escapes anything, and a title, a note or a name can be no more
than words on a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from forecast.core.control_characters import one_line, printable_text

_ADDRESS = r"(?i:https?://|mailto:)[^\s()<>\"`]+"  # no other kind of address is ever one to follow
# `**` beside a letter is no mark of bold: Markdown does not take it for one
_MARKUP = re.compile(
    r"(?<!`)`(?P<code>[^`]+)`(?!`)"
    rf"|\[(?P<words>[^\[\]]+)\]\((?P<address>{_ADDRESS})\)"
    r"|(?<![\w*])\*\*(?![\s*])(?P<bold>(?:(?!\*\*).)+)(?<!\s)\*\*(?![\w*])"
)
_ALLOWED_ADDRESS = re.compile(_ADDRESS)
_UNSAFE = re.compile(r"[\s\"$()*<>\[\]\\^`{|}]")


@dataclass(frozen=True)
class Text:
    """Words that mean nothing but themselves."""

    text: str


@dataclass(frozen=True)
class Code:
    """Words as a program has them."""

    text: str


@dataclass(frozen=True)
class Bold:
    """Words set in bold, which may hold code and links."""

    inside: tuple[Piece, ...]


@dataclass(frozen=True)
class Link:
    """Words that lead to an address of the web or of a mailbox; they may hold bold and code."""

    inside: tuple[Piece, ...]
    address: str


Piece = Text | Code | Bold | Link


def parse_markup(text: str) -> tuple[Piece, ...]:
    """The pieces of a text in order, control characters and line breaks taken out."""
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
    """An address to follow (http, https, mailto), every character that a page might read as markup percent-encoded; else ''.

    >>> address("https://a.example/x_(1)?q=a b"), address("javascript:alert(1)")
    ('https://a.example/x_%281%29?q=a%20b', '')
    """
    text = printable_text(text.strip())
    return _UNSAFE.sub(lambda m: quote(m[0]), text) if _ALLOWED_ADDRESS.match(text) else ""


def link(words: str, to: str) -> str:
    """Words that lead to an address, as a Block's text has them; the words alone where it is none to follow."""
    return f"[{words}]({safe_address(to)})" if safe_address(to) else words


def strip_markup(text: str) -> str:
    """A text without markup, for a terminal: an address stands behind its words."""
    return "".join(_strip_piece(piece) for piece in parse_markup(text))


def _strip_piece(piece: Piece) -> str:
    match piece:
        case Text() | Code():
            return piece.text
        case Bold():
            return "".join(map(_strip_piece, piece.inside))
        case Link():
            return f"{''.join(map(_strip_piece, piece.inside))} ({piece.address})"
