"""Forecasts and nowcasts that moved between two runs, and those whose figure is out, in display units."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from forecast.core import months as mm, schema
from forecast.core.products import display_unit
from forecast.core.schema import ForecastRow
from forecast.report.run_data import RunData, in_display_units, nowcast_groups

SPAN = "/"  # a month's label that holds it is a sum of months
Key = tuple[str, str, str, str]  # group, series, month, model


@dataclass(frozen=True)
class ForecastMove:
    """A forecast or nowcast of one month by one model in both runs: medians and 80 % ranges.

    moved : the change of the median in units of the width of the earlier range; infinite where that had no width
    """

    group: str
    series: str
    month: str
    model: str
    unit: str
    old: float
    old_lo80: float
    old_hi80: float
    new: float
    new_lo80: float
    new_hi80: float

    @property
    def moved(self) -> float:
        """Change of the median over the width of the earlier 80 % range."""
        change, width = self.new - self.old, self.old_hi80 - self.old_lo80
        return change / width if width > 0 else math.copysign(math.inf, change) if change else 0.0


@dataclass(frozen=True)
class ForecastOutcome:
    """A month that the earlier run forecast and whose figure the later run has."""

    series: str
    month: str
    model: str
    unit: str
    median: float
    lo80: float
    hi80: float
    figure: float

    @property
    def inside(self) -> bool:
        """Whether the figure lies within the 80 % range."""
        return self.lo80 <= self.figure <= self.hi80


def forecast_moves(
    old: RunData, new: RunData
) -> tuple[tuple[ForecastMove, ...], tuple[ForecastMove, ...], tuple[str, ...], tuple[str, ...]]:
    """Forecasts that moved and nowcasts that moved, the largest move first; series forecast anew; series no longer forecast."""
    before, after = _months_ahead(old), _months_ahead(new)
    moves = _moves(before, after)
    series = [sorted({key[1] for key in one} - {key[1] for key in other}) for one, other in ((after, before), (before, after))]
    return moves, _moves(_nowcasts(old), _nowcasts(new)), tuple(series[0]), tuple(series[1])


def forecast_outcomes(old: RunData, new: RunData) -> tuple[ForecastOutcome, ...]:
    """Months ahead of the earlier run that have a figure in the later one, by every model, farthest outside its range first."""
    known = {(s, m): v for s, h in new.histories.items() for m, v in _months_of(h.values)}
    had = {(s, m) for s, h in old.histories.items() for m, _ in _months_of(h.values)}
    found = []
    for (_, series, month, model), row in _months_ahead(old).items():
        if (series, month) in known and (series, month) not in had:
            figure = known[series, month]
            found.append(ForecastOutcome(series, month, model, row.unit, row.q50, row.q10, row.q90, figure))
    return tuple(sorted(found, key=lambda o: -_distance(o)))


def _distance(outcome: ForecastOutcome) -> float:
    """How far a figure lies outside its range, in units of the range's width."""
    beyond = max(outcome.lo80 - outcome.figure, outcome.figure - outcome.hi80, 0.0)
    width = outcome.hi80 - outcome.lo80
    return beyond / width if width > 0 else math.inf if beyond else 0.0


def _months_of(values: dict[int, float]) -> Iterable[tuple[str, float]]:
    return ((mm.label(month), value) for month, value in values.items())


def _months_ahead(data: RunData) -> dict[Key, ForecastRow]:
    """Single months forecast on the run's own day."""
    other = {name for row in data.nowcasts for name in nowcast_groups(row)}
    other |= {str(row.get("name")) for row in data.backtests}
    return _rows(data, lambda row: row.cutoff == data.as_of and row.group not in other, group=False)


def _nowcasts(data: RunData) -> dict[Key, ForecastRow]:
    names = {str(row["name"]) for row in data.nowcasts}
    return _rows(data, lambda row: row.group in names)


def _rows(data: RunData, chosen: Callable[[ForecastRow], bool], group: bool = True) -> dict[Key, ForecastRow]:
    table = data.table("forecasts")
    asked = {str(row["name"]) for row in data.nowcasts}
    part = table[(table["cutoff"] == data.as_of) | table["group"].isin(asked)]
    rows = [row for row in schema.rows_of(ForecastRow, part) if SPAN not in row.month and chosen(row)]
    return {
        (row.group if group else "", row.series, row.month, row.model): replace(row, unit=display_unit(row.series)[0])
        for row in in_display_units(rows)
    }


def _moves(before: dict[Key, ForecastRow], after: dict[Key, ForecastRow]) -> tuple[ForecastMove, ...]:
    found = []
    for key, old in before.items():
        new = after.get(key)
        if new is None or (old.q50, old.q10, old.q90) == (new.q50, new.q10, new.q90):
            continue
        found.append(ForecastMove(*key, new.unit, old.q50, old.q10, old.q90, new.q50, new.q10, new.q90))
    return tuple(sorted(found, key=lambda move: (-abs(move.moved), move.series, move.month, move.model)))
