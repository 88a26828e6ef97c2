"""What a config files before the figures come: claims on sums of months, each with the rule that will decide it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from forecast.jobs.config_base import ConfigTable, Month


class FiledClaim(ConfigTable):
    """A claim that the first published figures of some months, added up, will decide.

    id : its name
    claim : the same in a sentence
    series : one series of `[forecast]`
    from, to : first and last month of the sum, none of them released on the day of filing
    above, below : the sum must lie above, below, or between the two
    unit : of the two bounds, such as "t"; without it that of the data (kg, USD)
    """

    id: Annotated[str, Field(min_length=1)]
    claim: Annotated[str, Field(min_length=1)]
    series: str
    first: Month = Field(alias="from")
    last: Month = Field(alias="to")
    above: float | None = None
    below: float | None = None
    unit: str = ""

    @model_validator(mode="after")
    def _needs_a_bound(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueError(f"nothing decides the claim '{self.id}'", "above = ..., below = ..., or both")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(f"no sum lies between the bounds of the claim '{self.id}'", "above smaller than below")
        return self


class FiledConfig(ConfigTable):
    """What `forecast file` freezes: the months ahead whose figures are not released yet, and claims on them.

    until : the last month; without it as far as `[forecast]` asks
    claims : claims on sums of these months
    """

    until: Month | None = None
    claims: tuple[FiledClaim, ...] = ()
