"""LedgerQuestion: where the trade went that a measure took from a destination."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from forecast.core.errors import ConfigError
from forecast.core.event import Event
from forecast.core.presentation import shown
from forecast.core.series import countries


@shown
@dataclass(frozen=True)
class LedgerQuestion:
    """The question where the trade of `exporter` with `destination` in a product went after `events`.

    Events are kept by the day they took effect, countries in alphabetical order, however they were named.

    Parameters
    ----------
    events : tuple of Event
        one event, or a cluster
    exporter, destination : str
        country codes (ISO 3166 alpha-3), or a group such as "EU27"
    product : str
        its name in the package; every leg is of this product
    through : tuple of str, optional
        third countries through which goods may have gone on, chosen before the figures are looked at
    origins : tuple of str, optional
        other origins of the destination's imports that are told apart, without being asked for rerouting
    start, stop : str, optional
        labels of the first and last month of the destination's imports that are accounted for (default: the event's first
        month and `lag_direct`; the last month that every leg with figures knows and that an end of the event does not reach)
    lag_direct, lag_to, lag_from : int, default 1
        months under way from exporter to destination, from exporter to third country, from third country to destination
    ahead : int, default 0
        months before the first in which a third country could have stocked what it sent on later
    own_sources : mapping of str to float, optional
        by country, tonnes that it could have found otherwise in these months: more production, other imports, stock, less
        use; unknown is left out, and is not zero
    producers : tuple of str, optional
        countries that produce the good themselves (default: those of the bundled table)
    gains : float, optional
        tonnes by which all origins but the exporter together sent more, where only that sum is published: it divides those
        that are not named into gains and falls
    estimator : str or mapping, default "counterfactual"
        what estimates every leg
    baseline : tuple of (str, str), optional
        labels of the first and last month that described legs are compared with (default: those of a Design)
    clean_from : str, optional
        label of the first month that is fitted
    element : bool, default False
        whether amounts are those of the contained element, for a product of one known form
    name : str, optional
        of the question
    draws : int, default 2000
        number of draws

    Raises
    ------
    ConfigError
        where a country is named twice, or is the exporter or the destination, or months or tonnes are negative

    Examples
    --------
    >>> import forecast as fc
    >>> from forecast.core.ledger import LedgerQuestion
    >>> ban = fc.load_archive().events["us_ban_2024"]
    >>> LedgerQuestion((ban,), "CHN", "USA", "antimony_oxide", through=("THA", "MEX")).months_on_the_way
    2
    """

    events: tuple[Event, ...]
    exporter: str
    destination: str
    product: str
    through: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    start: str | None = None
    stop: str | None = None
    lag_direct: int = 1
    lag_to: int = 1
    lag_from: int = 1
    ahead: int = 0
    own_sources: Mapping[str, float] = field(default_factory=dict)
    producers: tuple[str, ...] | None = None
    gains: float | None = None
    estimator: str | Mapping[str, Any] = "counterfactual"
    baseline: tuple[str, str] | None = None
    clean_from: str | None = None
    element: bool = False
    name: str = ""
    draws: int = 2000

    def __post_init__(self) -> None:
        where = f"ledger of {self.product}, {self.exporter} to {self.destination}"
        named = (self.exporter, self.destination, *self.through, *self.origins)
        for place, country in enumerate(named):
            if country in ("WLD", "OTHERS") or not re.fullmatch("[A-Z][A-Z0-9]{1,9}", country):
                hint = "its code of three letters, such as THA, or a group such as EU27"
                raise ConfigError(f"'{country}' is no country", where=where, hint=hint)
            for other in named[:place]:
                if country == other:
                    ends = place == 1  # exporter and destination
                    hint = "another `exporter` or `destination`" if ends else "each country once"
                    raise ConfigError(f"'{country}' is named twice", where=where, hint=hint)
                if countries(country) & countries(other):
                    problem = f"'{other}' and '{country}' hold the same country, whose goods would count twice"
                    raise ConfigError(problem, where=where, hint="one of the two")
        if strange := sorted(set(self.own_sources) - set(self.through)):
            raise ConfigError(f"own sources of '{strange[0]}', which is not among `through`", where=where, hint="add it there")
        for key in ("lag_direct", "lag_to", "lag_from", "ahead"):
            value = getattr(self, key)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ConfigError(f"{key} is {value!r}", where=where, hint="a whole number of months, 0 or more")
        for country, tonnes in self.own_sources.items():
            if not isinstance(tonnes, int | float) or not math.isfinite(tonnes) or tonnes < 0:
                problem = f"own sources of '{country}' are {tonnes!r}"
                raise ConfigError(problem, where=where, hint="tonnes, 0 or more; leave the country out where they are unknown")
        if self.start and self.stop and self.stop < self.start:
            problem = f"the months end in {self.stop}, before they begin in {self.start}"
            raise ConfigError(problem, where=where, hint="check the two months")
        # no answer hangs on the order of names: neither random draws nor the rounding of sums
        by_day = sorted(self.events, key=lambda event: (event.effective or event.announced, event.id))
        for key, ordered in (("events", by_day), ("through", sorted(self.through)), ("origins", sorted(self.origins))):
            object.__setattr__(self, key, tuple(ordered))

    @property
    def lost_flow(self) -> str:
        """The flow that the measure is asked to have cut, by the exporter's record."""
        return f"{self.exporter}.export.{self.destination}.{self.product}"

    @property
    def months_on_the_way(self) -> int:
        """Months that goods are under way from the exporter through a third country."""
        return self.lag_to + self.lag_from

    def with_candidates(self, through: Iterable[str]) -> LedgerQuestion:
        """The same question with the third countries through which goods may have gone on.

        Parameters
        ----------
        through : iterable of str
            country codes
        """
        return replace(self, through=tuple(through))

    @property
    def event_ids(self) -> str:
        """Ids of the events, joined by `+`."""
        return "+".join(event.id for event in self.events)


def country_codes(given: str | Iterable[str]) -> tuple[str, ...]:
    """One country or several, as a tuple."""
    return (given,) if isinstance(given, str) else tuple(given)
