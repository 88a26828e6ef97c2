"""Revisions of earlier months implied by successive year-to-date sums.

A customs office that prints each month together with the sum since January corrects earlier months without saying so. With
S(b) the sum from January to month b as first printed and x(t) a month as first printed,

    S(b) - S(a) - [x(a+1) + ... + x(b)] = change, between the two releases, of the months January to b - 1.

For adjacent sums (b = a + 1) the last month first appears in the same release as S(b), so the difference is a revision of
January to a, not of month b. The first sum of a year is compared with all its months (S(a) = 0). Derived figures are not used,
and a block with a month that was never printed has no row.

Press figures are rounded. `rounding` is the largest difference that rounding alone could make, if each figure is printed in
steps of its last non-zero digit. A figure that happens to be round widens this bound, so a small revision may be missed, but
none is reported that rounding could explain.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.archive_table import ArchiveRow, rows_of
from forecast.core.source_choice import choose_row

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ImpliedRevision:
    """What two adjacent year-to-date sums imply of the months between them; figures in the archive's unit.

    revised_in : the months in which the revision lies
    first_released : release day of the block's last month; sum_released : of the later sum
    printed_late : a month of the block is known only from an article dated after the sum was released, so it may already be
        the corrected figure and the revision understated (a pseudo-vintage)
    disputed : publishers disagree on one of the figures by more than rounding, which may explain the difference
    """

    series: str
    period: str
    unit: str
    first_value: float
    implied_value: float
    rounding: float
    revised_in: str
    first_released: str
    sum_released: str
    printed_late: bool
    disputed: bool

    @property
    def difference(self) -> float:
        """What the sums imply less what was printed."""
        return self.implied_value - self.first_value

    @property
    def beyond_rounding(self) -> bool:
        """Whether rounding alone cannot explain the difference."""
        return abs(self.difference) > self.rounding * (1 + 1e-9) + 1e-9 * abs(self.implied_value)


@dataclass(frozen=True)
class FirstPrint:
    """A figure as first printed, and whether publishers printed it differently."""

    row: ArchiveRow
    disputed: bool


Known = dict[tuple[int, int], FirstPrint]


def implied_revisions(archive: Archive, day: str | dt.date | None = None) -> list[ImpliedRevision]:
    """One for each series and block of months between two adjacent year-to-date sums released by `day`, sorted by both."""
    return revisions_implied_by(archive.table[archive.table.excluded == ""], day)


def revisions_implied_by(table: pd.DataFrame, day: str | dt.date | None = None) -> list[ImpliedRevision]:
    """The same of usable rows of an archive's table."""
    stop = months.parse_day(day).isoformat() if day is not None else "9999-12-31"
    table = table[(table.kind != "derived") & (table.released <= stop)]
    table = table[table.status.isin(["value", "zero", "provisional"])]
    return [one for _, figures in table.groupby("series", sort=True) for one in _of_series(_first_printed(figures))]


def _first_printed(figures: pd.DataFrame) -> Known:
    """Each period of a series as first printed: the row the archive would choose among those of its earliest release."""
    groups: dict[tuple[int, int], list[ArchiveRow]] = {}
    for row in rows_of(figures):
        groups.setdefault(months.parse_period(row.period), []).append(row)
    out = {}
    for period, rows in groups.items():
        earliest = min(row.released for row in rows)
        rows = [row for row in rows if row.released == earliest]
        chosen = choose_row(rows)
        out[period] = FirstPrint(chosen, any(_differ(row.value, chosen.value) for row in rows))
    return out


def _differ(one: float, other: float) -> bool:
    """Whether two figures differ by more than rounding, half a print step of each."""
    return abs(one - other) > (_print_step(one) + _print_step(other)) / 2 * (1 + 1e-9)


def _of_series(known: Known) -> list[ImpliedRevision]:
    out = []
    sums = sorted((a, b) for a, b in known if a % 12 == 0 and a < b < a + 12)
    for january in sorted({a for a, _ in sums}):
        ends = [january - 1, *(b for a, b in sums if a == january)]
        for before, end in pairwise(ends):
            block = [(m, m) for m in range(before + 1, end + 1)]
            if all(month in known for month in block):
                earlier = known.get((january, before)) if before >= january else None
                out.append(_of_block(known[january, end], earlier, [known[month] for month in block], january, before, end))
    return out


def _of_block(
    later: FirstPrint, earlier: FirstPrint | None, block: list[FirstPrint], january: int, before: int, end: int
) -> ImpliedRevision:
    figures = [later, *([earlier] if earlier else []), *block]
    return ImpliedRevision(
        series=later.row.series,
        period=months.period_label(before + 1, end),
        unit=later.row.unit,
        first_value=sum(one.row.value for one in block),
        implied_value=later.row.value - (earlier.row.value if earlier else 0.0),
        rounding=sum(_print_step(one.row.value) / 2 for one in figures),
        revised_in=months.period_label(january, end - 1),
        first_released=max(one.row.released for one in block),
        sum_released=later.row.released,
        printed_late=any(_print_day(one.row) > later.row.released for one in block),
        disputed=any(one.disputed for one in figures),
    )


def _print_day(row: ArchiveRow) -> str:
    """The day of the article (the first of the month if only that is given), or the release day of another source."""
    return f"{row.article_date}-01"[:10] if row.article_date else row.released


def _print_step(value: float) -> float:
    """The step in which a figure is printed: the place value of its last non-zero digit, at least a thousandth."""
    digits = f"{abs(value):.3f}"
    whole, _, part = digits.partition(".")
    if part.rstrip("0"):
        return float(10.0 ** -len(part.rstrip("0")))
    return 10.0 ** (len(whole) - len(whole.rstrip("0"))) if whole.strip("0") else 0.0
