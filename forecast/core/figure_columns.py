"""Rows of an archive by column: values as numbers, every other column as codes into its distinct words.

A word that a million rows share is held once, and a fault is looked for among the words instead of the rows.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forecast.arrays import Floats
from forecast.core.archive_table import COLUMNS, ROW_INDEX, TEXTS, ArchiveRow

if TYPE_CHECKING:
    import pandas as pd

Codes = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class TextColumn:
    """A column of text: row i holds `words[codes[i]]`; the words may repeat and some may be unused."""

    codes: Codes
    words: Sequence[str]

    @classmethod
    def of(cls, cells: Iterable[str]) -> TextColumn:
        """The column of some cells, with its words in order of appearance."""
        known: dict[str, int] = {}
        codes = [known.setdefault(cell, len(known)) for cell in cells]
        return cls(np.array(codes, np.int32), list(known))

    @classmethod
    def concat(cls, parts: Sequence[TextColumn]) -> TextColumn:
        """The columns of several tables, one after the other."""
        starts = np.cumsum([0, *(len(part.words) for part in parts[:-1])])
        codes = [part.codes.astype(np.int64) + start for part, start in zip(parts, starts.tolist(), strict=True)]
        return cls(np.concatenate(codes), [word for part in parts for word in part.words])

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> str:
        return self.words[int(self.codes[row])]

    def take(self, rows: Any) -> TextColumn:
        """The column of some rows, by position, slice or mask."""
        return TextColumn(self.codes[rows], self.words)

    def cells(self) -> NDArray[Any]:
        """The text of every row, shape (n,), as objects."""
        return self._words_array[self.codes]

    def mask(self, wanted: str) -> NDArray[np.bool_]:
        """Which rows hold a word."""
        chosen = np.array([word == wanted for word in self.words], bool)
        return chosen[self.codes] if len(chosen) else np.zeros(len(self), bool)

    def to_numbers(self, number_of: Mapping[str, int]) -> NDArray[np.int64]:
        """A number for the word of each row."""
        table = np.zeros(len(self.words), np.int64)
        used = self.used_codes
        table[used] = [number_of[self.words[code]] for code in used]
        return table[self.codes] if len(table) else np.zeros(0, np.int64)

    @property
    def used(self) -> set[str]:
        """The words that rows hold."""
        return {self.words[code] for code in self.used_codes}

    @property
    def used_codes(self) -> list[int]:
        """The codes that rows hold, ascending."""
        return np.flatnonzero(np.bincount(self.codes)).tolist()

    @functools.cached_property
    def _words_array(self) -> NDArray[Any]:
        made = np.empty(len(self.words), object)
        made[:] = self.words
        return made


class LazyTexts(Mapping[str, TextColumn]):
    """The columns of text of some rows, each made by `make` when it is asked for, and then once."""

    def __init__(self, make: Callable[[str], TextColumn]) -> None:
        self._make = make
        self._made: dict[str, TextColumn] = {}

    def __getitem__(self, name: str) -> TextColumn:
        if name not in self._made:
            if name not in TEXTS:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(TEXTS)

    def __len__(self) -> int:
        return len(TEXTS)


@dataclass(frozen=True, eq=False)
class FigureColumns:
    """Rows of an archive's table; `numbers` are those of the rows in the file they were read from, None where there is none."""

    values: Floats
    texts: Mapping[str, TextColumn]
    numbers: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, rows: Iterable[ArchiveRow]) -> FigureColumns:
        """The columns of some rows."""
        held = list(rows)
        texts = {name: TextColumn.of(getattr(row, name) for row in held) for name in TEXTS}
        return cls(np.array([row.value for row in held], float), texts)

    @classmethod
    def concat(cls, parts: Sequence[FigureColumns]) -> FigureColumns:
        """The rows of several tables, one after the other; none of none."""
        if len(parts) < 2:
            return parts[0] if parts else cls.of(())
        texts = LazyTexts(lambda name: TextColumn.concat([part.texts[name] for part in parts]))
        return cls(np.concatenate([part.values for part in parts]), texts)

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Any) -> FigureColumns:
        """Some of the rows, by position, slice or mask."""
        numbers = None if self.numbers is None else self.numbers[rows]
        return FigureColumns(self.values[rows], LazyTexts(lambda name: self.texts[name].take(rows)), numbers)

    def row(self, at: int) -> ArchiveRow:
        """One row."""
        return ArchiveRow(**{name: self.texts[name][at] for name in TEXTS}, value=float(self.values[at]))

    def rows(self) -> list[ArchiveRow]:
        """All rows."""
        columns = [self.values.tolist() if name == "value" else self.texts[name].cells().tolist() for name in COLUMNS]
        return [ArchiveRow(*cells) for cells in zip(*columns, strict=True)]

    def table(self) -> pd.DataFrame:
        """The rows as a table, indexed by their numbers in the file they were read from."""
        import pandas as pd

        columns = {name: self.values if name == "value" else self.texts[name].cells() for name in COLUMNS}
        index = None if self.numbers is None else pd.Index(self.numbers, name=ROW_INDEX)
        return pd.DataFrame(columns, index=index)
