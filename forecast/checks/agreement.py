"""Agreement: whether other estimators of the same question say the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect, Gate
from forecast.core.registry import check

NAME = "agreement"


@check
@dataclass(frozen=True)
class Agreement:
    """Other estimators asked the same question must find the same direction; else a suggestion at most.

    Where another one's interval lies apart from this one and does not exclude zero on the same side, the two contradict each
    other and nothing can be distinguished. `level` is that of the intervals; the reason prints the range of all estimates.
    """

    level: float = 0.8

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
        apart = sorted(name for name, e in others.items() if self._contradicts(effect, e))
        sizes = [e.cumulative.estimate for e in (effect, *others.values())]
        unit = f" {effect.unit}" if effect.unit else ""
        spread = f"estimates from {min(sizes):.4g}{unit} to {max(sizes):.4g}{unit}"
        if apart:
            reason = f"another method of the same question contradicts it ({', '.join(apart)}): {spread}"
            return Gate(NAME, "fail", share, 1.0, reason, cap="cannot distinguish")
        if against:
            reason = f"another method finds the opposite direction ({', '.join(against)}): {spread}"
            return Gate(NAME, "fail", share, 1.0, reason, cap="suggestive")
        return Gate(NAME, "pass", share, 1.0, f"same direction: {', '.join(sorted(others))}; {spread}")

    def _contradicts(self, effect: Effect, other: Effect) -> bool:
        """Whether the two intervals share nothing, and the other's does not exclude zero on this one's side."""
        low, high = effect.cumulative.interval(self.level)
        lower, higher = other.cumulative.interval(self.level)
        along = higher < 0 if effect.cumulative.estimate < 0 else lower > 0
        return (higher < low or lower > high) and not along
