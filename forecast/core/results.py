"""Results: Forecast and Failure, the record of what a method did (Used), and a number with its uncertainty (Summary)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.presentation import shown, upper
from forecast.core.questions import Task
from forecast.core.time_axis import MONTHS, Steps
from forecast.core.vintage import Vintage

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

PROBABILITIES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)  # of the quantiles stored on disk


def quantile_name(probability: float) -> str:
    """Column name of a quantile on disk.

    >>> [quantile_name(p) for p in (0.025, 0.1, 0.5)]
    ['q025', 'q10', 'q50']
    """
    digits = f"{probability:.3f}"[2:]
    return "q" + (digits[:-1] if digits.endswith("0") else digits)


def quantile_cells(values: Floats) -> dict[str, Any]:
    """Quantiles at `PROBABILITIES`, in order, by their column on disk."""
    return {quantile_name(p): float(value) for p, value in zip(PROBABILITIES, values, strict=True)}


@dataclass(frozen=True)
class Used:
    """What a method did: the model fitted, regressors used and dropped, scale, numbers of split and filled months, notes."""

    model: str
    regressors: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    scale: str = ""
    split: int = 0
    filled: int = 0
    notes: tuple[str, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """The record in words."""
        parts = [
            self.model,
            f"with {', '.join(self.regressors)}" if self.regressors else "",
            f"without {', '.join(self.dropped)}" if self.dropped else "",
            f"scale {self.scale}" if self.scale else "",
            f"{self.split} months split, {self.filled} filled" if self.split or self.filled else "",
        ]
        return [part for part in parts if part] + list(self.notes)


@shown
@dataclass(frozen=True)
class Forecast:
    """Joint draws for a Task, shape (draws, series, months), in archive units (kg, USD).

    parameters : "<series> <name>" of each estimated one; the standard error of x, where known, stands beside it as "x.se"
    history : the figures and events that it stands on, for a picture or a sentence; set by `fc.predict`
    """

    task: Task
    draws: Floats
    used: tuple[Used, ...]
    steps: Steps = MONTHS
    parameters: Mapping[str, float] = field(default_factory=dict)
    history: Vintage | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        expected = (len(self.task.series), len(self.task.months))
        if self.draws.ndim != 3 or self.draws.shape[1:] != expected:
            raise ValueError(f"draws of shape {self.draws.shape} for {expected[0]} series and {expected[1]} months")

    def of(self, series: str) -> Floats:
        """Draws of one series, shape (draws, months)."""
        block: Floats = self.draws[:, self.task.series.index(series), :]
        return block

    def quantiles(self, probabilities: Sequence[float]) -> Floats:
        """Quantiles, shape (series, months, probabilities)."""
        quantiles: Floats = np.moveaxis(np.quantile(self.draws, list(probabilities), axis=0), 0, -1)
        return quantiles

    @property
    def mean(self) -> Floats:
        """Mean of the draws, shape (series, months)."""
        mean: Floats = self.draws.mean(axis=0)
        return mean

    def total(self) -> Summary:
        """Sum over all months and series of the task, from the joint draws."""
        return Summary(self.draws.sum(axis=(1, 2)))

    def span(self, series: str, first: int, last: int) -> Floats:
        """Draws of the sum of months of one series, all of which must be in the task."""
        wanted = [self.steps.label(m) for m in range(first, last + 1)]
        index = [self.task.months.index(m) for m in wanted]
        summed: Floats = self.of(series)[:, index].sum(axis=1)
        return summed

    def frame(self, probabilities: Sequence[float] = (0.025, 0.1, 0.5, 0.9, 0.975)) -> pd.DataFrame:
        """One row per series and month: mean and quantiles."""
        import pandas as pd

        quantiles = self.quantiles(probabilities)
        rows = [
            {"series": s, "month": m, "mean": float(self.mean[i, j])}
            | {quantile_name(p): float(quantiles[i, j, k]) for k, p in enumerate(probabilities)}
            for i, s in enumerate(self.task.series)
            for j, m in enumerate(self.task.months)
        ]
        return pd.DataFrame(rows)

    def sentence(self) -> str:
        """What is expected of each series in its first and last month, and over all months where they add up."""
        return str(upper("report.spoken", "forecast_sentence")(self))

    def number(
        self,
        field: str,
        unit: str | None = None,
        digits: int | str | None = None,
        locale: str = "en",
        month: str | None = None,
        series: str | None = None,
    ) -> str:
        """A figure of one month as text: `mean`, `q50` and other columns of the table of forecasts.

        unit : such as "t" for a series held in kg; default: as the report shows it
        digits : decimals (-2: whole hundreds), or "3s" for significant digits; default: the report's
        locale : language of the marks, such as "de" or "fr"; month, series : may be left out where there is one
        """
        return str(upper("report.quoted_fields", "forecast_number")(self, field, unit, digits, locale, month, series))

    def plot(self, ax: Axes | None = None, series: str | None = None) -> Axes:
        """The history of a series and its fan: median, 80 and 95 % bands; on new axes unless `ax` is given."""
        axes: Axes = upper("plots.plot", "forecast")(self, ax, series)
        return axes


@shown
@dataclass(frozen=True)
class Summary:
    """A number with its uncertainty: `estimate` is the mean of the draws unless the estimator gives its own point."""

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
        """Standard deviation of the draws."""
        return float(np.std(self.draws, ddof=1)) if len(self.draws) > 1 else math.nan

    @property
    def spread(self) -> float:
        """Robust standard deviation: half the central 80 % interval of the draws divided by 1.2816, the normal quantile."""
        low, high = np.quantile(self.draws, [0.1, 0.9]) if len(self.draws) > 1 else (math.nan, math.nan)
        return float(high - low) / 2 / 1.2816

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Equal-tailed interval from the draws, widened to contain the point estimate."""
        if not len(self.draws):
            return math.nan, math.nan
        lo, hi = np.quantile(self.draws, [(1 - level) / 2, (1 + level) / 2])
        return min(float(lo), self.estimate), max(float(hi), self.estimate)

    def cells(self) -> dict[str, Any]:
        """The estimate and its 80 and 95 % intervals by their columns on disk."""
        (lo80, hi80), (lo95, hi95) = self.interval(0.8), self.interval(0.95)
        return dict(estimate=self.estimate, lo80=lo80, hi80=hi80, lo95=lo95, hi95=hi95)


@shown
@dataclass(frozen=True)
class Failure:
    """A question that a method could not answer, and why; a row of the results rather than an exception."""

    method: str
    question: str
    series: str
    reason: str
    detail: str = ""


@shown
@dataclass(frozen=True)
class Skipped(Failure):
    """A method skipped because an optional library is missing: a Finding of the run, not a failure of the method."""


@dataclass(frozen=True)
class Finding:
    """A non-fatal problem that the report prints: topic, text, place, and level (`note` or `warning`)."""

    topic: str
    text: str
    where: str = ""
    level: str = "note"
