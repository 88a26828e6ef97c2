"""Slots: the marked places of a document, what stands in them, and what the run has to put there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from forecast.report.blocks import TableBlock
from forecast.report.inline_markup import strip_markup
from forecast.report.quotes import QuotedFigure

KINDS = ("effect", "forecast", "scenario", "observed", "table", "figure")
GAP = "\ufffc"  # stands for a slot in the sentence around it
SPACE = re.compile(r"[\s~\u00a0\u202f]+")


@dataclass(frozen=True)
class Slot:
    """A marked place of a document.

    key : what it asks for, as the author wrote it; shown : what stands there, as the format writes it
    context : the sentence around it, in which every slot is a `GAP`; where : a line or part, for messages
    problem : why the place cannot be filled, in words
    """

    key: str
    shown: str
    where: str
    context: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the report as plain texts: its caption, headings, which columns hold numbers, rows, and a note.

    A row of one cell goes over the whole width. What the report prints small in a cell stands behind a line break.
    """

    caption: str
    heads: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str

    @property
    def shares(self) -> tuple[float, ...]:
        """Widths of the columns as parts of the whole, wider where there is more to read."""
        lengths = [len(head) for head in self.heads]
        for row in self.rows:
            for i, cell in enumerate(row if len(row) == len(lengths) else ()):
                lengths[i] = max(lengths[i], *map(len, cell.split("\n")))
        weights = [min(max(length, 24), 60) ** 0.5 for length in lengths]
        return tuple(weight / sum(weights) for weight in weights)


@dataclass(frozen=True)
class Figure:
    """A picture in PNG, its text for those who cannot see it, and the name of its file."""

    name: str
    png: bytes
    alt: str

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, from the file's header."""
        return int.from_bytes(self.png[16:20]), int.from_bytes(self.png[20:24])


Value = str | Table | Figure


def plain_table(block: TableBlock) -> Table:
    """A table without markup."""
    rows = tuple(
        tuple("\n".join(part for part in (strip_markup(cell.text), strip_markup(cell.sub)) if part) for cell in row)
        for row in block.rows
    )
    heads = tuple(strip_markup(column.head) for column in block.columns)
    numeric = tuple(column.numeric for column in block.columns)
    return Table(strip_markup(block.caption), heads, numeric, rows, strip_markup(block.note))


def read_figure(quoted: QuotedFigure) -> Figure:
    """A figure of the run folder."""
    return Figure(quoted.name, Path(quoted.png).read_bytes(), quoted.alt)


def one_line(text: str) -> str:
    """A text without line breaks and control characters, which would end a paragraph or break a file."""
    return "".join(" " if c in "\t\n\r\v\f\u2028\u2029\x85" else c for c in text if c in "\t\n\r\v\f" or c >= " ").strip()


def is_key(text: str) -> bool:
    """Whether a text asks for something of a run."""
    kind, colon, _ = text.strip().strip('"').partition(":")
    return (kind in KINDS and bool(colon)) or kind.split()[:1] == ["cite"]


def last_word(text: str) -> str:
    """The unit behind a number, where there is one."""
    head, *more = SPACE.split(text.strip())
    return more[-1] if more and any(c.isdigit() for c in head) and not any(c.isdigit() for c in more[-1]) else ""


def sentence_around(text: str, at: int) -> str:
    """The sentence of a paragraph that holds the position."""
    starts = [0, *(m.end() for m in re.finditer(r"[.!?]\s+|\n\s*\n", text))]
    begin = max(start for start in starts if start <= at)
    end = min([start for start in starts if start > at] or [len(text)])
    return text[begin:end].strip()
