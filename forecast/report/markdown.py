"""The report as Markdown: the same Blocks, figures as files beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from forecast.report.blocks import Block, Bullets, Callout, Cell, Details, Figure, Heading, Prose, Statements, Table


def render(blocks: Sequence[Block]) -> str:
    """The whole text."""
    return "\n\n".join(part for part in (_block(b) for b in blocks) if part) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {block.text}"
        case Prose(role="footer"):
            return f"---\n\n{block.text}"
        case Prose():
            return block.text
        case Bullets():
            return "\n".join(f"{f'{i}.' if block.numbered else '-'} {_line(t)}" for i, t in enumerate(block.items, 1))
        case Statements():
            return "\n".join(f"{i}. **{word.capitalize()}.** {_line(text)}" for i, (word, text) in enumerate(block.items, 1))
        case Callout():
            return f"> **{'Note' if block.tone == 'note' else 'Warning'}.** {_line(block.text)}"
        case Table():
            return _table(block)
        case Figure():
            key = "  \n".join(f"**{letter}** {text}" for letter, text in block.key)
            head = f"![{_alt(block.alt)}](figures/{block.name}.png)\n\n*{block.title}.* {_line(block.caption)}"
            return f"{head}\n\n{key}" if key else head
        case Details():
            inner = "\n\n".join(_block(b) for b in block.blocks)
            return f"<details><summary>{block.summary}</summary>\n\n{inner}\n\n</details>"


def _table(table: Table) -> str:
    heads = [c.head for c in table.columns]
    lines = [f"**{table.caption}**", "", _row(heads), _row(["--:" if c.numeric else ":--" for c in table.columns])]
    for row in table.rows:
        cells = [_cell(c) for c in row]
        if len(row) == 1 and len(heads) > 1:
            cells = [f"*{cells[0]}*" if row[0].tone == "sentence" else f"**{cells[0]}**", *[""] * (len(heads) - 1)]
        lines.append(_row(cells))
    if table.note:
        lines += ["", table.note]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(cell: Cell) -> str:
    text = f"[{cell.text}]({cell.href})" if cell.href else cell.text
    return _line(f"{text}<br>{cell.sub}" if cell.sub else text).replace("|", "\\|")


def _line(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text)


def _alt(text: str) -> str:
    return _line(text).replace("[", "(").replace("]", ")")
