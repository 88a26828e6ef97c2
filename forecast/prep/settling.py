"""Months of transition to a measure: known shocks while trade adapts, which are not the noise of the months that follow."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.events import Event, EventCalendar
from forecast.core.vintage import Vintage
from forecast.kernels.remembered_answers import remember_answers
from forecast.prep.spans_and_gaps import measured_months

LONGEST = 6  # months that a transition may take, and a history can bridge
SETTLED = 6  # known months after it, by which it is recognised
BEFORE = 12  # latest months before the measure that it is compared with
SPREADS = 2.5  # robust standard deviations of the logarithm beyond which a month is unlike others
STEADY = float(np.log(1.5))  # largest robust standard deviation of a flow steady enough to tell a shock from its own swings
LEAST = float(np.log(1.25))  # and the smallest such distance
FLOOR = 1e-3  # of the median figure: smaller figures count as this in logarithms


def transition_months(vintage: Vintage, series: str) -> dict[int, str]:
    """Known months of a series that lie in the transition to a measure, each with the id of the measure.

    A transition begins with a measure of the default calendar on the whole of the flow, no ban among them (what a ban leaves is
    a regime of its own), and ends with the first month that is like the months after it. It is told in hindsight: `SETTLED`
    months after it must be known on the vintage's day, and the figures up to that day alone decide. Of its months those count
    that are unlike the months before *and* unlike those after, on the same side of both: a shock that passed, not the way from
    one level to another. A flow that swings by half from month to month shows none: its stops are its own.
    """
    if vintage.steps.unit != "month" or not vintage.nonnegative:
        return {}
    when, y, _ = measured_months(vintage.observed(series))
    return dict(_transition_months(vintage.events.touching(series, ("default",)), series, when, y))


@remember_answers(64)
def _transition_months(measures: EventCalendar, series: str, when: Ints, y: Floats) -> Mapping[int, str]:
    if not (y > 0).any():
        return {}
    z = np.log(np.maximum(y, FLOOR * float(np.median(y[y > 0]))))
    out: dict[int, str] = {}
    for event in measures:
        if event.in_force and event.directed_at(series) and not _closes(event):
            for month in when[_shock(when, z, event.start, event.start - event.anticipation)].tolist():
                out.setdefault(month, event.id)
    return out


def _closes(event: Event) -> bool:
    return event.instrument == "ban" or (event.share_stopped or 0.0) > 0.0


def _shock(when: Ints, z: Floats, start: int, notice: int) -> Bools:
    """Which known months are a shock of a measure from month `start` on, which could be foreseen from `notice` on."""
    nothing = np.zeros(len(when), dtype=bool)
    before = z[when < notice][-BEFORE:]
    for length in range(LONGEST + 1):
        after = z[when >= start + length][:BEFORE]
        if min(len(after), len(before)) < SETTLED or max(_spread(after), _spread(before)) > STEADY:
            return nothing
        settled = z[when == start + length]
        if len(settled) and not _beyond(settled, after, -1)[0] and not _beyond(settled, after, 1)[0]:
            inside = (when >= notice) & (when < start + length)
            apart = (_beyond(z, after, -1) & _beyond(z, before, -1)) | (_beyond(z, after, 1) & _beyond(z, before, 1))
            return inside & apart
    return nothing


def _beyond(z: Floats, others: Floats, side: int) -> Bools:
    """Which figures lie beyond the others, below (-1) or above (1), by more than their robust spread explains."""
    found: Bools = side * (z - float(np.median(others))) > max(SPREADS * _spread(others), LEAST)
    return found


def _spread(z: Floats) -> float:
    """Robust standard deviation: the median distance from the median over that of a normal."""
    return 1.4826 * float(np.median(np.abs(z - np.median(z))))
