"""Separable: whether the effect can be attributed to this event alone."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.measures_in_window import SHORTLY, other_measures
from forecast.core.plurals import pluralize
from forecast.core.registry import check

NAME = "separable"


@check
@dataclass(frozen=True)
class Separable:
    """No other calendar event may fall in the window or shortly before its start; otherwise the effect is joint.

    Shortly: less than `apart` months. Several events of one design are estimated jointly and reported as such; an event that
    the design does not name makes the effect joint with its own, and at most suggestive. Months asked after the end of the
    measure are named.

    Parameters
    ----------
    apart : int, default 3
        months before the window's start in which no other event may fall
    """

    apart: int = SHORTLY

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: number of confounding events; threshold: 0."""
        vintage, design = evidence.vintage, evidence.design
        window = design.window(vintage)
        own = {event.id for event in design.events}
        others = [e.id for e in other_measures(vintage.events, own, design.treated, window.start, window.last, self.apart)]
        if others:
            named = ", ".join(others[:-1]) + " and " + others[-1] if others[1:] else others[0]
            reason = f"{named} {'fall' if others[1:] else 'falls'} into the same {vintage.steps.noun}s"
            return Gate(NAME, "fail", len(others), 0, reason, cap="suggestive")
        alone = f"no other event in these {vintage.steps.noun}s"
        text = f"joint effect of {' and '.join(sorted(own))}" if len(own) > 1 else alone
        after = design.aftermath(vintage, window.first, window.last)
        if after:
            asked = pluralize(window.length, vintage.steps.noun)
            text += f"; {len(after.months)} of the {asked} asked lie after the measure's end on {after.ended}"
        return Gate(NAME, "pass", 0, 0, text)
