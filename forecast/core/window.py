"""The window of a Design on a time axis, and when its events set in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forecast.core.events import Event
from forecast.core.time_axis import Steps


@dataclass(frozen=True)
class Window:
    """A Design on a vintage's time axis; all bounds are months as integers, and included.

    Parameters
    ----------
    hole : int
        the first month hidden from the fit (anticipation included)
    start : int
        the first affected month
    first, last : int
        the effect window: the months whose effect is estimated
    """

    hole: int
    start: int
    first: int
    last: int

    @property
    def length(self) -> int:
        """Number of months in the effect window."""
        return self.last - self.first + 1


def onset(
    events: Sequence[Event], event_start: str | None, start: str | None, anticipation: int | None, steps: Steps
) -> tuple[int, int]:
    """The month in which events take effect, and the months before it in which traders could react."""
    if event_start is not None:
        return steps.ordinal(event_start), anticipation or 0
    starts = [steps.of(e.effective or e.announced) for e in events] or [steps.ordinal(start)]
    early = min([*starts, *(steps.of(e.anticipation_from) for e in events if e.anticipation_from)])
    return min(starts), anticipation if anticipation is not None else max(min(starts) - early, 0)
