"""Blocks for a terminal: headings, sentences and tables; figures and folded details are left to the report.

Text is printed literally: neither rich's markup nor terminal control sequences in it take effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from forecast.report.blocks import Block, Bullets, Callout, Heading, Prose, TableBlock, TableCell
from forecast.report.inline_markup import strip_markup

if TYPE_CHECKING:
    from rich.table import Table as RichTable

WIDTH = 110  # when the output is not a terminal


def show(blocks: Sequence[Block]) -> None:
    """Print Blocks on stderr; stdout carries only the path of the run."""
    from rich.console import Console

    width = None if Console(stderr=True).is_terminal else WIDTH
    console = Console(stderr=True, highlight=False, markup=False, emoji=False, width=width)
    for block in blocks:
        match block:
            case Heading():
                console.print(f"\n{strip_markup(block.text).upper()}", style="bold")
            case Prose() | Callout():
                console.print(strip_markup(block.text))
            case Bullets():
                for item in block.items:
                    console.print(f"- {strip_markup(item)}")
            case TableBlock():
                console.print(f"\n{strip_markup(block.caption)}", style="bold")
                for head, rows in _row_groups(block):
                    if head:
                        console.print(strip_markup(head), style="italic")
                    console.print(_rich_table(block, rows))
            case _:
                continue


def _row_groups(table: TableBlock) -> Iterator[tuple[str, list[Sequence[TableCell]]]]:
    """Rows by group, each with its group heading."""
    head, rows = "", list[Sequence[TableCell]]()
    for row in table.rows:
        if len(row) == 1 < len(table.columns):
            if rows:
                yield head, rows
            head, rows = row[0].text, []
        else:
            rows.append(row)
    if rows:
        yield head, rows


def _rich_table(table: TableBlock, rows: Sequence[Sequence[TableCell]]) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    made = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        made.add_column(Text(strip_markup(column.head)), justify="right" if column.numeric else "left")
    for row in rows:
        made.add_row(*(Text("\n".join(part for part in (strip_markup(c.text), strip_markup(c.sub)) if part)) for c in row))
    return made
