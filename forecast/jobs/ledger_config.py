"""Accounts of where trade went in a config: which measure, destination and good, and by what its flows are estimated."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from forecast.core.errors import ConfigError, with_place
from forecast.core.event_scope import exporter_under
from forecast.core.ledger import LedgerQuestion
from forecast.core.vintage import Vintage
from forecast.jobs.config_base import ConfigTable, Month, Names, NonEmptyNames, PluginConfig, as_spec
from forecast.study.ledger.candidates import candidates
from forecast.study.ledger.legs import require_a_good
from forecast.study.ledger.months_asked import require_time_to_arrive

Lag = Annotated[int, Field(ge=0, le=24)]


class LedgerConfig(ConfigTable):
    """One account: what a measure took from a destination, and where it went (`fc.ledger`).

    id : what tables and the report call it
    event : id of the measure, or of several whose joint effect is asked
    exporter : whose exports are asked about; by default the one country that imposed the measure
    destination : the country that it is aimed at, or a group such as "EU27"
    product : the good, by its name in the package
    through : third countries through which goods may have gone on; by default those of the data that produce little themselves
    origins : other origins that are told apart
    from : first month of the destination's imports; by default the event's and `lag_direct`
    to : last month; by default the last that all known flows have in common and that an end of the measure does not reach
    lag_direct, lag_to, lag_from : months under way: exporter to destination, exporter to third country, and on from there
    ahead : months before the first in which a third country could have stocked
    own_sources : tonnes that a third country could have found otherwise, by country; unknown ones are left out
    producers : countries that produce the good; by default those of the bundled table
    gains : tonnes by which all other origins sent more, where only that sum is published
    estimator : what estimates every flow
    baseline_from, baseline_to : the months that flows are compared with where nothing can be estimated
    clean_from : first month of the past that counts as clean; by default the one after the last other measure
    element : amounts of the contained element, for a good of one form
    note : a sentence for the report
    """

    id: str
    event: NonEmptyNames
    exporter: str | None = None
    destination: str
    product: str
    through: Names | None = None
    origins: Names = ()
    first: Month | None = Field(None, alias="from")
    last: Month | None = Field(None, alias="to")
    lag_direct: Lag = 1
    lag_to: Lag = 1
    lag_from: Lag = 1
    ahead: Lag = 0
    own_sources: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    producers: Names | None = None
    gains: float | None = None
    estimator: Annotated[PluginConfig, BeforeValidator(as_spec)] = PluginConfig(use="counterfactual")
    baseline_from: Month | None = None
    baseline_to: Month | None = None
    clean_from: Month | None = None
    element: bool = False
    note: str = ""

    @model_validator(mode="after")
    def _baseline_with_both_ends(self) -> Self:
        if (self.baseline_from is None) != (self.baseline_to is None):
            raise ValueError("the baseline has only one end", "both baseline_from and baseline_to")
        if self.baseline_from and self.baseline_to and self.baseline_to < self.baseline_from:
            raise ValueError("the baseline ends before it begins", "check the two months")
        return self

    def question(self, vintage: Vintage, draws: int, where: str = "") -> LedgerQuestion:
        """The question, with its events and candidates as known on the day of the vintage."""
        baseline = (self.baseline_from, self.baseline_to) if self.baseline_from and self.baseline_to else None
        with with_place(where, ConfigError):
            events = tuple(vintage.events[event] for event in self.event)
            exporter = self.exporter or exporter_under(events, self.destination)
            asked = LedgerQuestion(
                events, exporter, self.destination, self.product,
                self.through or (), self.origins, self.first, self.last, self.lag_direct, self.lag_to, self.lag_from,
                self.ahead, self.own_sources, self.producers, self.gains, self.estimator.spec, baseline, self.clean_from,
                self.element, self.id, draws,
            )  # fmt: skip
            require_a_good(asked, vintage)
            if self.through is None:
                asked = asked.with_candidates(candidates(asked, vintage))
            require_time_to_arrive(asked, vintage.steps)
            return asked
