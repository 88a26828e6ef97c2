"""The printed sum of each scenario's fan, which the table of sums and the expiry table share."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.core import months as mm
from forecast.core.schema import SumRow, divide_figures

SUM_MONTHS = 12


def yearly_sums(rows: Sequence[SumRow]) -> dict[tuple[str, str], SumRow]:
    """By series and scenario: the sum over the last twelve months, or over all of them where there are fewer."""
    short = sorted((r for r in rows if months_of(r) <= SUM_MONTHS), key=months_of)
    return {(r.series, r.scenario): r for r in short}  # the last of the longest


def month_means(rows: Sequence[SumRow]) -> dict[tuple[str, str], SumRow]:
    """The same as the mean of a month."""
    return {key: divide_figures(row, float(months_of(row))) for key, row in yearly_sums(rows).items()}


def months_of(row: SumRow) -> int:
    """The number of months that a sum holds."""
    first, last = mm.parse_period(row.month)
    return last - first + 1
