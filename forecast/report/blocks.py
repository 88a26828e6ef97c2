"""Blocks: pieces of a page as data, independent of the format that renderers turn them into.

Texts may hold ``**bold**``, ``[words](address)`` and `` `code` `` (`report/inline_markup.py`); everything else is literal, and
callers never escape it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MISSING = "–"  # printed where there is no figure; missing is not zero
CLAIM_VERDICTS = ("holds", "holds within rounding", "holds for another scope", "contradicted", "cannot be checked")


@dataclass(frozen=True)
class Heading:
    """A title: level 1 is the page, level 2 a chapter of the table of contents (`anchor`, `short`), level 3 below."""

    text: str
    level: int = 2
    anchor: str = ""
    short: str = ""


@dataclass(frozen=True)
class Prose:
    """A paragraph; `role` is ``lead``, ``note``, ``footer`` or empty."""

    text: str
    role: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list of short texts; `numbered` if their count matters."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Statements:
    """Sentences, each preceded by its verdict word."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Callout:
    """A highlighted text: a limit of the data, or a question that could not be answered."""

    text: str
    tone: str = "note"


@dataclass(frozen=True)
class TableCell:
    """A table cell: its text, a smaller second line, and a tone (a verdict, ``pass``, ``fail``, ``muted``, ``past``).

    value : the number that the text rounds, in the unit of the column or the one that the text names; by it a table is
        sorted, and a spreadsheet gets it in place of the text. line : values of a small line chart beside the text.
    """

    text: str
    sub: str = ""
    tone: str = ""
    href: str = ""
    value: float | None = None
    line: tuple[float, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column's heading, whether it holds numbers (right-aligned, tabular figures), and their unit if they share one."""

    head: str
    numeric: bool = False
    unit: str = ""


@dataclass(frozen=True)
class TableBlock:
    """Rows under column headings; `stacked` tables turn into cards on a narrow screen, others scroll.

    A row of one cell is a group heading over the whole width.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    note: str = ""
    stacked: bool = False


@dataclass(frozen=True)
class FigurePanel:
    """One drawing: its SVG in the palette's light colours, and its size in points.

    drawing : what the SVG was made from; pixels and other file types are made from it when a format asks for them.
    readings : (distance from the left edge in points, words), from left to right: the values that a reader can point at.
    """

    svg: str
    width: int
    height: int
    title: str = ""
    drawing: Figure | None = field(default=None, repr=False, compare=False)
    readings: tuple[tuple[float, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class FigureBlock:
    """Panels side by side under one caption; `key` explains the letters of the marked events."""

    name: str
    title: str
    panels: tuple[FigurePanel, ...]
    columns: int
    caption: str
    alt: str
    key: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Details:
    """Blocks folded behind a one-line summary."""

    summary: str
    blocks: tuple[Block, ...]


Block = Heading | Prose | Bullets | Statements | Callout | TableBlock | FigureBlock | Details
