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
from forecast.core.cells import Cell as Cell, Cells, ChangedCells, CutCells
from forecast.core.errors import DataError, LookAheadError, nearest
from forecast.core.events import EventCalendar
from forecast.core.identity import identity
from forecast.core.presentation import shown
from forecast.core.scenario import Scenario
from forecast.core.series import SeriesKey
from forecast.core.time_axis import MONTHS, Steps

ALL_SERIES = "*"  # cuts a hole in every series
_months_of, _last_of = operator.attrgetter("first", "last"), operator.attrgetter("last")
NO_END = 2**62  # last month of an open-ended hole


@shown
@dataclass(frozen=True)
class ObservedSeries:
    """One series as known on a day.

    values : (T,) monthly figures from `first` on, NaN where no single figure is known
    status : (T,) value | zero | missing | suppressed | provisional | span | not bundled
    spans  : figures known as sums of months
    derived : months whose figure is derived from other published figures
    """

    series: str
    first: int
    values: Floats
    status: tuple[str, ...]
    spans: tuple[Cell, ...] = ()
    derived: frozenset[int] = frozenset()

    @functools.cached_property
    def published(self) -> ObservedSeries:
        """The figures as published, months and sums, without those derived from others."""
        spans = tuple(c for c in self.spans if c.kind != "derived")
        if not self.derived and len(spans) == len(self.spans):
            return self
        values = np.where(np.isin(self.months, sorted(self.derived)), np.nan, self.values)
        return replace(self, values=values, spans=spans, derived=frozenset())

    @property
    def last(self) -> int:
        """The last month with a figure, its own or a span's."""
        return self.first + len(self.values) - 1

    @property
    def months(self) -> Ints:
        """The months of `values`."""
        return np.arange(self.first, self.first + len(self.values))

    @property
    def count(self) -> int:
        """Number of single monthly figures."""
        return int(np.isfinite(self.values).sum())

    def at(self, first: int, last: int) -> Floats:
        """Monthly values of a window, NaN outside what is known."""
        out = np.full(last - first + 1, np.nan)
        lo, hi = max(first, self.first), min(last, self.last)
        if lo <= hi:
            out[lo - first : hi - first + 1] = self.values[lo - self.first : hi - self.first + 1]
        return out

    def periods(self, first: int, last: int) -> list[Cell]:
        """Disjoint figures that lie wholly in a window: single months, and spans where months are unknown.

        Spans are taken shortest first, and only if none of their months is already covered.
        """
        known = {
            m: Cell(m, m, float(v), s)
            for m, v, s in zip(self.months.tolist(), self.values, self.status, strict=True)
            if first <= m <= last and np.isfinite(v)
        }
        out, taken = list(known.values()), set(known)
        for span in sorted(self.spans, key=lambda c: (c.last - c.first, c.first)):
            inside = set(range(span.first, span.last + 1))
            if span.status in ("missing", "suppressed"):
                continue
            if first <= span.first and span.last <= last and not inside & taken:
                out.append(span)
                taken |= inside
        return sorted(out, key=lambda c: c.first)


