"""What an archive holds, in lines: its series, the figures of one, and the versions in which a figure was published."""

from __future__ import annotations

import datetime as dt
import fnmatch
import math
from collections import Counter
from collections.abc import Iterator

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.cells import Cell
from forecast.core.errors import DataError, nearest
from forecast.core.release_schedule import known_release_day
from forecast.core.series import SeriesKey
from forecast.core.series_states import REAL


def lines_of_series(archive: Archive, pattern: str = "*") -> list[str]:
    """A line for each series: its months, its figures and how many of them were revised, real vintages, the last release."""
    chosen = matching(archive, pattern)
    width = max(map(len, chosen))
    return [f"{name:<{width}}  {_extent(archive.states(name))}" for name in chosen]


def matching(archive: Archive, pattern: str) -> list[str]:
    """The series that a pattern matches, in alphabetical order; DataError if there is none."""
    found = [name for name in archive.series if fnmatch.fnmatchcase(name, pattern)]
    if not found:
        hint = nearest(pattern, archive.series)
        raise DataError(f"the archive holds no series '{pattern}'", where=pattern, hint=hint)
    return found


def _extent(states: tuple[Cell, ...]) -> str:
    versions = Counter((cell.first, cell.last) for cell in states)
    real = len({(cell.first, cell.last) for cell in states if cell.basis == REAL})
    revised = sum(count > 1 for count in _changes_by_figure(states).values())
    first, last = min(cell.first for cell in states), max(cell.last for cell in states)
    newest = max(cell.released for cell in states)
    return (
        f"{months.label(first)} to {months.label(last)}, {len(versions)} figures ({real} real, {len(versions) - real} pseudo), "
        f"{revised} revised, last release {newest}"
    )


def _changes_by_figure(states: tuple[Cell, ...]) -> dict[tuple[int, int], int]:
    """By figure: how many different versions of it there were."""
    out: dict[tuple[int, int], set[tuple[str, str]]] = {}
    for cell in states:
        out.setdefault((cell.first, cell.last), set()).add((repr(cell.value), cell.status))
    return {figure: len(found) for figure, found in out.items()}


def lines_of_figures(archive: Archive, series: str, today: dt.date) -> list[str]:
    """A line for each figure of a series as it is known today, for each month without one, and for those to come."""
    cells = {(cell.first, cell.last): cell for cell in archive.as_of(today).cells.get(series, ())}
    if not cells:
        raise DataError(f"no figure of '{series}' is known on {today}", where=series, hint=nearest(series, archive.series))
    unit = SeriesKey.parse(series).unit
    covered = {month for first, last in cells for month in range(first, last + 1)}
    lines = [(first, last, _figure(cell, unit)) for (first, last), cell in cells.items()]
    for month in range(min(covered), max(max(covered), months.ordinal(today) - 1) + 1):
        if month not in covered:
            lines.append((month, month, _without_figure(series, month, today)))
    return [f"{months.period_label(first, last):<15}  {text}" for first, last, text in sorted(lines)]


def _figure(cell: Cell, unit: str) -> str:
    kind = "real" if cell.basis == REAL else f"pseudo ({cell.basis})"
    return f"{_amount(cell, unit):>24}  released {cell.released}, {kind}, {cell.source}"


def _amount(cell: Cell, unit: str) -> str:
    if not math.isfinite(cell.value):
        return cell.status
    return f"{cell.value:,.10g} {unit}" + ("" if cell.status in ("value", "zero") else f" ({cell.status})")


def _without_figure(series: str, month: int, today: dt.date) -> str:
    due = known_release_day(series, month, today)
    if due is None:
        return f"{'not in the archive':>24}"
    return f"{'not released':>24}  due {due}" if due > today else f"{'not in the archive':>24}  was due {due}"


def lines_of_versions(archive: Archive, series: str, month: str = "") -> list[str]:
    """The versions of each revised figure of a series, or of all that cover `month` (YYYY-MM): day, amount, change, source."""
    wanted = months.ordinal(month) if month else None
    unit = SeriesKey.parse(series).unit
    figures: dict[tuple[int, int], list[Cell]] = {}
    for cell in archive.states(series):
        figures.setdefault((cell.first, cell.last), []).append(cell)
    changes = _changes_by_figure(archive.states(series))
    chosen = {
        figure: versions
        for figure, versions in figures.items()
        if (changes[figure] > 1 if wanted is None else figure[0] <= wanted <= figure[1])
    }
    if not chosen and wanted is not None:
        hint = f"a month from {months.label(min(figures)[0])} to {months.label(max(last for _, last in figures))}"
        raise DataError(f"no figure of {month} was ever held", where=series, hint=hint)
    if not chosen:
        return [f"{series}: none of {len(figures)} figures was revised"]
    return [line for figure, versions in chosen.items() for line in _versions(figure, versions, unit)]


def _versions(figure: tuple[int, int], versions: list[Cell], unit: str) -> Iterator[str]:
    yield months.period_label(*figure)
    before: Cell | None = None
    for cell in versions:
        change = ""
        if before is not None and math.isfinite(cell.value) and math.isfinite(before.value):
            difference = cell.value - before.value
            share = f", {100 * difference / before.value:+.1f} %" if before.value else ""
            change = f"  {difference:+,.10g} {unit}{share}" if difference else "  unchanged"
        yield f"  {cell.released}  {_amount(cell, unit):>24}{change}  ({cell.basis}; {cell.source})"
        before = cell
