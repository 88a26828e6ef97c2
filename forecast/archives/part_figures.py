"""The rows of an archive's parts, read one series at a time: of a part only the groups of rows in which the series lies."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from forecast.archives.part import Part, open_parquet
from forecast.archives.part_list import PartList, read_list
from forecast.archives.place import reader
from forecast.core import output_files
from forecast.core.archive_files import text_column
from forecast.core.archive_table import COLUMNS, TEXTS
from forecast.core.errors import DataError
from forecast.core.figure_columns import FigureColumns, LazyTexts
from forecast.core.figure_store import Extent, FigureStore
from forecast.core.series_states import FOR_EVER, day_number

GROUPS_HELD = 16  # groups of rows of one part that are kept decoded


class OpenPart:
    """One part in memory, as it was written: compressed rows, and where each series lies."""

    def __init__(self, part: Part, data: bytes) -> None:
        self.part = part
        self._file = open_parquet(data, part.name)
        counts = [self._file.metadata.row_group(i).num_rows for i in range(self._file.num_row_groups)]
        self._starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._group = functools.lru_cache(maxsize=GROUPS_HELD)(self._decode)

    @functools.cached_property
    def places(self) -> dict[str, tuple[int, int, Extent]]:
        """By series with a usable row: its first row, the row after its last, and its first and last day of release."""
        table = self._file.read(columns=["series", "released", "excluded"], use_threads=False)
        series, released, excluded = (text_column(table.column(name)) for name in table.column_names)
        names = sorted(series.used)
        rank = series.to_numbers({name: i for i, name in enumerate(names)})
        starts = np.concatenate([[0], np.flatnonzero(np.diff(rank)) + 1])
        day = released.to_numbers({word: day_number(word) for word in released.used})
        usable = excluded.mask("")
        least = np.minimum.reduceat(np.where(usable, day, FOR_EVER), starts).tolist()
        most = np.maximum.reduceat(np.where(usable, day, 0), starts).tolist()
        ends = np.append(starts[1:], len(rank)).tolist()
        found = zip(rank[starts].tolist(), starts.tolist(), ends, least, most, strict=True)
        return {names[i]: (start, end, (a, b)) for i, start, end, a, b in found if b}

    def rows(self, start: int, end: int) -> FigureColumns:
        """Some rows, by position."""
        first, last = (int(np.searchsorted(self._starts, at, "right")) - 1 for at in (start, end - 1))
        return FigureColumns.concat(
            [self._group(i).take(slice(max(start - self._starts[i], 0), end - self._starts[i])) for i in range(first, last + 1)]
        )

    def all_rows(self) -> FigureColumns:
        """Every row."""
        table = self._file.read(columns=list(COLUMNS), use_threads=False)
        texts = {name: text_column(table.column(name)) for name in TEXTS}
        return FigureColumns(table.column("value").to_numpy(), texts)

    def _decode(self, group: int) -> FigureColumns:
        def column(name: str) -> Any:
            return self._file.read_row_group(group, columns=[name], use_threads=False).column(name)

        return FigureColumns(column("value").to_numpy(), LazyTexts(lambda name: text_column(column(name))))


class PartFigures(FigureStore):
    """The rows of some parts of an archive; nothing else is read when others are appended meanwhile.

    A part that was cut or altered is left out, and named in `faults` and `notes`. Parts among `opened` are not read again.
    """

    real_first = True

    def __init__(self, place: str | Path, held: PartList, opened: Iterable[OpenPart] = ()) -> None:
        self.place, self.held = place, held
        known, read = {one.part: one for one in opened}, reader(place)
        self.opened: list[OpenPart] = []
        self.faults: dict[Part, str] = {}
        for part in held.parts:
            try:
                self.opened.append(known.get(part) or _open(part, read))
            except DataError as error:
                self.faults[part] = error.problem
        lost = [f"part {p.name} is left out: {fault}; its {p.rows:,} rows are not read" for p, fault in self.faults.items()]
        self.notes = (*held.notes, *(entry.note for entry in held.aside), *lost)

    def __reduce__(self) -> tuple[Any, ...]:
        return PartFigures, (self.place, self.held)

    @functools.cached_property
    def extents(self) -> Mapping[str, Extent]:
        """By series with a usable row, in alphabetical order: its first and last day of release."""
        out: dict[str, Extent] = {}
        for part in self.opened:
            for name, (_, _, (first, last)) in part.places.items():
                known = out.get(name, (first, last))
                out[name] = min(known[0], first), max(known[1], last)
        return dict(sorted(out.items()))

    def rows(self, series: str) -> FigureColumns:
        """The usable rows of a series, part by part."""
        found = self._held(series)
        usable = found.texts["excluded"].mask("")
        return found if usable.all() else found.take(usable)

    def rows_left_out(self, names: Collection[str]) -> FigureColumns:
        """The rows of some series that enter none, part by part; of the other series nothing is read."""
        held = FigureColumns.concat([self._held(name) for name in self.extents if name in names])
        return held.take(~held.texts["excluded"].mask(""))

    def _held(self, series: str) -> FigureColumns:
        return FigureColumns.concat([part.rows(*part.places[series][:2]) for part in self.opened if series in part.places])

    def all_rows(self) -> FigureColumns:
        """Every row, part by part."""
        return FigureColumns.concat([part.all_rows() for part in self.opened])

    def __len__(self) -> int:
        return sum(part.part.rows for part in self.opened)

    @property
    def identity(self) -> bytes:
        """The hashes of the parts."""
        return output_files.sha256(",".join(sorted(part.part.sha256 for part in self.opened)).encode("ascii")).encode("ascii")


def _open(part: Part, read: Callable[[str], bytes | None]) -> OpenPart:
    """A part whose bytes are those that were written, else DataError."""
    data = read(part.path)
    if data is None or (fault := part.fault(data)):
        raise DataError("it is not there" if data is None else fault, where=part.name)
    return OpenPart(part, data)


def open_parts(place: str | Path) -> PartFigures:
    """The rows of the archive at a folder or an address, as it stands now.

    A list read just before parts were put together names files that may be gone: it is read again, once.
    """
    held = read_list(reader(place), place)
    figures = PartFigures(place, held)
    if len(figures.opened) < len(held.parts):
        again = read_list(reader(place), place)
        figures = PartFigures(place, again) if again.parts != held.parts else figures
    if not figures.opened:
        hint = "; ".join(figures.notes) or "forecast fetch census (or another source of `forecast list sources`)"
        raise DataError("the archive holds no figure", where=str(place), hint=hint)
    return figures
