"""Agreement: whether other estimators of the same question find the same effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.registry import check

NAME = "agreement"


@check
@dataclass(frozen=True)
class Agreement:
    """Other answers to the same question must find the same direction; otherwise the effect is at most suggestive.

    Answers of the same estimator with other options count too. Where another estimator's interval is disjoint from this one
    and does not exclude zero on the same side, the two contradict each other and no effect can be distinguished. The reason
    gives the range of estimates.

    Parameters
    ----------
    level : float, default 0.8
        of the intervals
    """

    level: float = 0.8

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: share of the other estimates with the same sign; threshold: 1."""
        others = {name: e for name, e in evidence.siblings.items() if e.counterfactual is not None and _comparable(e, effect)}
        if not others or effect.counterfactual is None:
            return Gate(NAME, "not run", reason="no other estimate of the same question")
        mine = np.sign(effect.contrast().difference.estimate)
        opposite = sorted(name for name, e in others.items() if np.sign(e.contrast().difference.estimate) != mine)
        share = 1.0 - len(opposite) / len(others)
        contradicting = sorted(name for name, e in others.items() if self._contradicts(effect, e))
        sizes = [e.contrast().difference.estimate for e in (effect, *others.values())]
        unit = f" {effect.unit}" if effect.unit else ""
        spread = f"estimates from {min(sizes):.4g}{unit} to {max(sizes):.4g}{unit}"
        if contradicting:
            reason = f"another method of the same question contradicts it ({', '.join(contradicting)}): {spread}"
            return Gate(NAME, "fail", share, 1.0, reason, cap="cannot distinguish")
        if opposite:
            reason = f"another method finds the opposite direction ({', '.join(opposite)}): {spread}"
            return Gate(NAME, "fail", share, 1.0, reason, cap="suggestive")
        return Gate(NAME, "pass", share, 1.0, f"same direction: {', '.join(sorted(others))}; {spread}")

    def _contradicts(self, effect: Effect, other: Effect) -> bool:
        """Whether the two intervals are disjoint and the other one does not exclude zero on this one's side."""
        mine, theirs = effect.contrast().difference, other.contrast().difference
        (low, high), (lower, higher) = mine.interval(self.level), theirs.interval(self.level)
        same_side = higher < 0 if mine.estimate < 0 else lower > 0
        return (higher < low or lower > high) and not same_side


def _comparable(other: Effect, effect: Effect) -> bool:
    """Whether the other estimates the measure asked: anticipation and net need its months before the event."""
    return effect.design.measure not in ("anticipation", "net") or other.early is not None or effect.early is None
