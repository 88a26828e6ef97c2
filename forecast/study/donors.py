"""Donors: flows of other goods that no measure of their own touched."""

from __future__ import annotations

from forecast.core.archive import Archive
from forecast.core.events import Event
from forecast.core.products import mineral_of
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage

BEFORE = 24  # months before the event in which a donor must be untouched too


def untouched(source: Archive | Vintage, event: Event, like: str = "") -> tuple[str, ...]:
    """Series that may stand for what would have happened: other goods, no measure of their own in the window.

    like : a treated series; only flows of the same reporter, direction, partner and measure are returned. A measure on all
    goods is shared by donors and treated and bars nobody; other destinations of a treated good are barred, because diverted
    trade ends up there. The window runs from 24 months before the event to the last month known.
    """
    vintage = source.latest if isinstance(source, Archive) else source
    pattern = SeriesKey.maybe(like)
    treated = {mineral_of(p) for p in event.products} | ({mineral_of(pattern.product)} if pattern else set())
    found = []
    for series in vintage.series:
        key = SeriesKey.maybe(series)
        if key is None or mineral_of(key.product) in treated or event.covers(key.product):
            continue
        if pattern and (key.reporter, key.flow, key.partner, key.measure) != (
            pattern.reporter, pattern.flow, pattern.partner, pattern.measure,
        ):  # fmt: skip
            continue
        if not _own_measures(vintage, series, event):
            found.append(series)
    return tuple(found)


def _own_measures(vintage: Vintage, series: str, event: Event) -> list[str]:
    """Product-specific events in force on a series inside the window."""
    last = vintage.last_month(series)
    return [
        other.id
        for other in vintage.events.touching(series)
        if other.in_force and "ALL" not in other.products and event.start - BEFORE <= other.start <= last
    ]
