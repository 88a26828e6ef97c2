"""A page: the Blocks that are written to a file in some format, and the run they are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forecast.report.blocks import Block, Details, FigureBlock, Heading, TableBlock
from forecast.report.run_data import RunData


@dataclass(frozen=True)
class Page:
    """The Blocks of one page of a run; `name` is the stem of the files it is written to."""

    name: str
    blocks: tuple[Block, ...]
    data: RunData

    @property
    def title(self) -> str:
        """The page's title."""
        return title(self.blocks)


def title(blocks: Sequence[Block]) -> str:
    """The text of the first heading of level 1."""
    return next((b.text for b in blocks if isinstance(b, Heading) and b.level == 1), "Report")


def flat(blocks: Sequence[Block]) -> Iterator[Block]:
    """All Blocks in order, with folded ones in place of what folds them."""
    for block in blocks:
        if isinstance(block, Details):
            yield from flat(block.blocks)
        else:
            yield block


def figures(blocks: Sequence[Block]) -> list[FigureBlock]:
    """All figures, including folded ones."""
    return [block for block in flat(blocks) if isinstance(block, FigureBlock)]


def tables(blocks: Sequence[Block]) -> list[tuple[str, TableBlock]]:
    """All tables, including folded ones, each with the title of the chapter it stands in."""
    chapter, found = "", []
    for block in flat(blocks):
        if isinstance(block, Heading) and block.level == 2:
            chapter = block.short or block.text
        elif isinstance(block, TableBlock):
            found.append((chapter, block))
    return found
