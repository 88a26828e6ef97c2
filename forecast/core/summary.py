"""Summary: a number with its uncertainty; and the quantiles that are kept on disk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.presentation import shown

PROBABILITIES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)  # of the quantiles stored on disk

ROUNDING = 1e-12  # of the largest draw; draws that differ by less are one number


def quantile_name(probability: float) -> str:
    """Column name of a quantile on disk.

    >>> [quantile_name(p) for p in (0.025, 0.1, 0.5)]
    ['q025', 'q10', 'q50']
    """
    return "q" + f"{probability:.6f}"[2:].rstrip("0").ljust(2, "0")


def quantile_cells(values: Floats) -> dict[str, Any]:
    """Quantiles at `PROBABILITIES`, in order, by their column on disk."""
    return {quantile_name(p): float(value) for p, value in zip(PROBABILITIES, values, strict=True)}


@shown
@dataclass(frozen=True)
class Summary:
    """A number with its uncertainty.

    Parameters
    ----------
    draws : array of float, shape (draws,)
        in the unit of the number
    point : float, optional
        the estimator's own point estimate (default: the mean of the draws)

    Examples
    --------
    >>> import numpy as np
    >>> from forecast.core.summary import Summary
    >>> one = Summary(np.arange(101.0))
    >>> one.estimate, one.interval(0.5)
    (50.0, (25.0, 75.0))
    """

    draws: Floats
    point: float | None = None

    @property
    def estimate(self) -> float:
        """The point estimate."""
        if self.point is not None:
            return self.point
        return float(np.mean(self.draws)) if len(self.draws) else math.nan

    @property
    def se(self) -> float:
        """Standard deviation of the draws; zero where they differ by rounding alone."""
        if len(self.draws) < 2:
            return math.nan
        same = float(np.ptp(self.draws)) <= ROUNDING * float(np.abs(self.draws).max())
        return 0.0 if same else float(np.std(self.draws, ddof=1))

    @property
    def spread(self) -> float:
        """Robust standard deviation: half the central 80 % interval of the draws divided by 1.2816, the normal quantile."""
        low, high = np.quantile(self.draws, [0.1, 0.9]) if len(self.draws) > 1 else (math.nan, math.nan)
        return float(high - low) / 2 / 1.2816

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Equal-tailed interval from the draws, widened to contain the point estimate.

        Parameters
        ----------
        level : float, default 0.95
            probability, from 0 to 1

        Returns
        -------
        (float, float)
            lower and upper bound; NaN without draws
        """
        if not len(self.draws):
            return math.nan, math.nan
        lo, hi = np.quantile(self.draws, [(1 - level) / 2, (1 + level) / 2])
        return min(float(lo), self.estimate), max(float(hi), self.estimate)

    def cells(self) -> dict[str, Any]:
        """The estimate and its 80 and 95 % intervals by their columns on disk."""
        (lo80, hi80), (lo95, hi95) = self.interval(0.8), self.interval(0.95)
        return dict(estimate=self.estimate, lo80=lo80, hi80=hi80, lo95=lo95, hi95=hi95)
