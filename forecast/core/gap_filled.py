"""Who filled the gap: the change of every origin in a destination's imports after a measure."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class OriginChange:
    """What one origin sent more (or less).

    Parameters
    ----------
    origin : str
        country code; "OTHERS" for all that are not named; "OTHERS+" and "OTHERS-" for their gains and falls, where a source
        publishes the sum of all gains
    value : float
        observed less expected, in the unit of the ledger
    lo95, hi95 : float, default NaN
        joint limits: all origins lie within theirs with 95 %
    production : str, optional
        "producer", "producer of an unknown amount", or such as "little mine production in 2023" and "no known refinery
        production in 2023", by the bundled table; "not named as a producer" where the question names them; "" where neither
        knows
    """

    origin: str
    value: float
    lo95: float = math.nan
    hi95: float = math.nan
    production: str = ""


@dataclass(frozen=True)
class GapFilled:
    """Gains and falls of all origins but the one hit; they sum to the change of the total less that of the one hit.

    Parameters
    ----------
    changes : tuple of OriginChange
        largest gain first
    total : float
        change of the imports from all origins but the one hit; NaN where the total is not known
    lost : float
        what the one hit sent less
    complete : bool
        whether the origins add up to the total
    lo95, hi95 : float, default NaN
        of the total; NaN where nothing is estimated
    """

    changes: tuple[OriginChange, ...]
    total: float
    lost: float
    complete: bool
    lo95: float = math.nan
    hi95: float = math.nan

    @property
    def gains(self) -> float:
        """Sum of the origins that sent more."""
        return sum(one.value for one in self.changes if one.value > 0)

    @property
    def falls(self) -> float:
        """Sum of the origins that sent less, as a positive number."""
        return -sum(one.value for one in self.changes if one.value < 0)
