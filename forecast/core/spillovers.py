"""Spillovers: flows that a measure may reach beside the treated one, so that they are no valid comparison with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from forecast.core.event import Event
from forecast.core.products import mineral_of
from forecast.core.series import SeriesKey, countries

WORLD = frozenset({"WLD"})


def spillover(
    donor: str, treated: Sequence[str], events: Iterable[Event] = (), diversion: Iterable[str] = (), relative: bool = False
) -> str:
    """How a measure on the treated flows could reach a donor, in words; empty where no way is known.

    A donor that gains what the treated flow loses doubles the loss; one that loses with it hides it. With C the exporter, D the
    destination and h the good: what C exports of h to others (diverted there), what D imports of h from others (in its place),
    the same element in another form, other goods that an event names, and all trade of a country on the way.

    Parameters
    ----------
    donor : str
        its series; a unit of a plain panel is reached by nothing
    treated : sequence of str
        the treated series
    events : sequence of Event, optional
        the measures asked about
    diversion : sequence of str, optional
        countries on the way (ISO alpha-3), as they pass through a ledger, and patterns of series with ``*`` and ``?``
    relative : bool, default False
        the good's other partners are the comparison asked for, which then says that it includes diversion

    Returns
    -------
    str
        the reason

    References
    ----------
    * Liu, X. and Shi, H. (2019). Anti-dumping duty circumvention through trade rerouting: evidence from Chinese exporters. The
      World Economy 42(5), 1427-1466: US imports from third countries move with China's exports to them.
    * Freund, C., Mattoo, A., Mulabdic, A. and Ruta, M. (2023). Is US trade policy reshaping global supply chains? World Bank,
      working paper of November 2023: other origins, tied to China's supply, take its place.
    """
    key = SeriesKey.maybe(donor)
    own = [k for k in map(SeriesKey.maybe, treated) if k is not None]
    if key is None or not own:
        return ""
    if relative and any(key.product == k.product for k in own):
        return on_the_way(donor, key, diversion)
    return _same_mineral(key, own) or in_scope(donor, key, events) or on_the_way(donor, key, diversion)


def _same_mineral(key: SeriesKey, own: Sequence[SeriesKey]) -> str:
    """The same good or element, and by which way trade may move to it."""
    alike = [k for k in own if mineral_of(k.product) == mineral_of(key.product)]
    if not alike:
        return ""
    same = [k for k in alike if k.product == key.product]
    if not same:
        return "the same element in another form"
    origin, destination = countries(key.origin), countries(key.destination)
    if any(origin & countries(k.origin) - WORLD for k in same):
        return "the same good to another destination, where diverted trade may go"
    if any(destination & countries(k.destination) - WORLD for k in same):
        return "the same good from another origin, which may take its place"
    return "the same good by another way"


def in_scope(donor: str, key: SeriesKey, events: Iterable[Event]) -> str:
    """The events that reach a donor themselves: its good is named, or the measure on all goods applies to the flow."""
    reach = [e.id for e in events if (e.touches(donor) if "ALL" in e.products else e.covers(key.product))]
    return f"in the scope of {' and '.join(reach)} itself" if reach else ""


def donors_outside(
    donors: tuple[str, ...] | str, events: Iterable[Event], let_in: tuple[str, ...] = ()
) -> tuple[str, ...] | str:
    """The donors that no event reaches itself, for questions about months without the events; those let in stay."""
    if isinstance(donors, str):
        return donors
    keys, known = {donor: SeriesKey.maybe(donor) for donor in donors}, tuple(events)
    return tuple(d for d, key in keys.items() if key is None or d in let_in or not in_scope(d, key, known))


def on_the_way(donor: str, key: SeriesKey, diversion: Iterable[str]) -> str:
    """The countries and patterns through which trade is declared to have passed, where they hold a donor."""
    ends = {key.reporter, key.partner} | countries(key.origin) | countries(key.destination)
    found = [word for word in diversion if word in ends or fnmatchcase(donor, word)]
    return f"trade may pass through {' and '.join(found)}" if found else ""
