"""The report as one self-contained HTML page: light and dark, wide and narrow, without scripts or network access."""

from __future__ import annotations

import html as escape_
import re
from collections.abc import Sequence
from importlib import resources

from forecast.core.control_characters import printable_text
from forecast.report.blocks import (
    CLAIM_VERDICTS,
    Block,
    Bullets,
    Callout,
    Column,
    Details,
    FigureBlock,
    Heading,
    Prose,
    Statements,
    TableBlock,
    TableCell,
)
from forecast.report.figures.canvas import PALETTE
from forecast.report.inline_markup import Bold, Code, Link, Piece, Text, parse_markup, safe_address

_LIGHT = {light: f"var(--{name})" for name, (light, _) in PALETTE.items()}
_HEX = re.compile("|".join(_LIGHT))
_GRID = {1: "panels one", 2: "panels two"}


def render(blocks: Sequence[Block]) -> str:
    """The whole page."""
    chapters = [b for b in blocks if isinstance(b, Heading) and b.level == 2]
    title = next((b.text for b in blocks if isinstance(b, Heading) and b.level == 1), "Report")
    links = "".join(f'<a href="#{_text(c.anchor)}">{_text(c.short or c.text)}</a>' for c in chapters)
    body = "\n".join(_block(b) for b in blocks)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{_text(title)}</title>\n<style>\n{stylesheet()}</style>\n</head>\n<body>\n<div class="page">\n'
        f'<nav aria-label="Contents">{links}</nav>\n<main>\n{body}\n</main>\n</div>\n</body>\n</html>\n'
    )


def stylesheet() -> str:
    """The page's style with the figures' palette, light and dark."""
    css = resources.files("forecast.report").joinpath("page.css").read_text("utf-8")
    for i, mode in enumerate(("light", "dark")):
        css = css.replace(f"/*{mode}*/", " ".join(f"--{name}: {pair[i]};" for name, pair in PALETTE.items()))
    return css


def _block(block: Block) -> str:
    match block:
        case Heading():
            anchor = f' id="{_text(block.anchor)}"' if block.anchor else ""
            return f"<h{block.level}{anchor}>{_inline(block.text)}</h{block.level}>"
        case Prose():
            role = f' class="{_slug(block.role)}"' if block.role else ""
            return f"<p{role}>{_inline(block.text)}</p>"
        case Bullets():
            tag = "ol" if block.numbered else "ul"
            return f"<{tag}>{''.join(f'<li>{_inline(t)}</li>' for t in block.items)}</{tag}>"
        case Statements():
            items = "".join(
                f"<li><span>{_verdict_chip(word)}</span><span>{_inline(text)}</span></li>" for word, text in block.items
            )
            return f'<ol class="statements">{items}</ol>'
        case Callout():
            return f'<div class="callout {_slug(block.tone)}">{_inline(block.text)}</div>'
        case TableBlock():
            return _table(block)
        case FigureBlock():
            return _figure(block)
        case Details():
            inner = "\n".join(_block(b) for b in block.blocks)
            return f"<details><summary>{_inline(block.summary)}</summary>\n{inner}\n</details>"


def _figure(figure: FigureBlock) -> str:
    panels = "\n".join(_HEX.sub(lambda m: _LIGHT[m[0]], p.svg) for p in figure.panels)
    key = "".join(f"<li><b>{_text(letter)}</b>{_inline(text)}</li>" for letter, text in figure.key)
    below = f'<ul class="key">{key}</ul>' if key else ""
    return (
        f'<figure id="fig-{_text(figure.name)}" role="group" aria-label="{_text(figure.alt)}">'
        f'<p class="title">{_inline(figure.title)}</p>\n'
        f'<div class="{_GRID.get(figure.columns, "panels")}">{panels}</div>\n'
        f"<figcaption>{_inline(figure.caption)}{below}</figcaption></figure>"
    )


def _table(table: TableBlock) -> str:
    heads = "".join(f'<th scope="col"{_numeric_class(c)}>{_inline(c.head)}</th>' for c in table.columns)
    rows = "\n".join(_row(row, table.columns) for row in table.rows)
    cols = f"<colgroup>{'<col>' * len(table.columns)}</colgroup>" if table.stacked else ""
    note = f'<p class="source">{_inline(table.note)}</p>' if table.note else ""
    kind = "stacked" if table.stacked else "scroll"
    return (
        f'<div class="table {kind}"><p class="caption">{_inline(table.caption)}</p>'
        f'<div class="inside"><table aria-label="{_text(table.caption)}">{cols}'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>{note}</div>"
    )


def _row(row: Sequence[TableCell], columns: Sequence[Column]) -> str:
    if len(row) == 1 and len(columns) > 1:
        tone = row[0].tone or "group"
        tag = "td" if tone == "sentence" else "th"
        return f'<tr class="{_slug(tone)}"><{tag} colspan="{len(columns)}"><span>{_inline(row[0].text)}</span></{tag}></tr>'
    past = ' class="past"' if row[0].tone == "past" else ""
    cells = [f'<th scope="row">{_cell(row[0])}</th>']
    for cell, column in zip(row[1:], columns[1:], strict=True):
        names = " ".join(n for n in ("n" if column.numeric else "", _slug(cell.tone)) if n)
        marked = f' class="{names}"' if names and not _is_verdict(cell.tone) else ' class="n"' if column.numeric else ""
        cells.append(f'<td{marked} data-head="{_text(column.head)}">{_cell(cell)}</td>')
    return f"<tr{past}>{''.join(cells)}</tr>"


def _cell(cell: TableCell) -> str:
    main = _verdict_chip(cell.text) if _is_verdict(cell.tone) else f'<span class="main">{_inline(cell.text)}</span>'
    if to := safe_address(cell.href):
        main = f'<a href="{_text(to)}">{main}</a>'
    return f'{main}<span class="sub">{_inline(cell.sub)}</span>' if cell.sub else main


def _verdict_chip(word: str) -> str:
    return f'<span class="chip {_slug(word)}">{_text(word)}</span>' if word else ""


def _is_verdict(tone: str) -> bool:
    from forecast.core.judgement import VERDICTS

    return tone in VERDICTS or tone in CLAIM_VERDICTS


def _numeric_class(column: Column) -> str:
    return ' class="n"' if column.numeric else ""


def _slug(text: str) -> str:
    """A word as a CSS class name; a verdict in the run's tables may be any text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())


def _text(text: str) -> str:
    return escape_.escape(printable_text(text), quote=True)


def _inline(text: str) -> str:
    return "".join(map(_piece, parse_markup(text)))


def _piece(piece: Piece) -> str:
    match piece:
        case Text():
            return _text(piece.text)
        case Code():
            return f"<code>{_text(piece.text)}</code>"
        case Bold():
            return f"<strong>{''.join(map(_piece, piece.inside))}</strong>"
        case Link():
            return f'<a href="{_text(piece.address)}">{"".join(map(_piece, piece.inside))}</a>'
