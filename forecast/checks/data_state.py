"""Data state: how much of the asked window is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from forecast.core.cells import UNHELD
from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.registry import check

NAME = "data_state"
SOFT = ("provisional", "span", "missing", "suppressed", "not released", UNHELD)


@check
@dataclass(frozen=True)
class DataState:
    """Lists provisional, missing and summed months of the window; with half or more unknown, description only.

    Parameters
    ----------
    most : float, default 0.5
        share of the window's months from which on too many are unknown
    """

    most: float = 0.5

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: share of the window that no figure determines; threshold: `most`."""
        vintage, design = evidence.vintage, evidence.design
        window = design.window(vintage)
        months = range(window.first, window.last + 1)
        states = Counter(
            state
            for s in design.treated
            if vintage.knows(s)
            for state in (vintage.status(s, m) for m in months)
            if state in SOFT
        )
        unknown = len(effect.description.unknown) / window.length
        listed = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "every month has a final figure"
        if unknown >= self.most:
            reason = f"{len(effect.description.unknown)} of the {window.length} months asked have no figure ({listed})"
            return Gate(NAME, "fail", unknown, self.most, reason, cap="descriptive", withholds=True)
        return Gate(NAME, "pass", unknown, self.most, listed)
