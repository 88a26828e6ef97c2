"""The parts of a ledger: its legs, what may have gone through each third country, its entries, and the rerouted share."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from forecast.arrays import Floats
from forecast.core.effects import Effect

REST = "OTHERS"  # partner of the series of all that are not named: the total less the named
Role = Literal["L_X", "L_M", "D", "path", "ahead", "I", "rest_D", "rest_I"]
State = Literal["estimated", "described", "no data"]


@dataclass(frozen=True)
class Leg:
    """One flow of the account: what the events changed in it, or what would tell.

    Parameters
    ----------
    role : str
        "L_X" (exporter to destination, by the exporter), "L_M" (the same by the destination), "D" (exporter to a third
        country), "path" (the same in the months whose goods could have gone on into those accounted for), "ahead" (those of
        them before the first, in which it could have stocked), "I" (third country to destination), "rest_D", "rest_I" (all
        others together)
    country : str
        the third country; "OTHERS" for all that are not named
    series : str
        that was used; "" without data
    mirror : bool
        whether it is the partner's record of the flow
    months_from, months_to : str
        labels of the first and last month
    months : int
        their number
    state : str
        "estimated", "described" (difference of monthly means, times the months) or "no data"
    value : float
        observed less expected over these months, in the unit of the ledger; NaN without data
    draws : array of float, shape (draws,), or None
        of the value
    p_value : float
        one-sided, of the hypothesis that the flow did not rise, of "path" and "I"; NaN where nothing is estimated
    wanted : str
        what would fill the leg: series, interface and code
    note : str
        what a reader must know of the figure
    effect : Effect, optional
        the estimator's answer; its own draws are not in the common order of the legs
    """

    role: Role
    country: str
    series: str = ""
    mirror: bool = False
    months_from: str = ""
    months_to: str = ""
    months: int = 0
    state: State = "no data"
    value: float = math.nan
    draws: Floats | None = field(default=None, repr=False, compare=False)
    p_value: float = math.nan
    wanted: str = ""
    note: str = ""
    effect: Effect | None = field(default=None, repr=False, compare=False)

    @property
    def known(self) -> bool:
        """Whether there are data."""
        return self.state != "no data"


@dataclass(frozen=True)
class Route:
    """What may have been rerouted through one third country: a set, between two bounds.

    Parameters
    ----------
    country : str
        the third country
    outward, onward : Leg
        exporter to it, in the months whose goods could have gone on; and from it to the destination
    lower, upper : float
        estimates of the bounds, clipped at zero; NaN where no figure bounds it
    lower_limit, upper_limit : float
        one-sided 95 % limits; NaN where nothing is estimated
    p_value, p_holm : float
        larger of the two one-sided p-values of the legs, of the onward one less own sources where these are declared; and by
        Holm over all countries
    found : bool
        whether both legs rose, the onward one by more than declared own sources, at 5 % over all countries; that the goods are
        the same is not shown by it
    contradiction : str
        why the bounds cross, "" where they do not
    own_sources : float
        declared, in the unit of the ledger; NaN where unknown
    """

    country: str
    outward: Leg
    onward: Leg
    lower: float = math.nan
    upper: float = math.nan
    lower_limit: float = math.nan
    upper_limit: float = math.nan
    p_value: float = math.nan
    p_holm: float = math.nan
    found: bool = False
    contradiction: str = ""
    own_sources: float = math.nan


@dataclass(frozen=True)
class LedgerEntry:
    """One entry of the account, with rerouting at its lower and at its upper bound.

    Parameters
    ----------
    symbol : str
        "L_X", "L_M", "R", "O", "N", "S", "M", "G" or "Z"; "D" for what all others got more
    at_lower, at_upper : float
        with rerouting at its lower and at its upper bound; NaN without data
    draws_lower, draws_upper : array of float, shape (draws,), or None
        of the two, of the same draws of all legs
    lo95, hi95 : float
        limits over both ends; NaN where nothing is estimated
    wanted : tuple of str
        what would fill it, where a leg of it has no data
    """

    symbol: str
    at_lower: float = math.nan
    at_upper: float = math.nan
    draws_lower: Floats | None = field(default=None, repr=False, compare=False)
    draws_upper: Floats | None = field(default=None, repr=False, compare=False)
    lo95: float = math.nan
    hi95: float = math.nan
    wanted: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether there are data for all its legs."""
        return not self.wanted and math.isfinite(self.at_lower)


@dataclass(frozen=True)
class ReroutedShare:
    """The rerouted share of the loss: a set, and its interval.

    Parameters
    ----------
    lower, upper : float
        estimates of the bounds; NaN where those of a country cross, be it within noise
    lo95, hi95 : float
        interval that contains the share, wherever it lies between the bounds, with 95 %; NaN where nothing is estimated, or
        bounds cross by more than noise
    undefined : str
        why there is none, "" where there is
    """

    lower: float = math.nan
    upper: float = math.nan
    lo95: float = math.nan
    hi95: float = math.nan
    undefined: str = ""
