"""Archive: every published figure with its day of release; read through `as_of(day)`, which knows nothing later."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from forecast.core import months
from forecast.core.archive_table import COLUMNS, ArchiveRow, read_table, rows_of, table_of, validate
from forecast.core.errors import DataError, nearest
from forecast.core.events import Event, EventCalendar, bundled_events
from forecast.core.identity import identity
from forecast.core.presentation import shown
from forecast.core.vintage import Cell, Vintage

if TYPE_CHECKING:
    import pandas as pd

AGREEMENT_TOLERANCE = 1e-3  # figures this close (relative) are one figure, rounded differently


@shown
@dataclass(frozen=True)
class Archive:
    """A bitemporal table of figures, and the event calendar.

    Parameters
    ----------
    table : DataFrame
        one row per published figure, with the columns `COLUMNS` of `forecast.core.archive_table`; quantities in kg, values in
        USD. Rows whose `excluded` names a reason enter no series but are kept for the audit
    events : EventCalendar, default empty
        the policy events, with the days on which they became known
    pseudo : bool, default True
        whether the table holds one vintage of each figure only, so that revisions of the past are not in it

    Raises
    ------
    DataError
        where the table lacks a column, or a cell of it is not valid

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> archive.series[:2]
    ('CHN.export.ARE.magnesium_ingot', 'CHN.export.BEL.antimony_unwrought')
    >>> archive.as_of("2025-03-31").knows("CHN.export.WLD.re_magnets")
    True
    """

    table: pd.DataFrame
    events: EventCalendar = field(default_factory=EventCalendar)
    pseudo: bool = True  # one vintage per figure: revisions of the past are not in the table

    def __post_init__(self) -> None:
        validate(self.table)

    @classmethod
    def of(cls, rows: Iterable[ArchiveRow], events: EventCalendar | None = None, *, pseudo: bool = True) -> Archive:
        """An archive of some rows, as a source makes it.

        Parameters
        ----------
        rows : sequence of ArchiveRow
            the figures, each with its day of release
        events : EventCalendar, optional
            the policy events (default: none)
        pseudo : bool, default True
            as the field of the same name

        Returns
        -------
        Archive
            the rows as a table, checked

        Raises
        ------
        DataError
            where a row is not valid
        """
        return cls(table_of(rows), events or EventCalendar(), pseudo)

    @functools.cached_property
    def _states(self) -> dict[str, list[Cell]]:
        """Every state each cell was ever in, by series: the chosen row and the days it held."""
        groups: dict[tuple[str, str], list[ArchiveRow]] = {}
        for row in rows_of(self.table[self.table.excluded == ""]):
            groups.setdefault((row.series, row.period), []).append(row)
        states: dict[str, list[Cell]] = {}
        for (series, period), candidates in sorted(groups.items()):
            first, last = months.parse_period(period)
            days = sorted({row.released for row in candidates})
            for i, day in enumerate(days):
                row = choose_row([r for r in candidates if r.released <= day])
                states.setdefault(series, []).append(
                    Cell(
                        first=first,
                        last=last,
                        value=float(row.value),
                        status=row.status,
                        kind=row.kind,
                        stage=row.stage,
                        released=dt.date.fromisoformat(day),
                        until=dt.date.fromisoformat(days[i + 1]) if i + 1 < len(days) else dt.date.max,
                        basis=row.basis,
                        source=row.publisher,
                        url=row.url,
                        derived_from=row.derived_from,
                    )
                )
        return states

    @property
    def series(self) -> tuple[str, ...]:
        """All series with at least one usable figure."""
        return tuple(sorted(self._states))

    def states(self, series: str) -> tuple[Cell, ...]:
        """All states in which figures of a series were ever known, by first month and day of release.

        Parameters
        ----------
        series : str
            its key, such as "CHN.export.WLD.re_magnets"

        Returns
        -------
        tuple of Cell
            one for each value that a figure ever had, in kg (or USD), with the days on which it was the newest

        Raises
        ------
        DataError
            where the archive holds no such series
        """
        if series not in self._states:
            raise DataError(f"the archive holds no series '{series}'", where=series, hint=nearest(series, self._states))
        return tuple(self._states[series])

    def as_of(self, day: str | dt.date) -> Vintage:
        """The vintage of `day`: figures released and events announced by then, and nothing else.

        Parameters
        ----------
        day : str or date
            "YYYY-MM-DD", or a date

        Returns
        -------
        Vintage
            with the events as they were known then, and the way to earlier days (`Vintage.earlier`)

        Raises
        ------
        DataError
            where `day` is no day
        """
        day = months.parse_day(day)
        cells = {}
        for series, states in self._states.items():
            known = tuple(c for c in states if c.released <= day and (day < c.until or c.until == dt.date.max))
            if known:
                cells[series] = known
        return Vintage(day=day, cells=cells, events=self.events.known_on(day), pseudo=self.pseudo, past=self.as_of)

    @property
    def last_release(self) -> dt.date:
        """The last day on which a bundled figure was released."""
        return max(cell.released for states in self._states.values() for cell in states)

    @functools.cached_property
    def latest(self) -> Vintage:
        """The vintage of the day after the last release."""
        return self.as_of(self.last_release + dt.timedelta(days=1))

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hash of every figure and event."""
        digest = hashlib.sha256(self.table.to_csv(index=False).encode())
        digest.update(identity(self.events).encode())
        return digest.hexdigest()[:16]

    def append(self, rows: pd.DataFrame, events: Iterable[Event] = ()) -> Archive:
        """A new archive with more figures and events; nothing already there is changed.

        Parameters
        ----------
        rows : DataFrame
            figures with the columns of `table`; columns left out are empty
        events : iterable of Event, optional
            one whose id is known already takes the place of the former

        Returns
        -------
        Archive
            A new one; this one stays as it is. Rows that are there already are not added twice.

        Raises
        ------
        DataError
            where a row is not valid
        """
        import pandas as pd

        rows = (
            rows.reindex(columns=list(COLUMNS))
            .assign(value=rows["value"].astype(float))
            .fillna(dict.fromkeys(COLUMNS[:2] + COLUMNS[3:], ""))
        )
        table = pd.concat([self.table, rows], ignore_index=True).drop_duplicates(ignore_index=True)
        return Archive(table, self.events.with_events(events), self.pseudo)


