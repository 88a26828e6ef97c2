"""Task: which months of which series to predict, standing on which day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from forecast.core import months as mm
from forecast.core.arguments import check_arguments, read_once
from forecast.core.errors import DataError
from forecast.core.presentation import shown
from forecast.core.vintage import Vintage


@shown
@dataclass(frozen=True)
class Task:
    """Predict `months` of `series` with the vintage of `day` and parameters from that of `fitted_on`.

    The months may lie in the future, at the ragged edge, or in a hole cut on purpose.

    Parameters
    ----------
    day : str or date
        on which the question stands, "YYYY-MM-DD" or a date
    series : str or sequence of str
        keys of series, or one key
    months : sequence of str
        labels, such as `fc.months("2025-04", "2025-09")`
    fitted_on : str or date, optional
        the day whose vintage gives the parameters (default: `day`)
    draws : int, default 1000
        number of draws
    stream : str, optional
        names the random numbers: tasks of one stream share them (common random numbers), so that forecasts from two vintages
        differ only by what was known. Backtest tasks use their cutoff, so that sampling error averages out over cutoffs

    Raises
    ------
    ConfigError
        where an argument is of another kind
    DataError
        where `day` is no day, or there is no series or no month

    Examples
    --------
    >>> import forecast as fc
    >>> task = fc.Task("2025-03-31", "CHN.export.WLD.re_magnets", fc.months("2025-04", "2025-06"))
    >>> task.months, task.draws
    (('2025-04', '2025-05', '2025-06'), 1000)
    """

    day: dt.date
    series: tuple[str, ...]
    months: tuple[str, ...]
    fitted_on: dt.date | None = None
    draws: int = 1000
    stream: str = ""

    def __init__(
        self,
        day: str | dt.date,
        series: str | Iterable[str],
        months: Iterable[str],
        fitted_on: str | dt.date | None = None,
        draws: int = 1000,
        stream: str = "",
    ) -> None:
        series, months = read_once(series), read_once(months)
        given = {"day": day, "series": series, "months": months, "fitted_on": fitted_on, "draws": draws}
        check_arguments("Task", given)
        object.__setattr__(self, "day", mm.parse_day(day))
        object.__setattr__(self, "series", (series,) if isinstance(series, str) else tuple(series))
        object.__setattr__(self, "months", tuple(months))
        object.__setattr__(self, "fitted_on", mm.parse_day(fitted_on) if fitted_on else None)
        object.__setattr__(self, "draws", int(draws))
        object.__setattr__(self, "stream", stream)
        if not self.series or not self.months:
            raise DataError("a Task needs at least one series and one month")

    def ordinals(self, vintage: Vintage) -> list[int]:
        """The task's months as integers of the vintage's time axis.

        Parameters
        ----------
        vintage : Vintage
            whose time axis counts

        Returns
        -------
        list of int
            in the order of `months`
        """
        return [vintage.steps.ordinal(m) for m in self.months]

    def fitting_vintage(self, vintage: Vintage) -> Vintage:
        """The vintage that parameters, scales and past errors are taken from: that of `fitted_on`, or the given one.

        Parameters
        ----------
        vintage : Vintage
            that of the task's day

        Returns
        -------
        Vintage
            itself, or an earlier one of it
        """
        return vintage.earlier(self.fitted_on) if self.fitted_on and self.fitted_on < vintage.day else vintage

    def for_series(self, series: str | Iterable[str], months: Iterable[str] = ()) -> Task:
        """The same task for other series, and for other months if given.

        Parameters
        ----------
        series : str or sequence of str
            keys of series, or one key
        months : sequence of str, optional
            labels; none: those of this task

        Returns
        -------
        Task
            a new one
        """
        return Task(self.day, series, tuple(months) or self.months, self.fitted_on, self.draws, self.stream)

    @classmethod
    def past(
        cls, day: dt.date, series: str, months: Iterable[str], fitted_on: dt.date | None = None, draws: int = 1000
    ) -> Task:
        """A task at a past origin, to be scored against the outcome, with the random numbers of its cutoff.

        Parameters
        ----------
        day : date
            the cutoff
        series : str
            as in the class
        months : sequence of str
            as in the class
        fitted_on : date, optional
            as in the class
        draws : int, default 1000
            as in the class

        Returns
        -------
        Task
            with the cutoff as `stream`
        """
        return cls(day, series, months, fitted_on, draws, stream=day.isoformat())
