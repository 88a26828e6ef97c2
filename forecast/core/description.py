"""Description: what was observed, beside named baselines; it needs no counterfactual."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from forecast.core.presentation import shown


@dataclass(frozen=True)
class BaselineComparison:
    """The observed total against one baseline.

    Parameters
    ----------
    baseline : str
        its name
    expected : float
        the level that it implies for the effect window, in the unit of the series
    difference : float
        observed minus expected, in the unit of the series
    relative : float
        difference over expected
    """

    baseline: str
    expected: float
    difference: float
    relative: float


@shown
@dataclass(frozen=True)
class Description:
    """The observed total next to named baselines; valid whatever the verdict.

    Parameters
    ----------
    observed : float
        the total of the window, in the unit of the series
    months : str
        labels of the window
    compared : tuple of BaselineComparison, optional
        one row per baseline that the data determine, the chosen one first
    last_level : float, default NaN
        the last published level and its months, where there is no baseline
    last_period : str, optional
        the last published level and its months, where there is no baseline
    unknown : tuple of str, optional
        months of the window without a figure
    """

    observed: float
    months: str
    compared: tuple[BaselineComparison, ...] = ()
    last_level: float = math.nan
    last_period: str = ""
    unknown: tuple[str, ...] = ()

    @property
    def chosen(self) -> BaselineComparison | None:
        """The comparison with the chosen baseline."""
        return self.compared[0] if self.compared else None

    def bounds(self, measure: str) -> tuple[str, float, float, float]:
        """Name and difference of the chosen baseline, and the range over all baselines, in the given measure.

        Without a baseline: the last published level three times, with a name that says so.

        Parameters
        ----------
        measure : str
            "relative", or any other for amounts

        Returns
        -------
        (str, float, float, float)
            name, difference, lowest and highest difference
        """
        if not self.compared:
            level = self.last_level
            return f"none; last published level, {self.last_period}" if self.last_period else "none", level, level, level
        key = "relative" if measure == "relative" else "difference"
        values = [getattr(c, key) for c in self.compared]
        finite = [v for v in values if np.isfinite(v)] or [math.nan]
        return self.compared[0].baseline, values[0], min(finite), max(finite)
