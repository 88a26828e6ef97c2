r"""LaTeX: `\fc{KEY}{...}`, outside comments and verbatim text. In a key a percent sign is written `\%`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from forecast.core.errors import DataError
from forecast.embed.slots import GAP, Figure, Slot, Table, Value, one_line, sentence_around

MACRO = re.compile(r"\\fc\s*(?=\{)")
LONG = 30  # characters of a cell from which on columns have widths and lines break
SKIPPED = re.compile(
    r"(?<!\\)(?:\\\\)*%[^\n]*|\\begin\{(verbatim\*?|lstlisting|comment)\}.*?\\end\{\1\}|\\verb\*?([^A-Za-z\s*]).*?\2", re.DOTALL
)
SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\u00a0": "~", "\u202f": r"\,", "−": r"\ensuremath{-}",
    "×": r"\ensuremath{\times}", "≤": r"\ensuremath{\leq}", "≥": r"\ensuremath{\geq}", "–": "--", "—": "---",
    "“": "``", "”": "''", "‘": "`", "’": "'", "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "…": r"\ldots{}",
    "→": r"\ensuremath{\rightarrow}", "§": r"\S{}", "·": r"\ensuremath{\cdot}",
}  # fmt: skip


def slots(data: bytes) -> list[Slot]:
    """The marked places in their order."""
    text = _text(data)
    places = _places(text)
    spans = [(start, end) for start, _, _, end, _ in places]
    return [_slot(text, place, spans) for place in places]


def fill(data: bytes, values: Sequence[Value | None], files: Mapping[str, str]) -> bytes:
    """The document with a value in each of its slots, None where it stays; `files` are paths of figures by their name."""
    text, out, at = _text(data), [], 0
    newline = "\r\n" if "\r\n" in text else "\n"
    for (_, start, end, _, _), value in zip(_places(text), values, strict=True):
        if value is not None:
            out += [text[at:start], shown(value, files).replace("\n", newline)]
            at = end
    return "".join([*out, text[at:]]).encode("utf-8")


def shown(value: Value, files: Mapping[str, str]) -> str:
    """A value as LaTeX writes it; a table needs the package booktabs, a figure graphicx."""
    if isinstance(value, Figure):
        return f"\\includegraphics[width=\\linewidth]{{{files[value.name]}}}"
    return _table(value) if isinstance(value, Table) else escape(value)


def escape(text: str) -> str:
    """A text that is read as it is, with signs that every engine knows."""
    return "".join(SIGNS.get(c, c) for c in one_line(text.replace("\n", "; ")))


def _table(table: Table) -> str:
    width = len(table.heads)
    long = max((len(cell) for row in table.rows if len(row) == width for cell in row), default=0) > LONG
    wide = [f"p{{{0.9 * share:.2f}\\linewidth}}" for share in table.shares]
    columns = "".join(wide if long else ["r" if numeric else "l" for numeric in table.numeric])
    lines = [f"\\begin{{tabular}}{{{columns}}}", "\\toprule", _row(table.heads), "\\midrule"]
    for row in table.rows:
        group = len(row) == 1 < width
        lines.append(f"\\multicolumn{{{width}}}{{p{{0.9\\linewidth}}}}{{{escape(row[0])}}} \\\\" if group else _row(row))
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def _row(cells: Sequence[str]) -> str:
    return f"{' & '.join(map(escape, cells))} \\\\"


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError("the document is not UTF-8 text", where=f"byte {error.start}", hint="save it as UTF-8") from None


def _places(text: str) -> list[tuple[int, int, int, int, str]]:
    """Of each slot: where its macro begins, where its content begins and ends, where its macro ends, and its key."""
    skipped = [(m.start(), m.end()) for m in SKIPPED.finditer(text)]
    found: list[tuple[int, int, int, int, str]] = []
    for mark in MACRO.finditer(text):
        if any(start <= mark.start() < end for start, end in skipped) or text[: mark.start()].endswith("\\"):
            continue
        if found and mark.start() < found[-1][3]:
            continue  # within the content of another slot, which is written anew
        key, after = _group(text, mark.end())
        opened = re.compile(r"\s*").match(text, after)
        content = opened.end() if opened else after
        if text[content : content + 1] != "{":
            raise DataError(
                f"the mark of '{key}' has no second pair of braces", where=_line(text, mark.start()), hint=r"\fc{KEY}{}"
            )
        shown_text, end = _group(text, content)
        name = " ".join(re.sub(r"\\([%_#&$])", r"\1", key).split())
        found.append((mark.start(), content + 1, content + 1 + len(shown_text), end, name))
    return found


def _group(text: str, at: int) -> tuple[str, int]:
    """The content of the pair of braces that opens at a position, and the position behind it."""
    depth, i = 0, at
    while i < len(text):
        if text[i] == "\\":
            i += 1
        elif text[i] == "{":
            depth += 1
        elif text[i] == "}":
            depth -= 1
            if not depth:
                return text[at + 1 : i], i + 1
        i += 1
    raise DataError("a brace is not closed", where=_line(text, at), hint=r"\fc{KEY}{...}")


def _line(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}"


def _slot(text: str, place: tuple[int, int, int, int, str], spans: Sequence[tuple[int, int]]) -> Slot:
    start, content, stop, end, key = place
    begin = max(text.rfind("\n\n", 0, start), text.rfind("\r\n\r\n", 0, start), 0)
    close = min([at for at in (text.find("\n\n", end), text.find("\r\n\r\n", end)) if at >= 0] or [len(text)])
    parts, at, here = [], begin, 0
    for first, last in [span for span in spans if begin <= span[0] and span[1] <= close]:
        parts += [text[at:first], GAP]
        here = sum(map(len, parts)) - 1 if first == start else here
        at = last
    return Slot(key, text[content:stop], _line(text, start), sentence_around("".join([*parts, text[at:close]]), here))
