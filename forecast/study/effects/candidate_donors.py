"""Candidate donors: flows of other goods that no policy measure of their own affected."""

from __future__ import annotations

from collections.abc import Iterable

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.events import Event
from forecast.core.products import mineral_of
from forecast.core.series import SeriesKey
from forecast.core.spillovers import on_the_way, spillover
from forecast.core.vintage import Vintage

NAMED = 3  # measures named as a reason
MONTHS_BEFORE = 24  # months before the event in which a donor must be unaffected too


def untouched(source: Archive | Vintage, event: Event, like: str = "", diversion: Iterable[str] = ()) -> tuple[str, ...]:
    """Candidate donors for an event: series of other goods with no measure of their own in the window.

    The window runs from 24 months before the event to the day of the vintage for every series, whatever its own last figure.
    Goods are excluded, not flows: a measure by any country against any other on the same mineral, announced, in force, ended
    or superseded in the window, excludes every flow of that mineral. So does one that was called off after its announcement,
    because traders acted on it. A measure on all goods affects donors and treated alike and excludes none; neither does one
    that names no good (an inquiry into critical minerals). Other flows of the treated goods are excluded whatever their
    partner, because diverted trade ends up there.

    Parameters
    ----------
    source : Archive or Vintage
        an archive, of which the latest vintage is taken, or a vintage
    event : Event
        the event whose goods are treated
    like : str, optional
        a treated series; only flows of the same reporter, direction, partner and measure are returned
    diversion : sequence of str, optional
        where the treated trade is declared to have gone: country codes (excludes flows from, to, or reported by them, also as
        members of a group) and series patterns with ``*`` and ``?`` (``CHN.export.THA.*``), excluded whatever the good

    Returns
    -------
    tuple of str
        keys of series, sorted

    Raises
    ------
    ConfigError
        where an argument is of another kind

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> event = archive.events["re_licensing_2025"]
    >>> fc.untouched(archive, event, like="CHN.export.WLD.re_magnets")[0]
    'CHN.export.WLD.magnesium_alloy'
    """
    vintage = source.latest if isinstance(source, Archive) else source
    return tuple(series for series, reason in reasons_touched(vintage, event, like, diversion).items() if not reason)


def reasons_touched(vintage: Vintage, event: Event, like: str = "", diversion: Iterable[str] = ()) -> dict[str, str]:
    """Every series that `untouched` considers, with the reason why it is no candidate; empty where it is one."""
    pattern, barred = SeriesKey.maybe(like), tuple(diversion)
    named = {mineral_of(product) for product in event.products}
    window = range(event.start - MONTHS_BEFORE, months.ordinal(vintage.day) + 1)
    found = {}
    for series in vintage.series:
        key = SeriesKey.maybe(series)
        if key is None or series == like or (pattern and _ends(key) != _ends(pattern)):
            continue
        reason = spillover(series, [like], [event], barred) or on_the_way(series, key, barred)
        if not reason and (mineral_of(key.product) in named or event.covers(key.product)):
            reason = f"in the scope of {event.id} itself"
        if not reason and (own := own_measures(vintage, key.product, window)):
            more = f" and {len(own) - NAMED} more" if own[NAMED:] else ""
            reason = f"a measure of its own: {', '.join(own[:NAMED])}{more}"
        found[series] = reason
    return found


def _ends(key: SeriesKey) -> tuple[str, str, str, str]:
    return key.reporter, key.flow, key.partner, key.measure


def own_measures(vintage: Vintage, product: str, window: range) -> list[str]:
    """Ids of the measures on a good itself that were announced, took effect, ended or were superseded in `window`."""
    return [
        event.id
        for event in vintage.events
        if event.effective is not None
        and "ALL" not in event.products
        and event.covers(product)
        and any(month in window for month in _turning_months(event))
    ]


def _turning_months(event: Event) -> list[int]:
    """The months in which a measure changed the conditions of trade."""
    days = (event.announced, event.effective, event.until, event.called_off)
    return [months.ordinal(day) for day in days if day is not None]
