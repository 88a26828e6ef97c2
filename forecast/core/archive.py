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

from forecast.core import months
from forecast.core.archive_files import read_columns
from forecast.core.archive_table import COLUMNS, ArchiveRow, table_of
from forecast.core.archive_validation import columns_of, validate
from forecast.core.cells import Cell
from forecast.core.errors import DataError
from forecast.core.events import Event, EventCalendar, bundled_events
from forecast.core.figure_store import FigureStore, HeldFigures, KnownCells
from forecast.core.identity import identity
from forecast.core.presentation import shown
from forecast.core.recent_vintages import RecentVintages
from forecast.core.vintage import Vintage

if TYPE_CHECKING:
    import pandas as pd
RECENT_DAYS = 16  # vintages that an archive keeps at hand


@shown
@dataclass(frozen=True)
class Archive:
    """A bitemporal table of figures, and the event calendar.

    Parameters
    ----------
    figures : DataFrame or FigureStore
        one row per published figure, with the columns `COLUMNS` of `forecast.core.archive_table`, or the same held by series;
        quantities in kg, values in USD. Rows whose `excluded` names a reason enter no series but are kept for the audit
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

    figures: FigureStore
    events: EventCalendar = field(default_factory=EventCalendar)
    pseudo: bool = True  # one vintage per figure: revisions of the past are not in the table

    def __init__(self, figures: FigureStore | pd.DataFrame, events: EventCalendar | None = None, pseudo: bool = True) -> None:
        if not isinstance(figures, FigureStore):
            columns = columns_of(figures)
            validate(columns)
            figures = HeldFigures(columns, figures.copy())  # the caller may change its own
        assign = functools.partial(object.__setattr__, self)
        assign("figures", figures)
        assign("events", EventCalendar() if events is None else events)
        assign("pseudo", pseudo)

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

    @property
    def table(self) -> pd.DataFrame:
        """Every row; of a large archive a large table."""
        return self.figures.table

    @property
    def series(self) -> tuple[str, ...]:
        """All series with at least one usable figure."""
        return tuple(self.figures.extents)

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
        return self.figures.states(series).all()

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
        return self._recent.of(day, self._vintage)

    def _vintage(self, day: dt.date) -> Vintage:
        cells = KnownCells(self.figures, day)
        return Vintage(day=day, cells=cells, events=self.events.known_on(day), pseudo=self.pseudo, past=self.as_of)

    @functools.cached_property
    def _recent(self) -> RecentVintages:
        return RecentVintages(RECENT_DAYS)

    def __getstate__(self) -> dict[str, object]:
        return {name: held for name, held in self.__dict__.items() if name not in ("_recent", "latest")}

    @property
    def last_release(self) -> dt.date:
        """The last day on which a figure of the archive was released."""
        return dt.date.fromordinal(self.figures.reach[1])

    @functools.cached_property
    def latest(self) -> Vintage:
        """The vintage of the day after the last release."""
        return self.as_of(self.last_release + dt.timedelta(days=1))

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hash of every figure and event."""
        digest = hashlib.sha256(self.figures.identity)
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
    columns = read_columns(Path(path))
    try:
        validate(columns)
    except DataError as error:
        raise DataError(error.problem, where=", ".join(filter(None, (str(path), error.where))), hint=error.hint) from None
    return Archive(HeldFigures(columns), events if events is not None else bundled_events())
