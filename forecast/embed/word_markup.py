"""Runs, tables and pictures as WordprocessingML."""

from __future__ import annotations

import re

from forecast.embed.slots import Figure, Table
from forecast.embed.xml_places import attribute_of, text_of

EMU = 360_000  # units of a drawing in a centimetre
WIDTH = 16 * EMU  # of a picture whose width the author has not set: the text of an A4 page
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
PAGE = 9000  # width of the text of a page, in twentieths of a point
SMALL = b'<w:rPr><w:sz w:val="16"/></w:rPr>'
LOOK = (
    b'<w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>'
    b'<w:top w:val="single" w:sz="8" w:space="0" w:color="auto"/><w:bottom w:val="single" w:sz="8" w:space="0" w:color="auto"/>'
    b'<w:insideH w:val="single" w:sz="2" w:space="0" w:color="BFBFBF"/></w:tblBorders></w:tblPr>'
)


def run(text: str, format_: bytes, bold: bool = False) -> bytes:
    """A run of text with the properties of another, given as they are written."""
    format_ = format_ or (b"<w:rPr><w:b/></w:rPr>" if bold else b"")
    return b"<w:r>" + format_ + f'<w:t xml:space="preserve">{text_of(text)}</w:t>'.encode() + b"</w:r>"


def paragraph(runs: bytes, properties: str = "") -> bytes:
    """A paragraph around runs."""
    return f"<w:p>{properties and f'<w:pPr>{properties}</w:pPr>'}".encode() + runs + b"</w:p>"


def tabular(table: Table, look: bytes) -> bytes:
    """A table with its caption above it and a heading row that is repeated on every page; `look` are its properties."""
    width = len(table.heads)
    widths = [round(PAGE * share) for share in table.shares]
    grid = b"<w:tblGrid>" + b"".join(b'<w:gridCol w:w="%d"/>' % w for w in widths) + b"</w:tblGrid>"
    head = b"".join(_cell(*one, bold=True) for one in zip(table.heads, table.numeric, widths, strict=True))
    rows = [b"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>" + head + b"</w:tr>"]
    for row in table.rows:
        if len(row) == 1 < width:
            cells = _cell(row[0], False, PAGE, span=width)
        else:
            cells = b"".join(_cell(*one) for one in zip(row, table.numeric, widths, strict=True))
        rows.append(b"<w:tr><w:trPr><w:cantSplit/></w:trPr>" + cells + b"</w:tr>")
    caption = paragraph(run(table.caption, b""), '<w:pStyle w:val="Caption"/><w:keepNext/>') if table.caption else b""
    return caption + b"<w:tbl>" + (look or LOOK) + grid + b"".join(rows) + b"</w:tbl>"


def _cell(text: str, numeric: bool, width: int, bold: bool = False, span: int = 1) -> bytes:
    merged = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    side = '<w:spacing w:after="0"/>' + ('<w:jc w:val="right"/>' if numeric else "")
    first, *more = text.split("\n")
    lines = [paragraph(run(first, b"", bold), side), *(paragraph(run(line, SMALL), side) for line in more)]
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{merged}</w:tcPr>'.encode() + b"".join(lines) + b"</w:tc>"


def drawing(figure: Figure, relation_: str, width: int, number: int) -> bytes:
    """A run with a picture of a width in drawing units, its alternative text with it."""
    pixels = figure.size
    across = width or WIDTH
    down = round(across * pixels[1] / max(pixels[0], 1))
    name, alt = attribute_of(figure.name), attribute_of(figure.alt)
    text = (
        f'<w:r><w:drawing><wp:inline xmlns:wp="{DRAWING}/wordprocessingDrawing" distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{across}" cy="{down}"/><wp:docPr id="{number}" name={name} descr={alt}/>'
        f'<a:graphic xmlns:a="{DRAWING}/main"><a:graphicData uri="{DRAWING}/picture"><pic:pic xmlns:pic="{DRAWING}/picture">'
        f'<pic:nvPicPr><pic:cNvPr id="{number}" name={name} descr={alt}/><pic:cNvPicPr/></pic:nvPicPr>'
        f'<pic:blipFill><a:blip xmlns:r="{OFFICE}" r:embed={attribute_of(relation_)}/><a:stretch><a:fillRect/></a:stretch>'
        f'</pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{across}" cy="{down}"/></a:xfrm>'
        f'<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline>'
        f"</w:drawing></w:r>"
    )
    return text.encode()


def own_width(control: bytes) -> int:
    """The width that a picture in a control has; 0 if there is none."""
    found = re.search(rb'<wp:extent\b[^>]*\bcx="(\d+)"', control)
    return int(found[1]) if found else 0


def relation(rels: bytes, ident: str, target: str) -> bytes:
    """The relations of a part with that to a picture among them."""
    made = f'<Relationship Id={attribute_of(ident)} Type="{OFFICE}/image" Target={attribute_of(target)}/>'.encode()
    if b"</Relationships>" in rels:
        return rels.replace(b"</Relationships>", made + b"</Relationships>")
    head = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="{RELATIONS}">'.encode()
    return head + made + b"</Relationships>"


def media_type(types: bytes) -> bytes:
    """The types of a document's parts with that of PNG pictures among them."""
    if re.search(rb'Extension="png"', types, re.IGNORECASE):
        return types
    return re.sub(rb"(<Types\b[^>]*>)", rb'\1<Default Extension="png" ContentType="image/png"/>', types, count=1)
