"""An archive on this machine or at an address as an `Archive`: whole or some series, alone or joined to other figures."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from pathlib import Path

from forecast.archives.part_figures import open_parts
from forecast.archives.place import default_folder
from forecast.core.archive import Archive
from forecast.core.errors import DataError
from forecast.core.events import EventCalendar
from forecast.core.figure_columns import FigureColumns
from forecast.core.figure_store import Extent, FigureStore, JoinedFigures


class ChosenSeries(FigureStore):
    """Some series of an archive, as if it held no others."""

    def __init__(self, base: FigureStore, names: Sequence[str]) -> None:
        self.base, self.names = base, tuple(names)
        self.real_first, self.notes = base.real_first, base.notes

    @property
    def extents(self) -> Mapping[str, Extent]:
        """By chosen series with a usable row, in alphabetical order: its first and last day of release."""
        return {name: self.base.extents[name] for name in self.names}

    def rows(self, series: str) -> FigureColumns:
        """The usable rows of a chosen series."""
        if series not in self.names:
            raise KeyError(series)
        return self.base.rows(series)

    def all_rows(self) -> FigureColumns:
        """The usable rows of the chosen series."""
        return FigureColumns.concat([self.base.rows(name) for name in self.names])

    def __len__(self) -> int:
        return sum(len(self.base.rows(name)) for name in self.names)

    @property
    def identity(self) -> bytes:
        """The hashes of the parts, and the names chosen."""
        return b"\n".join((self.base.identity, *(name.encode("ascii") for name in self.names)))


def open_archive(
    place: str | Path | None = None,
    events: EventCalendar | None = None,
    series: Sequence[str] = ("*",),
    joined: Archive | None = None,
) -> Archive:
    """The archive in a folder (default: that of this machine) or at an address that fsspec reads.

    series : patterns of those to take, such as `USA.import.*.gallium`; joined : an archive whose figures are added, and whose
    events are taken where none are given. Real vintages take the place of figures dated by a rule (`SeriesStates`).

    Errors: DataError where there is no archive, or no series that a pattern matches.
    """
    where = default_folder() if place is None else place
    figures: FigureStore = open_parts(where)
    if tuple(series) != ("*",):
        names = [name for name in figures.extents if any(fnmatch.fnmatchcase(name, pattern) for pattern in series)]
        if not names:
            raise DataError(
                f"the archive holds no series like {', '.join(series)}", where=str(where), hint="forecast archive show"
            )
        figures = ChosenSeries(figures, names)
    if joined is not None:
        figures = JoinedFigures([joined.figures, figures], real_first=True)
        events = joined.events if events is None else events
    return Archive(figures, events, pseudo=False)
