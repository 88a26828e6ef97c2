"""Destinations: where one flow of trade went, partner by partner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forecast.core import schema
from forecast.core.errors import ConfigError, nearest
from forecast.core.events import EventCalendar
from forecast.core.presentation import upper
from forecast.core.schema import DestinationRow

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Destinations:
    """One flow of trade by partner: volumes, shares, concentration, who was served first, price premium, months ahead.

    Parameters
    ----------
    reporter : str
        the country whose trade it is
    flow : str
        "export" or "import"
    product : str
        the good
    rows : tuple of DestinationRow
        its rows of the table `destinations`, in kg, kg a month, USD per kg, or shares from 0 to 1
    events : EventCalendar, optional
        the calendar by which events of the rows are named

    Examples
    --------
    >>> import forecast as fc
    >>> magnets = fc.destinations(fc.load_archive(), exporter="CHN", product="re_magnets")
    >>> table = magnets.frame("share")
    >>> round(float(table[table.month == "2025-06"].value.sum()), 12)
    1.0
    """

    reporter: str
    flow: str
    product: str
    rows: tuple[DestinationRow, ...] = field(repr=False)
    events: EventCalendar = field(default_factory=EventCalendar, repr=False)

    @property
    def series(self) -> str:
        """The series of the total over all partners."""
        return f"{self.reporter}.{self.flow}.WLD.{self.product}"

    @property
    def measures(self) -> tuple[str, ...]:
        """What its rows are about."""
        return tuple(dict.fromkeys(row.measure for row in self.rows))

    def of(self, measure: str) -> list[DestinationRow]:
        """The rows about one thing, in order.

        Parameters
        ----------
        measure : str
            one of `measures`

        Returns
        -------
        list of DestinationRow
            none where no row is about it
        """
        return [row for row in self.rows if row.measure == measure]

    def frame(self, measure: str = "") -> pd.DataFrame:
        """The rows as a table.

        Parameters
        ----------
        measure : str, default ""
            one of `measures`; by default all

        Returns
        -------
        DataFrame
            the columns of the table `destinations` of a run folder

        Raises
        ------
        ConfigError
            where there is no such measure
        """
        if measure and measure not in self.measures:
            raise ConfigError(f"no row is about '{measure}'", where="frame", hint=nearest(measure, self.measures))
        return schema.frame(DestinationRow, [r for r in self.rows if measure in ("", r.measure)])

    def sentences(self) -> tuple[str, ...]:
        """What the rows say, in sentences.

        Returns
        -------
        tuple of str
            shares, concentration, who was served first, price premium and months ahead, each where there are figures of it
        """
        return tuple(upper("report.destination_sentences", "destination_sentences")(self))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Volumes month by month, stacked by partner; months without a figure are empty.

        Parameters
        ----------
        ax : Axes, optional
            matplotlib axes to draw on (default: new ones)

        Returns
        -------
        Axes
            in the unit of the report, over months
        """
        axes: Axes = upper("plots.plot", "destinations")(self, ax)
        return axes
