"""The difference of two vintages as a list of releases, and vintages in which some releases are withheld."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from forecast.core.archive import Archive
from forecast.core.events import Event, EventCalendar
from forecast.core.identity import identity
from forecast.core.step_figures import StepFigures
from forecast.core.vintage import Cell, Vintage
from forecast.study.data.real_time import RealTimeView

MAX_RELEASES = 12  # releases of one day; if there are more, the figures of one series and kind are merged
Place = tuple[str, int, int]  # series, first and last month
Controls = dict[tuple[str, str], Mapping[int, float]]


@dataclass(frozen=True)
class Change:
    """One figure before and after; None if there was none."""

    series: str
    before: Cell | None
    after: Cell | None

    @property
    def place(self) -> Place:
        """The series and the months of the figure."""
        cell = self.after or self.before
        assert cell is not None
        return self.series, cell.first, cell.last

    @property
    def is_span(self) -> bool:
        """Whether the figure is a sum over months."""
        return self.place[2] > self.place[1]

    @property
    def kind(self) -> str:
        """`new` or `revision`; a withdrawn figure is a revision."""
        return "new" if self.before is None else "revision"


@dataclass(frozen=True)
class Release:
    """The smallest unit of news: figures of one series, an event, or values of a regressor.

    kind : new | revision | calendar; source : who published it; series : the series, the event's id, or the regressor's name
    """

    kind: str
    source: str
    series: str
    changes: tuple[Change, ...] = ()
    event: str = ""
    control: tuple[str, str] | None = None
    months: tuple[int, int] | None = None

    @property
    def single(self) -> Change | None:
        """The figure of a release with one figure, else None; of a month and the sum up to it, the month."""
        own = [change for change in self.changes if not change.is_span] or list(self.changes)
        return own[0] if len(own) == 1 else None

    @property
    def actual(self) -> float:
        """The value published; NaN if there are several figures, or none."""
        return self.single.after.value if self.single and self.single.after else math.nan

    @property
    def former(self) -> float:
        """The value before a revision; NaN if there was none."""
        return self.single.before.value if self.single and self.single.before else math.nan


def days_between(archive: Archive | RealTimeView, start: dt.date, stop: dt.date) -> list[dt.date]:
    """Days after `start` and up to `stop` on which something may have been published, in order; `stop` is one of them.

    Release days, days of the event calendar, and the first of every month, when lagged figures and regressors become known.
    """
    found = {cell.released for series in archive.series for cell in archive.states(series)}
    for event in archive.events:
        days = (event.announced, event.end_announced, event.called_off, event.superseded_on)
        found |= {day for day in days if day is not None}
    if isinstance(archive, RealTimeView):
        first = 12 * start.year + start.month
        found |= {dt.date(m // 12, m % 12 + 1, 1) for m in range(first, 12 * stop.year + stop.month)}
    return sorted({day for day in found if start < day <= stop} | {stop})


def releases_between(before: Vintage, after: Vintage) -> list[Release]:
    """The releases by which a vintage differs from an earlier one: events, figures by series and month, regressors."""
    out = _event_releases(before.events, after.events)
    for series in sorted({*before.cells, *after.cells}):
        changes = _changes(series, before.cells.get(series, ()), after.cells.get(series, ()))
        out += [_figures_release(group[0].kind, series, group) for group in _group_changes(changes)]
    for key in sorted({*before.controls, *after.controls}):
        fresh, known = after.controls.get(key, {}), before.controls.get(key, {})
        moved = [m for m in {*fresh, *known} if fresh.get(m) != known.get(m)]
        if moved:
            kind = "revision" if any(m in known for m in moved) else "new"
            out.append(Release(kind, "regressor", key[1], control=key, months=(min(moved), max(moved))))
    return out


def merge_if_many(releases: Sequence[Release]) -> list[Release]:
    """The releases as they are; if there are more than `MAX_RELEASES`, the figures of one series and kind as one."""
    if len(releases) <= MAX_RELEASES:
        return list(releases)
    groups: dict[tuple[str, str], list[Change]] = {}
    for release in releases:
        if release.changes:
            groups.setdefault((release.kind, release.series), []).extend(release.changes)
    figures = [_figures_release(kind, series, tuple(changes)) for (kind, series), changes in groups.items()]
    return [*(release for release in releases if not release.changes), *figures]


def merge_groups(releases: Sequence[Release], groups: Iterable[Sequence[str]]) -> list[Release]:
    """The releases, those of the series of one group merged by kind and named after all series with a release."""
    home = {name: i for i, group in enumerate(groups) if len(group) > 1 for name in group}
    alone = [release for release in releases if not (release.changes and release.series in home)]
    shared: dict[tuple[int, str], list[Release]] = {}
    for release in releases:
        if release.changes and release.series in home:
            shared.setdefault((home[release.series], release.kind), []).append(release)
    for (_, kind), own in shared.items():
        name = "+".join(dict.fromkeys(release.series for release in own))
        alone.append(_figures_release(kind, name, tuple(change for release in own for change in release.changes)))
    return alone


def withhold(before: Vintage, after: Vintage, withheld: Iterable[Release]) -> Vintage:
    """The later vintage without some releases: what they changed is as in the earlier vintage.

    It keeps the later day and the earlier vintages of that day; for its own day it returns itself.
    """
    withheld = list(withheld)
    made = after
    changes = [change for release in withheld for change in release.changes]
    if changes:
        cells = {**after.cells, **{s: _revert_cells(after, s, changes) for s in {change.series for change in changes}}}
        made = replace(made, cells={s: kept for s, kept in cells.items() if kept})
    events = [release.event for release in withheld if release.event]
    if events:
        made = replace(made, events=_revert_events(before.events, made.events, events))
    keys = [release.control for release in withheld if release.control]
    if keys:
        controls: Controls = {key: values for key, values in made.controls.items() if key not in keys}
        controls |= {key: before.controls[key] for key in keys if key in before.controls}
        made = replace(made, controls=controls)
    return made if made is after else _with_real_past(made, after)


def replace_values(after: Vintage, values: Iterable[tuple[Change, float]]) -> Vintage:
    """The later vintage as if other values had been published for some figures."""
    made = []
    for change, value in values:
        assert change.after is not None
        made.append(Change(change.series, replace(change.after, value=value, status="value"), change.after))
    cells = {**after.cells, **{s: _revert_cells(after, s, made) for s in {change.series for change in made}}}
    return _with_real_past(replace(after, cells=cells), after) if made else after


def _with_real_past(made: Vintage, after: Vintage) -> Vintage:
    """A modified vintage with the real vintages of earlier days, and itself for its own day."""
    own: list[Vintage] = []

    def past(day: dt.date) -> Vintage:
        if day >= made.day or after.past is None:
            return own[0]
        return after.past(day)

    own.append(replace(made, past=past))
    return own[0]


def _changes(series: str, before: Sequence[Cell], after: Sequence[Cell]) -> list[Change]:
    if before is after:
        return []
    if isinstance(before, StepFigures) and isinstance(after, StepFigures):
        before, after = before.differing_from(after), after.differing_from(before)
    before, after = tuple(before), tuple(after)  # cells that are made when asked for live on while they are compared
    shared = {*map(id, before)} & {*map(id, after)}  # vintages share the cells that did not change
    old, new = ({(c.first, c.last): c for c in cells if id(c) not in shared} for cells in (before, after))
    places = sorted({*old, *new})
    pairs = [Change(series, old.get(place), new.get(place)) for place in places]
    return [change for change in pairs if _content(change.before) != _content(change.after)]


def _group_changes(changes: Sequence[Change]) -> list[tuple[Change, ...]]:
    """Each change by itself, except that a sum is grouped with its last month if both changed: they are the same news."""
    months = {(change.place[2], change.kind): [change] for change in changes if not change.is_span}
    out = [*months.values()]
    for change in changes:
        if change.is_span and (change.place[2], change.kind) in months:
            months[change.place[2], change.kind].append(change)
        elif change.is_span:
            out.append([change])
    return sorted((tuple(group) for group in out), key=lambda group: group[0].place)


def _content(cell: Cell | None) -> tuple[str, str] | None:
    """What a method reads of a figure; repr, so that NaN equals itself."""
    return None if cell is None else (repr(cell.value), cell.status)


def _figures_release(kind: str, series: str, changes: tuple[Change, ...]) -> Release:
    sources = dict.fromkeys(cell.source for cell in (c.after or c.before for c in changes) if cell is not None)
    places = [change.place for change in changes if not change.is_span] or [change.place for change in changes]
    span = min(first for _, first, _ in places), max(last for _, _, last in places)
    return Release(kind, "+".join(s for s in sources if s), series, changes, months=span)


def _event_releases(before: EventCalendar, after: EventCalendar) -> list[Release]:
    """Events with news: announced, changed, or with their end announced."""
    old, new = ({event.id: event for event in calendar} for calendar in (before, after))
    moved = [name for name in (*new, *(n for n in old if n not in new)) if identity(old.get(name)) != identity(new.get(name))]
    return [_event_release(new.get(name) or old[name]) for name in moved]


def _event_release(event: Event) -> Release:
    return Release("calendar", "events", event.id, event=event.id, months=(event.start, event.start))


def _revert_cells(after: Vintage, series: str, changes: Iterable[Change]) -> Sequence[Cell]:
    """The cells of a series with some figures as they were before, in their original order."""
    former = {change.place[1:]: change.before for change in changes if change.series == series}
    held = after.cells.get(series, ())
    if isinstance(held, StepFigures):
        return held.with_figures({first: None if cell is None else cell.value for (first, _), cell in former.items()})
    kept = [former.pop((c.first, c.last), c) for c in held]
    return tuple(c for c in (*kept, *former.values()) if c is not None)


def _revert_events(before: EventCalendar, after: EventCalendar, names: Collection[str]) -> EventCalendar:
    """The later calendar with some events as they were known before, or absent."""
    former = {event.id: event for event in before if event.id in names}
    kept = [former.pop(e.id, None) if e.id in names else e for e in after]
    return replace(after, events=(*(e for e in kept if e is not None), *former.values()))
