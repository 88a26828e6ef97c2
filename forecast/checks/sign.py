"""Sign: whether the direction of the effect is established."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect, Gate
from forecast.core.registry import check

NAME = "sign"


@check
@dataclass(frozen=True)
class Sign:
    """The direction: the 80 % interval must exclude zero, and named baselines must agree on it.

    A net effect whose baselines disagree cannot be distinguished; for other questions disagreement makes the effect at most
    suggestive. A recovery is a rise: where the flow fell further, none can be distinguished.
    """

    level: float = 0.8

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: the bound of the interval nearest to zero (0 where it includes it); threshold: 0."""
        if effect.counterfactual is None or not len(effect.counterfactual):
            return Gate(NAME, "not run", reason="nothing was estimated", cap="descriptive")
        low, high = effect.summary().interval(self.level)
        if low <= 0 <= high:
            reason = f"the {self.level:.0%} interval includes zero"
            return Gate(NAME, "fail", 0.0, 0.0, reason, cap="cannot distinguish")
        nearest = low if low > 0 else high
        if effect.design.estimand == "recovery" and high < 0:
            reason = "no recovery is visible: the flow lies below the months compared with"
            return Gate(NAME, "fail", nearest, 0.0, reason, cap="cannot distinguish")
        signs = {np.sign(c.difference) for c in effect.description.compared if c.difference}
        if len(signs) > 1:
            cap = "cannot distinguish" if effect.design.estimand == "net" else "suggestive"
            return Gate(NAME, "fail", nearest, 0.0, "the named baselines disagree on the direction", cap=cap)
        return Gate(NAME, "pass", nearest, 0.0, f"the {self.level:.0%} interval excludes zero and the baselines agree")
