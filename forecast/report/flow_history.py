"""One observed series in display units, as figures and tables show it."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from forecast.core import months as mm
from forecast.core.products import display_unit
from forecast.core.schema import ObservationRow


@dataclass(frozen=True)
class FlowHistory:
    """One observed series in display units: single months, sums over spans, and the status of each month.

    sums : (first, last, value) of spans. steps : months known only through a sum, with their mean.
    """

    series: str
    unit: str
    values: dict[int, float]
    sums: tuple[tuple[int, int, float], ...]
    status: dict[int, str]

    def is_provisional(self, first: int, last: int) -> bool:
        """Whether a month between two is marked as one that its publisher may still revise."""
        return any(self.status.get(m) == "provisional" for m in range(first, last + 1))

    @functools.cached_property
    def steps(self) -> tuple[tuple[tuple[int, ...], float], ...]:
        """Each sum less its known months, spread evenly over the others; shorter sums first."""
        known = dict(self.values)
        out = []
        for first, last, total in sorted(self.sums, key=lambda s: (s[1] - s[0], s[0])):
            unknown = tuple(m for m in range(first, last + 1) if m not in known)
            rest = total - sum(known[m] for m in range(first, last + 1) if m in known)
            if unknown and rest >= 0:
                mean = rest / len(unknown)
                out.append((unknown, mean))
                known.update(dict.fromkeys(unknown, mean))
        return tuple(sorted(out))

    @property
    def first(self) -> int:
        """First month with a figure, single or inside a sum."""
        return min([*self.values, *(s[0] for s in self.sums)])

    @property
    def last(self) -> int:
        """Last month with a figure, single or inside a sum."""
        return max([*self.values, *(s[1] for s in self.sums)])

    def total(self, first: int, last: int) -> float:
        """Sum over a window where the data determine it: single months, or a sum with the same ends; else NaN."""
        if all(m in self.values for m in range(first, last + 1)):
            return sum(self.values[m] for m in range(first, last + 1))
        exact = [v for a, b, v in self.sums if (a, b) == (first, last)]
        return exact[0] if exact else math.nan


def observed_history(series: str, rows: Sequence[ObservationRow]) -> FlowHistory:
    """The history of a series from the rows of its figures in the archive's units."""
    unit, scale = display_unit(series)
    values: dict[int, float] = {}
    sums: list[tuple[int, int, float]] = []
    status: dict[int, str] = {}
    for row in rows:
        first, last = mm.parse_period(row.period)
        months = range(first, last + 1)
        if row.status in ("missing", "suppressed") or math.isnan(row.value):
            status.update(dict.fromkeys(months, row.status))
        elif first == last:
            values[first], status[first] = row.value / scale, row.status
        elif row.status == "zero":
            for m in months:
                values.setdefault(m, 0.0)
                status.setdefault(m, "zero")
        else:
            sums.append((first, last, row.value / scale))
    for first, last, _ in sums:
        for m in range(first, last + 1):
            status.setdefault(m, "span")
    return FlowHistory(series, unit, values, tuple(sorted(sums)), status)
