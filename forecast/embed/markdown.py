"""Markdown and Quarto: `<!--fc KEY-->...<!--/fc-->`, outside code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from forecast.core.errors import DataError
from forecast.embed.slots import GAP, Figure, Slot, Table, Value, one_line, sentence_around

OPEN = re.compile(r"<!--\s*fc\s+(.*?)\s*-->", re.DOTALL)
CLOSE = re.compile(r"<!--\s*/fc\s*-->")
FILLED = re.compile(r"<!--\s*fc\s.*?<!--\s*/fc\s*-->", re.DOTALL)
FENCE = re.compile(r"^[ ]{0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^[ ]{0,3}\1[`~]*[ \t]*\r?$|\Z)", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)")
SPECIAL = re.compile(r"([\\`*_{}\[\]#|~$@^!])")


def slots(data: bytes) -> list[Slot]:
    """The marked places in their order."""
    text = _text(data)
    return [_slot(text, start, end, match) for start, end, match in _places(text)]


def fill(data: bytes, values: Sequence[Value | None], files: Mapping[str, str]) -> bytes:
    """The document with a value in each of its slots, None where it stays; `files` are paths of figures by their name."""
    text, out, at = _text(data), [], 0
    newline = "\r\n" if "\r\n" in text else "\n"
    for (start, end, _), value in zip(_places(text), values, strict=True):
        if value is not None:
            out += [text[at:start], shown(value, files).replace("\n", newline)]
            at = end
    return "".join([*out, text[at:]]).encode("utf-8")


def shown(value: Value, files: Mapping[str, str]) -> str:
    """A value as Markdown writes it; a table and a figure stand between empty lines."""
    if isinstance(value, Figure):
        return f"\n\n![{escape(value.alt)}]({files[value.name]})\n\n"
    if isinstance(value, Table):
        return f"\n\n{_table(value)}\n\n"
    return escape(value)


def escape(text: str) -> str:
    """A text that is read as it is: no markup, no HTML, no shortcode, no end of a comment."""
    text = SPECIAL.sub(r"\\\1", one_line(text.replace("\n", "; ")))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _table(table: Table) -> str:
    width = len(table.heads)
    rows = [[*row, *[""] * (width - len(row))] for row in table.rows]
    lines = [table.heads, ["--:" if numeric else ":--" for numeric in table.numeric], *rows]
    cells = [f"| {' | '.join(cell if i == 1 else escape(cell) for cell in line)} |" for i, line in enumerate(lines)]
    note = ["", escape(table.note)] if table.note else []
    return "\n".join([f"**{escape(table.caption)}**", "", *cells, *note] if table.caption else [*cells, *note])


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError("the document is not UTF-8 text", where=f"byte {error.start}", hint="save it as UTF-8") from None


def _places(text: str) -> list[tuple[int, int, re.Match[str]]]:
    """First and last position of each slot's content, and its opening mark."""
    code = [(m.start(), m.end()) for m in FENCE.finditer(text)]
    code += [(m.start(), m.end()) for m in CODE.finditer(text) if not _inside(m.start(), code)]
    opened = [m for m in OPEN.finditer(text) if not _inside(m.start(), code)]
    found = []
    for i, mark in enumerate(opened):
        end = CLOSE.search(text, mark.end())
        following = opened[i + 1].start() if i + 1 < len(opened) else len(text)
        if end is None or end.start() > following:
            raise DataError(
                f"the mark of '{mark[1]}' is not closed", where=_line(text, mark.start()), hint="<!--/fc--> behind it"
            )
        found.append((mark.end(), end.start(), mark))
    return found


def _inside(at: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in ranges)


def _line(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}"


def _slot(text: str, start: int, end: int, mark: re.Match[str]) -> Slot:
    before, after = text[: mark.start()], CLOSE.sub("", text[end:], count=1)
    begin = max(before.rfind("\n\n"), before.rfind("\r\n\r\n"), 0)
    close = min([at for at in (after.find("\n\n"), after.find("\r\n\r\n")) if at >= 0] or [len(after)])
    blanked = [
        re.sub(r"<!--\s*fc\s.*?<!--\s*/fc\s*-->", GAP, part, flags=re.DOTALL) for part in (before[begin:], after[:close])
    ]
    context = sentence_around(f"{blanked[0]}{GAP}{blanked[1]}", len(blanked[0]))
    return Slot(" ".join(mark[1].split()), text[start:end], _line(text, mark.start()), context)
