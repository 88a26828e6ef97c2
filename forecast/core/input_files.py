"""Inputs: the one way to read a file that a user names: a regular file, whole, as bytes, text, rows of a CSV, or TOML."""

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

MAX_BYTES = 1 << 28  # bytes of a file of figures: some three hundred times the bundled one
MAX_TOML_BYTES = 1 << 22  # bytes of a config
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
MAX_FIGURE = 1e150  # of figures: the square of a larger one is no finite number, and so no variance is

MAX_DEPTH = 32  # tables and lists inside each other in a TOML file
LONG_KEY = re.compile(rf"(?<![\w\"'-])(?:[\w\"'-]+[ \t]*\.[ \t]*){{{MAX_DEPTH}}}")  # tomllib takes minutes over such a key


def parse_number(text: str) -> float:
    """The figure that a cell spells; NaN where it spells none, or one beyond `LARGEST`."""
    made = float(text) if NUMBER.fullmatch(text) else math.nan
    return made if abs(made) <= MAX_FIGURE else math.nan


def describe_fault(text: str) -> str:
    """What is wrong with a cell that `number` does not take."""
    return "is too large for a figure" if NUMBER.fullmatch(text) else "is not a number"


@dataclass(frozen=True)
class InputFile:
    """A file that a user named: what it should be, how messages name it (by `where`, else its path), the error of a fault."""

    path: Path
    what: str = "file"
    where: str = ""
    hint: str = ""
    error: type[ForecastError] = DataError

    def refused(self, problem: str, hint: str = "", at: str = "") -> ForecastError:
        """The error of a fault, in the whole file or `at` a place of it."""
        where = self.where or str(self.path)
        return self.error(problem, where=f"{where}, {at}" if at else where, hint=hint or self.hint)

    def data(self, most: int = MAX_BYTES) -> bytes:
        """The bytes of the file. A pipe or a device is refused before it is opened: reading it may never end."""
        try:
            self._regular(os.stat(self.path), most)
            number = os.open(self.path, READ_FLAGS)
            try:
                self._regular(os.fstat(number), most)
                found = bytearray()
                while len(found) <= most and (block := os.read(number, BLOCK_BYTES)):
                    found += block
            finally:
                os.close(number)
        except (FileNotFoundError, NotADirectoryError, ValueError):  # the last: a null byte in the path
            raise self.refused(f"there is no such {self.what}") from None
        except OSError as error:
            hint = "a regular file, and the right to read it"
            raise self.refused(f"the {self.what} cannot be read: {error.strerror}", hint) from None
        self._small(len(found), most)  # what grows while it is read, or tells no size
        return bytes(found)

    def _regular(self, status: os.stat_result, most: int) -> None:
        if not stat.S_ISREG(status.st_mode):
            found = SPECIAL_FILES.get(stat.S_IFMT(status.st_mode), "special file")
            raise self.refused(f"this is a {found}, no {self.what}", "a regular file")
        self._small(status.st_size, most)

    def _small(self, size: int, most: int) -> None:
        if size > most:
            raise self.refused(f"the {self.what} has more than {most / 1e6:,.0f} MB", "a smaller file")

    def text(self, most: int = MAX_BYTES) -> str:
        """The file as UTF-8; the mark that some editors put before it is no fault."""
        try:
            text = self.data(most).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self.refused("the file is not UTF-8 text", "save it as UTF-8") from None
        if "\0" in text:
            row = text.count("\n", 0, text.index("\0")) + 1
            raise self.refused("the file holds a null byte, which no text does", "save it as UTF-8 text", f"row {row}")
        return text

    def records(self, wanted: Iterable[str], delimiter: str = ",", whole: bool = False) -> Iterator[tuple[int, dict[str, str]]]:
        """Line and cells of each row of a CSV that is not blank, by the names in its first one, where `wanted` stand once each.

        More cells than columns are refused; fewer are too in rows that must be `whole`, else the last cells are empty.
        """
        header: list[str] = []
        for line, cells in self._rows(delimiter):
            if not header:
                header = self._header(cells, line, wanted)
            elif len(cells) > len(header):
                hint = "quote text that holds the delimiter, or set thousands without it"
                raise self.refused("there are more cells than columns", hint, f"row {line}")
            elif whole and len(cells) < len(header):
                raise self.refused("there are fewer cells than columns", "a whole row: was the file cut off?", f"row {line}")
            else:
                yield line, dict(zip_longest(header, cells, fillvalue=""))
        if not header:
            raise self.refused("the file is empty", "a header and at least one row")

    def _rows(self, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """Line and stripped cells of each row that is not blank."""
        reader = csv.reader(io.StringIO(self.text(), newline=""), delimiter=delimiter, strict=True)
        try:
            for texts in reader:
                cells = [cell.strip() for cell in texts]
                if any(cells):
                    yield reader.line_num, cells
        except csv.Error as error:
            problem = f"the row cannot be read: {error}"
            raise self.refused(problem, "close every quotation mark", f"row {reader.line_num}") from None

    def _header(self, cells: list[str], line: int, wanted: Iterable[str]) -> list[str]:
        """The names of the columns; each wanted one stands there once."""
        other = next((d for d in DELIMITERS if len(cells) == 1 and d in cells[0]), "")
        for column in wanted:
            if column not in cells:
                hint = f"delimiter = {other!r}" if other else nearest(column, cells)
                raise self.refused(f"there is no column '{column}'", hint, f"row {line}")
            if cells.count(column) > 1:
                raise self.refused(f"two columns are called '{column}'", "give each its own name", f"row {line}")
        return cells

    def toml(self) -> dict[str, Any]:
        """The tables of a TOML file."""
        text = self.text(MAX_TOML_BYTES)
        deep = self.refused("tables or lists are nested too deep", f"at most {MAX_DEPTH} inside each other")
        if LONG_KEY.search(text):
            raise deep
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise self.refused(f"this is not valid TOML: {error}", "correct the line named above") from None
        except ValueError:  # what Python says of thousands of digits
            raise self.refused("a whole number has too many digits", "at most 18 digits") from None
        except RecursionError:
            raise deep from None
        self._sound(raw)
        return raw

    def _sound(self, raw: dict[str, Any]) -> None:
        """Refuse what TOML can spell and no config can mean: deep nests, huge or infinite numbers, null characters."""
        left: list[tuple[str, Any, int]] = [("", raw, 0)]
        while left:
            at, value, depth = left.pop()
            if depth > MAX_DEPTH:
                raise self.refused("tables or lists are nested too deep", f"at most {MAX_DEPTH} inside each other", at)
            if isinstance(value, dict):
                left += [(f"{at}, {key}" if at else key, item, depth + 1) for key, item in value.items()]
                value = "".join(value)
            elif isinstance(value, list):
                left += [(at, item, depth + 1) for item in value]
            if isinstance(value, str) and "\0" in value:
                raise self.refused("a text holds a null character", "text without it", at)
            if isinstance(value, int) and abs(value) >= 2**63:
                raise self.refused(f"{value:.3g} is too large for a whole number", "at most 18 digits", at)
            if isinstance(value, float) and not math.isfinite(value):
                raise self.refused(f"{value} is no number that a config can mean", "a finite number", at)
