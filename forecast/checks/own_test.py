"""Own test: the estimator's own p-value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect, Gate
from forecast.core.registry import check
from forecast.kernels import exact_tests

NAME = "own_test"


@check
@dataclass(frozen=True)
class OwnTest:
    """The estimator's own permutation or t-test: with p above `level` the effect is at most suggestive.

    Not run where the estimator has none (its p-value is then that of the placebos in time, which have a gate of their own), or
    where its smallest possible p exceeds `level`.
    """

    level: float = 0.10

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: p; threshold: `level`."""
        p, floor = effect.p_value, effect.p_floor
        in_time = exact_tests.randomisation_p_value(
            effect.cumulative.estimate, [x.cumulative for x in effect.placebos if x.kind == "time"]
        )
        if effect.counterfactual is None or not math.isfinite(p) or (p, floor) == in_time:
            return Gate(NAME, "not run", reason="the estimator has no test of its own")
        text = f"p = {p:.3f} (floor {floor:.3f})"
        if floor > self.level:
            return Gate(NAME, "not run", p, self.level, f"{text}: it cannot reach {self.level:g}")
        if p > self.level:
            return Gate(NAME, "fail", p, self.level, f"{text}; above {self.level:g}", cap="suggestive")
        return Gate(NAME, "pass", p, self.level, text)
