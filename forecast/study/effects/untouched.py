"""Donors: flows of other goods that no measure of their own touched."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.events import Event
from forecast.core.products import mineral_of
from forecast.core.series import SeriesKey, countries
from forecast.core.vintage import Vintage

MONTHS_BEFORE = 24  # months before the event in which a donor must be untouched too


def untouched(source: Archive | Vintage, event: Event, like: str = "", diversion: Iterable[str] = ()) -> tuple[str, ...]:
    """Series that may stand for what would have happened: other goods, no measure of their own in the window.

    The window runs from 24 months before the event to the day of the vintage, whatever a series' own last figure: one window
    for all, so that a good with an old figure is no exception. A good is judged by its name, not by the flow: a measure of
    whoever against whomever on its mineral, announced, in force, ended or superseded inside the window, bars every flow of it.
    So does one that was called off after it had been announced, because traders acted on it. A measure on all goods is shared
    by donors and treated and bars nobody; what names no good of its own (an inquiry into critical minerals) is none. Other
    flows of the treated goods are barred whatever their partner, because diverted trade ends up there.

    like : a treated series; only flows of the same reporter, direction, partner and measure are returned
    diversion : where the treated trade is declared to have gone: country codes (a flow from, to, or reported by one of them is
        barred, also as a member of a group) and series patterns with * and ? (`CHN.export.THA.*`), barred whatever the good
    """
    vintage = source.latest if isinstance(source, Archive) else source
    pattern, barred = SeriesKey.maybe(like), tuple(diversion)
    treated = {mineral_of(p) for p in event.products} | ({mineral_of(pattern.product)} if pattern else set())
    window = range(event.start - MONTHS_BEFORE, months.ordinal(vintage.day) + 1)
    found = []
    for series in vintage.series:
        key = SeriesKey.maybe(series)
        if key is None or mineral_of(key.product) in treated or event.covers(key.product):
            continue
        if pattern and (key.reporter, key.flow, key.partner, key.measure) != (
            pattern.reporter, pattern.flow, pattern.partner, pattern.measure,
        ):  # fmt: skip
            continue
        if not _is_diverted(series, key, barred) and not own_measures(vintage, key.product, window):
            found.append(series)
    return tuple(found)


def own_measures(vintage: Vintage, product: str, window: range) -> list[str]:
    """Ids of the measures on a good itself that a month of `window` felt: announced, in force, ended or superseded in it."""
    return [
        event.id
        for event in vintage.events
        if event.effective is not None
        and "ALL" not in event.products
        and event.covers(product)
        and any(month in window for month in _turning_months(event))
    ]


def _turning_months(event: Event) -> list[int]:
    """The months in which a measure changed what traders faced."""
    days = (event.announced, event.effective, event.until, event.called_off)
    return [months.ordinal(day) for day in days if day is not None]


def _is_diverted(series: str, key: SeriesKey, diversion: tuple[str, ...]) -> bool:
    ends = {key.reporter, key.partner} | countries(key.origin) | countries(key.destination)
    return any(word in ends or fnmatchcase(series, word) for word in diversion)
