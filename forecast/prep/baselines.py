"""Observed figures of the effect window against named baselines: the description that every effect carries."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats
from forecast.core.effects import BaselineComparison, Description
from forecast.core.questions import BaselinePeriod, Design, Window
from forecast.core.series import SeriesKey
from forecast.core.step_figures import StepFigures
from forecast.core.time_axis import Steps
from forecast.core.vintage import Vintage
from forecast.prep.spans_and_gaps import reduced_spans, window_total

Period = tuple[int, int]
_last_and_first = operator.attrgetter("last", "first")


@dataclass(frozen=True)
class ObservedWindow:
    """Observed figures of the effect window.

    periods, observed : disjoint (first, last) with their figures, summed over the treated series; spans where months are known
        only as sums; with `share_of`, one ratio of sums over all periods.
    unknown : months of the window that no figure determines
    """

    window: Window
    periods: tuple[Period, ...]
    observed: Floats
    unknown: tuple[int, ...]

    @property
    def runs(self) -> list[Period]:
        """The known periods, with adjacent ones merged."""
        joined: list[Period] = []
        for first, last in self.periods:
            if joined and first == joined[-1][1] + 1:
                joined[-1] = (joined[-1][0], last)
            else:
                joined.append((first, last))
        return joined


def observe_window(vintage: Vintage, design: Design) -> ObservedWindow:
    """Figures of a design's effect window known to a vintage; no period where nothing is known."""
    window = design.window(vintage)
    names = _compared_series(design)
    if not design.share_of and (whole := _whole_window(vintage, names, window)) is not None:
        return ObservedWindow(window, tuple((m, m) for m in range(window.first, window.last + 1)), whole, ())
    known = [_known_periods(vintage, s, window.first, window.last) for s in names]
    shared = sorted(set.intersection(*(set(k) for k in known)))
    missing = tuple(sorted(set(range(window.first, window.last + 1)) - {m for a, b in shared for m in range(a, b + 1)}))
    if missing and math.isfinite(_window_sum(vintage, names, window.first, window.last)):
        shared, missing = [(window.first, window.last)], ()
    if not shared:
        return ObservedWindow(window, (), np.empty(0), missing)
    if design.share_of:
        over = ObservedWindow(window, tuple(shared), np.empty(0), missing)
        return replace(over, periods=tuple(over.runs), observed=np.array([_ratio_of_sums(vintage, design, over.runs)]))
    totals = np.array([_window_sum(vintage, design.treated, *period) for period in shared])
    return ObservedWindow(window, tuple(shared), totals, missing)


def baseline_levels(vintage: Vintage, design: Design, baseline: BaselinePeriod, periods: Sequence[Period]) -> Floats:
    """Level that a baseline implies for each period, shape (periods,); NaN where the figures do not determine it.

    A named clean period gives its monthly mean (times the baseline's factor) times the number of months; `same months a year
    earlier` gives the sum of those months. With `share_of`, the ratio of sums, shape (1,).
    """
    if baseline.first is None or baseline.last is None:
        back = years_back(vintage.steps, design.window(vintage)) * cycle_length(vintage.steps)
        earlier = [(first - back, last - back) for first, last in periods]
        if not back:
            return np.full(1 if design.share_of else len(periods), math.nan)
        if design.share_of:
            return np.array([_ratio_of_sums(vintage, design, earlier)])
        return np.array([_window_sum(vintage, design.treated, *period) for period in earlier])
    if design.share_of:
        return np.array([_ratio_of_sums(vintage, design, [(baseline.first, baseline.last)])])
    mean = _window_sum(vintage, design.treated, baseline.first, baseline.last) / (baseline.last - baseline.first + 1)
    mean *= baseline.times
    return np.array([mean * (last - first + 1) for first, last in periods])


def baseline_name(vintage: Vintage, design: Design, baseline: BaselinePeriod) -> str:
    """Name of a baseline; where the cycle before overlaps the window, with the number of cycles gone back."""
    steps = vintage.steps
    back = years_back(steps, design.window(vintage))
    return f"same {steps.noun}s {steps.cycles(back)} earlier" if baseline.first is None and back > 1 else baseline.name


