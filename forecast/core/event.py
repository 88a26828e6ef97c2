"""Policy event: one measure as a time interval, its scope, shape and source."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core import months, registry
from forecast.core.errors import DataError, nearest
from forecast.core.event_fields import ACTS_ON, DATES, INSTRUMENTS, LISTS, ROLES, STATUSES, parse_field
from forecast.core.presentation import shown
from forecast.core.products import mineral_of
from forecast.core.series import SeriesKey, countries


@shown
@dataclass(frozen=True)
class Event:
    """One policy measure as an interval of days, with its scope, shape and source.

    Parameters
    ----------
    id : str
        its name in a config
    title : str
        its name in the report
    announced : date
        the day on which it was announced, a date or "YYYY-MM-DD"
    effective : date, optional
        the day on which it took effect, where it has one
    end : date, optional
        the last day (exclusive) as known
    end_announced : date, optional
        the day on which that end became known
    called_off : date, optional
        the day on which a measure was withdrawn before it took effect
    superseded_by : str, optional
        the event that took its place
    superseded_on : date, optional
        the day on which it did
    imposed_by : tuple of str, default ("CHN",)
        countries that impose it, by ISO 3166 alpha-3, or groups of them ("EU27")
    targets : tuple of str, default ("ALL",)
        those whose trade with them it acts on; "ALL": everyone's
    products : tuple of str, default ("ALL",)
        minerals or goods that it names; "ALL": every one
    acts_on : {"both", "exports", "imports"}, default "both"
        which trade of the countries that impose it: goods that leave them, goods that come to them
    instrument : str, default "other"
        licence, ban, suspension, deal, ...
    reversal_of : str, optional
        the event that it suspends or ends
    share_stopped : float, optional
        share of the trade that its text stops (1.0: a full ban); None where it names none
    like : str, optional
        known months, "YYYY-MM/YYYY-MM", that show what it lets through; empty: all months under the same measures
    cluster : str, optional
        name shared with events that cannot be told apart from it
    anticipation_from : date, optional
        the first day on which traders could act on it, where that is before it took effect
    shape : mapping, default {"use": "step"}
        how it unfolds
    role : str, default "context"
        "default", part of every calendar; "control", for models that ask for it; "context", told and not modelled
    scope_note, hs_codes, document, source_url, confidence, note, status : str, optional
        what it covers, where it stands, how sure that is; as read: "official", "secondary" (others report it), "unverified"
    short : str, optional
        its name in legends and sentences; without it the title up to its first semicolon

    Raises
    ------
    DataError
        where a field cannot be read, or contradicts another: it names the event

    Examples
    --------
    >>> import forecast as fc
    >>> ban = fc.Event("ban", "A ban", "2024-12-03", effective="2024-12-03", targets="USA", products="gallium")
    >>> ban.touches("CHN.export.USA.gallium"), ban.touches("CHN.export.JPN.gallium")
    (True, False)
    """

    id: str
    title: str
    announced: dt.date
    effective: dt.date | None = None
    end: dt.date | None = None
    end_announced: dt.date | None = None
    called_off: dt.date | None = None
    superseded_by: str = ""
    superseded_on: dt.date | None = None
    imposed_by: tuple[str, ...] = ("CHN",)
    targets: tuple[str, ...] = ("ALL",)
    products: tuple[str, ...] = ("ALL",)
    acts_on: str = "both"
    instrument: str = "other"
    reversal_of: str = ""
    share_stopped: float | None = None
    like: str = ""
    cluster: str = ""
    anticipation_from: dt.date | None = None
    shape: Mapping[str, Any] = field(default_factory=lambda: {"use": "step"})
    role: str = "context"
    scope_note: str = ""
    hs_codes: str = ""
    document: str = ""
    source_url: str = ""
    confidence: str = ""
    note: str = ""
    short: str = field(default="", repr=False)  # a name for readers is no part of what is asked, nor is where it was read
    status: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for key in (f.name for f in fields(self) if f.name in DATES | LISTS):
            value = getattr(self, key)
            if isinstance(value, str | dt.datetime):  # as people write them
                object.__setattr__(self, key, parse_field(key, value, f"event '{self.id}'"))

        def refuse(problem: str, hint: str) -> DataError:
            return DataError(problem, where=f"event '{self.id}'", hint=hint)

        if "+" in self.id:  # it joins ids
            raise refuse("its id holds a '+'", "an id without it")
        words = (("acts_on", ACTS_ON), ("instrument", INSTRUMENTS), ("role", ROLES), ("status", ("", *STATUSES)))
        for word, known in words:
            if (given := getattr(self, word)) not in known:
                raise refuse(f"unknown {word} '{given}'", nearest(given, known))
        if self.end and not self.end_announced:
            raise refuse("has an end but not the day on which that end was announced", "add end_announced")
        for key, day in (("ends", self.end), ("was called off", self.called_off)):
            if day and day < self.announced:
                raise refuse(f"{key} on {day}, before it was announced on {self.announced}", "check the two days")
        if self.end and self.effective and self.end < self.effective and not self.called_off:
            raise refuse(f"ends on {self.end}, before it takes effect on {self.effective}", "called_off, if it never did")
        if self.share_stopped is not None and not 0.0 <= self.share_stopped <= 1.0:
            raise refuse(f"stops {self.share_stopped} of the trade", "share_stopped from 0 to 1, or leave it out")
        if self.effective and self.effective < self.announced and self.instrument in ("licence", "ban"):
            raise refuse("takes effect before it was announced", "check announced and effective")

    @functools.cached_property
    def imposers(self) -> frozenset[str]:
        """The countries that impose it, those of a group each."""
        return frozenset().union(*map(countries, self.imposed_by))

    @functools.cached_property
    def reached(self) -> frozenset[str]:
        """The countries whose trade it acts on, those of a group each; "ALL" among them: everyone's."""
        return frozenset().union(*map(countries, self.targets))

    @property
    def short_title(self) -> str:
        """Its name in legends and sentences."""
        return self.short or self.title.partition(";")[0]

    @property
    def in_force(self) -> bool:
        """Whether the measure takes effect at some time, as far as known."""
        return self.effective is not None and self.called_off is None

    @property
    def until(self) -> dt.date | None:
        """The day from which the measure no longer applies, as far as known: its end, or the day it was superseded."""
        days = [day for day in (self.end, self.superseded_on) if day]
        return min(days) if days else None

    @property
    def start(self) -> int:
        """The month in which the measure takes effect (is announced, where it has no effective day)."""
        return months.ordinal(self.effective or self.announced)

    @property
    def interval(self) -> tuple[float, float]:
        """Start and end of the measure on the continuous axis of months (`months.position`), as far as known.

        It starts when the measure takes effect, never before its announcement, and is empty where it was called off first.
        """
        begin = months.position(max(self.effective or self.announced, self.announced))
        days = [day for day in (self.until, self.called_off) if day]
        return begin, max(begin, months.position(min(days))) if days else math.inf

    @property
    def anticipation(self) -> int:
        """Number of months before `start` in which traders could already react."""
        return self.start - months.ordinal(self.anticipation_from) if self.anticipation_from else 0

    def known_on(self, day: dt.date) -> Event | None:
        """The event as known on that day; None before its announcement.

        Parameters
        ----------
        day : date
            on which it is asked

        Returns
        -------
        Event or None
            without ends, withdrawals and successors that were announced later
        """
        if self.announced > day:
            return None
        known = self
        later_end = self.end_announced and self.end_announced > day
        # an end before the effective day is valid only together with the day on which the measure was called off
        never = self.end and self.effective and self.end < self.effective and self.called_off and self.called_off > day
        if later_end or never:
            known = replace(known, end=None, end_announced=None)
        if self.called_off and self.called_off > day:
            known = replace(known, called_off=None)
        if self.superseded_on and self.superseded_on > day:
            known = replace(known, superseded_on=None, superseded_by="")
        return known

    def held_at(self, point: float) -> Event:
        """The event without an end from a point on the axis of months on, nor `like`.

        Parameters
        ----------
        point : float
            a day as a real number of months (`forecast.core.months.position`)

        Returns
        -------
        Event
            a new one
        """
        ends = self.end is not None and months.position(self.end) >= point
        gives_way = self.superseded_on is not None and months.position(self.superseded_on) >= point
        return replace(
            self,
            end=None if ends else self.end,
            end_announced=None if ends else self.end_announced,
            superseded_on=None if gives_way else self.superseded_on,
            superseded_by="" if gives_way else self.superseded_by,
            like="",
        )

    def covers(self, product: str) -> bool:
        """Whether a product is in scope, by its own name or its mineral's.

        Parameters
        ----------
        product : str
            its name in the package

        Returns
        -------
        bool
            also where the event names its mineral, or all goods
        """
        return "ALL" in self.products or product in self.products or mineral_of(product) in self.products

    def touches(self, series: str) -> bool:
        """Whether the event applies to a flow: product in scope, and trade between the two sides in a direction it acts on.

        A total over all partners, or over a group, is touched by a measure against one of them. A series of a plain panel is
        touched by an event whose products are "ALL" or hold its name.

        Parameters
        ----------
        series : str
            its key, or its name in a plain panel

        Returns
        -------
        bool
            whether it does
        """
        key = SeriesKey.maybe(series)
        if key is None:
            return "ALL" in self.products or series in self.products
        if not self.covers(key.product):
            return False
        return any(
            _matches(imposing, self.imposers, partner) and _matches(partner, self.reached, imposing)
            for imposing, partner in self._sides(key)
        )

    def directed_at(self, series: str) -> bool:
        """Whether the event applies to the whole of a flow; to a total over partners only where it targets all of them.

        Parameters
        ----------
        series : str
            its key, or its name in a plain panel

        Returns
        -------
        bool
            whether it does
        """
        key = SeriesKey.maybe(series)
        if key is None or not self.touches(series):
            return key is None and self.touches(series)
        return any(
            countries(imposing).issubset(self.imposers) and ("ALL" in self.reached or countries(partner).issubset(self.reached))
            for imposing, partner in self._sides(key)
        )

    def _sides(self, key: SeriesKey) -> list[tuple[str, str]]:
        """The side of a flow on which those who impose the measure would have to be, and its other side; by direction."""
        leaving, coming = (key.origin, key.destination), (key.destination, key.origin)
        return {"exports": [leaving], "imports": [coming], "both": [leaving, coming]}[self.acts_on]

    def response(self, when: Ints) -> Floats:
        """Regressor columns of the event's shape.

        Parameters
        ----------
        when : array of int, shape (months,)
            months as integers

        Returns
        -------
        array of float, shape (months, k)
            without dimension, 1 at full strength

        Raises
        ------
        ConfigError
            where the shape, or an option of it, is unknown
        """
        columns: Floats = np.asarray(registry.build("shape", self.shape).response(when, self), float)
        return columns.reshape(len(when), -1)


def _matches(side: str, named: frozenset[str], other: str) -> bool:
    """Whether a country named is on this side of a flow; the world holds every country but the one on the other side."""
    return "ALL" in named or bool(named - countries(other) if side == "WLD" else countries(side).intersection(named))
