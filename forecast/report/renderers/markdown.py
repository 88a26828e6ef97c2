"""The report as Markdown, with figures as separate files.

All literal text is escaped here and nowhere else, so that a title, a note or a name cannot act as markup: in CommonMark, in
GitHub's dialect, and in a renderer that passes HTML through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from forecast.report.blocks import (
    Block,
    Bullets,
    Callout,
    Details,
    FigureBlock,
    Heading,
    Prose,
    Statements,
    TableBlock,
    TableCell,
)
from forecast.report.inline_markup import Bold, Code, Link, Piece, Text, parse_markup, safe_address, strip_markup
from forecast.report.page import Page

# markup anywhere, except: `_` not inside a word, `&` only before a character reference, `(` only after `]`, `^` only first
_MARK = re.compile(r"[\\`*\[\]<|~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|(?<=\])\(|\A\^")
_AMPERSAND = re.compile(r"&(?=#?\w+;)")
_CHARACTER_REFERENCES = {"<": "&lt;", "&": "&amp;", "\\": "&#92;"}  # not escaped by a backslash in every dialect
_OPENING = re.compile(r"\A(?:[#>]|[+-](?=[\s+-]|$)|(\d{1,9})(?=[.)](?:\s|$)))")  # heading, quotation, list or rule
_PLAIN_CODE = re.compile(r"[\w .,:;/=+()%'-]+")  # code without markup characters
_SUMMARY = re.compile(r"[\\`*_\[\]<>&|~$!#]")


def render_page(page: Page) -> str:
    """The whole document as a file."""
    return render(page.blocks)


def render(blocks: Sequence[Block]) -> str:
    """The whole document."""
    return "\n\n".join(part for part in (_block(b) for b in blocks) if part) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_escape_closing(_escape_opening(block.text))}"
        case Prose(role="footer"):
            return f"---\n\n{_escape_opening(block.text)}"
        case Prose():
            return _escape_opening(block.text)
        case Bullets():
            return "\n".join(f"{f'{i}.' if block.numbered else '-'} {_escape_opening(t)}" for i, t in enumerate(block.items, 1))
        case Statements():
            said = ((_strong(f"{word.capitalize()}."), _inline(text)) for word, text in block.items)
            return "\n".join(f"{i}. {word} {text}" for i, (word, text) in enumerate(said, 1))
        case Callout():
            return f"> **{'Note' if block.tone == 'note' else 'Warning'}.** {_inline(block.text)}"
        case TableBlock():
            return _table(block)
        case FigureBlock():
            return _figure(block)
        case Details():
            inner = "\n\n".join(_block(b) for b in block.blocks)
            return f"<details><summary>{_escape_summary(block.summary)}</summary>\n\n{inner}\n\n</details>"


def _figure(figure: FigureBlock) -> str:
    image = f"![{_escape(strip_markup(figure.alt))}](figures/{quote(figure.name)}.png)"
    key = "  \n".join(f"{_strong(letter)} {_inline(text)}" for letter, text in figure.key)
    return "\n\n".join(p for p in (image, f"{_emphasis(f'{figure.title}.')} {_inline(figure.caption)}", key) if p)


def _table(table: TableBlock) -> str:
    heads = [_inline(c.head) for c in table.columns]
    lines = [_strong(table.caption), "", _row(heads), _row(["--:" if c.numeric else ":--" for c in table.columns])]
    for row in table.rows:
        cells = [_cell(c) for c in row]
        if len(row) == 1 and len(heads) > 1:
            whole = _emphasis if row[0].tone == "sentence" else _strong
            cells = [whole(row[0].text), *[""] * (len(heads) - 1)]
        lines.append(_row(cells))
    if table.note:
        lines += ["", _escape_opening(table.note)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(cell: TableCell) -> str:
    to = safe_address(cell.href)
    text = _link(_join_pieces(parse_markup(cell.text), "link"), to) if to else _inline(cell.text)
    return f"{text}<br>{_inline(cell.sub)}" if cell.sub else text


def _inline(text: str) -> str:
    return _join_pieces(parse_markup(text))


def _escape_opening(text: str) -> str:
    """Text at the start of a block, escaped so that it starts no other kind of block."""
    return _OPENING.sub(lambda m: f"{m[1]}\\" if m[1] else f"\\{m[0]}", _inline(text))


def _escape_closing(text: str) -> str:
    """Heading text with trailing `#` escaped, which Markdown would drop."""
    bare = text.rstrip("#")
    return bare.removesuffix("\\") + "\\#" * (len(text) - len(bare)) if bare != text else text


def _strong(text: str) -> str:
    inner = _join_pieces(parse_markup(text), "bold")
    return f"**{inner}**" if inner else ""


def _emphasis(text: str) -> str:
    inner = _inline(text)
    return f"*{inner}*" if inner else ""


def _join_pieces(parts: Sequence[Piece], within: str = "") -> str:
    """Pieces in sequence; `within` is the enclosing markup, which is not nested again."""
    # an unescaped bracket opens a link, and `!` before it would make that an image
    return re.sub(r"(?<!\\)!(?=\[)", r"\\!", "".join(_piece(part, within) for part in parts))


def _piece(piece: Piece, within: str) -> str:
    match piece:
        case Text():
            return _escape(piece.text)
        case Code():
            return f"`{piece.text}`" if _PLAIN_CODE.fullmatch(piece.text) else _escape(f"`{piece.text}`")
        case Bold():
            inner = _join_pieces(piece.inside, within)
            return inner if within == "bold" else f"**{inner}**"
        case Link():
            inner = _join_pieces(piece.inside, within)
            return inner if within == "link" else _link(inner, piece.address)


def _link(inner: str, to: str) -> str:
    return f"[{inner}]({_AMPERSAND.sub('&amp;', to)})"


def _escape(text: str) -> str:
    return _MARK.sub(lambda m: _CHARACTER_REFERENCES.get(m[0], f"\\{m[0]}"), text)


def _escape_summary(text: str) -> str:
    """Text inside our own HTML tag, escaped for renderers that read it as HTML and for those that read Markdown."""
    return _SUMMARY.sub(lambda m: f"&#{ord(m[0])};", strip_markup(text))
