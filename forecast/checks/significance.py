"""Significance: whether the data reject no effect, and how firmly."""

from __future__ import annotations

import math
from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError
from forecast.core.judgement import Gate
from forecast.core.registry import check

NAME = "significance"


@check
@dataclass(frozen=True)
class Significance:
    """The two-sided test of no effect on the claim itself: p at most `firm` allows a firm claim, at most `level` a suggestion.

    A firm claim also needs a 90 % interval of the total without zero: shipments that only move between months change scores.

    The test is that of the draws (`kernels.score_test`), on the scale on which the flow's noise is even, with the total
    beside the amounts where some months are empty; of a plain panel the estimator's own, where it has one.

    Parameters
    ----------
    level : float, default 0.05
        p-value up to which there is a suggestion
    firm : float, default 0.01
        p-value up to which there may be a firm claim
    """

    level: float = 0.05
    firm: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.firm <= self.level < 1:
            problem = f"a firm claim at {self.firm:g} beside a suggestion at {self.level:g}"
            raise ConfigError(problem, hint="0 < firm <= level < 1")

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: p; threshold: `firm`."""
        test = effect.judgement.test
        if effect.counterfactual is None:
            return Gate(NAME, "not run", reason="nothing was estimated", cap="cannot distinguish")
        if not math.isfinite(test.p):
            return Gate(NAME, "not run", reason="no test of no effect was made", cap="cannot distinguish")
        text = f"p = {_p_text(test.p)} ({test.score}{self._details(effect)})"
        low, high = effect.summary().interval(0.9)
        if test.p <= self.firm and low <= 0 <= high:
            reason = f"{text}, but the 90% interval of the total includes zero"
            return Gate(NAME, "fail", test.p, self.firm, reason, cap="suggestive")
        if test.p <= self.firm:
            return Gate(NAME, "pass", test.p, self.firm, text)
        if test.p <= self.level:
            return Gate(NAME, "fail", test.p, self.firm, f"{text}: above {self.firm:g}", cap="suggestive")
        return Gate(NAME, "fail", test.p, self.firm, f"{text}: above {self.level:g}", cap="cannot distinguish")

    def _details(self, effect: Effect) -> str:
        test = effect.judgement.test
        parts = [f"{test.freedom:.0f} degrees of freedom"] if math.isfinite(test.freedom) else []
        if math.isfinite(test.incidence):
            parts.append(f"months with trade alone: p = {_p_text(test.incidence)}")
        if test.floor > 0:
            parts.append(f"the smallest possible: {_p_text(test.floor)}")
        return "".join(f"; {part}" for part in parts)


def _p_text(p: float) -> str:
    return f"{p:.3f}" if p >= 0.0005 else "below 0.001"
