"""Export policy regime of a month, by which every score is classified."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forecast.core import months
from forecast.core.events import Event

RESTRICTING = ("licence", "ban", "enforcement", "quota")
REVERSING = ("suspension", "deal", "agreement")
REGIMES = ("no control", "before", "anticipation", "under control", "after reversal")


def regime_of(series: str, month: int, events: Iterable[Event]) -> str:
    """Policy regime of a month: no control | before | anticipation | under control | after reversal.

    Of `events`, those of the default calendar that affect the series count. Anticipation runs from the announcement (or the
    month from which traders could act) to the month before a control takes effect, if no other is in force. After reversal:
    every control has ended, or a suspension, a deal or a named reversal has begun since the newest one in force.
    """
    touching = [e for e in events if e.role == "default" and e.in_force and e.touches(series)]
    controls = [e for e in touching if e.instrument in RESTRICTING]
    if not controls:
        return "no control"
    begun = [e for e in controls if e.start <= month]
    holding = [e for e in begun if _is_in_force(e, month)]
    if not holding:
        if any(_anticipated_from(e) <= month < e.start for e in controls):
            return "anticipation"
        return "after reversal" if begun else "before"
    newest = max(e.start for e in holding)
    back = [e for e in touching if e.instrument not in RESTRICTING and (e.instrument in REVERSING or e.reversal_of)]
    return "after reversal" if any(newest <= e.start <= month and _is_in_force(e, month) for e in back) else "under control"


def _is_in_force(event: Event, month: int) -> bool:
    """Whether a measure is still in force at the end of a month."""
    return event.until is None or months.ordinal(event.until) > month


def _anticipated_from(event: Event) -> int:
    """The first month in which traders could act on a measure."""
    return min(event.start - event.anticipation, months.ordinal(event.announced))


def in_first_quarter(first: int, last: int) -> bool:
    """Whether a period contains a month from January to March, when the Lunar New Year moves and fiscal years end.

    >>> in_first_quarter(12 * 2025, 12 * 2025), in_first_quarter(12 * 2025 + 3, 12 * 2025 + 11)
    (True, False)
    """
    return any(month % 12 < 3 for month in range(first, last + 1))


def distinct_regimes(regimes: Sequence[str]) -> list[str]:
    """The distinct regimes of some months, in the order of `REGIMES`; unknown ones last."""
    found = set(regimes)
    return [word for word in REGIMES if word in found] + sorted(found - set(REGIMES))
