"""A page as a Word document: real headings, contents by links, tables with repeated heads, captions, figures with their text.

Texts are written as text alone: no field, link or macro can come from them. The document's own fields are the numbers of its
tables and figures.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from typing import Any

from forecast.core.control_characters import printable_text
from forecast.report.blocks import (
    Block,
    Bullets,
    Callout,
    Details,
    FigureBlock,
    FigurePanel,
    Heading,
    Prose,
    Statements,
    TableBlock,
    TableCell,
)
from forecast.report.figures.canvas import C, draw_pixels, encode_pixels
from forecast.report.inline_markup import Bold, Code, Link, Piece, Text, parse_markup, safe_address, strip_markup
from forecast.report.page import MANY, Page, column_shares
from forecast.report.renderers.optional_library import load

WIDTH = 17.0  # centimetres between the margins of an A4 page
_TINTS = {"pass": C["green"], "fail": C["orange"], "muted": C["muted"], "past": C["muted"]}
_DATE = (1980, 1, 1, 0, 0, 0)  # of every file inside the document, so that the same page gives the same bytes


def render_page(page: Page) -> bytes:
    """The document."""
    library = load("docx", "docx", "word", "python-docx")
    made = _Document(library.Document())
    made.set_up(page)
    for block in page.blocks:
        made.add(block)
    out = io.BytesIO()
    made.document.save(out)
    return _without_dates(out.getvalue())


class _Document:
    """A document being written; `depth` counts the folds that a Block stands in."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.depth = 0
        self.marks = 0
        self.counts = {"Table": 0, "Figure": 0}

    def set_up(self, page: Page) -> None:
        """A4, styles, properties."""
        from docx.shared import Cm, Pt

        section = self.document.sections[0]
        section.page_width, section.page_height = Cm(21.0), Cm(29.7)
        section.left_margin = section.right_margin = Cm((21.0 - WIDTH) / 2)
        section.top_margin = section.bottom_margin = Cm(2.0)
        styles = self.document.styles
        styles["Normal"].font.name, styles["Normal"].font.size = "Calibri", Pt(10.5)
        for name, size in (("Title", 22), ("Heading 1", 16), ("Heading 2", 13), ("Heading 3", 11), ("Caption", 9.5)):
            styles[name].font.size, styles[name].font.color.rgb = Pt(size), _rgb(C["ink"])
            styles[name].font.name = "Calibri"
        styles["Caption"].font.bold = False
        styles["Caption"].paragraph_format.keep_with_next = True
        properties = self.document.core_properties
        properties.title, properties.author, properties.comments = _plain(page.title)[:255], "", ""
        properties.created = properties.modified = dt.datetime.fromisoformat(page.data.as_of)
        self.chapters = [b for b in page.blocks if isinstance(b, Heading) and b.level == 2 and b.anchor]

    def add(self, block: Block) -> None:
        """A Block at the end of the document."""
        match block:
            case Heading(level=1):
                self._words(self.document.add_paragraph(style="Title"), block.text)
            case Heading():
                self._heading(block)
            case Prose():
                self._words(self.document.add_paragraph(), block.text, small=block.role in ("note", "footer"))
                if block.role == "lead":
                    self._contents()
            case Bullets():
                for text in block.items:
                    self._words(self.document.add_paragraph(style="List Number" if block.numbered else "List Bullet"), text)
            case Statements():
                for word, text in block.items:
                    paragraph = self.document.add_paragraph()
                    paragraph.add_run(f"{_plain(word).capitalize()}. ").italic = True
                    self._words(paragraph, text)
            case Callout():
                paragraph = self.document.add_paragraph(style="Intense Quote")
                paragraph.add_run("Note. " if block.tone == "note" else "Warning. ")
                self._words(paragraph, block.text)
            case TableBlock():
                self._table(block)
            case FigureBlock():
                self._figure(block)
            case Details():
                self._words(self.document.add_paragraph(style=f"Heading {min(2 + self.depth, 3)}"), block.summary)
                self.depth += 1
                for inner in block.blocks:
                    self.add(inner)
                self.depth -= 1

    def _heading(self, block: Heading) -> None:
        paragraph = self.document.add_paragraph(style=f"Heading {min(block.level - 1 + self.depth, 3)}")
        if block in self.chapters:  # a place that the contents point to
            self.marks += 1
            number = str(self.marks)
            paragraph._p.append(_element("w:bookmarkStart", id=number, name=_bookmark(block.anchor)))
            self._words(paragraph, block.text)
            paragraph._p.append(_element("w:bookmarkEnd", id=number))
        else:
            self._words(paragraph, block.text)

    def _contents(self) -> None:
        """The chapters as links inside the document, which need no update."""
        for chapter in self.chapters:
            paragraph = self.document.add_paragraph(style="List Bullet")
            link = _element("w:hyperlink", _run(_plain(chapter.short or chapter.text)), anchor=_bookmark(chapter.anchor))
            paragraph._p.append(link)

    def _caption(self, kind: str, text: str) -> None:
        """A caption with a number of its own, as Word counts them."""
        self.counts[kind] += 1
        paragraph = self.document.add_paragraph(style="Caption")
        paragraph.add_run(f"{kind} ").bold = True
        paragraph._p.append(_element("w:fldSimple", _run(str(self.counts[kind]), bold=True), instr=f" SEQ {kind} \\* ARABIC "))
        paragraph.add_run(". ")
        self._words(paragraph, text)

    def _table(self, table: TableBlock) -> None:
        self._caption("Table", table.caption)
        n = len(table.columns)
        upright = n >= MANY
        size = 14 if upright else 16  # half points
        part = self.document.part
        grid = [_element("w:gridCol", w=str(round(share * WIDTH * _TWIPS))) for share in column_shares(table)]
        borders = _element("w:tblBorders", *(_element(f"w:{side}", val="single", sz="4", color="BFC5CA") for side in _RULES))
        layout = _element(
            "w:tblPr", _element("w:tblW", w="5000", type="pct"), borders, _element("w:tblLayout", type="fixed"),
            _element("w:tblCellMar", *(_element(f"w:{side}", w="50", type="dxa") for side in ("left", "right"))),
        )  # fmt: skip
        heads = [_cell([_paragraph([_run(_plain(c.head), size, bold=True)], c.numeric and not upright)], upright and i > 0)
                 for i, c in enumerate(table.columns)]  # fmt: skip
        height = [_element("w:trHeight", val="1300", hRule="atLeast")] if upright else []
        first = _element("w:tr", _element("w:trPr", _element("w:cantSplit"), *height, _element("w:tblHeader")), *heads)
        rows = [first]
        for row in table.rows:
            if len(row) == 1 and n > 1:
                whole = _paragraph(_runs(part, parse_markup(row[0].text), size, bold=row[0].tone != "sentence"))
                cells = [_cell([whole], span=n)]
            else:
                cells = [_cell(_cell_paragraphs(part, c, k.numeric, size)) for c, k in zip(row, table.columns, strict=True)]
            rows.append(_element("w:tr", _element("w:trPr", _element("w:cantSplit")), *cells))
        self.document.element.body.insert_element_before(
            _element("w:tbl", layout, _element("w:tblGrid", *grid), *rows), "w:sectPr"
        )
        self._words(self.document.add_paragraph(), table.note, small=True)

    def _figure(self, figure: FigureBlock) -> None:
        from docx.shared import Cm

        across = 1 if figure.columns == 1 or len(figure.panels) == 1 else 2
        grid = self.document.add_table(rows=-(-len(figure.panels) // across), cols=across)
        for i, panel in enumerate(figure.panels):
            width = min(WIDTH / across - 0.4, panel.width / 72 * 2.54)
            paragraph = grid.rows[i // across].cells[i % across].paragraphs[0]
            paragraph.paragraph_format.keep_with_next = True  # the caption follows
            picture = paragraph.add_run().add_picture(io.BytesIO(encode_pixels(draw_pixels(panel))), width=Cm(width))
            said = picture._inline.docPr
            said.set("name", f"{figure.name} {i + 1}")
            said.set("title", _plain(panel.title or figure.title))
            said.set("descr", _alt(figure, panel, i + 1))
        self._caption("Figure", f"{figure.title}. {figure.caption}")
        if figure.key:
            self._words(self.document.add_paragraph(), "; ".join(f"{a}: {text}" for a, text in figure.key), small=True)

    def _words(self, paragraph: Any, text: str, small: bool = False) -> None:
        for run in _runs(self.document.part, parse_markup(text), 17 if small else 0):
            paragraph._p.append(run)


_TWIPS = 567  # in a centimetre
_RULES = ("top", "bottom", "insideH")


def _cell_paragraphs(part: Any, cell: TableCell, right: bool, size: int) -> list[Any]:
    tint = _TINTS.get(cell.tone, "")
    pieces = parse_markup(cell.text)
    if to := safe_address(cell.href):
        pieces = (Link((Text(strip_markup(cell.text)),), to),)
    paragraphs = [_paragraph(_runs(part, pieces, size, tint=tint), right)]
    if cell.sub:
        paragraphs.append(_paragraph(_runs(part, parse_markup(cell.sub), size - 3, tint=C["muted"]), right))
    return paragraphs


def _cell(paragraphs: Sequence[Any], upright: bool = False, span: int = 1) -> Any:
    kept = ([_element("w:gridSpan", val=str(span))] if span > 1 else []) + (
        [_element("w:textDirection", val="btLr")] if upright else []
    )
    return _element("w:tc", _element("w:tcPr", *kept), *paragraphs)


def _paragraph(runs: Sequence[Any], right: bool = False) -> Any:
    kept = [_element("w:spacing", before="20", after="20"), *([_element("w:jc", val="right")] if right else [])]
    return _element("w:p", _element("w:pPr", *kept), *runs)


def _runs(part: Any, pieces: Sequence[Piece], size: int = 0, bold: bool = False, tint: str = "") -> list[Any]:
    """Runs of text with its markup; an address becomes a link of the document."""
    out: list[Any] = []
    for piece in pieces:
        match piece:
            case Text():
                out.append(_run(printable_text(piece.text), size, bold, tint))
            case Code():
                out.append(_run(printable_text(piece.text), size, bold, tint, "Consolas"))
            case Bold():
                out += _runs(part, piece.inside, size, True, tint)
            case Link():
                inside = _runs(part, [p for p in piece.inside if not isinstance(p, Link)], size, bold, C["blue"])
                out += [_hyperlink(part, inside, piece.address)] if piece.address else inside
    return out


def _bookmark(anchor: str) -> str:
    """The name of a chapter's bookmark; Word takes letters, digits and underlines."""
    return f"chapter_{anchor.replace('-', '_')}"


def _hyperlink(part: Any, runs: Sequence[Any], address: str) -> Any:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import qn

    if address.startswith("#"):  # a chapter of the page
        return _element("w:hyperlink", *runs, anchor=_bookmark(address[1:]))
    made = _element("w:hyperlink", *runs)
    made.set(qn("r:id"), part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    return made


def _run(text: str, size: int = 0, bold: bool = False, tint: str = "", font: str = "") -> Any:
    """A run of text; size in half points."""
    from docx.oxml.ns import qn

    kept = []
    if font:
        kept.append(_element("w:rFonts", ascii=font, hAnsi=font))
    if bold:
        kept.append(_element("w:b"))
    if tint:
        kept.append(_element("w:color", val=tint.removeprefix("#").upper()))
    if size:
        kept.append(_element("w:sz", val=str(size)))
    words = _element("w:t")
    words.text = text
    words.set(qn("xml:space"), "preserve")
    return _element("w:r", _element("w:rPr", *kept), words)


def _element(tag: str, /, *children: Any, **attributes: str) -> Any:
    """An element of the document's XML with its children."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(tag)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    for child in children:
        made.append(child)
    return made


def _rgb(color: str) -> Any:
    from docx.shared import RGBColor

    return RGBColor.from_string(color.removeprefix("#").upper())


def _alt(figure: FigureBlock, panel: FigurePanel, i: int) -> str:
    """The alternative text of one panel: what the figure is, which panel this is, and the last value that can be read."""
    which = f" Panel {i} of {len(figure.panels)}: {panel.title}." if len(figure.panels) > 1 and panel.title else ""
    last = f" Last: {panel.readings[-1][1]}." if panel.readings else ""
    return _plain(f"{figure.alt if len(figure.panels) == 1 or not which else figure.title}.{which}{last}")


def _plain(text: str) -> str:
    return printable_text(strip_markup(text))


def _without_dates(document: bytes) -> bytes:
    """The same archive without the time at which it was written."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, _DATE), old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()
