"""Forecast: joint draws for a Task, and how the figures behind it were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import DataError
from forecast.core.failure import Failure as Failure, Finding as Finding, Skipped as Skipped
from forecast.core.presentation import shown, upper
from forecast.core.questions import Task
from forecast.core.series import SeriesKey
from forecast.core.summary import (
    PROBABILITIES as PROBABILITIES,
    Summary as Summary,
    quantile_cells as quantile_cells,
    quantile_name as quantile_name,
)
from forecast.core.time_axis import MONTHS, Steps
from forecast.core.used import Used as Used
from forecast.core.vintage import Vintage

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


class Layout(Protocol):
    """How a table in memory wrote its series and times (`forecast.frames`)."""

    def wide(self, forecast: Forecast) -> pd.DataFrame:
        """A forecast in the shape and with the times of that table."""

    def times(self, steps: Sequence[int]) -> pd.Index:
        """Steps as the times of that table."""


@dataclass(frozen=True)
class TableReading:
    """How figures in memory were read.

    Parameters
    ----------
    unit : str, optional
        their unit, "" where nothing tells
    nonnegative : tuple of str, optional
        the series whose answer was kept from falling below zero
    assumed : bool, default False
        because no figure of theirs is below it (the caller said nothing of it)
    notes : tuple of str, optional
        what else a reader of the answer should know, one sentence each
    layout : Layout, optional
        the shape of the table, and its times
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

    Parameters
    ----------
    task : Task
        the question
    draws : array of float, shape (draws, series, months)
        joint ones, in archive units (kg, USD)
    used : tuple of Used
        what the model did, by series
    steps : Steps, optional
        the time axis
    parameters : mapping of str to float, optional
        "<series> <name>" of each estimated one; the standard error of x, where known, stands beside it as "x.se"
    model : str, optional
        the name of the model asked
    levels : tuple of float, default (80.0, 95.0)
        of the intervals in tables and figures, in percent
    windows : mapping of str to tuple of str, optional
        the months asked of a series, where these are not all of the task's; the other draws of it are NaN
    unanswered : tuple of Failure, optional
        what the model could not answer; the draws of those series are NaN
    reading : TableReading, optional
        how a table in memory was read; None for an archive's
    history : Vintage, optional
        the figures and events that it stands on, for a picture or a sentence; set by `fc.predict`

    Examples
    --------
    >>> import forecast as fc
    >>> vintage = fc.load_archive().as_of("2025-03-31")
    >>> task = fc.Task(vintage.day, "CHN.export.WLD.re_magnets", fc.months("2025-03", "2025-05"))
    >>> made = fc.predict("seasonal_naive", vintage, task, seed=1)
    >>> made.frame([0.1, 0.5, 0.9])[["month", "q50", "unit"]].values.tolist()[0][0]
    '2025-03'
    >>> made.total().draws.shape
    (1000,)
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
        """The months asked of one series.

        Parameters
        ----------
        series : str
            one of the task's
        """
        return self.windows.get(series, self.task.months)

    def reason_without(self, series: str) -> str:
        """Why a series has no answer, "" where it has one.

        Parameters
        ----------
        series : str
            one of the task's
        """
        return next((failure.reason for failure in self.unanswered if failure.series == series), "")

    def unit_of(self, series: str) -> str:
        """The unit of a series, "" where nothing tells.

        Parameters
        ----------
        series : str
            one of the task's

        Returns
        -------
        str
            such as "kg"
        """
        key = None if self.reading else SeriesKey.maybe(series)
        return self.reading.unit if self.reading else key.unit if key else ""

    def of(self, series: str) -> Floats:
        """Draws of one series.

        Parameters
        ----------
        series : str
            one of the task's

        Returns
        -------
        array of float, shape (draws, months asked of it)
            in the unit of the series

        Raises
        ------
        ValueError
            where the task has no such series
        """
        block: Floats = self.draws[:, self.task.series.index(series), :]
        if series not in self.windows:
            return block
        return block[:, [self.task.months.index(month) for month in self.windows[series]]]

    def quantiles(self, probabilities: Sequence[float]) -> Floats:
        """Quantiles of the draws.

        Parameters
        ----------
        probabilities : sequence of float
            from 0 to 1

        Returns
        -------
        array of float, shape (series, months, probabilities)
            in the unit of the series
        """
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
        """Draws of the sum of months of one series.

        Parameters
        ----------
        series : str
            one of the task's
        first, last : int
            months as integers, both included, all of which must be in the task

        Returns
        -------
        array of float, shape (draws,)
            in the unit of the series

        Raises
        ------
        ValueError
            where the task has no such series or month
        """
        wanted = [self.steps.label(m) for m in range(first, last + 1)]
        index = [self.months_of(series).index(m) for m in wanted]
        summed: Floats = self.of(series)[:, index].sum(axis=1)
        return summed

    def frame(self, probabilities: Sequence[float] | None = None, *, wide: bool = False) -> pd.DataFrame:
        """One row per series and month: mean, quantiles, unit, model, and the day on which the month begins.

        Parameters
        ----------
        probabilities : sequence of float, optional
            of the quantiles (default: the median and the bounds of `levels`)
        wide : bool, default False
            a forecast of a table in memory in that table's shape and times, with `levels` as bounds

        Returns
        -------
        DataFrame
            in the unit of the column `unit`

        Raises
        ------
        DataError
            where `wide` is asked of a forecast that came from no table in memory
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
        """A figure of one month as text.

        Parameters
        ----------
        field : str
            `mean`, `q50` and other columns of the table of forecasts
        unit : str, optional
            such as "t" for a series held in kg (default: as the report shows it)
        digits : int or str, optional
            decimals (-2: whole hundreds), or "3s" for significant digits (default: the report's)
        locale : str, default "en"
            language of the marks, such as "de" or "fr"
        month, series : str, optional
            may be left out where there is one

        Returns
        -------
        str
            such as "4,728 t"

        Raises
        ------
        ConfigError
            where there is no such field, month, series, unit or language
        """
        return str(upper("report.quoted_fields", "forecast_number")(self, field, unit, digits, locale, month, series))

    def plot(self, ax: Axes | None = None, series: str | None = None) -> Axes:
        """The history of a series and its fan: median, 80 and 95 % bands.

        Parameters
        ----------
        ax : Axes, optional
            matplotlib axes to draw on (default: new ones)
        series : str, optional
            default: the first

        Returns
        -------
        Axes
            in the unit of the report, over months

        Raises
        ------
        ConfigError
            where the forecast has no such series
        """
        axes: Axes = upper("plots.plot", "forecast")(self, ax, series)
        return axes
