"""Scenario: declared changes of the event calendar after a day; past figures are unchanged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from forecast.core import months
from forecast.core.errors import ConfigError, DataError, nearest
from forecast.core.events import Event, EventCalendar
from forecast.core.presentation import shown

NEVER = "never"


@shown
@dataclass(frozen=True)
class Scenario:
    """Possible policy decisions: measures that end, continue, are called off or are new; not a forecast.

    Parameters
    ----------
    name : str
        its name in tables and figures
    ends : mapping of str to str, optional
        id of a known event -> the day it ends ("YYYY-MM-DD"), or "never"; a suspension that never ends keeps its ban from
        returning, a ban with an end is lifted
    called_off : tuple of str, optional
        ids of announced measures that are withdrawn before they take effect
    add : tuple of Event, optional
        new events, announced and effective after the scenario's day
    probability : float, optional
        from 0 to 1, given by the user or None; the package never assigns one
    lets_through : mapping of str to str, optional
        id of a known or new event -> known months, "YYYY-MM/YYYY-MM", that show what it lets through

    Raises
    ------
    ConfigError
        where the probability is not from 0 to 1

    Examples
    --------
    >>> import forecast as fc
    >>> vintage = fc.load_archive().latest
    >>> extended = fc.Scenario("the suspension goes on", ends={"us_ban_suspension_2025": "never"})
    >>> vintage.events["us_ban_suspension_2025"].end
    datetime.date(2026, 11, 27)
    >>> vintage.under(extended).events["us_ban_suspension_2025"].end is None
    True
    """

    name: str
    ends: Mapping[str, str] = field(default_factory=dict)
    called_off: tuple[str, ...] = ()
    add: tuple[Event, ...] = ()
    probability: float | None = None
    lets_through: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.probability is not None and not 0.0 <= self.probability <= 1.0:
            raise ConfigError(
                f"scenario '{self.name}' has probability {self.probability}", hint="a number from 0 to 1, or none"
            )

    def calendar(self, events: EventCalendar, day: dt.date) -> EventCalendar:
        """The calendar known on `day` with the changes applied.

        Parameters
        ----------
        events : EventCalendar
            the calendar known on that day
        day : date
            after which the changes lie

        Returns
        -------
        EventCalendar
            a new one

        Raises
        ------
        ConfigError
            where it names an unknown event, or changes the past
        """
        changed = [self._with_end(_find_event(events, name, self.name), until, day) for name, until in self.ends.items()]
        changed += [self._call_off(_find_event(events, name, self.name), day) for name in self.called_off]
        for event in self.add:
            if event.id in events:
                raise ConfigError(
                    f"scenario '{self.name}' adds '{event.id}', which is known already", hint="ends, or another id"
                )
            if (event.effective or event.announced) <= day:
                begun = event.effective or event.announced
                raise self._refusal(f"'{event.id}' takes effect on {begun}, not after {day}", "an event of the calendar")
            if min(event.announced, event.anticipation_from or event.announced) <= day:
                problem = f"'{event.id}' would have been expected by {day}, and the calendar of that day does not know it"
                raise self._refusal(problem, "announced after that day, or an event of the calendar")
        after = events.with_events([*changed, *self.add])
        shown = [
            replace(_find_event(after, name, self.name), like=self._known_months(name, when, day))
            for name, when in self.lets_through.items()
        ]
        return after.with_events(shown)

    def _known_months(self, name: str, when: str, day: dt.date) -> str:
        if months.parse_period(when)[1] >= months.ordinal(day):
            raise self._refusal(f"what '{name}' lets through would be learned from {when}, not before {day}", "past months")
        return when

    def _with_end(self, event: Event, until: str, day: dt.date) -> Event:
        if event.until and event.until <= day:
            raise self._refusal(f"'{event.id}' ended on {event.until}, before {day}", "a measure still in force or to come")
        event = replace(event, superseded_on=None, superseded_by="")
        if until == NEVER:
            return replace(event, end=None, end_announced=None)
        end = months.parse_day(until)
        if end <= day:
            raise self._refusal(f"'{event.id}' would end on {end}, not after {day}", "a later day")
        if event.effective and end < event.effective:
            raise self._refusal(f"'{event.id}' would end on {end}, before it takes effect", "called_off")
        return replace(event, end=end, end_announced=day)

    def _call_off(self, event: Event, day: dt.date) -> Event:
        if event.effective is None or event.effective <= day:
            raise self._refusal(f"'{event.id}' is in force on {day}: it can end, but not be called off", "ends")
        return replace(event, called_off=day)

    def _refusal(self, problem: str, hint: str) -> ConfigError:
        return ConfigError(problem, where=f"scenario '{self.name}'", hint=hint)


def _find_event(events: EventCalendar, name: str, scenario: str) -> Event:
    try:
        return events[name]
    except DataError:
        raise ConfigError(
            f"scenario '{scenario}' names '{name}', which is not known on its day", hint=nearest(name, [e.id for e in events])
        ) from None
