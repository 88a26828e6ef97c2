"""SignificanceTest: the test of no effect on one claim, as recorded by the judge."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtri


@dataclass(frozen=True)
class SignificanceTest:
    """A two-sided test of no effect.

    p, floor : p-value, and the smallest one the test can give; direction : -1 for a fall, 1 for a rise, 0 where there is none
    score : what was compared (log, power, plain scores, the total with empty months, or the estimator's own test)
    scale, freedom : standard error of the mean score and its degrees of freedom; NaN where only months with trade are counted
    incidence : p-value of the number of months with trade alone; NaN where every month has some
    """

    p: float = math.nan
    floor: float = math.nan
    direction: int = 0
    score: str = ""
    scale: float = math.nan
    freedom: float = math.nan
    incidence: float = math.nan

    @property
    def z(self) -> float:
        """The p-value as a signed standard normal score."""
        return -self.direction * float(ndtri(min(max(self.p, 1e-12), 1.0) / 2.0)) if math.isfinite(self.p) else math.nan
