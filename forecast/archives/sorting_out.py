"""Which of some rows an archive does not hold yet, and what they change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from forecast.archives.changes import ArchiveChanges, FigureKey
from forecast.core.archive_table import ArchiveRow
from forecast.core.figure_store import FigureStore
from forecast.core.series_states import REAL

WITHOUT_VALUE = ("missing", "suppressed")


def sort_out(rows: Sequence[ArchiveRow], held: FigureStore, today: str) -> tuple[ArchiveChanges, list[ArchiveRow]]:
    """What the rows change, and those of them to be stored.

    A row is compared with what its publisher last said of the figure before the row's day of release. If that is the same, it
    is not stored, except that the first real vintage is stored beside a figure dated by a rule; nor is a guess, where a real
    vintage and an earlier guess are held. A row that differs from one of the same day of release is dated `today`, the day on
    which the change was seen.
    """
    known = _statements(row for name in {row.series for row in rows} if name in held.extents for row in held.rows(name).rows())
    figures = {key[:2] for key, said in known.items() if any(row.status not in WITHOUT_VALUE for row in said)}
    kinds: dict[FigureKey, str] = {}
    stored: list[ArchiveRow] = []
    for given in sorted(rows, key=lambda row: row.released):
        key, figure = _statement_key(given), (given.series, given.period)
        said = known.setdefault(key, [])
        if given.basis != REAL and any(r.basis == REAL for r in said) and any(r.released <= given.released for r in said):
            kinds.setdefault(figure, "same")
            continue
        row = _with_day(given, said, today)
        before = [one for one in said if one.released <= row.released]
        kinds[figure] = _kind(row, before, figure in figures, kinds.get(figure, "same"))
        if before and _says_the_same(before[-1], row) and (before[-1].basis == REAL or row.basis != REAL):
            continue
        said.append(row)
        said.sort(key=lambda one: one.released)
        stored.append(row)
    new, revised, same, missing = (
        tuple(figure for figure, one in kinds.items() if one == kind) for kind in ("new", "revised", "same", "missing")
    )
    return ArchiveChanges(new, revised, same, missing, len(stored)), stored


def _kind(row: ArchiveRow, before: Sequence[ArchiveRow], had_value: bool, so_far: str) -> str:
    """What became of a figure, after one more row of it."""
    if row.status in WITHOUT_VALUE:
        return "missing"
    if not had_value:
        return "new"
    changed = bool(before) and not _says_the_same(before[-1], row) and before[-1].status not in WITHOUT_VALUE
    return "revised" if changed else so_far


def _statements(rows: Iterable[ArchiveRow]) -> dict[tuple[str, str, str, str], list[ArchiveRow]]:
    """What each publisher said of each figure, by day of release."""
    out: dict[tuple[str, str, str, str], list[ArchiveRow]] = {}
    for row in sorted(rows, key=lambda row: row.released):
        out.setdefault(_statement_key(row), []).append(row)
    return out


def _statement_key(row: ArchiveRow) -> tuple[str, str, str, str]:
    return row.series, row.period, row.publisher, row.stage


def _says_the_same(one: ArchiveRow, other: ArchiveRow) -> bool:
    same = one.value == other.value or (one.value != one.value and other.value != other.value)
    return same and (one.status, one.kind, one.excluded) == (other.status, other.kind, other.excluded)


def _with_day(row: ArchiveRow, said: Sequence[ArchiveRow], today: str) -> ArchiveRow:
    """The row, dated today where the same day of release was given to another value."""
    twins = [one for one in said if one.released == row.released and one.basis == row.basis]
    if not twins or any(_says_the_same(one, row) for one in twins) or today <= row.released:
        return row
    note = f"the source dates it {row.released}, as it did another value"
    return replace(row, released=today, note="; ".join(filter(None, (row.note, note))))
