"""The pre-period of a design: figures before the event, undisturbed by other events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.questions import Design, replace_design
from forecast.core.vintage import Cell, Vintage


@dataclass(frozen=True)
class PrePeriod:
    """Figures of a pre-period.

    months, values : single monthly figures from `first` to the month before the hole
    spans : sums that lie wholly inside that period
    """

    first: int
    last: int
    months: Ints
    values: Floats
    spans: tuple[Cell, ...]

    @property
    def count(self) -> int:
        """Number of single monthly figures."""
        return len(self.months)


def clean_pre_period(vintage: Vintage, design: Design, series: str | None = None) -> PrePeriod:
    """The clean pre-period of a treated series.

    It begins after the month in which the last other default event that touches the series took effect (or at
    `design.clean_from`), and ends before the first month of anticipation.
    """
    series = series or design.treated[0]
    window = design.window(vintage)
    if not vintage.knows(series):
        return PrePeriod(window.hole, window.hole - 1, np.empty(0, dtype=np.int64), np.empty(0), ())
    observed = vintage.observed(series)
    own = {event.id for event in design.events}
    first = observed.first
    if design.clean_from is not None:
        first = max(first, vintage.steps.ordinal(design.clean_from))
    else:
        for event in vintage.events.touching(series, ("default",)):
            if event.in_force and event.id not in own and event.start < window.hole:
                first = max(first, event.start + 1)
    months = observed.months
    keep = np.isfinite(observed.values) & (months >= first) & (months < window.hole)
    spans = tuple(s for s in observed.spans if s.first >= first and s.last < window.hole)
    return PrePeriod(first, window.hole - 1, months[keep], observed.values[keep], spans)


def clean_flow(vintage: Vintage, design: Design) -> tuple[Ints, Floats]:
    """The quantity a design asks about in its clean months: the sum of the treated series, or their share of the total.

    Only months in which every series has a figure of its own; shares need a total above zero.
    """
    parts = [clean_pre_period(vintage, design, s) for s in design.treated]
    months = parts[0].months
    for part in parts[1:]:
        months = np.intersect1d(months, part.months)
    if len(parts) == 1:
        values = parts[0].values
    else:
        values = sum((part.values[np.isin(part.months, months)] for part in parts), np.zeros(len(months)))
    if not design.share_of:
        return months, values
    if not vintage.knows(design.share_of) or not len(months):
        return months[:0], np.empty(0)
    first, last = int(months[0]), int(months[-1])
    whole = vintage.observed(design.share_of).at(first, last)[months - first]
    known = np.isfinite(whole) & (whole > 0)
    return months[known], values[known] / whole[known]


def regime_pre_period(vintage: Vintage, design: Design) -> PrePeriod:
    """The pre-period a recovery is compared with: from the month in which the measure then in force took effect.

    It begins with the month of the latest other default event that touches the series (or at `design.clean_from`), that month
    included, and ends before the event.
    """
    if design.clean_from is not None or not vintage.knows(design.treated[0]):
        return clean_pre_period(vintage, design)
    window = design.window(vintage)
    own = {event.id for event in design.events}
    starts = [
        event.start
        for event in vintage.events.touching(design.treated[0], ("default",))
        if event.in_force and event.id not in own and event.start < window.hole
    ]
    begin = max(starts, default=vintage.observed(design.treated[0]).first)
    return clean_pre_period(vintage, replace_design(design, clean_from=vintage.steps.label(begin)))


def touched_months(vintage: Vintage, series: str, own: tuple[str, ...] = ()) -> set[int]:
    """Months of a series around the start of its default events: from the first anticipation to two months after."""
    out: set[int] = set()
    for event in vintage.events.touching(series, ("default",)):
        if event.in_force and event.id not in own:
            out |= set(range(event.start - event.anticipation, event.start + 3))
    return out
