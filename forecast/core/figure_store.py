"""The figures behind an archive, read one series at a time: rows held in memory, or joined from several places."""

from __future__ import annotations

import abc
import datetime as dt
import functools
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forecast.core.cells import Cell
from forecast.core.errors import DataError, nearest
from forecast.core.figure_columns import FigureColumns
from forecast.core.series_states import GUESS_DAYS, SeriesStates, day_number

if TYPE_CHECKING:
    import pandas as pd

Extent = tuple[int, int]  # first and last day of release of a series, as ordinals


class FigureStore(abc.ABC):
    """Rows of an archive by series. Nothing of a series is computed before it is asked for, and then once.

    real_first : whether real vintages take the place of figures dated by a rule (`SeriesStates`)
    notes : what is wrong with the place the rows come from, in sentences
    """

    real_first: bool = False
    notes: tuple[str, ...] = ()

    @property
    @abc.abstractmethod
    def extents(self) -> Mapping[str, Extent]:
        """By series with a usable row, in alphabetical order: its first and last day of release."""

    @property
    def reach(self) -> Extent:
        """The first and the last day of release of any series."""
        return min(first for first, _ in self.extents.values()), max(last for _, last in self.extents.values())

    @abc.abstractmethod
    def rows(self, series: str) -> FigureColumns:
        """The usable rows of a series, in the order in which they are held; a KeyError if there is none."""

    @abc.abstractmethod
    def all_rows(self) -> FigureColumns:
        """Every row, those that enter no series among them."""

    def rows_of(self, names: Iterable[str]) -> FigureColumns:
        """The usable rows of some series, one series after the other."""
        parts = [self.rows(name) for name in names]
        return FigureColumns.concat(parts) if parts else self.all_rows().take(slice(0))

    def rows_left_out(self, names: Collection[str]) -> FigureColumns:
        """The rows of some series that enter none, each for the reason that its `excluded` names."""
        held = self.all_rows()
        series = held.texts["series"]
        wanted = np.array([word in names for word in series.words], bool)
        return held.take(wanted[series.codes] & ~held.texts["excluded"].mask(""))

    @abc.abstractmethod
    def __len__(self) -> int:
        """Number of rows."""

    @property
    @abc.abstractmethod
    def identity(self) -> bytes:
        """A text that changes where any row does."""

    @functools.cached_property
    def table(self) -> pd.DataFrame:
        """Every row as a table."""
        return self.all_rows().table()

    @functools.cached_property
    def _states(self) -> dict[str, SeriesStates]:
        return {}

    def states(self, series: str) -> SeriesStates:
        """The states of a series, by first month and day of release."""
        if series not in self._states:
            if series not in self.extents:
                raise DataError(f"the archive holds no series '{series}'", where=series, hint=nearest(series, self.extents))
            self._states[series] = SeriesStates(self.rows(series), self.real_first)
        return self._states[series]

    def is_known_on(self, series: str, day: dt.date) -> bool:
        """Whether a figure of a series was known on a day."""
        if series not in self.extents or self.extents[series][0] > day.toordinal():
            return False
        # a guessed first figure that a real vintage replaces is known later, by a month at most
        settled = not self.real_first or self.extents[series][0] + GUESS_DAYS <= day.toordinal()
        return settled or self.states(series).is_known_on(day)

    def __getstate__(self) -> dict[str, object]:
        return {name: held for name, held in self.__dict__.items() if name != "_states"}


class HeldFigures(FigureStore):
    """Rows held in memory."""

    def __init__(self, columns: FigureColumns, table: pd.DataFrame | None = None) -> None:
        self.columns = columns
        if table is not None:
            self.__dict__["table"] = table

    @functools.cached_property
    def _places(self) -> dict[str, NDArray[np.int64]]:
        """By series, in alphabetical order: the positions of its usable rows."""
        series = self.columns.texts["series"]
        usable = np.flatnonzero(self.columns.texts["excluded"].mask(""))
        names = sorted(series.take(usable).used)
        rank = series.take(usable).to_numbers({name: i for i, name in enumerate(names)})
        order = np.argsort(rank, kind="stable")
        cuts = np.searchsorted(rank[order], np.arange(1, len(names)))
        return dict(zip(names, np.split(usable[order], cuts), strict=True))

    @functools.cached_property
    def extents(self) -> Mapping[str, Extent]:
        """By series with a usable row, in alphabetical order: its first and last day of release."""
        released = self.columns.texts["released"]
        day = released.to_numbers({word: day_number(word) for word in released.used})
        return {name: (int(day[at].min()), int(day[at].max())) for name, at in self._places.items()}

    def rows(self, series: str) -> FigureColumns:
        """The usable rows of a series."""
        return self.columns.take(self._places[series])

    def all_rows(self) -> FigureColumns:
        """Every row, those that enter no series among them."""
        return self.columns

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def identity(self) -> bytes:
        """The table as CSV."""
        return self.table.to_csv(index=False).encode()


class JoinedFigures(FigureStore):
    """The rows of several places as one."""

    def __init__(self, parts: Sequence[FigureStore], real_first: bool = False) -> None:
        self.parts = tuple(parts)
        self.real_first = real_first
        self.notes = tuple(note for part in parts for note in part.notes)

    @functools.cached_property
    def extents(self) -> Mapping[str, Extent]:
        """By series with a usable row, in alphabetical order: its first and last day of release."""
        out: dict[str, Extent] = {}
        for part in self.parts:
            for name, (first, last) in part.extents.items():
                known = out.get(name, (first, last))
                out[name] = min(known[0], first), max(known[1], last)
        return dict(sorted(out.items()))

    def rows(self, series: str) -> FigureColumns:
        """The usable rows of a series, place by place."""
        return FigureColumns.concat([part.rows(series) for part in self.parts if series in part.extents])

    def all_rows(self) -> FigureColumns:
        """Every row, place by place."""
        return FigureColumns.concat([part.all_rows() for part in self.parts])

    def rows_left_out(self, names: Collection[str]) -> FigureColumns:
        """The rows of some series that enter none, place by place."""
        return FigureColumns.concat([part.rows_left_out(names) for part in self.parts])

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @property
    def identity(self) -> bytes:
        """Hashes of the places."""
        return b"".join(hashlib.sha256(part.identity).digest() for part in self.parts)


class KnownCells(Mapping[str, tuple[Cell, ...]]):
    """The cells of the figures known on a day, by series; those of a series are made when it is asked for, and then once."""

    def __init__(self, figures: FigureStore, day: dt.date) -> None:
        self.figures, self.day = figures, day
        self._made: dict[str, tuple[Cell, ...]] = {}

    def __getitem__(self, series: str) -> tuple[Cell, ...]:
        if series not in self._made:
            if series not in self:
                raise KeyError(series)
            self._made[series] = self.figures.states(series).known_on(self.day)
        return self._made[series]

    def __contains__(self, series: object) -> bool:
        return series in self._made or (isinstance(series, str) and self.figures.is_known_on(series, self.day))

    def __iter__(self) -> Iterator[str]:
        return (series for series in self.figures.extents if series in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return KnownCells, (self.figures, self.day)
