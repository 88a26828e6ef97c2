"""Estimate: observed minus counterfactual, as draws, and what they say in each measure; no verdict yet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from forecast.arrays import Floats
from forecast.core.contrast import Contrast
from forecast.core.description import BaselineComparison as BaselineComparison, Description as Description
from forecast.core.errors import NotIdentifiedError
from forecast.core.judgement import Judgement, Placebo
from forecast.core.parameters import Parameter, Parameters
from forecast.core.questions import Design
from forecast.core.results import Summary, TableReading, Used, quantile_name
from forecast.core.simultaneous_bands import simultaneous_band
from forecast.core.time_axis import MONTHS, Steps
from forecast.core.vintage import Vintage

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Estimate:
    """What a method found: figures, draws and the record of the fit. `Effect` tells the fields."""

    estimator: str
    design: Design
    unit: str
    periods: tuple[tuple[int, int], ...]
    observed: Floats
    counterfactual: Floats | None
    description: Description
    steps: Steps = MONTHS
    used: tuple[Used, ...] = ()
    parameters: Parameters | tuple[Parameter, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    n_clean: int = 0
    n_span: int = 0
    point: float | None = None
    early: Contrast | None = None
    own_p: float = math.nan
    own_floor: float = math.nan
    own_placebos: tuple[Placebo, ...] = ()
    loglike: float = math.nan
    reads: str = "causal"
    scored: Literal["months", "total"] = "months"
    parts: Mapping[str, Summary] = field(default_factory=dict)
    reading: TableReading | None = None
    judgement: Judgement = field(default_factory=Judgement)
    history: Vintage | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", Parameters(self.parameters))

    @property
    def window(self) -> Contrast:
        """Observed and counterfactual of the effect window."""
        if self.counterfactual is None:
            return Contrast(self.periods, self.observed, np.empty((0, len(self.periods))))
        return Contrast(self.periods, self.observed, self.counterfactual, self.point)

    def contrast(self, measure: str | None = None) -> Contrast:
        """Observed and counterfactual of a measure: one set of draws for all that is said of it.

        Parameters
        ----------
        measure : str, optional
            one of `MEASURES` (default: the design's)

        Returns
        -------
        Contrast
            in the unit of the effect

        Raises
        ------
        NotIdentifiedError
            where the method estimates no anticipation, or the expected total may be above or below zero and a share of it is
            asked
        """
        measure = measure or self.design.measure
        if measure == "relative" and self.counterfactual is not None and not len(self.relative.draws):
            problem = "what was expected may be above or below zero, and a share of it says nothing"
            raise NotIdentifiedError(problem, where=self.design.event_ids, hint='measure = "cumulative"')
        if measure not in ("anticipation", "net") or self.counterfactual is None:
            return self.window
        if self.early is None:
            if measure == "net":
                return self.window
            raise NotIdentifiedError(
                f"{self.estimator} estimates no anticipation in this window", where=self.design.event_ids,
                hint="counterfactual or regression, and an event with months of anticipation",
            )  # fmt: skip
        return self.early if measure == "anticipation" else self.early.join(self.window)

    @property
    def draws(self) -> Floats:
        """Effect draws, shape (draws, periods)."""
        if self.counterfactual is None:
            return np.empty((0, len(self.periods)))
        return self.observed[None, :] - self.counterfactual

    @property
    def cumulative(self) -> Summary:
        """Sum of the effect over the effect window."""
        return self.window.difference

    @property
    def anticipation(self) -> Summary | None:
        """Sum of the effect over the months of anticipation; None where the method estimates none."""
        return None if self.early is None else self.early.difference

    @property
    def net(self) -> Summary:
        """Anticipation plus post-event effect, draw by draw; the cumulative effect where no anticipation was estimated.

        References
        ----------
        Malani, A. and Reif, J. (2015). Interpreting pre-trends as anticipation. Journal of Public Economics 124, 1-17: months
        before an announced start are effect, not a failed pre-trend.
        """
        return self.contrast("net").difference

    @property
    def average(self) -> Summary:
        """Mean effect per observed step."""
        steps = sum(last - first + 1 for first, last in self.periods)
        return Summary(self.draws.sum(axis=1) / steps, None if self.point is None else self.point / steps)

    @property
    def relative(self) -> Summary:
        """Ratio of sums minus one: -1 where everything was lost."""
        return self.window.relative if self.counterfactual is not None else Summary(np.empty(0))

    @property
    def path(self) -> pd.DataFrame:
        """One row per period: observed, quantiles of counterfactual and effect, and the effect's simultaneous 90 % band."""
        import pandas as pd

        table: dict[str, Any] = {"month": [self.steps.period(*p) for p in self.periods], "observed": self.observed}
        for name, block in (("counterfactual", self.counterfactual), ("effect", self.draws)):
            for p in (0.025, 0.1, 0.5, 0.9, 0.975):
                at_p = np.nan if block is None or not len(block) else np.quantile(block, p, axis=0)
                table[f"{name}_{quantile_name(p)}"] = at_p
        table["effect_band_lo"], table["effect_band_hi"] = self.band(0.9) if len(self.draws) else (np.nan, np.nan)
        return pd.DataFrame(table)

    def band(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """Simultaneous band of the effect: bounds that contain its whole path.

        Parameters
        ----------
        level : float, default 0.9
            probability, from 0 to 1

        Returns
        -------
        (array of float, array of float), each of shape (periods,)
            lower and upper bounds, in the unit of the effect
        """
        return simultaneous_band(self.draws, level)

    def summary(self, measure: str | None = None) -> Summary:
        """Draws of the effect in a measure.

        Parameters
        ----------
        measure : str, optional
            one of `MEASURES` (default: the design's)

        Returns
        -------
        Summary
            in the unit of the effect; relative ones as a fraction

        Raises
        ------
        NotIdentifiedError
            where the method does not estimate it
        """
        measure = measure or self.design.measure
        if measure == "relative":
            return self.relative
        return self.contrast(measure).difference