def choose_row(rows: list[ArchiveRow]) -> ArchiveRow:
    """The row used where sources disagree on a figure.

    Criteria in order: newest release; reported and cumulative before derived; the value most sources agree on (within 0.1 %);
    most digits; latest article; publisher in alphabetical order.
    """
    if len(rows) == 1:
        return rows[0]
    newest = max(row.released for row in rows)
    rows = [row for row in rows if row.released == newest]
    if any(row.kind != "derived" for row in rows):
        rows = [row for row in rows if row.kind != "derived"]
    values = np.array([float(row.value) for row in rows])
    close = np.abs(values[:, None] - values[None, :]) <= AGREEMENT_TOLERANCE * np.maximum(np.abs(values)[:, None], 1e-12)
    support = close.sum(axis=1)
    rows = [row for row, s in zip(rows, support, strict=True) if s == support.max()]
    digits = max(_significant_digits(row.value) for row in rows)
    rows = [row for row in rows if _significant_digits(row.value) == digits]
    latest = max(row.article_date for row in rows)
    return min((row for row in rows if row.article_date == latest), key=lambda row: (row.publisher, row.url))


def _significant_digits(value: float) -> int:
    return len(f"{float(value):.10g}".replace(".", "").replace("-", "").strip("0") or "0")


@functools.cache
def bundled_archive() -> Archive:
    """The data set bundled with the package."""
    folder = resources.files("forecast.data")
    with resources.as_file(folder.joinpath("observations.csv")) as path:
        return read_archive(path, bundled_events())


def read_archive(path: str | Path, events: EventCalendar | None = None) -> Archive:
    """An archive from a CSV or Parquet file in the package's own schema (`forecast/data/README.md`).

    Parameters
    ----------
    path : str or Path
        of the file
    events : EventCalendar, optional
        default: the bundled calendar

    Returns
    -------
    Archive
        checked

    Raises
    ------
    DataError
        where the file cannot be read, or a cell is not valid; it names the row and the column
    """
    table = read_table(Path(path))
    try:
        return Archive(table, events if events is not None else bundled_events())
    except DataError as error:
        raise DataError(error.problem, where=", ".join(filter(None, (str(path), error.where))), hint=error.hint) from None
