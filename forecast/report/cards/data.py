"""Cards of data and their calendar: archive, vintage, one series, events, a run."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from forecast.core.archive import Archive
from forecast.core.events import Event, EventCalendar
from forecast.core.filed_run import FiledRun
from forecast.core.plurals import pluralize
from forecast.core.products import display_unit
from forecast.core.release_schedule import ScheduledRelease
from forecast.core.run import Run
from forecast.core.series import SeriesKey
from forecast.core.vintage import ObservedSeries, Vintage
from forecast.report.cards.card import Card
from forecast.report.cards.fields import list_in_short, names_in_short
from forecast.report.numbers import day, quantity, series_name

SERIES_SHOWN = 5


def archive_card(archive: Archive) -> Card:
    """How much it holds, of which days, and how to stand on one."""
    first, last = (dt.date.fromordinal(day) for day in archive.figures.reach)
    return Card(
        f"Archive of {len(archive.series)} series",
        (
            ("figures", f"{len(archive.figures):,} as published, released {first} to {last}"),
            ("series", list_in_short(archive.series[:SERIES_SHOWN], len(archive.series))),
            ("events", _events_in_short(archive.events)),
            ("open it", 'archive.as_of("YYYY-MM-DD"), archive.latest'),
        ),
    )


def vintage_card(vintage: Vintage) -> Card:
    """The day, each of the first series with its extent and its last figure, and what is known of events."""
    when = "" if vintage.day == dt.date.max else f" of {day(vintage.day.isoformat())}"
    names = vintage.series
    lines = [(name, _extent(vintage, name)) for name in names[:SERIES_SHOWN]]
    if names[SERIES_SHOWN:]:
        lines.append(("", f"and {len(names) - SERIES_SHOWN} more series"))
    holes = list_in_short([series for series, _, _ in vintage.holes[:SERIES_SHOWN]], len(vintage.holes))
    return Card(
        f"Vintage{when}: {len(names)} series",
        (*lines, ("events", _events_in_short(vintage.events)), ("hidden", holes)),
    )


def _extent(vintage: Vintage, series: str) -> str:
    known, steps = vintage.observed(series), vintage.steps
    label = f"{steps.label(known.first)} to {steps.label(known.last)}, {pluralize(known.count, steps.noun)}"
    label += f" and {pluralize(len(known.spans), 'sum')}" if known.spans else ""
    finite = known.values[np.isfinite(known.values)]
    return f"{label}, last {_amount(series, float(finite[-1]))}" if len(finite) else label


def _amount(series: str, value: float) -> str:
    unit, scale = display_unit(series) if SeriesKey.maybe(series) else ("", 1.0)
    return quantity(value / scale, unit)


def series_card(known: ObservedSeries) -> Card:
    """The extent of one series and its last figures."""
    finite = known.values[np.isfinite(known.values)]
    last = ", ".join(_amount(known.series, float(v)) for v in finite[-3:])
    lines = (
        ("figures", f"{known.count}" + (f" and {pluralize(len(known.spans), 'sum')}" if known.spans else "")),
        ("without", str(len(known.values) - len(finite)) if len(known.values) > len(finite) else ""),
        ("last", last),
        ("arrays", ".values, .months, .status, .spans"),
    )
    return Card(f"{series_name(known.series)}", lines)


def event_card(event: Event) -> Card:
    """What it is, when it applies as far as known, and to what."""
    applies = f"announced {event.announced}"
    applies += f", in force from {event.effective}" if event.effective else ", not in force"
    applies += f", ends {event.end}" if event.end else ""
    applies += f", called off {event.called_off}" if event.called_off else ""
    return Card(
        f"Event {event.id}",
        (
            ("what", event.title),
            ("kind", f"{event.instrument}, {event.role}" + (f", reversal of {event.reversal_of}" if event.reversal_of else "")),
            ("when", applies),
            ("by", f"{', '.join(event.imposed_by)}, on trade with {', '.join(event.targets)}"),
            ("goods", names_in_short(event.products, "good")),
            ("source", event.source_url + (f" ({event.status})" if event.status else "")),
        ),
    )


def calendar_card(calendar: EventCalendar) -> Card:
    """The last events to be announced."""
    shown = calendar.events[-SERIES_SHOWN:]
    earlier = len(calendar) - len(shown)
    lines = [("", f"{earlier} earlier, then")] if earlier else []
    lines += [(event.id, f"{event.announced}: {event.title}") for event in shown]
    verified = f", verified to {calendar.verified_to}" if calendar.verified_to else ""
    return Card(f"EventCalendar: {pluralize(len(calendar), 'event')}{verified}", tuple(lines))


def _events_in_short(calendar: EventCalendar) -> str:
    if not len(calendar):
        return ""
    last = max(calendar.events, key=lambda event: event.announced)
    return f"{len(calendar)}, the last {last.id} of {last.announced}"


def release_card(release: ScheduledRelease) -> Card:
    """One line: what is due when."""
    sure = {"calendar": "by the calendar", "rule": "by rule", "late": "late"}.get(release.basis, release.basis)
    return Card(f"due {release.day}: {release.series} for {release.label} ({release.source}, {sure})")


def run_card(run: Run) -> Card:
    """Where it is, what it asked, and where to look."""
    info = run.info
    counts: dict[str, Any] = info.get("counts") or {}
    rows = {name.removesuffix(" rows"): n for name, n in counts.items() if name.endswith(" rows") and n}
    return Card(
        f"Run {run.folder.name}",
        (
            ("title", str(info.get("title") or "")),
            ("data", f"of {day(str(info['as_of']))}"),
            ("tables", ", ".join(f"{name} {n:,}" for name, n in rows.items())),
            ("report", str(run.folder / "report.html")),
            ("quote", "run.sentence(KEY), run.number(KEY, FIELD), run.quotes.keys(), run.cite()"),
        ),
    )


def filed_card(filed: FiledRun) -> Card:
    """When it was filed, what, and the hash to publish."""
    info = filed.info
    months = sum(len(one["months"]) for one in info["questions"])
    return Card(
        f"Filed run {filed.folder.name}",
        (
            ("title", str(info.get("title") or "")),
            ("filed", f"on {day(filed.day)}, from data of {day(str(info['as_of']))}"),
            ("asked", f"{len(info['claims'])} claims, {months} months of {len(info['questions'])} series"),
            ("root hash", filed.root),
            ("follow", "fc.follow(folder)"),
        ),
    )


CARDS: dict[str, Any] = {
    "Archive": archive_card,
    "Vintage": vintage_card,
    "ObservedSeries": series_card,
    "Event": event_card,
    "EventCalendar": calendar_card,
    "ScheduledRelease": release_card,
    "Run": run_card,
    "FiledRun": filed_card,
}
