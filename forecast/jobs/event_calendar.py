"""Which events a run knows: the bundled ones, the config's own, or both.

Figures of the bundled data set, alone or joined to own ones, and those of the archive that `forecast fetch` fills, are read
with the bundled calendar and the config's own events.
Other figures are read with the config's own events alone, so that no forecast of them rests on measures that nobody named;
where such a config declares no event, the bundled ones that it names in its effects and scenarios are taken in, and no others.
`calendar = "own" | "bundled" | "both"` says otherwise. Of an id in both calendars the config's own event is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, nearest
from forecast.core.events import Event, EventCalendar, bundled_events
from forecast.core.products import mineral_of
from forecast.core.results import Finding
from forecast.core.series import SeriesKey, countries
from forecast.core.vintage import Vintage
from forecast.jobs.config import Config
from forecast.prep.partners import WORLD, total_of

Kind = Literal["own", "bundled", "both"]


def calendar_kind(config: Config) -> Kind:
    """Which calendar a config is read with: its word, else `both` for bundled figures and the archive, else `own`."""
    on_official_data = config.on_bundled_data or config.data.use == "archive"
    return config.calendar or ("both" if on_official_data else "own")


def known_events(config: Config, given: EventCalendar, own: EventCalendar, place: str) -> EventCalendar:
    """The calendar of a run, from the events that its source brings (`given`) and those that the config declares (`own`)."""
    bundle, kind = bundled_events(), calendar_kind(config)
    brought = [event for event in given if event not in bundle.events]
    if kind == "bundled":
        made = bundle
    elif kind == "both":
        made = replace(bundle.with_events([*brought, *own]), notes=(*bundle.notes, *own.notes))
    else:
        names = {name for name, _ in _event_references(config)} if not (config.calendar or brought or own) else set()
        taken = [event for event in bundle if event.id in names]
        made = EventCalendar((), own.verified_to, own.notes).with_events([*brought, *taken, *own])
    for name, where in _event_references(config):
        if name not in made and name in bundle:
            problem = f"'{name}' is an event of the bundled calendar, which this config does not use"
            raise ConfigError(problem, where=f"{place}, {where}", hint='calendar = "both", or an event of your own')
        if name not in made and name in own:
            problem = f"'{name}' is an event of this config, whose own events are left out"
            raise ConfigError(problem, where=f"{place}, {where}", hint='calendar = "both" in place of "bundled"')
    return made


def _event_references(config: Config) -> Iterator[tuple[str, str]]:
    """Events that the questions of a config name, and where."""
    for i, row in enumerate(config.effects):
        yield from ((name, f"[[effects]] {i + 1}, event") for name in row.event)
    for i, scenario in enumerate(config.scenarios):
        yield from ((name, f"[[scenarios]] {i + 1}") for name in scenario.named)


def calendar_findings(config: Config, archive: Archive, vintage: Vintage) -> list[Finding]:
    """Bundled events that bear on the data and are left out; own events left out, elsewhere, or like a bundled one."""
    found = [
        Finding("calendar", text, "calendar")
        for text in (_left_out_text(archive, vintage), _ignored_events_text(config), _told_only_text(config, archive))
        if text
    ]
    bundle = bundled_events().events
    bundled, own = ([e for e in archive.events if (e in bundle) is is_bundled] for is_bundled in (True, False))
    for mine in own:
        replaces = calendar_kind(config) == "both" and mine.id in {event.id for event in bundle}
        texts = [f"'{mine.id}' replaces the bundled event of that id"] if replaces else []
        texts += [
            f"'{mine.id}' and the bundled '{theirs.id}' begin in one month on the same goods: if they are one measure, give "
            "yours the bundled id, which it then replaces"
            for theirs in bundled
            if _may_be_same_measure(mine, theirs)
        ]
        touched = [series for series in archive.series if mine.touches(series)]
        if not touched:
            texts.append(
                f"'{mine.id}' bears on no series of these data: look at its imposed_by, targets and products"
                + _nearest_partner(mine, archive)
            )
        elif elsewhere := _partners_without(mine, archive, touched):
            texts.append(
                f"'{mine.id}' is aimed at {', '.join(mine.targets)}, and these data hold no trade with it, only {elsewhere}: "
                f"look at its targets{_nearest_partner(mine, archive)}"
            )
        elif not any(_names_an_end_of(mine, series) for series in touched):
            texts.append(f"'{mine.id}' is imposed by no country of these data, and aimed at none: look at its imposed_by")
        found += [Finding("calendar", text, "calendar", "warning") for text in texts]
    return found


def _partners_without(event: Event, archive: Archive, touched: list[str]) -> str:
    """A total that an event bears on alone, though single partners of that flow are held; empty where it is otherwise."""
    keys = [SeriesKey.maybe(series) for series in touched]
    totals = {total_of(key) for key in keys if key is not None and key.partner == WORLD}
    if "ALL" in event.targets or len(totals) < len(touched):
        return ""
    divided = (key for key in map(SeriesKey.maybe, archive.series) if key is not None and key.partner != WORLD)
    return next((f"the total {total_of(key)} and its other partners" for key in divided if total_of(key) in totals), "")


def _nearest_partner(event: Event, archive: Archive) -> str:
    """The countries of the data whose codes are most like a target of which they hold no series."""
    keys = [key for key in map(SeriesKey.maybe, archive.series) if key is not None]
    held = {end for key in keys for end in (key.reporter, key.partner)} - {WORLD}
    missing = [target for target in event.targets if target != "ALL" and held.isdisjoint(countries(target) | {target})]
    return f"; in the place of {missing[0]}: {nearest(missing[0], held)}" if missing and held else ""


def _left_out_text(archive: Archive, vintage: Vintage) -> str:
    """How many bundled events would touch a series of the data and are not in the calendar."""
    left = [event for event in bundled_events().known_on(vintage.day) if event.id not in archive.events]
    touching = [event for event in left if any(event.touches(series) for series in archive.series)]
    if not touching:
        return ""
    many = f"{len(touching)} event{'s' if touching[1:] else ''} of the bundled calendar that bear on these series"
    read = sum(event.role == "default" for event in touching)
    return f'left out: {many}, {read} of them in its default part, which models read; calendar = "both" takes them in'


def _ignored_events_text(config: Config) -> str:
    unused = config.events and calendar_kind(config) == "bundled"
    return 'left out: the events of the config, by calendar = "bundled"' if unused else ""


def _told_only_text(config: Config, archive: Archive) -> str:
    """Own events that a question is about and that models of the months ahead do not read."""
    asked = dict.fromkeys(event for effect in config.effects for event in effect.event)
    told = [e for e in asked if e in archive.events and archive.events[e].role == "context" and e not in bundled_events()]
    if not told or not (config.forecast.series or config.nowcast):
        return ""
    named, them = ", ".join(f"'{event}'" for event in told), "them" if told[1:] else "it"
    return f'no model of the months ahead reads {named}, and no fan shows {them}: role = "default" changes that'


def _names_an_end_of(event: Event, series: str) -> bool:
    key = SeriesKey.parse(series)
    return not (countries(key.origin) | countries(key.destination)).isdisjoint(event.imposers | event.reached)


def _may_be_same_measure(one: Event, other: Event) -> bool:
    """Whether two events may be one measure: by one country, on the same goods, by the same instrument, from the same month."""
    if (one.instrument, one.start) != (other.instrument, other.start) or not one.imposers & other.imposers:
        return False
    return bool({mineral_of(p) for p in one.products} & {mineral_of(p) for p in other.products})
