"""The config of destinations: which flows are divided by partner, over which months, and whose forecasts add up."""

from __future__ import annotations

from pydantic import Field

from forecast.jobs.config_base import ConfigTable, Month, Names


class DestinationsConfig(ConfigTable):
    """Flows divided by partner: shares, concentration, who was served first after a measure, unit values, months ahead.

    series : series, or patterns, whose flows are divided; without it those that the config asks about, if partners are known
    from, to : first and last month; by default the last four calendar years
    model : a model of the config whose forecasts are made to add up over partners; without it none are made
    """

    series: Names = ()
    first: Month | None = Field(None, alias="from")
    last: Month | None = Field(None, alias="to")
    model: str = ""
