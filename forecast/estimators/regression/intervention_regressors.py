"""Intervention regressors: the responses of a design's events, or of the unnamed event of a plain panel, over the time axis."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, fields, replace
from typing import Any, ClassVar, Protocol

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core import months, registry
from forecast.core.contracts import Shape
from forecast.core.events import Event
from forecast.core.questions import Design
from forecast.core.vintage import Vintage
from forecast.prep.regressors import Regressors

ShapeSpec = str | Mapping[str, Any]
MIN_GAP = 3.0  # months between the starts of two events whose effects can be separated
EPOCH = dt.date(2000, 1, 1)  # date of an unnamed event, so that steps of any length can be counted as months


class ShapeOptions(Shape, Protocol):
    """A registered shape: a frozen dataclass whose fields are its options."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


@dataclass(frozen=True, eq=False)
class EventRegressor:
    """One event with one shape: columns `names` over `when` (N,), the time axis in the event's own months.

    free : options of the shape given as "estimate", with their bounds
    """

    owner: str
    names: tuple[str, ...]
    event: Event
    shape: ShapeOptions
    when: Ints
    free: tuple[tuple[str, tuple[float, float]], ...] = ()

    def columns(self, values: Floats) -> Floats:
        """Columns (N, k) with the free options at `values`."""
        chosen = dict(zip((name for name, _ in self.free), (float(v) for v in values), strict=True))
        shape = replace(self.shape, **chosen) if chosen else self.shape
        return np.asarray(shape.response(self.when, self.event), float).reshape(len(self.when), -1)


@dataclass(frozen=True, eq=False)
class EventRegressors:
    """All columns of a design's own events over an axis of `length` steps, without the `dropped` ones."""

    parts: tuple[EventRegressor, ...]
    length: int
    dropped: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns (k,)."""
        return tuple(name for part in self.parts for name in part.names if name not in self.dropped)

    @property
    def owners(self) -> tuple[str, ...]:
        """Event of each column (k,)."""
        return tuple(part.owner for part in self.parts for name in part.names if name not in self.dropped)

    @property
    def rates(self) -> tuple[str, ...]:
        """Names of the shape parameters to be estimated, `<column>.<option>`."""
        return tuple(f"{part.names[0]}.{option}" for part in self.parts for option, _ in part.free)

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """Bounds of each rate."""
        return tuple(bounds for part in self.parts for _, bounds in part.free)

    @property
    def midpoints(self) -> Floats:
        """Midpoint of each range, shape (1, r)."""
        return np.array([[(a + b) / 2 for a, b in self.ranges]]).reshape(1, -1)

    def columns(self, rates: Floats) -> Floats:
        """Columns at each row of rates (m, r), shape (m, N, k)."""
        blocks, at = [np.empty((len(rates), self.length, 0))], 0
        for part in self.parts:
            kept = [j for j, name in enumerate(part.names) if name not in self.dropped]
            values, row = np.unique(rates[:, at : at + len(part.free)], axis=0, return_inverse=True)
            made = np.stack([part.columns(value)[:, kept] for value in values])
            blocks.append(made[row.ravel()])
            at += len(part.free)
        return np.concatenate(blocks, axis=2)

    def select(self, names: Iterable[str]) -> EventRegressors:
        """Only the named columns; the rates of an event are dropped with its last column."""
        dropped = frozenset(self.names) - frozenset(names) | self.dropped
        parts = tuple(part for part in self.parts if not dropped.issuperset(part.names))
        return EventRegressors(parts, self.length, dropped)


def own_event_regressors(vintage: Vintage, design: Design, axis: Ints, shapes: Sequence[ShapeSpec] = ()) -> EventRegressors:
    """Columns of the design's own events over `axis`, anticipation months separate, as known on the vintage's day.

    Responses are delayed by `lag_months` (goods at sea). `shapes` overrides the events' own. An unnamed event is a step called
    `effect`; with `shapes` given, columns carry the shapes' names. A measure that reverses an own event is included: without
    the event there would be nothing to reverse.
    """
    made: list[EventRegressor] = []
    for stem, event, when in _events_on_axis(vintage, design, axis):
        for label, spec in _named_shapes(stem, event, shapes, bool(design.events)):
            shape = registry.build("shape", spec)
            free = [f.name for f in fields(shape) if f.init and getattr(shape, f.name) == "estimate"]
            part = EventRegressor(stem, (label,), event, shape, when, tuple((name, shape.estimable[name]) for name in free))
            width = 1 if free else part.columns(np.empty(0)).shape[1]
            made.append(part if width == 1 else replace(part, names=tuple(f"{label}.{j + 1}" for j in range(width))))
    unique = iter(_number_duplicates([name for part in made for name in part.names]))
    return EventRegressors(tuple(replace(part, names=tuple(next(unique) for _ in part.names)) for part in made), len(axis))


def _events_on_axis(vintage: Vintage, design: Design, axis: Ints) -> list[tuple[str, Event, Ints]]:
    """(id, event, the axis in months of that event); steps other than months are counted from `EPOCH`.

    Anticipation set by the design applies to its first event only: later ones are taken as unexpected.
    """
    window, steps, epoch = design.window(vintage), vintage.steps, months.ordinal(EPOCH)
    if not design.events:
        return [("effect", _event_at_epoch(window.start - window.hole), axis - window.start + epoch)]
    out = []
    first = min(steps.of(event.effective or event.announced) for event in design.events)
    for event in own_events(vintage, design):
        start = steps.of(event.effective or event.announced)
        anticipation = None if design.anticipation is None else design.anticipation if start == first else 0
        if steps.unit == "month":
            dated = event if anticipation is None else _set_anticipation(event, anticipation)
            out.append((event.id, dated, axis - design.lag_months))
            continue
        early = start - steps.of(event.anticipation_from) if event.anticipation_from else 0
        length = steps.of(event.until) - start if event.until else None
        unnamed = _event_at_epoch(early if anticipation is None else anticipation, length)
        out.append((event.id, replace(unnamed, id=event.id, shape=event.shape), axis - design.lag_months - start + epoch))
    return out


def own_events(vintage: Vintage, design: Design) -> list[Event]:
    """The design's events in force, as known on the vintage's day, and the default events that reverse one of them.

    An event that ends because another reverses it continues in its own column: the reversal's column carries the return.
    """
    own = [known for e in design.events if (known := e.known_on(vintage.day)) and known.in_force]
    ids = {event.id for event in own}
    more = [
        event
        for event in vintage.events
        if event.reversal_of in ids and event.id not in ids and event.in_force and event.role == "default"
        and all(event.directed_at(series) for series in design.treated)
    ]  # fmt: skip
    return drop_reversed_ends([*own, *more], [*own, *more])


def drop_reversed_ends(events: Iterable[Event], reversals: Iterable[Event]) -> list[Event]:
    """Events, without an end that coincides (within a month) with the start of a reversal among `reversals`."""
    by = {event.reversal_of: event for event in reversals if event.reversal_of and event.in_force}
    out = []
    for event in events:
        turn = by.get(event.id)
        if turn and event.until and abs(months.position(event.until) - turn.interval[0]) < 1:
            event = replace(event, end=None, end_announced=None, superseded_by="", superseded_on=None)
        out.append(event)
    return out


def other_event_regressors(
    vintage: Vintage, design: Design, series: str, axis: Ints, rows: Ints, *, used: bool = True
) -> tuple[Regressors, tuple[str, ...]]:
    """Columns of the other default events that vary within the sample, and the names of those that do not."""
    if not used:
        return Regressors((), np.empty((len(axis), 0))), ()
    own = own_events(vintage, design)
    calendar = vintage.events.without(event.id for event in (*own, *design.events))

    def columns(continued: Sequence[Event]) -> tuple[Regressors, tuple[str, ...]]:
        names, matrix = replace(calendar, events=tuple(continued)).regressors(axis, series)
        return Regressors(tuple(names), matrix).usable(rows)

    moving = set(columns(calendar.events)[0].names)
    return columns(drop_reversed_ends(calendar.events, [*own, *(e for e in calendar.events if e.id in moving)]))


def donut_months(vintage: Vintage, design: Design) -> set[int]:
    """The first `donut` months of each own event (after the lag), which are excluded from the fit."""
    starts = [vintage.steps.of(e.effective or e.announced) + design.lag_months for e in own_events(vintage, design)]
    return {start + i for start in starts or [design.window(vintage).start] for i in range(design.donut)}


def close_event_pairs(vintage: Vintage, design: Design, names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Pairs of own events that should not be separated: of one cluster, or starting less than `MIN_GAP` months apart."""
    known = [event for event in own_events(vintage, design) if event.id in names]
    out = []
    for i, one in enumerate(known):
        for two in known[i + 1 :]:
            gap = abs(one.interval[0] - two.interval[0])
            if one.cluster and one.cluster == two.cluster:
                out.append((one.id, two.id, "they belong to one cluster"))
            elif gap < MIN_GAP:
                out.append((one.id, two.id, f"they start {gap:.1f} months apart"))
    return out


