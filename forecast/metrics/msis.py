"""Mean scaled interval score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import ConfigError
from forecast.core.registry import metric


@metric
@dataclass(frozen=True)
class Msis:
    """Width of the central interval of `level` per cent and 2 / alpha times what it misses, over the seasonal naive error.

    The interval score (u - l) + (2 / alpha) (l - y)+ + (2 / alpha) (y - u)+, with alpha = 1 - level / 100 (Gneiting and
    Raftery 2007, eq. 43), divided by the scale of MASE as in the M4 competition (Makridakis, Spiliotis and Assimakopoulos
    2020). Lower is better; undefined where the scale is zero or unknown.

    Parameters
    ----------
    level : float, default 95.0
        of the interval, in percent

    References
    ----------
    * Gneiting, T. and Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation. Journal of the
      American Statistical Association 102(477), 359-378, eq. 43.
    * Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2020). The M4 competition. International Journal of Forecasting
      36(1), 54-74.
    """

    level: float = 95.0
    label: ClassVar[str] = "MSIS"
    unit_free: ClassVar[bool] = True
    better: ClassVar[str] = "lower"
    scale_power: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if not 0 < self.level < 100:
            raise ConfigError(f"an interval level of {self.level} is not between 0 and 100", hint="80 or 95")

    def score(self, draws: Floats, truth: Floats, scale: Floats) -> Floats:
        """Scores of `draws` (draws, n) against `truth` (n,), divided by `scale` (n,)."""
        alpha = 1.0 - self.level / 100.0
        lower, upper = np.quantile(draws, [alpha / 2, 1.0 - alpha / 2], axis=0)
        missed = np.maximum(lower - truth, 0.0) + np.maximum(truth - upper, 0.0)
        safe = np.where(scale > 0, scale, np.nan)
        score: Floats = np.where(np.isfinite(truth), (upper - lower + 2.0 / alpha * missed) / safe, np.nan)
        return score
