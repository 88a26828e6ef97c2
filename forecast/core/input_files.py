"""Read a file that a user names, which must be a regular file of limited size, as bytes, text, CSV rows or TOML."""

from __future__ import annotations

import csv
import io
import math
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from forecast.core.errors import DataError, ForecastError, nearest

MAX_BYTES = 1 << 28  # of a file of figures, some three hundred times the bundled one
MAX_TOML_BYTES = 1 << 22  # of a config
BLOCK_BYTES = 1 << 20
READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
SPECIAL_FILES = {
    stat.S_IFDIR: "folder",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}

DELIMITERS = (";", ",", "\t", "|")
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
MAX_FIGURE = 1e150  # a larger figure has no finite square, and so no variance

MAX_DEPTH = 32  # nested tables and lists in a TOML file
LONG_KEY = re.compile(rf"(?<![\w\"'-])(?:[\w\"'-]+[ \t]*\.[ \t]*){{{MAX_DEPTH}}}")  # tomllib takes minutes to parse such a key


def parse_number(text: str) -> float:
    """The number in a cell; NaN if it holds none, or one beyond `MAX_FIGURE`."""
    value = float(text) if NUMBER.fullmatch(text) else math.nan
    return value if abs(value) <= MAX_FIGURE else math.nan


def describe_fault(text: str) -> str:
    """Why `parse_number` does not accept a cell."""
    return "is too large for a figure" if NUMBER.fullmatch(text) else "is not a number"


@dataclass(frozen=True)
class InputFile:
    """A file that a user named, with what it should be, how messages name it (`where`, or its path), and the error to raise."""

    path: Path
    what: str = "file"
    where: str = ""
    hint: str = ""
    error: type[ForecastError] = DataError

    def refusal(self, problem: str, hint: str = "", at: str = "") -> ForecastError:
        """The error for a fault of the file, or of the place `at` in it."""
        where = self.where or str(self.path)
        return self.error(problem, where=f"{where}, {at}" if at else where, hint=hint or self.hint)

    def data(self, most: int = MAX_BYTES) -> bytes:
        """The bytes of the file. A pipe or device is refused before it is opened, since reading it may never end."""
        try:
            self._check_status(os.stat(self.path), most)
            descriptor = os.open(self.path, READ_FLAGS)
            try:
                self._check_status(os.fstat(descriptor), most)
                content = bytearray()
                while len(content) <= most and (block := os.read(descriptor, BLOCK_BYTES)):
                    content += block
            finally:
                os.close(descriptor)
        except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError if the path holds a null byte
            raise self.refusal(f"there is no such {self.what}") from None
        except OSError as error:
            hint = "a regular file, and the right to read it"
            raise self.refusal(f"the {self.what} cannot be read: {error.strerror}", hint) from None
        self._check_size(len(content), most)  # again, for a file that grew or reports no size
        return bytes(content)

    def _check_status(self, status: os.stat_result, most: int) -> None:
        if not stat.S_ISREG(status.st_mode):
            kind = SPECIAL_FILES.get(stat.S_IFMT(status.st_mode), "special file")
            raise self.refusal(f"this is a {kind}, no {self.what}", "a regular file")
        self._check_size(status.st_size, most)

    def _check_size(self, size: int, most: int) -> None:
        if size > most:
            raise self.refusal(f"the {self.what} has more than {most / 1e6:,.0f} MB", "a smaller file")

    def text(self, most: int = MAX_BYTES) -> str:
        """The file as UTF-8 text, with or without a byte order mark."""
        try:
            text = self.data(most).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self.refusal("the file is not UTF-8 text", "save it as UTF-8") from None
        if "\0" in text:
            row = text.count("\n", 0, text.index("\0")) + 1
            raise self.refusal("the file holds a null byte, which no text does", "save it as UTF-8 text", f"row {row}")
        return text

    def records(
        self, columns: Iterable[str], delimiter: str = ",", whole: bool = False
    ) -> Iterator[tuple[int, dict[str, str]]]:
        """Line number and cells by column of each row of a CSV that is not blank; `columns` must stand once each in the header.

        A row with more cells than columns is refused, and one with fewer if rows must be `whole`; else the last are empty.
        """
        header: list[str] = []
        for line, cells in self._rows(delimiter):
            if not header:
                header = self._check_header(cells, line, columns)
            elif len(cells) > len(header):
                hint = "quote text that holds the delimiter, or set thousands without it"
                raise self.refusal("there are more cells than columns", hint, f"row {line}")
            elif whole and len(cells) < len(header):
                raise self.refusal("there are fewer cells than columns", "a whole row: was the file cut off?", f"row {line}")
            else:
                yield line, dict(zip_longest(header, cells, fillvalue=""))
        if not header:
            raise self.refusal("the file is empty", "a header and at least one row")

    def _rows(self, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """Line number and stripped cells of each row that is not blank."""
        reader = csv.reader(io.StringIO(self.text(), newline=""), delimiter=delimiter, strict=True)
        try:
            for texts in reader:
                cells = [cell.strip() for cell in texts]
                if any(cells):
                    yield reader.line_num, cells
        except csv.Error as error:
            problem = f"the row cannot be read: {error}"
            raise self.refusal(problem, "close every quotation mark", f"row {reader.line_num}") from None

    def _check_header(self, cells: list[str], line: int, columns: Iterable[str]) -> list[str]:
        other = next((d for d in DELIMITERS if len(cells) == 1 and d in cells[0]), "")
        for column in columns:
            if column not in cells:
                hint = f"delimiter = {other!r}" if other else nearest(column, cells)
                raise self.refusal(f"there is no column '{column}'", hint, f"row {line}")
            if cells.count(column) > 1:
                raise self.refusal(f"two columns are called '{column}'", "give each its own name", f"row {line}")
        return cells

    def toml(self) -> dict[str, Any]:
        """The tables of a TOML file."""
        text = self.text(MAX_TOML_BYTES)
        too_deep = self.refusal("tables or lists are nested too deep", f"at most {MAX_DEPTH} inside each other")
        if LONG_KEY.search(text):
            raise too_deep
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise self.refusal(f"this is not valid TOML: {error}", "correct the line named above") from None
        except ValueError:  # Python limits the number of digits
            raise self.refusal("a whole number has too many digits", "at most 18 digits") from None
        except RecursionError:
            raise too_deep from None
        self._check_values(raw)
        return raw

    def _check_values(self, raw: dict[str, Any]) -> None:
        """Refuse values that TOML allows and no config means: deep nesting, huge or infinite numbers, null characters."""
        stack: list[tuple[str, Any, int]] = [("", raw, 0)]
        while stack:
            at, value, depth = stack.pop()
            if depth > MAX_DEPTH:
                raise self.refusal("tables or lists are nested too deep", f"at most {MAX_DEPTH} inside each other", at)
            if isinstance(value, dict):
                stack += [(f"{at}, {key}" if at else key, item, depth + 1) for key, item in value.items()]
                value = "".join(value)
            elif isinstance(value, list):
                stack += [(at, item, depth + 1) for item in value]
            if isinstance(value, str) and "\0" in value:
                raise self.refusal("a text holds a null character", "text without it", at)
            if isinstance(value, int) and abs(value) >= 2**63:
                raise self.refusal(f"{value:.3g} is too large for a whole number", "at most 18 digits", at)
            if isinstance(value, float) and not math.isfinite(value):
                raise self.refusal(f"{value} is no number that a config can mean", "a finite number", at)
