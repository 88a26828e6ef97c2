"""Coverage of a central interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import ConfigError
from forecast.core.registry import metric


@metric
@dataclass(frozen=True)
class Coverage:
    """Whether the central interval of `level` per cent holds the truth: 1 or 0, on average near level / 100.

    The interval runs between the quantiles (1 - level/100)/2 and (1 + level/100)/2 of the draws, ends included.

    Parameters
    ----------
    level : float, default 80.0
        of the interval, in percent
    """

    level: float = 80.0
    unit_free: ClassVar[bool] = True
    percent: ClassVar[float] = 100.0

    def __post_init__(self) -> None:
        if not 0 < self.level < 100:
            raise ConfigError(f"a coverage level of {self.level} is not between 0 and 100", hint="80 or 95")

    @property
    def label(self) -> str:
        """Column heading, as in "in 80 %"."""
        return f"in {self.level:g}\u00a0%"

    @property
    def better(self) -> float:
        """Share of truths inside a calibrated interval."""
        return self.level / 100.0

    def score(self, draws: Floats, truth: Floats, scale: Floats) -> Floats:
        """1 where `truth` (n,) lies in the interval of `draws` (draws, n), else 0; `scale` is not used."""
        tail = (1.0 - self.level / 100.0) / 2.0
        lower, upper = np.quantile(draws, [tail, 1.0 - tail], axis=0)
        inside = (lower <= truth) & (truth <= upper)
        return np.where(np.isfinite(truth), inside.astype(float), np.nan)
