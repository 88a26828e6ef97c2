"""Tables written as text: their encoding and the delimiter of their cells, declared or detected and said."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from forecast.core.errors import DataError, nearest
from forecast.core.input_files import DELIMITERS, InputFile

LOOKED_AT = 200  # rows by which the delimiter is recognised
NAMES = {"\t": "tabs"}
COMMON = ("utf-8", "utf-16", "cp1252", "latin-1", "gb18030", "shift_jis", "euc-kr", "cp1250", "cp1251")


def read_text(
    file: InputFile, encoding: str, delimiter: str, wanted: Sequence[str]
) -> tuple[str, list[tuple[int, list[str]]], list[str]]:
    """Name, numbered rows and notes of a text file; `wanted` names of its header tell between two delimiters."""
    text, notes = _decode(file, encoding)
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        raise file.refusal("the file holds a null byte, which no text does", "save it as UTF-8 text", f"row {row}")
    if not delimiter:
        delimiter = _delimiter(text, wanted)
        if delimiter != ",":
            notes.append(f"its cells are parted by {NAMES.get(delimiter, delimiter)}")
    return str(file.path), list(_rows(file, text, delimiter)), notes


def _decode(file: InputFile, encoding: str) -> tuple[str, list[str]]:
    """The text of a file, and how it was decoded where that is not UTF-8."""
    data = file.data()
    if encoding:
        try:
            codecs.lookup(encoding)
            return data.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding), []
        except LookupError:
            hint = nearest(encoding, COMMON)
            raise DataError(f"there is no encoding '{encoding}'", where="[data], encoding", hint=hint) from None
        except ValueError as error:
            raise file.refusal(f"the file is not {encoding} text: {error}", "leave encoding out: it is detected") from None
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16"), ["its text is UTF-16"]
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        found = "gb18030" if _chinese(data) else "cp1252"
    try:
        name = {"gb18030": "GB18030 (Chinese)", "cp1252": "Latin-1 (Windows-1252)"}[found]
        return data.decode(found), [f"its text is no UTF-8 and is read as {name}; encoding = '{found}' says so"]
    except UnicodeDecodeError:
        hint = 'encoding = "...", or save it as UTF-8'
        raise file.refusal("the file is not UTF-8 text, nor Latin-1, nor GB18030", hint) from None


def _chinese(data: bytes) -> bool:
    """Whether bytes beyond ASCII come in pairs of the Chinese plane, which accented letters between plain ones do not."""
    runs = re.findall(rb"[\x80-\xff]+", data)
    if not all(len(run) % 2 == 0 and min(run) >= 0xA1 for run in runs):
        return False
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: str, wanted: Sequence[str]) -> str:
    """The sign by which most rows have one and the same number of cells, and the header all the wanted names."""
    lines = [line for line in text.splitlines()[: 2 * LOOKED_AT] if line.strip()][:LOOKED_AT]
    found = []
    for place, sign in enumerate(DELIMITERS):
        try:
            rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=sign)]
        except csv.Error:
            continue
        sizes = Counter(len(row) for row in rows if len(row) > 1)
        named = any(set(wanted) <= set(row) for row in rows) if wanted else False
        size, count = sizes.most_common(1)[0] if sizes else (1, 0)
        found.append((named, round(count / max(len(rows), 1), 1), size, -place, sign))
    named, share, *_, sign = max(found, default=(False, 0, 1, 0, ","))
    return sign if named or share else ","


def _rows(file: InputFile, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        problem = f"the row cannot be read: {error}"
        raise file.refusal(problem, "close every quotation mark", f"row {reader.line_num}") from None