def describe(vintage: Vintage, design: Design, seen: ObservedWindow | None = None) -> Description:
    """Observed total and its difference from every baseline that the figures determine, the chosen baseline first.

    seen : the figures of the window (`observe_window`), where they are at hand
    """
    seen = seen or observe_window(vintage, design)
    steps, window = vintage.steps, seen.window
    label = steps.period(window.first, window.last)
    unknown = tuple(steps.label(m) for m in seen.unknown)
    if unknown and seen.periods:
        label = " and ".join(steps.period(*run) for run in seen.runs)
    total = float(seen.observed.sum()) if len(seen.observed) else math.nan
    compared = []
    for baseline in design.named_baselines(vintage) if seen.periods else []:
        level = float(baseline_levels(vintage, design, baseline, seen.runs).sum())
        if math.isfinite(level):
            relative = total / level - 1.0 if level else math.nan
            compared.append(BaselineComparison(baseline_name(vintage, design, baseline), level, total - level, relative))
    level, period = _last_level(vintage, design)
    return Description(total, label, tuple(compared), level, period, unknown)


def cycle_length(steps: Steps) -> int:
    """Steps in a year's cycle: 12 for months, the season of a panel, 0 where there is none."""
    return 12 if steps.unit == "month" else (steps.season or 0)


def years_back(steps: Steps, window: Window) -> int:
    """Number of whole cycles to go back to clear the window and its months of anticipation."""
    turn = cycle_length(steps)
    return math.ceil((window.last - window.hole + 1) / turn) if turn else 0


def _compared_series(design: Design) -> tuple[str, ...]:
    return (*design.treated, design.share_of) if design.share_of else design.treated


def _whole_window(vintage: Vintage, names: Sequence[str], window: Window) -> Floats | None:
    """Figures of every month of the window, summed over the series; None where one of them has no figure of its own."""
    total = np.zeros(window.length)
    for series in names:
        if not vintage.knows(series):
            return None
        total = total + vintage.observed(series).at(window.first, window.last)
    return total if np.isfinite(total).all() else None


def _known_periods(vintage: Vintage, series: str, first: int, last: int) -> list[Period]:
    """Disjoint periods of a window with a known figure: months, and spans less the known months inside them."""
    if not vintage.knows(series):
        return []
    seen = vintage.observed(series)
    found = [(int(m), int(m)) for m, v in zip(seen.months, seen.values, strict=True) if np.isfinite(v) and first <= m <= last]
    taken = {m for m, _ in found}
    for unknown, _, _ in reduced_spans(seen):
        whole = unknown[-1] - unknown[0] + 1 == len(unknown)
        if whole and first <= unknown[0] and unknown[-1] <= last and not taken & set(unknown):
            found.append((unknown[0], unknown[-1]))
            taken |= set(unknown)
    return sorted(found)


def _window_sum(vintage: Vintage, names: Sequence[str], first: int, last: int) -> float:
    """Sum of all named series over a window, NaN where one of them is not determined."""
    if not all(vintage.knows(s) for s in names):
        return math.nan
    return sum(window_total(vintage.observed(s), first, last) for s in names)


def _ratio_of_sums(vintage: Vintage, design: Design, runs: Sequence[Period]) -> float:
    """Sum of the treated series over the sum of `share_of`, over the same months."""
    part = sum(_window_sum(vintage, design.treated, *run) for run in runs)
    whole = sum(_window_sum(vintage, (design.share_of,), *run) for run in runs)
    return part / whole if whole else math.nan


def _last_level(vintage: Vintage, design: Design) -> tuple[float, str]:
    figures = [vintage.cells.get(s, ()) for s in design.treated]
    every = [cell for own in figures for cell in (own.last_known if isinstance(own, StepFigures) else own)]
    while every:
        last = max(map(_last_and_first, every))
        same = [c for c in every if c.last == last[0] and c.first == last[1]]
        known = [c.value for c in same if c.status not in ("missing", "suppressed") and math.isfinite(c.value)]
        if known:
            return sum(known), vintage.steps.period(last[1], last[0])
        every = [c for c in every if (c.last, c.first) < last]
    return math.nan, ""


def unit_of(design: Design) -> str:
    """Unit of the effect: the archive's, a plain number for a share, USD/kg for a value over a quantity."""
    unit = _unit(design.treated[0])
    if not design.share_of:
        return unit
    return "" if _unit(design.share_of) == unit else f"{unit}/{_unit(design.share_of)}"


def _unit(series: str) -> str:
    key = SeriesKey.maybe(series)
    return key.unit if key else ""
