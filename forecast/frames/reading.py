"""A table in memory as a Vintage, with what else is known of its series: which cannot fall below zero, what is missing."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecast.core.errors import DataError, nearest
from forecast.core.events import Event, EventCalendar
from forecast.core.panel import vintage_of
from forecast.core.results import TableReading
from forecast.core.time_axis import Steps
from forecast.core.vintage import Vintage
from forecast.frames.layout import TableLayout
from forecast.frames.tables import Figures, read_table
from forecast.frames.times import Times, read_times


@dataclass(frozen=True)
class TableInMemory:
    """The series of a table as a Vintage in which every figure is released.

    series : in the table's order, those without any figure included; nonnegative : those that cannot fall below zero
    """

    vintage: Vintage
    series: tuple[str, ...]
    times: Times
    layout: TableLayout
    nonnegative: frozenset[str]
    assumed: bool
    unit: str = ""

    def vintage_for(self, series: str) -> Vintage:
        """The vintage on which a series is answered: one of quantities, with others alone, where it cannot fall below zero."""
        return self.quantities if series in self.nonnegative else self.vintage

    @functools.cached_property
    def quantities(self) -> Vintage:
        """The series that cannot fall below zero, as a vintage of quantities."""
        cells = {name: cells for name, cells in self.vintage.cells.items() if name in self.nonnegative}
        return replace(self.vintage, cells=cells, nonnegative=True)

    def reading(self, series: Sequence[str]) -> TableReading:
        """How the figures behind an answer on some of the series were read."""
        bounded = tuple(name for name in series if name in self.nonnegative)
        return TableReading(self.unit, bounded, self.assumed, self._notes(series), self.layout)

    def _notes(self, series: Sequence[str]) -> tuple[str, ...]:
        """Sentences on missing figures inside the series, and on series that end at different times."""
        notes, steps = [], self.vintage.steps
        known = [name for name in series if self.vintage.knows(name)]
        holes = {name: int(np.isnan(self.vintage.observed(name).values).sum()) for name in known}
        missing = {name: count for name, count in holes.items() if count}
        if missing:
            who = ", ".join(f"{count} of {name}" for name, count in list(missing.items())[:3])
            more = f" and of {len(missing) - 3} more series" if len(missing) > 3 else ""
            notes.append(f"missing {steps.noun}s inside the series stay missing: {who}{more}")
        ends = {self.vintage.last_month(name) for name in known}
        if len(ends) > 1:
            first, last = steps.label(min(ends)), steps.label(max(ends))
            notes.append(f"the series end between {first} and {last}, and each is answered from its own last figure on")
        return tuple(notes)


def read_memory(
    data: object, *, id: str | None = None, time: str | None = None, target: str | None = None, season: int | None = None,
    freq: str | None = None, nonnegative: bool | None = None, events: Event | Iterable[Event] = (), unit: str = "",
) -> TableInMemory:  # fmt: skip
    """The series of a table in memory; the arguments are those of `fc.forecast`."""
    figures = read_table(data, id, time, target)
    where = "the times" if figures.time is None else f"column '{figures.time}'"
    steps, times = read_times(figures.times, freq, season, where, figures.offset)
    place = "the Series" if figures.shape == "series" else "the table"
    vintage = _vintage_of(figures, steps, times.steps, place)
    lowest = {name: float(np.nanmin(vintage.observed(name).values)) for name in vintage.cells}
    below = [name for name in figures.names if lowest.get(name, 0.0) < 0]
    if nonnegative and below:
        problem = f"{below[0]} falls to {lowest[below[0]]:g}, and the figures are said to be nonnegative"
        raise DataError(
            problem, where=place, hint="nonnegative=False, or None: bounded are the series with no figure below zero"
        )
    bounded = frozenset(figures.names if nonnegative else set(figures.names) - set(below) if nonnegative is None else ())
    vintage = replace(vintage, events=EventCalendar().with_events(_check_events(events, figures.names, times)))
    layout = TableLayout(figures.shape, times, dict(figures.labels), figures.time, figures.id)
    return TableInMemory(vintage, figures.names, times, layout, bounded, nonnegative is None, unit)


def _vintage_of(figures: Figures, steps: Sequence[int], axis: Steps, place: str) -> Vintage:
    """The vintage of the table's rows, once for each column of figures."""
    rows, count = figures.times.index, len(figures.columns)
    names = figures.owners or [name for _, name, _ in figures.columns]
    of = np.tile(np.arange(len(rows)), count) if figures.owners else np.repeat(np.arange(count), len(rows))
    values = [np.asarray(values, float) for _, _, values in figures.columns]
    when = np.tile(np.array(steps, np.int64), count)
    return vintage_of(rows, names, of, when, np.concatenate(values), axis, place)


def as_events(events: Event | Iterable[Event]) -> tuple[Event, ...]:
    """One event or several."""
    return (events,) if isinstance(events, Event) else tuple(events)


def _check_events(events: Event | Iterable[Event], names: Sequence[str], times: Times) -> tuple[Event, ...]:
    """Events that models are told: by month, of role default, each on a series of the table (all of them where it has one)."""
    told = []
    for event in as_events(events):
        if times.steps.unit != "month":
            problem = f"an event acts by month, and the figures are {times.steps.noun}s"
            raise DataError(problem, where=f"event '{event.id}'", hint="figures by month, or no events")
        event = replace(event, role="default") if event.role == "context" else event
        if not any(event.touches(name) for name in names):
            if len(names) > 1:
                problem = f"the event acts on {', '.join(event.products)}, and no series is called so"
                hint = f'products=("ALL",), or names of series: {nearest(event.products[0], names)}'
                raise DataError(problem, where=f"event '{event.id}'", hint=hint)
            event = replace(event, products=("ALL",))
        told.append(event)
    return tuple(told)


def label_of(memory: TableInMemory, time: object, argument: str) -> str:
    """The label of a time that a caller gives, on the axis of the table."""
    try:
        return memory.vintage.steps.label(memory.times.step(time))
    except (DataError, ValueError, OverflowError) as error:
        problem = error.problem if isinstance(error, DataError) else f"{time!r} is no time"
        last = memory.times.write([max(memory.vintage.last_month(name) for name in memory.vintage.series)])[0]
        raise DataError(problem, where=f"{argument}={time!r}", hint=f"a time as the table writes it, such as {last}") from None


def series_named(memory: TableInMemory, names: Any, argument: str) -> tuple[str, ...]:
    """Series of a table by their labels in it."""
    wanted = [names] if isinstance(names, str) or not isinstance(names, Iterable) else list(names)
    own = {label: name for name, label in memory.layout.labels.items()}
    found = []
    for one in wanted:
        name = own.get(one, str(one)) if isinstance(one, str | int | float | tuple) or one is None else str(one)
        if name not in memory.series:
            raise DataError(
                f"no series is called '{one}'", where=f"{argument}={names!r}", hint=nearest(str(one), memory.series)
            )
        if name in found:
            raise DataError(f"'{one}' is named twice", where=f"{argument}={names!r}", hint="each series once")
        found.append(name)
    return tuple(found)
