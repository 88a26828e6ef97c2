"""Regressors of linear models: policy events, the Lunar New Year, controls, and default covariate series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.errors import TooShortError
from forecast.core.months import lunar_new_year
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage

MIN_MONTHS_MOVED = 3  # a regressor that differs from its usual value in fewer months would fit single figures
HOLIDAY_WINDOW: Mapping[str, tuple[int, int]] = MappingProxyType({"lunar_new_year": (-1, 6)})
# the rush before the holiday, the holiday, and the slow weeks after it, each with its own coefficient
HOLIDAY_AND_AROUND: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"lunar_before": (-20, -1), "lunar_new_year": (0, 6), "lunar_after": (7, 26)}
)


@dataclass(frozen=True)
class Regressors:
    """Named columns, shape (months, k), known on the vintage's day for every month."""

    names: tuple[str, ...]
    matrix: Floats

    def usable(self, rows: Ints | Bools) -> tuple[Regressors, tuple[str, ...]]:
        """The columns that vary in at least `MIN_MONTHS_MOVED` of the observed rows, and the names of the others.

        An event that has not begun within the sample is constant there: its coefficient is not identified, and some libraries
        fail on it.
        """
        keep: list[int] = []
        dropped: list[int] = []
        for j in range(len(self.names)):
            column = self.matrix[rows, j]
            usual = np.median(column) if len(column) else 0.0
            base = 0.0 if np.isclose(column, 0.0).any() else usual
            moved = int((~np.isclose(column, base)).sum())
            still = len(column) - moved
            (keep if moved >= MIN_MONTHS_MOVED and still >= MIN_MONTHS_MOVED else dropped).append(j)
        return self.take(keep), tuple(self.names[j] for j in dropped)

    def take(self, columns: list[int] | Ints) -> Regressors:
        """Some of the columns."""
        index = np.asarray(columns, dtype=np.int64)
        return Regressors(tuple(self.names[int(j)] for j in index), self.matrix[:, index])


def event_regressors(vintage: Vintage, series: str, when: Ints) -> Regressors:
    """Columns of the default events that touch the series, as known on the vintage's day."""
    names, matrix = vintage.events.regressors(when, series)
    return Regressors(tuple(names), matrix)


def control_regressors(vintage: Vintage, series: str, names: Sequence[str], when: Ints) -> Regressors:
    """The controls a design names; every month of them must be known."""
    known = vintage.controls_of(series, names, when) if names else np.empty((len(when), 0))
    if not np.isfinite(known).all():
        raise TooShortError("a control is unknown in a month of the sample", where=series)
    return Regressors(tuple(names), known)


def lunar_regressor(
    vintage: Vintage, series: str, when: Ints, windows: Mapping[str, tuple[int, int]] = HOLIDAY_WINDOW
) -> Regressors:
    """Lunar New Year columns for monthly flows out of or into China, one per window; no column for other series.

    windows : first and last day of each, from the first day of the lunar year (`HOLIDAY_WINDOW` or `HOLIDAY_AND_AROUND`)
    """
    key = SeriesKey.maybe(series)
    if vintage.steps.unit != "month" or key is None or "CHN" not in (key.origin, key.destination):
        return Regressors((), np.empty((len(when), 0)))
    return Regressors(tuple(windows), np.column_stack([lunar_new_year(when, *window) for window in windows.values()]))


def default_covariates(vintage: Vintage, series: str) -> list[str]:
    """Covariate series where none are named: the known others of the same product and measure; on a panel all other units."""
    own = SeriesKey.maybe(series)
    others = [name for name in vintage.series if name != series]
    if own is None:
        return [name for name in others if SeriesKey.maybe(name) is None]
    keys = [key for name in others if (key := SeriesKey.maybe(name)) is not None]
    return [str(key) for key in keys if (key.product, key.measure) == (own.product, own.measure)]
