"""Scope of a measure: whether the package can tell if it covers a good, and which country it makes the exporter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forecast.core.errors import ConfigError
from forecast.core.event import Event
from forecast.core.products import products
from forecast.core.series import SeriesKey, countries


def scope_is_unknown(events: Sequence[Event], series: Sequence[str]) -> bool:
    """Whether no measure is known to act on the flows, and one would if it covered their good, which no table here knows.

    Such a good, under a name that no measure holds, may be part of one that is covered: nothing says that it is not.
    """
    if any(event.touches(one) for event in events for one in series):
        return False
    keys = {one: SeriesKey.maybe(one) for one in series}
    unknown = [one for one, key in keys.items() if key is not None and key.product not in products()]
    return any(replace(event, products=("ALL",)).touches(one) for event in events for one in unknown)


def exporter_under(events: Sequence[Event], destination: str, where: str = "") -> str:
    """The one country that imposed the measures, whose exports they hold back.

    Raises
    ------
    ConfigError
        where none or several did, or the destination itself: whose exports are asked about must then be named
    """
    names = " and ".join(event.id for event in events)
    imposed = sorted({country for event in events for country in event.imposed_by})
    if not imposed:
        problem, named = f"no country is known to have imposed {names}, and no exporter is named", []
    elif len(imposed) > 1:
        problem, named = f"{names}: imposed by {', '.join(imposed)}, and no exporter is named", imposed
    elif countries(imposed[0]) & countries(destination):
        problem = f"{names}: imposed by the destination, {imposed[0]}, and no exporter is named"
        named = sorted({country for event in events for country in event.targets} - {"ALL"})
    else:
        return imposed[0]
    named = [one for one in named if not countries(one) & countries(destination)]
    raise ConfigError(problem, where=where, hint=f"exporter = {' or '.join(repr(one) for one in named) or 'its code'}")
