"""Answers in the shape and with the times of the table that the figures came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.arrays import Floats
from forecast.frames.times import Times

if TYPE_CHECKING:
    import pandas as pd

    from forecast.core.results import Forecast


@dataclass(frozen=True)
class TableLayout:
    """The shape of a table ("series", "wide" or "long"), its times, and its own labels of the series.

    time : the column of the times, None where they are the index; id : the column of the series' names
    """

    shape: str
    written: Times
    labels: dict[str, Any]
    time: Any = None
    id: Any = None

    def times(self, steps: Sequence[int]) -> pd.Index:
        """Steps as the times of the table."""
        return self.written.write(steps)

    def wide(self, forecast: Forecast) -> pd.DataFrame:
        """The means and the bounds of `levels`: MODEL, MODEL-lo-80, MODEL-hi-80 by series and time, or by time for one series.

        A table with a column per series has the same columns again, and NAME-lo-80, NAME-hi-80 beside them. A series that ends
        earlier or later than others has NaN at the times that were not asked of it.
        """
        import pandas as pd

        model = forecast.model or "forecast"
        if self.shape == "long":
            parts = [self._one(forecast, name, model).reset_index() for name in forecast.task.series]
            owners = [
                self.labels[name] for name, part in zip(forecast.task.series, parts, strict=True) for _ in range(len(part))
            ]
            table = pd.concat(parts, ignore_index=True)
            table.insert(0, self.id, owners)
            return table
        if self.shape == "series":
            return self._one(forecast, forecast.task.series[0], model)
        columns = pd.concat(
            [self._one(forecast, name, self.labels[name]) for name in forecast.task.series], axis=1
        ).sort_index()
        return columns if self.time is None else columns.reset_index()

    def _one(self, forecast: Forecast, series: str, label: Any) -> pd.DataFrame:
        """Mean and bounds of one series by time."""
        import pandas as pd

        draws = forecast.of(series)
        steps = [forecast.steps.ordinal(month) for month in forecast.months_of(series)]
        levels = sorted(forecast.levels)
        low: dict[Any, Floats] = {f"{label}-lo-{v:g}": np.quantile(draws, (100 - v) / 200, axis=0) for v in reversed(levels)}
        high: dict[Any, Floats] = {f"{label}-hi-{v:g}": np.quantile(draws, (100 + v) / 200, axis=0) for v in levels}
        index = self.times(steps).rename("time" if self.shape == "long" and self.time is None else self.written.name)
        return pd.DataFrame({label: draws.mean(axis=0)} | low | high, index=index)
