"""The printed sum of each scenario's fan, which the table of sums and the expiry table share."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.core import months as mm
from forecast.core.schema import ScenarioForecastRow, divide_figures

SUM_MONTHS = 12


def yearly_sums(rows: Sequence[ScenarioForecastRow]) -> dict[tuple[str, str], ScenarioForecastRow]:
    """By series and scenario: the sum over the last twelve months, or over all of them where there are fewer."""
    lengths = {month: last - first + 1 for month in {r.month for r in rows} for first, last in [mm.parse_period(month)]}
    short = sorted((r for r in rows if lengths[r.month] <= SUM_MONTHS), key=lambda r: lengths[r.month])
    return {(r.series, r.scenario): r for r in short}  # the last of the longest


def month_means(rows: Sequence[ScenarioForecastRow]) -> dict[tuple[str, str], ScenarioForecastRow]:
    """The same as the mean of a month."""
    sums = yearly_sums(rows)
    lengths = {key: last - first + 1 for key, row in sums.items() for first, last in [mm.parse_period(row.month)]}
    return {key: divide_figures(row, float(lengths[key])) for key, row in sums.items()}
