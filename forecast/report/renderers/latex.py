r"""A page as a LaTeX document: booktabs and longtable, figures as PDF files, for pdfLaTeX, XeLaTeX and LuaLaTeX.

All text is escaped here and nowhere else, so that no title or note can hold a command. A document of yours may ``\input`` the
whole file: the package docmute leaves out its preamble.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from forecast.core.control_characters import one_line
from forecast.report.blocks import (
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
from forecast.report.inline_markup import Bold, Code, Link, Piece, Text, parse_markup, safe_address, strip_markup
from forecast.report.page import MANY, Page, column_shares

_LEVELS = {2: "section", 3: "subsection"}
_COMMANDS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': r"\textquotedbl{}", "`": r"\textasciigrave{}", "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip
_SIGNS = {
    "\u00a0": "~", "\u2212": r"\ensuremath{-}", "–": r"\textendash{}", "—": r"\textemdash{}",
    "…": r"\dots{}", "×": r"\ensuremath{\times}",
    "“": "``", "”": "''", "‘": "`", "’": "'", "≤": r"\ensuremath{\leq}", "≥": r"\ensuremath{\geq}", "±": r"\ensuremath{\pm}",
    "✓": r"\ensuremath{\surd}", "✗": r"\ensuremath{\times}", "▲": r"\ensuremath{\triangle}", "→": r"\ensuremath{\to}",
    "·": r"\ensuremath{\cdot}", "°": r"\ensuremath{{}^\circ}", "²": r"\ensuremath{{}^2}",
}  # fmt: skip
_PREAMBLE = r"""% Made by the package forecast. In a document of your own: \usepackage{docmute}, the packages below, and \input.
\documentclass[a4paper,10pt]{article}
\usepackage{iftex}
\ifPDFTeX\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\usepackage{lmodern}\else\usepackage{fontspec}\fi
\usepackage{textcomp}
\usepackage[margin=20mm]{geometry}
\usepackage{array,booktabs,longtable,pdflscape,graphicx,caption}
\usepackage[hidelinks]{hyperref}
\setlength{\emergencystretch}{3em}
\setlength{\parindent}{0pt}\setlength{\parskip}{4pt}
\setlength{\tabcolsep}{3pt}
\captionsetup{font=small,labelfont=bf,justification=raggedright,singlelinecheck=false}
"""


def render_page(page: Page) -> str:
    """The document."""
    body = "\n\n".join(filter(None, map(_block, page.blocks)))
    unknown = sorted({c for c in body if ord(c) > 0xFF})
    return f"{_PREAMBLE}{''.join(map(_declare, unknown))}\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"


def _declare(letter: str) -> str:
    """A letter by its number where pdfLaTeX has no form for it; the other programs take it from their font."""
    number = f"{ord(letter):04X}"
    known = rf"\ifcsname u8:\detokenize{{{letter}}}\endcsname"
    return rf"\ifPDFTeX{known}\else\DeclareUnicodeCharacter{{{number}}}{{\texttt{{U+{number}}}}}\fi\fi" + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(level=1):
            return rf"{{\LARGE\bfseries {_inline(block.text)}\par}}"
        case Heading():
            name = _label(block.anchor)
            label = rf"\hypertarget{{{name}}}{{}}\label{{{name}}}" if name else ""
            return rf"\{_LEVELS.get(block.level, 'subsubsection')}*{{{_inline(block.text)}}}{label}"
        case Prose():
            small = block.role in ("note", "footer")
            return rf"{{\footnotesize {_inline(block.text)}\par}}" if small else _inline(block.text)
        case Bullets():
            kind = "enumerate" if block.numbered else "itemize"
            return _list(kind, (_inline(text) for text in block.items))
        case Statements():
            return _list("itemize", (rf"\emph{{{_inline(word.capitalize())}.}} {_inline(text)}" for word, text in block.items))
        case Callout():
            word = "Note" if block.tone == "note" else "Warning"
            return rf"\begin{{quote}}\textbf{{{word}.}} {_inline(block.text)}\end{{quote}}"
        case TableBlock():
            return _table(block)
        case FigureBlock():
            return _figure(block)
        case Details():
            return "\n\n".join([rf"\subsubsection*{{{_inline(block.summary)}}}", *filter(None, map(_block, block.blocks))])


def _list(kind: str, items: Iterable[str]) -> str:
    lines = "\n".join(rf"\item {{}}{item}" for item in items)
    return f"\\begin{{{kind}}}\n{lines}\n\\end{{{kind}}}" if lines else ""


def _figure(figure: FigureBlock) -> str:
    """Panels side by side with a caption; not a float, since many panels are longer than a page."""
    width = "0.98" if figure.columns == 1 or len(figure.panels) == 1 else "0.49"
    panels = "\n".join(
        rf"\includegraphics[width={width}\linewidth]{{figures/{_label(figure.name)}-{i}.pdf}}"
        for i, _ in enumerate(figure.panels, 1)
    )
    letters = "; ".join(f"{_inline(a)}: {_inline(text)}" for a, text in figure.key)
    key = rf"{{\footnotesize {letters}\par}}" if letters else ""
    caption = f"{_inline(figure.title)}. {_inline(figure.caption)}"
    return "\n".join(
        filter(None, (
            r"\begin{center}", f"% {one_line(strip_markup(figure.alt))}", panels, r"\end{center}",
            rf"\captionof{{figure}}[{{{_inline(figure.title)}}}]{{{caption}}}\label{{fig:{_label(figure.name)}}}", key,
        ))
    )  # fmt: skip


def _table(table: TableBlock) -> str:
    n = len(table.columns)
    heads = [_inline(c.head) for c in table.columns]
    if n >= MANY:
        heads = [heads[0], *(rf"\rotatebox{{90}}{{{head}}}" for head in heads[1:])]
    head = " & ".join(heads) + r" \\"
    lines = [
        rf"\begin{{longtable}}{{{_columns(table)}}}",
        rf"\caption{{{_inline(table.caption)}}}\\", r"\toprule", head, r"\midrule", r"\endfirsthead",
        r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot",
    ]  # fmt: skip
    lines += [_row(row, table.columns) for row in table.rows]
    lines.append(r"\end{longtable}")
    note = rf"{{\footnotesize {_inline(table.note)}\par}}" if table.note else ""
    size = r"\scriptsize" if n >= MANY else r"\footnotesize"
    made = "\n".join(filter(None, (f"{{{size}", *lines, "}", note)))
    return f"\\begin{{landscape}}\n{made}\n\\end{{landscape}}" if n >= MANY else made


def _columns(table: TableBlock) -> str:
    """The column types: shares of the line, so that the table is as wide as the page."""
    side = {True: r">{\raggedleft\arraybackslash}", False: r">{\raggedright\arraybackslash}"}
    parts = (
        rf"{side[c.numeric]}p{{\dimexpr {share:.3f}\linewidth-2\tabcolsep\relax}}"
        for c, share in zip(table.columns, column_shares(table), strict=True)
    )
    return "@{}" + "".join(parts) + "@{}"


def _row(row: Sequence[TableCell], columns: Sequence[Column]) -> str:
    n = len(columns)
    if len(row) == 1 and n > 1:
        words = _inline(row[0].text)
        words = words if row[0].tone == "sentence" else rf"\textbf{{{words}}}"
        return rf"\multicolumn{{{n}}}{{@{{}}p{{\linewidth}}@{{}}}}{{{words}}} \\"
    return " & ".join(map(_cell, row)) + r" \\"


def _cell(cell: TableCell) -> str:
    text = _inline(cell.text)
    if to := safe_address(cell.href):
        text = _link(text, to)
    return rf"{text}\newline {{\scriptsize {_inline(cell.sub)}}}" if cell.sub else text


def _inline(text: str) -> str:
    return "".join(map(_piece, parse_markup(text)))


def _piece(piece: Piece) -> str:
    match piece:
        case Text():
            return _escape(piece.text)
        case Code():
            return rf"\texttt{{{_escape(piece.text)}}}"
        case Bold():
            return rf"\textbf{{{''.join(map(_piece, piece.inside))}}}"
        case Link():
            inner = "".join(map(_piece, piece.inside))
            return _link(inner, piece.address) if piece.address else inner


def _link(inner: str, address: str) -> str:
    if address.startswith("#"):  # a chapter of the page
        return rf"\hyperlink{{{_label(address[1:])}}}{{{inner}}}"
    to = quote(address, safe="%/:?&=#+,;@!~'.-_")
    return rf"\href{{{re.sub(r'[%#&_~]', lambda m: chr(92) + m[0], to)}}}{{{inner}}}"


def _escape(text: str) -> str:
    """Every character that LaTeX could read as more than itself, by the command that prints it."""
    return "".join(_COMMANDS.get(c) or _SIGNS.get(c) or c for c in text).replace("--", "-{}-")


def _label(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)
