"""Rows of one table, held by column: a row is made when it is asked for, so that a million cells are no million objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Generic, overload

import numpy as np
from numpy.typing import NDArray

from forecast.arrays import Bools, Ints
from forecast.core.schema import COLUMNS, R, table_of

if TYPE_CHECKING:
    import pandas as pd

Cells = NDArray[Any]  # of one column, shape (rows,): floats with NaN for null where it holds figures, else objects


class TableRows(Sequence[R], Generic[R]):
    """Rows of the class `kind`, by column; columns that are not given are null, a single cell stands for the whole column."""

    def __init__(self, kind: type[R], count: int, columns: Mapping[str, Any]) -> None:
        self.kind, self._count = kind, count
        kinds = COLUMNS[table_of(kind)]
        self.columns: dict[str, Cells] = {name: column_of(columns.get(name), kinds[name], count) for name in kinds}

    @classmethod
    def of(cls, kind: type[R], rows: Sequence[R]) -> TableRows[R]:
        """Some rows by column, or these themselves where they are so held already."""
        if isinstance(rows, TableRows):
            return rows
        return cls(kind, len(rows), {f.name: [getattr(row, f.name) for row in rows] for f in fields(kind)})

    @classmethod
    def concat(cls, kind: type[R], parts: Iterable[TableRows[R]]) -> TableRows[R]:
        """The rows of several tables of a kind, one after the other."""
        held = [part for part in parts if len(part)]
        columns = {f.name: np.concatenate([part.columns[f.name] for part in held]) for f in fields(kind)} if held else {}
        return cls(kind, sum(map(len, held)), columns)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> R: ...
    @overload
    def __getitem__(self, at: slice) -> TableRows[R]: ...
    def __getitem__(self, at: int | slice) -> R | TableRows[R]:
        return self.take(at) if isinstance(at, slice) else next(iter(self.take([range(len(self))[at]])))

    def __iter__(self) -> Iterator[R]:
        for cells in zip(*(column.tolist() for column in self.columns.values()), strict=True):
            yield self.kind(**dict(zip(self.columns, cells, strict=True)))

    def __repr__(self) -> str:
        return repr(list(self))

    def take(self, which: Ints | Bools | slice | list[int]) -> TableRows[R]:
        """Some of the rows, by position, slice or mask."""
        taken = {name: cells[which] for name, cells in self.columns.items()}
        return TableRows(self.kind, len(next(iter(taken.values()))), taken)

    def where(self, name: str, holds: Callable[[Any], bool]) -> TableRows[R]:
        """The rows whose cell in a column passes a test, which is asked once of each distinct cell."""
        words, codes = distinct(self.columns[name])
        return self.take(np.array([holds(word) for word in words], bool)[codes])

    def with_columns(self, **columns: Any) -> TableRows[R]:
        """The rows with other cells in some columns."""
        return TableRows(self.kind, len(self), {**self.columns, **columns})

    def frame(self, names: Sequence[str] = ()) -> pd.DataFrame:
        """The rows as a DataFrame with the named columns, or all in the order of the table."""
        import pandas as pd

        names = names or list(self.columns)
        return pd.DataFrame({name: self.columns[name].tolist() for name in names}, columns=list(names))


def column_of(cells: Any, kind: str, count: int) -> Cells:
    """Cells of a column, or one cell for all `count` rows, as its array; `kind` as in `schema.KINDS`."""
    if isinstance(cells, np.ndarray) and cells.dtype == (float if kind == "real" else object):
        return cells
    if kind == "real":
        return np.array([np.nan if cell is None else cell for cell in ([None] * count if cells is None else cells)], float)
    made = np.empty(count, object)
    made[:] = cells if isinstance(cells, list | np.ndarray) else [cells] * count
    return made


def distinct(cells: Cells) -> tuple[list[Any], NDArray[np.int32]]:
    """The distinct cells of a column in order of appearance, and for each row the number of its own."""
    words = list(dict.fromkeys(cells.tolist()))
    number = {word: i for i, word in enumerate(words)}
    return words, np.fromiter(map(number.__getitem__, cells.tolist()), np.int32, len(cells))
