"""Destinations: where one flow of trade went, partner by partner."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forecast.core import months, schema
from forecast.core.errors import ConfigError, nearest
from forecast.core.events import EventCalendar
from forecast.core.presentation import upper
from forecast.core.schema import DestinationRow

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class OrderOfReturn:
    """Who was back first at its own level of before, as far as the months known say.

    Parameters
    ----------
    month : str
        the earliest month in which any partner is known to have been back; "" where none is
    first : tuple of str
        the partners that were back in that month and not before
    perhaps : tuple of str
        those whose months without a figure leave open that they were back by then
    later : tuple of str
        those that were back later, soonest first
    never : tuple of str
        those that were not, in any month known
    unknown : tuple of str
        those without a figure after the event, or without a level before, which are not ranked
    """

    month: str
    first: tuple[str, ...]
    perhaps: tuple[str, ...]
    later: tuple[str, ...]
    never: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def ranked(self) -> tuple[str, ...]:
        """All partners of which something can be said."""
        return (*self.first, *self.perhaps, *self.later, *self.never)


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

    def order(self, event: str, level: float = 1.0) -> OrderOfReturn:
        """Who was back first after an event, from the bounds of each partner's month of return.

        Parameters
        ----------
        event : str
            its id
        level : float, default 1.0
            the part of the level before that counts as back, 1.0 or 0.9

        Returns
        -------
        OrderOfReturn
            partners by their codes

        Raises
        ------
        ConfigError
            where no row is about the event

        Examples
        --------
        >>> import forecast as fc
        >>> magnets = fc.destinations(fc.load_archive(), exporter="CHN", product="re_magnets")
        >>> found = magnets.order("us_china_deal_2025")
        >>> found.month, found.first, found.perhaps, found.later
        ('2025-07', ('DEU', 'JPN'), ('KOR', 'VNM'), ('USA',))
        """
        own = [row for row in self.of("back") if row.event == event]
        if not own:
            hint = nearest(event, sorted({row.event for row in self.of("back")}))
            raise ConfigError(f"no row is about the event '{event}'", where="order", hint=hint)
        rows = [row for row in own if row.level == level]
        unknown = tuple(row.partner for row in rows if row.status in ("no level", "no figure"))
        ranked = [row for row in rows if row.partner not in unknown]
        soonest = min((row.hi for row in ranked if math.isfinite(row.hi)), default=math.inf)
        first = tuple(row.partner for row in ranked if row.lo == row.hi == soonest)
        perhaps = tuple(row.partner for row in ranked if row.lo <= soonest and row.partner not in first)
        left = sorted((row for row in ranked if row.partner not in first + perhaps), key=lambda row: row.hi)
        later = tuple(row.partner for row in left if math.isfinite(row.hi))
        never = tuple(row.partner for row in left if not math.isfinite(row.hi))
        start = months.parse_period(own[0].month)[0]
        month = months.label(start + int(soonest)) if math.isfinite(soonest) else ""
        return OrderOfReturn(month, first, perhaps, later, never, unknown)

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