def _named_shapes(stem: str, event: Event, shapes: Sequence[ShapeSpec], named: bool) -> list[tuple[str, Mapping[str, Any]]]:
    """(column name, shape) of one event; months of anticipation get their own column."""
    out: list[tuple[str, Mapping[str, Any]]] = []
    for spec in shapes:
        words = {"use": spec} if isinstance(spec, str) else dict(spec)
        name = str(words.get("use", ""))
        out.append(((f"{stem}.{name}" if len(shapes) > 1 else stem) if named else name, words))
    if not shapes:
        out.append((stem, event.shape))
    if event.anticipation > 0 and not any(words.get("use") == "anticipation" for _, words in out):
        out.append((f"{stem}.anticipation" if named else "anticipation", {"use": "anticipation"}))
    return out


def _event_at_epoch(anticipation: int, length: int | None = None) -> Event:
    """An event that starts at `EPOCH` after some months of anticipation and lasts for `length` months."""
    known = _first_day(months.ordinal(EPOCH) - anticipation)
    end = None if length is None else _first_day(months.ordinal(EPOCH) + max(length, 0))
    return Event(
        "effect", "", announced=known, effective=EPOCH, anticipation_from=known if anticipation else None, end=end,
        end_announced=known if end else None,
    )  # fmt: skip


def _set_anticipation(event: Event, anticipation: int) -> Event:
    """The event with that many whole months of anticipation before its start, whenever it was announced."""
    if not anticipation:
        return replace(event, anticipation_from=None)
    early = _first_day(event.start - anticipation)
    return replace(event, announced=min(early, event.announced), anticipation_from=early)


def _first_day(month: int) -> dt.date:
    return dt.date(month // 12, month % 12 + 1, 1)


def _number_duplicates(names: Sequence[str]) -> tuple[str, ...]:
    """Names with a number appended to repeated ones."""
    out: list[str] = []
    for name in names:
        before = sum(other == name or other.startswith(f"{name}#") for other in out)
        out.append(f"{name}#{before + 1}" if before else name)
    return tuple(out)
