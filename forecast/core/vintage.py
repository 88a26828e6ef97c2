"""Vintage: the figures and events known on one day, with gaps. The only data a method sees."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core import months
from forecast.core.cells import UNHELD, Cell as Cell, Cells
from forecast.core.changed_cells import ChangedCells, CutCells
from forecast.core.errors import DataError, LookAheadError, nearest
from forecast.core.events import EventCalendar
from forecast.core.identity import identity
from forecast.core.known_controls import NO_CONTROLS, KnownControls
from forecast.core.observed_series import ObservedSeries as ObservedSeries
from forecast.core.presentation import shown
from forecast.core.scenario import Scenario
from forecast.core.series import SeriesKey
from forecast.core.step_figures import StepFigures, without
from forecast.core.time_axis import MONTHS, Steps

ALL_SERIES = "*"  # cuts a hole in every series
_months_of, _last_of = operator.attrgetter("first", "last"), operator.attrgetter("last")
NO_END = 2**62  # last month of an open-ended hole


@shown
@dataclass(frozen=True)
class Vintage:
    """All figures and events known on `day`.

    The only data that a method sees. It is had from `Archive.as_of`, or from `forecast.panel` for a table of one's own.

    Parameters
    ----------
    day : date
        the day on which it stands
    cells : mapping of str to sequence of Cell
        the figures of each series
    events : EventCalendar, default empty
        policy events as announced by then
    pseudo : bool, default False
        whether figures are those of a later vintage, cut at their days of release
    past : callable, optional
        how an earlier vintage is had; None: the same figures on any day
    steps : Steps, optional
        the time axis, and the length of its cycle
    nonnegative : bool, default True
        whether no figure can be below zero: so for quantities of trade, not for a plain panel
    controls : mapping of (str, str) to mapping of int to float, optional
        known series by (unit, name), used where a Design names them
    holes : tuple of (str, int, int), optional
        what was hidden, as (series, first month, last month)

    Examples
    --------
    >>> import forecast as fc
    >>> vintage = fc.load_archive().as_of("2025-03-31")
    >>> seen = vintage.observed("CHN.export.WLD.re_magnets")
    >>> seen.count, vintage.season, vintage.knows("CHN.export.WLD.re_oxide")
    (31, 12, False)
    """

    day: dt.date
    cells: Cells
    events: EventCalendar = field(default_factory=EventCalendar)
    pseudo: bool = False
    past: Callable[[dt.date], Vintage] | None = field(default=None, repr=False, compare=False)
    steps: Steps = MONTHS
    nonnegative: bool = True
    controls: Mapping[tuple[str, str], Mapping[int, float]] = NO_CONTROLS
    holes: tuple[tuple[str, int, int], ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.controls, KnownControls):
            object.__setattr__(self, "controls", KnownControls(self.controls))

    @property
    def series(self) -> tuple[str, ...]:
        """All series with a known figure."""
        return tuple(sorted(self.cells))

    @property
    def season(self) -> int | None:
        """Number of steps in a cycle: 12 for months; None where there is no season."""
        return self.steps.season

    @functools.cached_property
    def _observed_cache(self) -> dict[str, ObservedSeries]:
        return {}

    def observed(self, series: str) -> ObservedSeries:
        """One series: monthly values, their status, and spans.

        Parameters
        ----------
        series : str
            its key, or its name in a plain panel

        Returns
        -------
        ObservedSeries
            from its first known month to its last

        Raises
        ------
        DataError
            where no figure of it is known on the day
        """
        if series not in self._observed_cache:
            self._observed_cache[series] = self._assemble_series(series)
        return self._observed_cache[series]

    def _assemble_series(self, series: str) -> ObservedSeries:
        cells = self.cells.get(series)
        if not cells:
            if SeriesKey.maybe(series) is None and not any(SeriesKey.maybe(s) is None for s in self.cells):
                SeriesKey.parse(series)
            raise DataError(
                f"no figure of '{series}' is known on {self.day}",
                where=series,
                hint=nearest(series, self.cells) or "a later day",
            )
        if isinstance(cells, StepFigures):
            first, values, status_by_step = cells.on_grid()
            values.setflags(write=False)  # the array is cached and shared
            return ObservedSeries(series, first, values, status_by_step)
        first = min(c.first for c in cells)
        last = max(c.last for c in cells)
        values = np.full(last - first + 1, np.nan)
        status = [UNHELD] * len(values)
        spans = []
        for cell in cells:
            if cell.is_span:
                spans.append(cell)
                for m in range(cell.first, cell.last + 1):
                    if status[m - first] == UNHELD:
                        status[m - first] = "span"
        for cell in cells:
            if not cell.is_span:
                status[cell.first - first] = cell.status
                if cell.status not in ("missing", "suppressed"):
                    values[cell.first - first] = cell.value
        for span in spans:
            if span.status == "zero" and self.nonnegative:
                inside = slice(span.first - first, span.last - first + 1)
                values[inside] = np.where(np.isnan(values[inside]), 0.0, values[inside])
                for m in range(span.first - first, span.last - first + 1):
                    status[m] = "zero" if status[m] in ("span", UNHELD) else status[m]
        values.setflags(write=False)  # the array is cached and shared
        ordered = tuple(sorted(spans, key=lambda c: (c.first, c.last)))
        derived = frozenset(c.first for c in cells if not c.is_span and c.kind == "derived")
        return ObservedSeries(series, first, values, tuple(status), ordered, derived)

    def last_month(self, series: str) -> int:
        """The last month of a series for which anything is known.

        Parameters
        ----------
        series : str
            one that is known
        """
        cells = self.cells[series]
        return int(cells.when[-1]) if isinstance(cells, StepFigures) else int(max(map(_last_of, cells)))

    def knows(self, series: str) -> bool:
        """Whether any figure of a series is known.

        Parameters
        ----------
        series : str
            its key, or its name in a plain panel
        """
        return series in self.cells

    def status(self, series: str, month: int) -> str:
        """Status of a month; `not released` after the last month that the series' release clock has reached.

        Parameters
        ----------
        series : str
            one that is known
        month : int
            as an integer

        Returns
        -------
        str
            value, zero, missing, suppressed, provisional, span, not in the data or not released

        Raises
        ------
        DataError
            where no figure of the series is known
        """
        seen = self.observed(series)
        if seen.first <= month <= seen.last:
            return seen.status[month - seen.first]
        if self.steps.unit == "month" and SeriesKey.maybe(series):
            from forecast.core.release_clock import bundled_clock, source_of

            try:
                day, _ = bundled_clock().release_day(*source_of(series), month)
            except DataError:
                return UNHELD
            return "not released" if day > self.day else UNHELD
        return "not released" if month > seen.last else UNHELD

    def only(self, series: Iterable[str]) -> Vintage:
        """The figures of some series alone, with the calendar and without the way to earlier days; light to carry along.

        Parameters
        ----------
        series : sequence of str
            those that are kept
        """
        wanted = set(series)
        return replace(self, cells={k: self.cells[k] for k in self.cells if k in wanted}, past=None, controls={})

    def earlier(self, day: str | dt.date) -> Vintage:
        """The vintage of an earlier day with the same holes.

        Parameters
        ----------
        day : str or date
            not after the day of this one

        Returns
        -------
        Vintage
            this one itself where it has no past, as a plain panel

        Raises
        ------
        LookAheadError
            where the day is later than this vintage's
        """
        day = months.parse_day(day)
        if day > self.day:
            raise LookAheadError(f"a vintage of {self.day} cannot know {day}", hint="an earlier day")
        if self.past is None:
            return self
        before = self.past(day)
        for series, first, last in self.holes:
            before = before.hide(series, first, last)
        kept = {event.id for event in self.events}
        lost = [event.id for event in before.events if event.id not in kept]
        return replace(before, events=before.events.without(lost)) if lost else before

    def hide(self, series: str, first: int, last: int | None = None) -> Vintage:
        """The vintage with a hole: no figure of `series` (`"*"`: of any) from `first` to `last` (default: to the end).

        A span that overlaps the hole is hidden too, because its sum would reveal the hidden months.

        Parameters
        ----------
        series : str
            one series, or "*" for all
        first : int
            months as integers, both included
        last : int, optional
            months as integers, both included
        """
        if series == ALL_SERIES:
            end = NO_END if last is None else last
            return replace(self, cells=CutCells(self.cells, first, end), holes=(*self.holes, (ALL_SERIES, first, end)))
        own = self.cells.get(series, ())
        end = last if last is not None else self.last_month(series) if own else first
        cells = ChangedCells(self.cells, {series: without(own, first, end)})
        return replace(self, cells=cells, holes=(*self.holes, (series, first, end)))

    def without_events(self, ids: Iterable[str]) -> Vintage:
        """The vintage as if some events had never been announced.

        Parameters
        ----------
        ids : sequence of str
            ids of events; unknown ones are ignored
        """
        return replace(self, events=self.events.without(ids))

    def under(self, scenario: Scenario) -> Vintage:
        """The vintage with a scenario's changes in its calendar and the same figures.

        Parameters
        ----------
        scenario : Scenario
            changes of the calendar after the vintage's day

        Raises
        ------
        ConfigError
            where the scenario names an unknown event, or changes the past
        """
        return replace(self, events=scenario.calendar(self.events, self.day))

    def controls_of(self, series: str, names: Sequence[str], when: Sequence[int] | Ints) -> Floats:
        """Values of known control series for some months; NaN where unknown.

        Parameters
        ----------
        series : str
            the unit they belong to
        names : sequence of str
            of the controls
        when : sequence of int or array of int
            months as integers

        Returns
        -------
        array of float, shape (months, names)
            in their own units
        """
        table = [self.controls.get((series, name), {}) for name in names]
        return np.array([[column.get(int(m), np.nan) for column in table] for m in when]).reshape(len(when), len(names))

    def fingerprint(self, series: Iterable[str] | None = None) -> str:
        """Hash of what a method can see: cells of the named series (default all), events, controls and holes.

        Parameters
        ----------
        series : sequence of str, optional
            default: all

        Returns
        -------
        str
            16 hexadecimal digits, equal for two vintages that show a method the same
        """
        names = sorted(self.cells if series is None else set(series) & set(self.cells))
        digest = hashlib.sha256()
        for name in names:
            digest.update(name.encode())
            own = self.cells[name]
            digest.update(
                own.stamps if isinstance(own, StepFigures) else b"".join(c.stamp for c in sorted(own, key=_months_of))
            )
        for event in self.events:
            digest.update(identity(event).encode())
        for key in sorted(self.controls):
            digest.update(identity((key, sorted(self.controls[key].items()))).encode())
        digest.update(identity((self.holes, self.steps, self.nonnegative)).encode())
        return digest.hexdigest()[:16]
