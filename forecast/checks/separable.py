"""Separable: whether the effect can be attributed to this event alone."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect, Gate
from forecast.core.registry import check

NAME = "separable"


@check
@dataclass(frozen=True)
class Separable:
    """No other calendar event may fall in the window or shortly before its start; otherwise the effect is joint.

    Shortly: less than `apart` months. Several events of one design are estimated jointly and reported as such; an event that
    the design does not name makes the effect at most suggestive.
    """

    apart: int = 3

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: number of confounding events; threshold: 0."""
        vintage, design = evidence.vintage, evidence.design
        window = design.window(vintage)
        own = {event.id for event in design.events}
        others = sorted(
            {
                event.id
                for series in design.treated
                for event in vintage.events.touching(series, ("default",))
                if event.in_force and event.id not in own and window.start - self.apart < event.start <= window.last
            }
        )
        if others:
            named = ", ".join(others[:-1]) + " and " + others[-1] if others[1:] else others[0]
            reason = f"{named} {'fall' if others[1:] else 'falls'} into the same months"
            return Gate(NAME, "fail", len(others), 0, reason, cap="suggestive")
        text = f"joint effect of {' and '.join(sorted(own))}" if len(own) > 1 else "no other event in these months"
        return Gate(NAME, "pass", 0, 0, text)
