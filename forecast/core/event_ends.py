"""The announced end of a measure as an event of its own: what traders buy before it, or wait for, is anticipation of it."""

from __future__ import annotations

from forecast.core.errors import DataError
from forecast.core.event import Event

END = ":end"  # `ID:end` is the end of the measure `ID`


def ended_measure(event_id: str) -> str:
    """The id of the measure whose end an id names; empty where it names none.

    >>> ended_measure("us_ban_suspension_2025:end")
    'us_ban_suspension_2025'
    """
    return event_id.removesuffix(END) if event_id.endswith(END) else ""


def has_announced_end(event: Event) -> bool:
    """Whether the end of a measure in force was announced, on the day of its end at the latest."""
    return bool(event.in_force and event.end and event.end_announced and event.end_announced <= event.end)


def end_of(event: Event) -> Event:
    """The end of a measure: announced when the end was, effective on it, anticipated in between.

    A measure known on a day has only the ends announced by then (`Event.known_on`), so its end looks no further ahead.

    Raises
    ------
    DataError
        where no end has been announced

    References
    ----------
    Coglianese, J., Davis, L. W., Kilian, L. and Stock, J. H. (2017). Anticipation, tax avoidance, and the price elasticity of
    gasoline demand. Journal of Applied Econometrics 32(1), 1-15: buyers of a storable good buy more before an announced rise
    of its tax, and wait for an announced cut.
    """
    if not has_announced_end(event):
        known = f"no end of '{event.id}' is announced on the day asked about, or only after it"
        raise DataError(known, where=event.id + END, hint="end and end_announced of the event, or a later day")
    assert event.end is not None
    assert event.end_announced is not None
    announced = max(event.end_announced, event.announced)
    begun = max(announced, event.effective or announced)  # before it applies, nobody acts on its end
    return Event(
        event.id + END,
        f"End of: {event.title}",
        announced,
        effective=event.end,
        imposed_by=event.imposed_by,
        targets=event.targets,
        products=event.products,
        anticipation_from=min(begun, event.end),
        shape={"use": "anticipation"},
        role=event.role,
        hs_codes=event.hs_codes,
        document=event.document,
        source_url=event.source_url,
        confidence=event.confidence,
        short=f"the end of {event.short_title}",
        status=event.status,
    )
