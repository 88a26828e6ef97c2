"""A page as one self-contained HTML file: light and dark, wide and narrow, on screen and on paper, without network access.

Everything is readable without JavaScript; a script of ours sorts and filters tables and shows values under the pointer. The
page's own policy lets no other script run, whatever its texts hold.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html as escape_
import json
import math
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
    FigurePanel,
    Heading,
    Prose,
    Statements,
    TableBlock,
    TableCell,
)
from forecast.report.figures.canvas import PALETTE, scope_ids
from forecast.report.inline_markup import Bold, Code, Link, Piece, Text, parse_markup, safe_address, strip_markup
from forecast.report.page import MANY, Page, title

_LIGHT = {light: f"var(--{name})" for name, (light, _) in PALETTE.items()}
_HEX = re.compile("|".join(_LIGHT))
_LIGHT_VARIABLE = re.compile(rf"var\(--({'|'.join(PALETTE)})\)")
_GRID = {1: "panels one", 2: "panels two"}
_LONG = 120  # rows above which a table scrolls in a window of its own
_LINE = (92, 20)  # width and height of a line chart in a cell


def render_page(page: Page) -> str:
    """The whole page as a file."""
    return render(page.blocks)


def render(blocks: Sequence[Block], fixed_colors: bool = False) -> str:
    """The whole page; `fixed_colors` are those of the light palette alone, for a program that knows no CSS variables in SVG."""
    chapters = [b for b in blocks if isinstance(b, Heading) and b.level == 2]
    links = "".join(f'<li><a href="#{_text(c.anchor)}">{_text(c.short or c.text)}</a></li>' for c in chapters if c.anchor)
    contents = f'<nav aria-label="Contents"><ul>{links}</ul></nav>\n' if links else ""
    body = "\n".join(_block(b) for b in blocks)
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title(blocks))}</title>\n<style>\n{stylesheet()}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#content">To the text</a>\n<div class="page">\n'
        f'{contents}<main id="content">\n{body}\n</main>\n</div>\n{script_element()}\n</body>\n</html>\n'
    )
    return _LIGHT_VARIABLE.sub(lambda m: PALETTE[m[1]][0], page) if fixed_colors else page


def script_element() -> str:
    """The page's only script; nothing of the run is in it."""
    return f"<script>{_script()}</script>"


@functools.cache
def _script() -> str:
    return resources.files("forecast.report.renderers").joinpath("page.js").read_text("utf-8")


def _policy() -> str:
    """The page's Content-Security-Policy: its own script by its hash, its own style, nothing from elsewhere."""
    digest = base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def stylesheet() -> str:
    """The page's style with the figures' palette, light and dark."""
    css = resources.files("forecast.report.renderers").joinpath("page.css").read_text("utf-8")
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
    panels = "\n".join(_panel(p, f"{_slug(figure.name)}-{i}-", figure.alt) for i, p in enumerate(figure.panels, 1))
    key = "".join(f"<li><b>{_text(letter)}</b>{_inline(text)}</li>" for letter, text in figure.key)
    below = f'<ul class="key">{key}</ul>' if key else ""
    scrolls = f' tabindex="0" role="group" aria-label="{_text(strip_markup(figure.title))}"' if figure.columns == 1 else ""
    return (
        f'<figure id="fig-{_text(figure.name)}" aria-label="{_text(figure.alt)}">'
        f'<p class="title">{_inline(figure.title)}</p>\n'
        f'<div class="{_GRID.get(figure.columns, "panels")}"{scrolls}>{panels}</div>\n'
        f"<figcaption>{_inline(figure.caption)}{below}</figcaption></figure>"
    )


def _panel(panel: FigurePanel, prefix: str, alt: str) -> str:
    """A drawing in the page's colours, with ids of its own and its values for the pointer."""
    svg = _HEX.sub(lambda m: _LIGHT[m[0]], scope_ids(panel.svg, prefix))
    told = f' role="img" aria-label="{_text(panel.title or alt)}"'
    if panel.readings:
        told += f' data-readings="{_text(json.dumps([[round(x), words] for x, words in panel.readings], ensure_ascii=False))}"'
    return svg.replace("<svg ", f"<svg{told} ", 1)


def _table(table: TableBlock) -> str:
    heads = "".join(f'<th scope="col"{_numeric_class(c)}><span>{_inline(c.head)}</span></th>' for c in table.columns)
    rows = "\n".join(_row(row, table.columns) for row in table.rows)
    cols = f"<colgroup>{'<col>' * len(table.columns)}</colgroup>" if table.stacked else ""
    note = f'<p class="source">{_inline(table.note)}</p>' if table.note else ""
    kind = "stacked" if table.stacked else "scroll wide" if len(table.columns) >= MANY else "scroll"
    kind += " long" if len(table.rows) > _LONG else ""
    inside = "" if table.stacked else f' tabindex="0" role="group" aria-label="{_text(strip_markup(table.caption))}"'
    return (
        f'<div class="table {kind}"><p class="caption">{_inline(table.caption)}</p>'
        f'<div class="inside"{inside}><table aria-label="{_text(strip_markup(table.caption))}">{cols}'
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
        number = f' data-value="{cell.value:.6g}"' if cell.value is not None and math.isfinite(cell.value) else ""
        cells.append(f'<td{marked}{number} data-head="{_text(column.head)}">{_cell(cell)}</td>')
    return f"<tr{past}>{''.join(cells)}</tr>"


def _cell(cell: TableCell) -> str:
    main = _verdict_chip(cell.text) if _is_verdict(cell.tone) else f'<span class="main">{_inline(cell.text)}</span>'
    if to := safe_address(cell.href):
        main = f'<a href="{_text(to)}">{main}</a>'
    if cell.line:
        main = f"{main}{_line_chart(cell.line)}"
    return f'{main}<span class="sub">{_inline(cell.sub)}</span>' if cell.sub else main


def _line_chart(values: Sequence[float]) -> str:
    """Values in a line as high as a word; a gap in them is a gap in the line. Its scale is its own."""
    known = [v for v in values if math.isfinite(v)]
    if not known:
        return ""
    width, height = _LINE
    low, high = min(known), max(known)
    step = (width - 4) / max(len(values) - 1, 1)
    path, pen = [], "M"
    for i, value in enumerate(values):
        if math.isfinite(value):
            y = height - 2 - (height - 4) * ((value - low) / (high - low) if high > low else 0.5)
            path.append(f"{pen}{2 + i * step:.0f} {y:.0f}")
        pen = "L" if math.isfinite(value) else "M"
    return f'<svg class="line" viewBox="0 0 {width} {height}" aria-hidden="true"><path d="{"".join(path)}"/></svg>'


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
