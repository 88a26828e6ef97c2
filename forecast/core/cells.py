"""Cells: the figures of a vintage by series, as they stand or with some of them taken away, made when they are asked for."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One figure for a month (`first == last`) or a span of months, as known on a day.

    Parameters
    ----------
    first, last : int
        first and last month, as integers (`forecast.core.months`)
    value : float
        in kg (or USD, or the unit of a plain panel)
    status : str, default "value"
        value, zero, missing, suppressed or provisional
    kind : str, default "reported"
        reported, cumulative or derived
    stage : str, optional
        of publication, such as "preliminary" or "detail"
    released : date, optional
        the day on which the figure became known
    until : date, optional
        the day on which another took its place
    basis : str, optional
        how the day of release is known
    source : str, optional
        the publisher
    url : str, optional
        where the publisher says so
    derived_from : str, optional
        the figures it was computed from, if it was
    """

    first: int
    last: int
    value: float
    status: str = "value"
    kind: str = "reported"
    stage: str = ""
    released: dt.date = dt.date.min
    until: dt.date = dt.date.max
    basis: str = ""
    source: str = ""
    url: str = ""
    derived_from: str = ""

    @property
    def is_span(self) -> bool:
        """Whether the figure covers more than one month."""
        return self.last > self.first

    @functools.cached_property
    def stamp(self) -> bytes:
        """What a method can see of the figure, for fingerprints; cells are shared by vintages, so it is made once."""
        return f"{self.first},{self.last},{self.value!r},{self.status}".encode()

    def overlaps(self, first: int, last: int) -> bool:
        """Whether a month of the figure lies in a window.

        Parameters
        ----------
        first, last : int
            first and last month of the window, as integers
        """
        return self.last >= first and self.first <= last


Cells = Mapping[str, tuple[Cell, ...]]


class ChangedCells(Mapping[str, tuple[Cell, ...]]):
    """Cells of which some series hold others; a series changed to no cell is not among them."""

    base: Cells
    changed: Cells

    def __init__(self, base: Cells, changed: Cells) -> None:
        self.base = base.base if isinstance(base, ChangedCells) else base
        self.changed = {**base.changed, **changed} if isinstance(base, ChangedCells) else changed

    def __getitem__(self, series: str) -> tuple[Cell, ...]:
        if series not in self.changed:
            return self.base[series]
        if not self.changed[series]:
            raise KeyError(series)
        return self.changed[series]

    def __contains__(self, series: object) -> bool:
        return bool(self.changed[series]) if series in self.changed else series in self.base  # type: ignore[index]

    def __iter__(self) -> Iterator[str]:
        yield from (series for series in self.base if series not in self.changed or self.changed[series])
        yield from (series for series, cells in self.changed.items() if cells and series not in self.base)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class CutCells(Mapping[str, tuple[Cell, ...]]):
    """Cells without those that overlap the months `first` to `last`, of every series."""

    def __init__(self, base: Cells, first: int, last: int) -> None:
        self.base, self.first, self.last = base, first, last
        self._made: dict[str, tuple[Cell, ...]] = {}

    def __getitem__(self, series: str) -> tuple[Cell, ...]:
        if series not in self._made:
            self._made[series] = tuple(c for c in self.base[series] if not c.overlaps(self.first, self.last))
        if not self._made[series]:
            raise KeyError(series)
        return self._made[series]

    def __iter__(self) -> Iterator[str]:
        return (series for series in self.base if series in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
