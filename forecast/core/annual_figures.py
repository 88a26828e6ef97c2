"""Annual figures of the US Geological Survey: spans of one or four years, each with the step to which it was rounded.

They stand beside the archive and enter no series: contents of an element, in other units and of another office than the months.
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass

from forecast.core import months
from forecast.core.bundled_data import bundled_rows


@dataclass(frozen=True)
class AnnualFigure:
    """One figure of a span of whole years.

    measure : quantity, share (percent of a total over partners), price, unit_value or consumption
    status : "value", or "provisional" for an estimate of the survey; step : one unit of the last digit that is not zero
    released : the day on which it was out, the last one of the month where only that is known
    """

    series: str
    mineral: str
    measure: str
    period: str
    value: float
    unit: str
    status: str
    step: float
    released: dt.date
    publisher: str
    url: str

    @property
    def years(self) -> tuple[int, int]:
        """First and last year of the span."""
        first, last = months.parse_period(self.period)
        return first // 12, last // 12


@functools.cache
def bundled_annual_figures() -> tuple[AnnualFigure, ...]:
    """All annual figures of the bundled data set."""
    return tuple(
        AnnualFigure(
            row["series"], row["mineral"], row["measure"], row["period"], float(row["value"]), row["unit"], row["status"],
            float(row["step"]), dt.date.fromisoformat(row["released"]), row["publisher"], row["url"],
        )
        for row in bundled_rows("annual_usgs.csv")
    )  # fmt: skip


def annual_figure(series: str, measure: str, period: str, on: dt.date) -> AnnualFigure | None:
    """The newest figure of a span that was out on a day; None where there is none."""
    wanted = (series, measure, period)
    known = [f for f in bundled_annual_figures() if (f.series, f.measure, f.period) == wanted and f.released <= on]
    return max(known, key=lambda f: f.released, default=None)
