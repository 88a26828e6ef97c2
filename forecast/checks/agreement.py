"""Agreement: whether other estimators of the same question say the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.core.contracts import Evidence
from forecast.core.registry import check
from forecast.core.results import Effect, Gate

NAME = "agreement"


@check
@dataclass(frozen=True)
class Agreement:
    """Other estimators asked the same question must find the same direction; else a suggestion at most."""

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: share of the others with the same sign; threshold: 1."""
        others = {
            name: e for name, e in evidence.siblings.items() if e.counterfactual is not None and e.estimator != effect.estimator
        }
        if not others or effect.counterfactual is None:
            return Gate(NAME, "not run", reason="no other estimate of the same question")
        mine = np.sign(effect.cumulative.estimate)
        against = sorted(name for name, e in others.items() if np.sign(e.cumulative.estimate) != mine)
        share = 1.0 - len(against) / len(others)
        if against:
            return Gate(
                NAME,
                "fail",
                share,
                1.0,
                f"another method finds the opposite direction ({', '.join(against)})",
                cap="suggestive",
            )
        return Gate(NAME, "pass", share, 1.0, f"same direction: {', '.join(sorted(others))}")