@shown
@dataclass(frozen=True)
class Vintage:
    """All figures and events known on `day`.

    `steps` is the time axis and `season` the length of its cycle (None: no season). `nonnegative` is true for quantities of
    trade; a plain panel may have negative values. `controls` are known series per unit, used where a Design names them.
    """

    day: dt.date
    cells: Cells
    events: EventCalendar = field(default_factory=EventCalendar)
    pseudo: bool = False
    past: Callable[[dt.date], Vintage] | None = field(default=None, repr=False, compare=False)
    steps: Steps = MONTHS
    nonnegative: bool = True
    controls: Mapping[tuple[str, str], Mapping[int, float]] = field(default_factory=dict)
    holes: tuple[tuple[str, int, int], ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """All series with a known figure."""
        return tuple(sorted(self.cells))

    @property
    def season(self) -> int | None:
        """Number of steps in a cycle."""
        return self.steps.season

    @functools.cached_property
    def _observed_cache(self) -> dict[str, ObservedSeries]:
        return {}

    def observed(self, series: str) -> ObservedSeries:
        """One series: monthly values, their status, and spans."""
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
        first = min(c.first for c in cells)
        last = max(c.last for c in cells)
        values = np.full(last - first + 1, np.nan)
        status = ["not bundled"] * len(values)
        spans = []
        for cell in cells:
            if cell.is_span:
                spans.append(cell)
                for m in range(cell.first, cell.last + 1):
                    if status[m - first] == "not bundled":
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
                    status[m] = "zero" if status[m] in ("span", "not bundled") else status[m]
        values.setflags(write=False)  # the array is cached and shared
        ordered = tuple(sorted(spans, key=lambda c: (c.first, c.last)))
        derived = frozenset(c.first for c in cells if not c.is_span and c.kind == "derived")
        return ObservedSeries(series, first, values, tuple(status), ordered, derived)

    def last_month(self, series: str) -> int:
        """The last month of a series for which anything is known."""
        return max(map(_last_of, self.cells[series]))

    def knows(self, series: str) -> bool:
        """Whether any figure of a series is known."""
        return series in self.cells

    def status(self, series: str, month: int) -> str:
        """Status of a month; `not released` after the last month that the series' release clock has reached."""
        seen = self.observed(series)
        if seen.first <= month <= seen.last:
            return seen.status[month - seen.first]
        if self.steps.unit == "month" and SeriesKey.maybe(series):
            from forecast.core.release_clock import bundled_clock, source_of

            try:
                day, _ = bundled_clock().release_day(*source_of(series), month)
            except DataError:
                return "not bundled"
            return "not released" if day > self.day else "not bundled"
        return "not released" if month > seen.last else "not bundled"

    def only(self, series: Iterable[str]) -> Vintage:
        """The figures of some series alone, with the calendar and without the way to earlier days; light to carry along."""
        wanted = set(series)
        return replace(self, cells={k: self.cells[k] for k in self.cells if k in wanted}, past=None, controls={})

    def earlier(self, day: str | dt.date) -> Vintage:
        """The vintage of an earlier day with the same holes; a later day is a LookAheadError."""
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
        """
        if series == ALL_SERIES:
            end = NO_END if last is None else last
            return replace(self, cells=CutCells(self.cells, first, end), holes=(*self.holes, (ALL_SERIES, first, end)))
        own = self.cells.get(series, ())
        end = last if last is not None else max((c.last for c in own), default=first)
        cells = ChangedCells(self.cells, {series: tuple(c for c in own if not c.overlaps(first, end))})
        return replace(self, cells=cells, holes=(*self.holes, (series, first, end)))

    def without_events(self, ids: Iterable[str]) -> Vintage:
        """The vintage as if some events had never been announced."""
        return replace(self, events=self.events.without(ids))

    def under(self, scenario: Scenario) -> Vintage:
        """The vintage with a scenario's changes in its calendar and the same figures."""
        return replace(self, events=scenario.calendar(self.events, self.day))

    def controls_of(self, series: str, names: Sequence[str], when: Sequence[int] | Ints) -> Floats:
        """Values of known control series for months `when`, shape (months, names), NaN where unknown."""
        table = [self.controls.get((series, name), {}) for name in names]
        return np.array([[column.get(int(m), np.nan) for column in table] for m in when]).reshape(len(when), len(names))

    def fingerprint(self, series: Iterable[str] | None = None) -> str:
        """Hash of what a method can see: cells of the named series (default all), events, controls and holes."""
        names = sorted(self.cells if series is None else set(series) & set(self.cells))
        digest = hashlib.sha256()
        for name in names:
            digest.update(name.encode())
            digest.update(b"".join(c.stamp for c in sorted(self.cells[name], key=_months_of)))
        for event in self.events:
            digest.update(identity(event).encode())
        for key in sorted(self.controls):
            digest.update(identity((key, sorted(self.controls[key].items()))).encode())
        digest.update(identity((self.holes, self.steps, self.nonnegative)).encode())
        return digest.hexdigest()[:16]
