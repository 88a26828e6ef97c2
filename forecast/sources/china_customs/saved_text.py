"""Text of a file saved by hand: its encoding found, and the tables of a page as grids."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from forecast.core.input_files import InputFile

ENCODINGS = ("utf-8", "gb18030")  # the query writes GB18030; UTF-8 first, since its bytes are valid GB18030 too, as nonsense
MAX_PAGE_BYTES = 1 << 24
LARGEST_SPAN = 64  # columns or rows that one cell of a table can cover
MOST_COLUMNS = 200
MOST_ROWS = 20_000
UNSEEN = ("script", "style")


def decode(file: InputFile, most: int | None = None) -> str:
    """The text of a file in UTF-8, UTF-16 with its mark, or GB18030."""
    data = file.data(most) if most else file.data()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        candidates: tuple[str, ...] = ("utf-16",)
    elif data.startswith(b"\xef\xbb\xbf"):
        candidates = ("utf-8-sig",)
    else:
        candidates = ENCODINGS
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise file.refusal(
        "the file is neither UTF-8 nor GB18030 text", "the file as the website gave it, not opened and saved again"
    )


@dataclass
class _Table:
    rows: list[list[str]] = field(default_factory=list)
    covering: dict[int, tuple[str, int]] = field(default_factory=dict)  # column -> text of a cell above, and its last row

    def fill(self) -> None:
        """Fill the next places of the last row that a cell of an earlier row covers."""
        row, down = self.rows[-1], len(self.rows) - 1
        while len(row) < MOST_COLUMNS and down <= self.covering.get(len(row), ("", -1))[1]:
            row.append(self.covering[len(row)][0])


class _TableParser(HTMLParser):
    """Collects tables as rows of cell texts, a spanning cell's text in every place it covers, and the texts around them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self.title = ""
        self.texts: list[tuple[str, str]] = []  # class of an element, and the text directly in it
        self._open: list[_Table] = []
        self._cell: tuple[int, int] | None = None
        self._text: list[str] = []
        self._unseen = 0
        self._in_title = False
        self._classes: list[str] = []

    @property
    def is_cut(self) -> bool:
        """Whether a table was still open at the end."""
        return bool(self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "title":
            self._in_title = True
        elif tag in UNSEEN:
            self._unseen += 1
        if tag == "div":
            self._classes.append(values.get("class") or "")
        if tag == "table":
            self._close_cell()
            self._open.append(_Table())
            self.tables.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._close_cell()
            if self._open[-1].rows:
                self._open[-1].fill()
            if len(self._open[-1].rows) < MOST_ROWS:
                self._open[-1].rows.append([])
        elif tag in ("td", "th") and self._open and self._open[-1].rows:
            self._close_cell()
            self._cell = (_span(values.get("colspan")), _span(values.get("rowspan")))
            self._text = []
        elif tag == "br" and self._cell:
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if tag == "div" and self._classes:
            self._classes.pop()
        if tag in ("td", "th", "tr"):
            self._close_cell()
        elif tag == "table" and self._open:
            self._close_cell()
            if self._open[-1].rows:
                self._open[-1].fill()
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._unseen and self._cell:
            self._text.append(data)
        elif not self._unseen and self._classes and data.strip():
            self.texts.append((self._classes[-1], _one_line(data)))

    def _close_cell(self) -> None:
        """Put the cell that is open into its row, and into the places it spans."""
        if self._cell is None or not self._open:
            self._cell = None
            return
        table, (width, height), text = self._open[-1], self._cell, _one_line("".join(self._text))
        self._cell = None
        table.fill()
        row, down = table.rows[-1], len(table.rows) - 1
        for _ in range(min(width, MOST_COLUMNS - len(row))):
            if height > 1:
                table.covering[len(row)] = text, down + height - 1
            row.append(text)


def _span(text: str | None) -> int:
    """The number of places that a colspan or rowspan covers; one where it says nothing sensible."""
    match = re.match(r"\s*(\d{1,4})", text or "", re.ASCII)
    return min(max(int(match[1]), 1), LARGEST_SPAN) if match else 1


def _one_line(text: str) -> str:
    """The text with every run of blanks, no-break ones too, as one space."""
    return " ".join(text.replace("\u00a0", " ").replace("\u3000", " ").split())


@dataclass(frozen=True)
class SavedPage:
    """The parts of a saved page: its title, texts by the class of their block, tables as grids of text, and its address."""

    title: str
    texts: tuple[tuple[str, str], ...]
    tables: tuple[tuple[tuple[str, ...], ...], ...]
    address: str

    def text_of(self, block: str) -> str:
        """The first text in a block of a class, or an empty text."""
        return next((text for name, text in self.texts if name == block), "")


def read_page(path: Path) -> SavedPage:
    """A page saved as HTML."""
    file = InputFile(path, "page", hint="the page saved as 'Webpage, HTML only'")
    text = decode(file, MAX_PAGE_BYTES)
    if re.match(r"\s*(From: |MIME-Version:)", text):
        raise file.refusal("this is a web archive in one file (.mhtml)", "save the page as 'Webpage, HTML only'")
    parser = _TableParser()
    try:
        parser.feed(text)
        parser.close()
    except (
        AssertionError,
        ValueError,
        IndexError,
        RecursionError,
    ) as error:  # the parser of Python raises these on broken HTML
        raise file.refusal(f"the page cannot be read: {error or type(error).__name__}", "the page saved once more") from None
    if parser.is_cut:
        raise file.refusal("the page ends in the middle of a table", "the page saved once more, when it has loaded to its end")
    saved = re.search(r"<!--\s*saved from url=\(\d+\)(https?://[^\s>]{1,300})", text)
    tables = tuple(tuple(tuple(row) for row in table.rows) for table in parser.tables)
    return SavedPage(_one_line(parser.title), tuple(parser.texts), tables, saved[1] if saved else "")
