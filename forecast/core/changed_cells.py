"""The figures of a vintage with some of them changed or taken away, made when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from forecast.core.cells import Cell, Cells
from forecast.core.step_figures import without


class ChangedCells(Mapping[str, Sequence[Cell]]):
    """Cells of which some series hold others; a series changed to no cell is not among them."""

    base: Cells
    changed: Cells

    def __init__(self, base: Cells, changed: Cells) -> None:
        self.base = base.base if isinstance(base, ChangedCells) else base
        self.changed = {**base.changed, **changed} if isinstance(base, ChangedCells) else changed

    def __getitem__(self, series: str) -> Sequence[Cell]:
        if series not in self.changed:
            return self.base[series]
        if not self.changed[series]:
            raise KeyError(series)
        return self.changed[series]

    def __contains__(self, series: object) -> bool:
        own = self.changed.get(series) if isinstance(series, str) else None
        return series in self.base if own is None else len(own) > 0

    def __iter__(self) -> Iterator[str]:
        yield from (series for series in self.base if series not in self.changed or self.changed[series])
        yield from (series for series, cells in self.changed.items() if cells and series not in self.base)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class CutCells(Mapping[str, Sequence[Cell]]):
    """Cells without those that overlap the months `first` to `last`, of every series."""

    def __init__(self, base: Cells, first: int, last: int) -> None:
        self.base, self.first, self.last = base, first, last
        self._made: dict[str, Sequence[Cell]] = {}

    def __getitem__(self, series: str) -> Sequence[Cell]:
        if series not in self._made:
            self._made[series] = without(self.base[series], self.first, self.last)
        if not self._made[series]:
            raise KeyError(series)
        return self._made[series]

    def __iter__(self) -> Iterator[str]:
        return (series for series in self.base if series in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
