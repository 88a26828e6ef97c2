"""The config of an expiring measure: stretches of months whose means are printed next to each other."""

from __future__ import annotations

from pydantic import Field

from forecast.jobs.config_base import ConfigTable, Month, NonEmptyNames, OptionalDay


class RegimeConfig(ConfigTable):
    """A stretch of months whose observed mean is read as "if it were like this again".

    name : its name in the table
    from, to : first and last month
    text : the sentence of the report
    """

    name: str
    first: Month = Field(alias="from")
    last: Month = Field(alias="to")
    text: str = ""


class ExpiryConfig(ConfigTable):
    """What an expiring measure may bring: observed regime means of some series, no probability.

    series : series, or patterns
    regimes : stretches of months whose means are printed next to each other
    day : the day on which the measure expires
    note : a sentence for the report
    """

    series: NonEmptyNames
    regimes: tuple[RegimeConfig, ...]
    day: OptionalDay = ""
    note: str = ""
