"""Sign: whether the effect has the direction that was asked, and the named baselines agree on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.registry import check

NAME = "sign"
ASKED = {"shortfall": -1, "recovery": 1}  # the direction that the name of an estimand promises


@check
@dataclass(frozen=True)
class Sign:
    """A rise is no shortfall, a fall no recovery; and the named baselines must show the estimate's direction.

    Where the flow moved against the direction asked, what was asked cannot be distinguished, and the reason says what was seen
    (of a plain panel a shortfall is asked by default: no direction). Where a baseline shows the opposite, a net effect cannot
    be distinguished, and others are at most suggestive.
    """

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: the estimate's sign; threshold: the sign asked (0: either)."""
        if effect.counterfactual is None or not len(effect.counterfactual):
            return Gate(NAME, "not run", reason="nothing was estimated", cap="cannot distinguish")
        estimand, found = effect.design.estimand, float(np.sign(effect.contrast().difference.estimate))
        early = effect.design.measure in ("anticipation", "net")  # of other months than those named baselines compare
        asked = 0 if early or effect.design.basis == "panel" else ASKED.get(estimand, 0)
        if found * asked < 0:
            contrast = effect.contrast()
            size = f" of {abs(contrast.difference.estimate / contrast.expected):.0%}" if contrast.expected > 0 else ""
            reason = f"no {estimand} was found: the estimate is {'a rise' if found > 0 else 'a fall'}{size}"
            return Gate(NAME, "fail", found, asked, reason, cap="cannot distinguish")
        compared = [c.difference for c in effect.description.compared if c.difference and not early]
        opposite = [difference for difference in compared if difference * found < 0]
        if opposite:
            cap = "cannot distinguish" if estimand == "net" else "suggestive"
            every = "every named baseline shows the opposite direction"
            reason = every if len(opposite) == len(compared) else "the named baselines disagree on the direction"
            return Gate(NAME, "fail", found, asked, reason, cap=cap)
        return Gate(NAME, "pass", found, asked, "the named baselines agree on the direction")
