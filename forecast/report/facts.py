"""What a sentence must know besides its answer: the calendar, and what the data are called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from forecast.core.cells import UNHELD
from forecast.core.events import EventCalendar


class Facts(Protocol):
    """The surroundings of an answer; `report.run_data.RunData` has them too."""

    @property
    def calendar(self) -> EventCalendar:
        """The events known on the day of the data."""

    @property
    def held(self) -> str:
        """What the figures are, in a word."""

    @property
    def unheld(self) -> str:
        """The state of a month that the data have no row of, in words."""


@dataclass(frozen=True)
class FactsInMemory:
    """The surroundings of an answer that stands in no run: whosever the data are, nothing is said of where they come from."""

    calendar: EventCalendar = field(default_factory=EventCalendar)
    held: str = "data"
    unheld: str = UNHELD
