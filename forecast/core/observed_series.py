"""What is known of one series on a day: single figures, and sums of months."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.cells import Cell as Cell
from forecast.core.presentation import shown


@shown
@dataclass(frozen=True)
class ObservedSeries:
    """One series as known on a day.

    Parameters
    ----------
    series : str
        its key, or its name in a plain panel
    first : int
        the first month of `values`, as an integer
    values : array of float, shape (T,)
        monthly figures from `first` on, in kg (or USD); NaN where no single figure is known
    status : tuple of str, length T
        value, zero, missing, suppressed, provisional, span or not in the data
    spans : tuple of Cell, optional
        figures known as sums of months
    derived : frozenset of int, optional
        months whose figure is derived from other published figures
    """

    series: str
    first: int
    values: Floats
    status: tuple[str, ...]
    spans: tuple[Cell, ...] = ()
    derived: frozenset[int] = frozenset()

    @functools.cached_property
    def published(self) -> ObservedSeries:
        """The figures as published, months and sums, without those derived from others."""
        spans = tuple(c for c in self.spans if c.kind != "derived")
        if not self.derived and len(spans) == len(self.spans):
            return self
        values = np.where(np.isin(self.months, sorted(self.derived)), np.nan, self.values)
        values.setflags(write=False)  # the array is kept and shared
        return replace(self, values=values, spans=spans, derived=frozenset())

    @property
    def last(self) -> int:
        """The last month with a figure, its own or a span's."""
        return self.first + len(self.values) - 1

    @property
    def months(self) -> Ints:
        """The months of `values` as integers, shape (T,)."""
        return np.arange(self.first, self.first + len(self.values))

    @property
    def count(self) -> int:
        """Number of single monthly figures."""
        return int(np.isfinite(self.values).sum())

    def at(self, first: int, last: int) -> Floats:
        """Monthly values of a window, NaN outside what is known.

        Parameters
        ----------
        first, last : int
            months as integers, both included

        Returns
        -------
        array of float, shape (last - first + 1,)
            in the unit of the series
        """
        out = np.full(last - first + 1, np.nan)
        lo, hi = max(first, self.first), min(last, self.last)
        if lo <= hi:
            out[lo - first : hi - first + 1] = self.values[lo - self.first : hi - self.first + 1]
        return out

    def periods(self, first: int, last: int) -> list[Cell]:
        """Disjoint figures that lie wholly in a window: single months, and spans where months are unknown.

        Spans are taken shortest first, and only if none of their months is already covered.

        Parameters
        ----------
        first, last : int
            months as integers, both included

        Returns
        -------
        list of Cell
            by first month
        """
        known = {
            m: Cell(m, m, float(v), s)
            for m, v, s in zip(self.months.tolist(), self.values, self.status, strict=True)
            if first <= m <= last and np.isfinite(v)
        }
        out, taken = list(known.values()), set(known)
        for span in sorted(self.spans, key=lambda c: (c.last - c.first, c.first)):
            inside = set(range(span.first, span.last + 1))
            if span.status in ("missing", "suppressed"):
                continue
            if first <= span.first and span.last <= last and not inside & taken:
                out.append(span)
                taken |= inside
        return sorted(out, key=lambda c: c.first)
