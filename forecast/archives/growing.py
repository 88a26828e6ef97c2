"""Appending to an archive on this machine: one writer at a time, nothing overwritten, and whole after any crash.

An append is a part file, written and flushed, and then the list that names it, put in the place of the old list. Before the
second step nothing has happened, after it everything, whatever is killed, full or unplugged in between.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from forecast.archives.changes import ArchiveChanges
from forecast.archives.part import FOLDER, part_of
from forecast.archives.part_figures import OpenPart, PartFigures
from forecast.archives.part_list import LIST, AsideEntry, PartList, read_list
from forecast.archives.place import default_folder, is_address, reader
from forecast.archives.sorting_out import sort_out
from forecast.core import output_files
from forecast.core.archive_table import ArchiveRow
from forecast.core.archive_validation import validate
from forecast.core.errors import DataError, WriteError
from forecast.core.figure_columns import FigureColumns

LOCK, ASIDE = ".lock", "aside"
PATIENCE = 10.0  # seconds that an append waits for another one to end
MOST_SMALL, SMALL_ROWS = 24, 100_000  # so many small parts are put together to one
GRACE = 86_400.0  # seconds for which the files of parts that were put together are left to readers that have opened them


class GrowingArchive:
    """The archive in a folder, for appending; by default that of this machine (`place.default_folder`).

    >>> import tempfile
    >>> rows = [ArchiveRow("COD.export.WLD.cobalt", "2025-01", 9.5e6, released="2025-02-20", basis="actual", publisher="own")]
    >>> GrowingArchive(tempfile.mkdtemp()).append(rows).new
    (('COD.export.WLD.cobalt', '2025-01'),)
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = default_folder() if folder is None else Path(folder)
        if folder is not None and is_address(folder):
            hint = "a folder of this machine; copy it to the address afterwards"
            raise WriteError("an archive grows in a folder only", where=str(folder), hint=hint)
        self._opened: Sequence[OpenPart] = ()

    def append(self, rows: Iterable[ArchiveRow], today: dt.date | None = None) -> ArchiveChanges:
        """Add rows, and say what they changed (`ArchiveChanges`); rows that say what is held already are not stored again.

        today : the day that a second value of one day of release is dated by (default: the day of the clock)

        Errors: DataError for a row that no archive accepts, and nothing is stored; WriteError if another process appends, or
        the disk is full: what was there stays, and the same call may be repeated.
        """
        given = list(rows)
        if not given:
            return ArchiveChanges()
        validate(FigureColumns.of([replace(row, excluded="") for row in given]))
        day = (today or dt.date.today()).isoformat()
        with self._writing():
            figures, notes = self._sound_figures(day)
            changes, stored = sort_out(given, figures, day)
            if stored:
                self._store(figures, stored, day)
        return replace(changes, notes=notes)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock of the archive; it falls with its process."""
        import filelock

        try:
            (self.folder / FOLDER).mkdir(parents=True, exist_ok=True)
            _flush_folder(self.folder.parent)
            _flush_folder(self.folder)
            with filelock.FileLock(self.folder / LOCK, timeout=PATIENCE):
                yield
        except filelock.Timeout:
            hint = "wait until it ends, then the same command"
            raise WriteError("another process is writing to the archive", where=str(self.folder), hint=hint) from None
        except OSError as error:
            hint = "room on the disk and the right to write there, or another folder (--archive, or FORECAST_ARCHIVE)"
            raise WriteError(f"the archive cannot be written: {error.strerror}", where=str(self.folder), hint=hint) from None

    def _sound_figures(self, day: str) -> tuple[PartFigures, tuple[str, ...]]:
        """What is held, after parts that were cut or altered were set aside, and sentences on these."""
        try:
            held = read_list(reader(self.folder), self.folder)
        except DataError:
            if (self.folder / LIST).exists():
                raise
            held = PartList()
        self._remove_leftovers(held)
        figures = PartFigures(self.folder, held, self._opened)
        if figures.faults or held.notes:
            for entry in (AsideEntry(part, fault, day) for part, fault in figures.faults.items()):
                held = held.with_aside(entry)
            for entry in held.aside:
                self._move_aside(entry)
            notes = (*held.notes, *(entry.note for entry in held.aside))
            held = replace(held, notes=())
            self._write_list(held)
            figures = PartFigures(self.folder, held, figures.opened)
        else:
            notes = ()
        self._opened = figures.opened
        return figures, notes

    def _move_aside(self, entry: AsideEntry) -> None:
        path = self.folder / entry.part.path
        if path.exists():
            (self.folder / ASIDE).mkdir(exist_ok=True)
            os.replace(path, self.folder / ASIDE / entry.part.name)

    def _store(self, figures: PartFigures, rows: Sequence[ArchiveRow], day: str) -> None:
        """Write the part of some rows, and small ones with it if they are many; then the list that names it."""
        small = [one for one in figures.opened if one.part.rows < SMALL_ROWS]
        merged = small if len(small) >= MOST_SMALL else []
        columns = FigureColumns.concat([*(one.all_rows() for one in merged), FigureColumns.of(rows)])
        names = [one.part.name for one in merged]
        part, data = part_of(columns, figures.held.next_number, day, names)
        output_files.write(self.folder, part.path, data)
        _flush_folder(self.folder / FOLDER)
        self._write_list(figures.held.with_parts([part], names))

    def _write_list(self, held: PartList) -> None:
        output_files.write(self.folder, LIST, held.text())
        _flush_folder(self.folder)

    def _remove_leftovers(self, held: PartList) -> None:
        """Remove unfinished files of a killed append, and after a day the files of parts that the list does not name."""
        unfinished = output_files.unfinished_files(self.folder / FOLDER)
        for path in (*unfinished, *self.folder.glob(f"{LIST}.*{output_files.PART_SUFFIX}")):
            path.unlink(missing_ok=True)
        named = {part.name for part in held.parts}
        if held.parts and not held.notes:
            for path in (self.folder / FOLDER).glob("*.parquet"):
                if path.name not in named and time.time() - path.stat().st_mtime > GRACE:
                    path.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk, so that a file that was renamed there is found after the power fails."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
