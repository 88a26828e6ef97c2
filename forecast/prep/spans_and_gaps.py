"""The one rule that turns sums of months and gaps into monthly figures, and exact sums of windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.errors import TooShortError

if TYPE_CHECKING:
    from forecast.core.vintage import Cell, ObservedSeries

REDUCED = "_reduced_spans"  # where a series keeps them
LONGEST_SPLIT = 3  # months; a longer sum says too little about each of its months


@dataclass(frozen=True)
class FilledSeries:
    """A series by month; `marks` says how each was obtained: measured (""), `split`, `filled`, or a remaining `gap`."""

    first: int
    values: Floats
    marks: tuple[str, ...]

    @property
    def months(self) -> Ints:
        """The months of `values`."""
        return np.arange(self.first, self.first + len(self.values))

    @property
    def measured(self) -> Bools:
        """Months with a figure of their own."""
        return np.array([mark == "" for mark in self.marks])


def reduced_spans(observed: ObservedSeries) -> Sequence[tuple[tuple[int, ...], float, Cell]]:
    """Spans reduced to their unknown part: (unknown months, their sum, the span), shortest first.

    Known months and shorter spans inside are subtracted. A remainder without unknown months is dropped, and so is a negative
    one, which contradicts the months (the audit reports it). A series keeps its own, which it is asked for many times.
    """
    if not observed.spans:
        return ()
    kept = observed.__dict__
    if REDUCED not in kept:
        kept[REDUCED] = tuple(_reduce_spans(observed))
    return cast("Sequence[tuple[tuple[int, ...], float, Cell]]", kept[REDUCED])


def _reduce_spans(observed: ObservedSeries) -> list[tuple[tuple[int, ...], float, Cell]]:
    known = {int(m): float(v) for m, v in zip(observed.months, observed.values, strict=True) if np.isfinite(v)}
    pieces: list[tuple[tuple[int, ...], float, Cell]] = []
    for span in sorted(observed.spans, key=lambda c: (c.last - c.first, c.first)):
        if span.status in ("missing", "suppressed"):
            continue
        unknown = {m for m in range(span.first, span.last + 1) if m not in known}
        rest = span.value - sum(known[m] for m in range(span.first, span.last + 1) if m in known)
        for inner, total, _ in sorted(pieces, key=lambda piece: -len(piece[0])):
            if set(inner) <= unknown:
                unknown -= set(inner)
                rest -= total
        if unknown and rest >= -1e-9 * abs(span.value):
            pieces.append((tuple(sorted(unknown)), max(rest, 0.0), span))
    return pieces


def count_months(observed: ObservedSeries) -> int:
    """Number of months with a figure of their own, or with one that is what sums leave for it, as sums to date do."""
    return observed.count + sum(len(unknown) == 1 for unknown, _, _ in reduced_spans(observed))


def split_spans(observed: ObservedSeries, longest: int = LONGEST_SPLIT) -> FilledSeries:
    """Monthly figures with short sums split into their months; longer sums and gaps stay NaN.

    A sum is split in proportion to the means of the same calendar months, or equally where one of those was never observed.
    Only figures known to the vintage are used.
    """
    values = observed.values.copy()
    marks = ["" if ok else "gap" for ok in np.isfinite(values).tolist()]
    if not observed.spans:
        return FilledSeries(observed.first, values, tuple(marks))
    by_calendar: dict[int, list[float]] = {}
    for m, v in zip(observed.months, observed.values, strict=True):
        if np.isfinite(v):
            by_calendar.setdefault(int(m) % 12, []).append(float(v))
    for unknown, total, _ in reduced_spans(observed):
        if len(unknown) > longest or any(np.isfinite(values[m - observed.first]) for m in unknown):
            continue
        seen = [by_calendar.get(m % 12, []) for m in unknown]
        share = np.array([np.mean(s) for s in seen]) if all(seen) else np.ones(len(unknown))
        share = share / share.sum() if share.sum() > 0 else np.full(len(unknown), 1 / len(unknown))
        for m, part in zip(unknown, share, strict=True):
            values[m - observed.first] = total * part
            marks[m - observed.first] = "split"
    return FilledSeries(observed.first, values, tuple(marks))


def fill_gaps(observed: ObservedSeries, longest: int = LONGEST_SPLIT) -> FilledSeries:
    """A series without gaps from its first to its last usable month.

    Short sums are split (`split`) and remaining gaps interpolated linearly (`filled`). Leading and trailing months without a
    figure are cut off.
    """
    split = split_spans(observed, longest)
    known = np.flatnonzero(np.isfinite(split.values))
    if not len(known):
        raise TooShortError("no month of the series is known", where=observed.series, hint="a series with monthly figures")
    lo, hi = int(known[0]), int(known[-1])
    values = split.values[lo : hi + 1]
    at = np.arange(len(values))
    holes = np.isnan(values)
    values = np.where(holes, np.interp(at, at[~holes], values[~holes]), values)
    marks = tuple("filled" if mark == "gap" else mark for mark in split.marks[lo : hi + 1])
    return FilledSeries(split.first + lo, values, marks)


def measured_months(observed: ObservedSeries) -> tuple[Ints, Floats, int]:
    """Months with a figure of their own or from a split short sum, the figures, and how many of them were split."""
    if not observed.spans:
        finite = np.isfinite(observed.values)
        return observed.months[finite], observed.values[finite], 0
    data = split_spans(observed)
    known = np.flatnonzero(np.isfinite(data.values))
    return data.months[known], data.values[known], sum(mark == "split" for mark in data.marks)


def contiguous_tail(filled_series: FilledSeries, longest_gap: int = 6) -> FilledSeries:
    """The part after the last run of more than `longest_gap` interpolated months, which are no substitute for observations."""
    run, start = 0, 0
    for i, mark in enumerate(filled_series.marks):
        run = run + 1 if mark == "filled" else 0
        if run > longest_gap:
            start = i + 1
    while start < len(filled_series.marks) and filled_series.marks[start] == "filled":
        start += 1
    return FilledSeries(filled_series.first + start, filled_series.values[start:], filled_series.marks[start:])


def window_total(observed: ObservedSeries, first: int, last: int) -> float:
    """Sum over a window where the figures determine it, else NaN.

    The window's indicator must be a linear combination of the known months and spans, so differences of year-to-date figures
    close gaps. Where the published figures (reported months, cumulative spans) determine the sum, it is theirs, whatever
    figures derived from others add up to; derived ones are used only for what is left.
    """
    inside = observed.values[max(first - observed.first, 0) : max(last - observed.first + 1, 0)]
    known = first >= observed.first and last <= observed.last and bool(np.isfinite(inside).all())
    if known and (first == last or observed.derived.isdisjoint(range(first, last + 1))):
        return float(inside.sum())
    published = _determined_total(_figures(observed.published), first, last)
    if known or math.isfinite(published):
        return published if math.isfinite(published) else float(inside.sum())
    rest = [] if observed.published is observed else _figures(observed)
    return _determined_total([*_figures(observed.published), *rest], first, last)


def _figures(observed: ObservedSeries) -> list[tuple[tuple[int, ...], float]]:
    """Known months and reduced spans: the months that each figure covers, and their sum."""
    known = zip(observed.months.tolist(), observed.values.tolist(), strict=True)
    months = [((m,), v) for m, v in known if math.isfinite(v)]
    return months + [(unknown, total) for unknown, total, _ in reduced_spans(observed)]


def _determined_total(figures: list[tuple[tuple[int, ...], float]], first: int, last: int) -> float:
    """Sum over a window as a linear combination of figures, NaN where it is none, or negative where no figure is.

    Of figures that repeat or contradict each other, the earlier of the list count: a figure whose months are a linear
    combination of those before it (Gram and Schmidt) is left out, so that the combination is unique.
    """
    near = _connected_figures(figures, first, last)
    covered = {month for months, _ in near for month in months}
    if not covered.issuperset(range(first, last + 1)):
        return math.nan
    lo, hi = min(covered), max(covered)
    directions = np.zeros((min(len(near), hi - lo + 1), hi - lo + 1))
    rows: list[Floats] = []
    totals: list[float] = []
    for months, total in near:
        row = np.zeros(hi - lo + 1)
        row[np.array(months) - lo] = 1.0
        before = directions[: len(rows)]
        rest = row - before.T @ (before @ row)
        size = float(np.linalg.norm(rest))
        if size > 1e-8:
            directions[len(rows)] = rest / size
            rows.append(row)
            totals.append(total)
    target = np.zeros(hi - lo + 1)
    target[first - lo : last - lo + 1] = 1.0
    basis = np.array(rows)
    weights = np.linalg.lstsq(basis.T, target, rcond=None)[0]
    if np.abs(basis.T @ weights - target).max() > 1e-8:
        return math.nan
    total = float(weights @ np.array(totals))
    return math.nan if total < 0 <= min(value for _, value in figures) else total


def _connected_figures(
    figures: Sequence[tuple[tuple[int, ...], float]], first: int, last: int
) -> list[tuple[tuple[int, ...], float]]:
    """The figures with a month in a window, or in common with others that have: the rest can say nothing of its sum."""
    reach = set(range(first, last + 1))
    while True:
        near = [figure for figure in figures if not reach.isdisjoint(figure[0])]
        wider = reach.union(*(months for months, _ in near))
        if wider == reach:
            return near
        reach = wider
