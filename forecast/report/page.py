"""A page: the Blocks that are written to a file in some format, and the run they are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forecast.report.blocks import Block, Details, FigureBlock, Heading, TableBlock
from forecast.report.run_data import RunData

MANY = 9  # columns from which on a table is wide: its heads are written upright
WIDEST = 28.0  # letters by which the widest columns are told apart


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


def tables(blocks: Sequence[Block]) -> list[TableBlock]:
    """All tables, including folded ones."""
    return [block for block in flat(blocks) if isinstance(block, TableBlock)]


def column_shares(table: TableBlock) -> list[float]:
    """Each column's share of a table's width, by the longest texts in it; for formats that do not measure texts themselves."""
    n = len(table.columns)
    whole = [row for row in table.rows if len(row) == n]
    sizes = []
    for i, column in enumerate(table.columns):
        head = 0.0 if n >= MANY else len(column.head) / 2
        texts = (max(len(row[i].text), 0.6 * len(row[i].sub)) for row in whole)
        sizes.append(max(5.0, head, *(min(WIDEST, size) for size in texts)))
    return [size / sum(sizes) for size in sizes]
