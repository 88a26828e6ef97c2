"""Results: Forecast and Failure, the record of what a method did (Used), and a number with its uncertainty (Summary)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import DataError
from forecast.core.presentation import shown, upper
from forecast.core.questions import Task
from forecast.core.series import SeriesKey
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
    return "q" + f"{probability:.6f}"[2:].rstrip("0").ljust(2, "0")


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


class Layout(Protocol):
    """How a table in memory wrote its series and times (`forecast.frames`)."""

    def wide(self, forecast: Forecast) -> pd.DataFrame:
        """A forecast in the shape and with the times of that table."""

    def times(self, steps: Sequence[int]) -> pd.Index:
        """Steps as the times of that table."""


@dataclass(frozen=True)
class TableReading:
    """How figures in memory were read.

    unit : their unit, "" where nothing tells
    nonnegative : the series whose answer was kept from falling below zero; assumed : because no figure of theirs is below it
        (the caller said nothing of it)
    notes : what else a reader of the answer should know, one sentence each
    layout : the shape of the table, and its times
    """

    unit: str = ""
    nonnegative: tuple[str, ...] = ()
    assumed: bool = False
    notes: tuple[str, ...] = ()
    layout: Layout | None = None

    @property
    def sentences(self) -> list[str]:
        """The reading in words."""
        if not self.nonnegative:
            return list(self.notes)
        who = ", ".join(self.nonnegative[:3]) + (f" and {len(self.nonnegative) - 3} more" if self.nonnegative[3:] else "")
        why = " as no figure of theirs is" if self.nonnegative[1:] else " as no figure of it is"
        return [f"not below zero{why if self.assumed else ''}: {who}", *self.notes]


@shown
@dataclass(frozen=True)
class Forecast:
    """Joint draws for a Task, shape (draws, series, months), in archive units (kg, USD).

    parameters : "<series> <name>" of each estimated one; the standard error of x, where known, stands beside it as "x.se"
    model : the name of the model asked
    levels : of the intervals in tables and figures, in percent
    windows : the months asked of a series, where these are not all of the task's; the other draws of it are NaN
    unanswered : what the model could not answer; the draws of those series are NaN
    reading : how a table in memory was read; None for an archive's
    history : the figures and events that it stands on, for a picture or a sentence; set by `fc.predict`
    """

    task: Task
    draws: Floats
    used: tuple[Used, ...]
    steps: Steps = MONTHS
    parameters: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    levels: tuple[float, ...] = (80.0, 95.0)
    windows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unanswered: tuple[Failure, ...] = ()
    reading: TableReading | None = None
    history: Vintage | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        expected = (len(self.task.series), len(self.task.months))
        if self.draws.ndim != 3 or self.draws.shape[1:] != expected:
            raise ValueError(f"draws of shape {self.draws.shape} for {expected[0]} series and {expected[1]} months")

    def months_of(self, series: str) -> tuple[str, ...]:
        """The months asked of one series."""
        return self.windows.get(series, self.task.months)

    def reason_without(self, series: str) -> str:
        """Why a series has no answer, "" where it has one."""
        return next((failure.reason for failure in self.unanswered if failure.series == series), "")

    def unit_of(self, series: str) -> str:
        """The unit of a series, "" where nothing tells."""
        key = None if self.reading else SeriesKey.maybe(series)
        return self.reading.unit if self.reading else key.unit if key else ""

    def of(self, series: str) -> Floats:
        """Draws of one series, shape (draws, the months asked of it)."""
        block: Floats = self.draws[:, self.task.series.index(series), :]
        if series not in self.windows:
            return block
        return block[:, [self.task.months.index(month) for month in self.windows[series]]]

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
        """Sum over all months asked of all series, from the joint draws; NaN where a series has no answer."""
        if not self.windows:
            return Summary(self.draws.sum(axis=(1, 2)))
        return Summary(sum((self.of(series).sum(axis=1) for series in self.task.series), np.zeros(len(self.draws))))

    def span(self, series: str, first: int, last: int) -> Floats:
        """Draws of the sum of months of one series, all of which must be in the task."""
        wanted = [self.steps.label(m) for m in range(first, last + 1)]
        index = [self.months_of(series).index(m) for m in wanted]
        summed: Floats = self.of(series)[:, index].sum(axis=1)
        return summed

    def frame(self, probabilities: Sequence[float] | None = None, *, wide: bool = False) -> pd.DataFrame:
        """One row per series and month: mean, quantiles, unit, model, and the day on which the month begins.

        probabilities : of the quantiles (default: the median and the bounds of `levels`)
        wide : a forecast of a table in memory in that table's shape and times, with `levels` as bounds
        """
        import pandas as pd

        if wide:
            if self.reading is None or self.reading.layout is None:
                raise DataError("this forecast came from no table in memory", where="frame(wide=True)", hint="frame()")
            return self.reading.layout.wide(self)
        if probabilities is None:
            bounds = {p for level in self.levels for p in ((100 - level) / 200, (100 + level) / 200)}
            probabilities = sorted(round(p, 6) for p in bounds | {0.5})
        names = [quantile_name(p) for p in probabilities]
        rows: list[dict[str, Any]] = []
        for series in self.task.series:
            draws = self.of(series)
            means, quantiles = draws.mean(axis=0), np.quantile(draws, list(probabilities), axis=0).T
            said = {"unit": self.unit_of(series), "model": self.model}
            for month, mean, cells in zip(self.months_of(series), means, quantiles, strict=True):
                day = self.steps.begin(self.steps.ordinal(month))
                row = {"series": series, "month": month, "mean": float(mean)} | dict(zip(names, map(float, cells), strict=True))
                rows.append(row | said | {"date": pd.NaT if day is None else pd.Timestamp(day)})
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
    """A question that a method could not answer, and why; a row of the results rather than an exception.

    cause : the kind of reason, a key of `unanswered.CAUSES`
    """

    method: str
    question: str
    series: str
    reason: str
    detail: str = ""
    cause: str = ""


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
