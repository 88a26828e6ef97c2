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

from forecast.core.control_characters import one_line, shown

_ADDRESS = r"(?i:https?://|mailto:)[^\s()<>\"`]+"  # no other kind of address is ever one to follow
# `**` beside a letter is no mark of bold: Markdown does not take it for one
_MARKUP = re.compile(
    r"(?<!`)`(?P<code>[^`]+)`(?!`)"
    rf"|\[(?P<words>[^\[\]]+)\]\((?P<address>{_ADDRESS})\)"
    r"|(?<![\w*])\*\*(?![\s*])(?P<bold>(?:(?!\*\*).)+)(?<!\s)\*\*(?![\w*])"
)
_FOLLOWED = re.compile(_ADDRESS)
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


def pieces(text: str) -> tuple[Piece, ...]:
    """The pieces of a text in order, control characters and line breaks taken out."""
    return tuple(_pieces(one_line(text)))


def _pieces(text: str) -> Iterator[Piece]:
    at = 0
    for found in _MARKUP.finditer(text):
        if found.start() > at:
            yield Text(text[at : found.start()])
        at = found.end()
        if found["code"]:
            yield Code(found["code"])
        elif found["bold"]:
            yield Bold(tuple(_pieces(found["bold"])))
        else:
            yield Link(tuple(_pieces(found["words"])), address(found["address"]))
    if at < len(text):
        yield Text(text[at:])


def address(text: str) -> str:
    """An address to follow (http, https, mailto), every character that a page might read as markup percent-encoded; else ''.

    >>> address("https://a.example/x_(1)?q=a b"), address("javascript:alert(1)")
    ('https://a.example/x_%281%29?q=a%20b', '')
    """
    text = shown(text.strip())
    return _UNSAFE.sub(lambda m: quote(m[0]), text) if _FOLLOWED.match(text) else ""


def link(words: str, to: str) -> str:
    """Words that lead to an address, as a Block's text has them; the words alone where it is none to follow."""
    return f"[{words}]({address(to)})" if address(to) else words


def plain(text: str) -> str:
    """A text without markup, for a terminal: an address stands behind its words."""
    return "".join(_plain(piece) for piece in pieces(text))


def _plain(piece: Piece) -> str:
    match piece:
        case Text() | Code():
            return piece.text
        case Bold():
            return "".join(map(_plain, piece.inside))
        case Link():
            return f"{''.join(map(_plain, piece.inside))} ({piece.address})"
