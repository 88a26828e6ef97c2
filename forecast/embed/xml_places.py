"""The elements of an XML part with their byte positions, so that one place can be written anew and every other byte kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape as escape_signs, quoteattr

from forecast.core.errors import DataError

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
WORD_SPACES = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
Edit = tuple[int, int, bytes]  # from, to, and what stands there instead


@dataclass(eq=False)
class Element:
    """An element: its name, attributes, text of its own, and where it, and what it holds, begin and end in the bytes."""

    name: str
    attributes: dict[str, str]
    start: int
    inner: int
    parent: Element | None
    close: int = 0
    end: int = 0
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """It and everything within, in the order of the document."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, name: str) -> Element | None:
        """Its first child of a name."""
        return next((child for child in self.children if child.name == name), None)

    def within(self, name: str) -> list[Element]:
        """Everything of a name within it."""
        return [one for one in self.walk() if one.name == name and one is not self]

    def above(self, *names: str) -> Element | None:
        """The nearest element around it that has one of the names."""
        at = self.parent
        while at is not None and at.name not in names:
            at = at.parent
        return at


def parse(data: bytes, where: str) -> Element:
    """The root of a part with all its elements; a document type, and what is no XML in UTF-8, is a DataError."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    top: list[Element] = []
    stack: list[Element] = []

    def refuse(*given: object) -> None:
        raise DataError("the document declares a type of its own, which no word processor writes", where=where)

    def start(name: str, attributes: dict[str, str]) -> None:
        at = parser.CurrentByteIndex
        made = Element(name, attributes, at, _tag_end(data, at), stack[-1] if stack else None)
        (stack[-1].children if stack else top).append(made)
        stack.append(made)

    def end(name: str) -> None:
        made, at = stack.pop(), parser.CurrentByteIndex
        empty = data[made.inner - 2 : made.inner] == b"/>"
        made.close = made.inner if empty else at
        made.end = made.inner if empty else _tag_end(data, at)

    def text(characters: str) -> None:
        if stack:
            stack[-1].text += characters

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, refuse
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError("the part is not UTF-8", where=where, hint="save the document in the word processor again")
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise DataError(
            f"the document is damaged: {error}", where=where, hint="open and save it in the word processor"
        ) from None
    return top[0]


def _tag_end(data: bytes, at: int) -> int:
    """The position behind the tag that begins at a position; a `>` in quotes is no end."""
    quote = 0
    for i in range(at, len(data)):
        byte = data[i]
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in b"\"'":
            quote = byte
        elif byte == ord(">"):
            return i + 1
    return len(data)


def check_prefix(root: Element, where: str) -> None:
    """Refuse a part that spells the names of word processing other than `w:...`, as every word processor does."""
    if root.attributes.get("xmlns:w") not in WORD_SPACES:
        raise DataError("this is no text of a word processor", where=where, hint="open and save it in the word processor")


def apply(data: bytes, edits: Sequence[Edit]) -> bytes:
    """The bytes with every edit made; edits do not overlap."""
    out, at = [], 0
    for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
        out += [data[at:start], new]
        at = end
    return b"".join([*out, data[at:]])


def text_of(text: str) -> str:
    """A text as XML writes it."""
    return escape_signs(ILLEGAL.sub("", text))


def attribute_of(text: str) -> str:
    """A text as the value of an attribute, in its quotes."""
    return quoteattr(ILLEGAL.sub("", text))
