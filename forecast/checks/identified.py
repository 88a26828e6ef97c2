"""Identified: whether the figures hold any information on the question."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.plurals import pluralize
from forecast.core.registry import check
from forecast.prep.pre_period import PrePeriod, clean_pre_period, regime_pre_period

NAME = "identified"
LOSSES = ("shortfall", "net", "relative", "share")


@check
@dataclass(frozen=True)
class Identified:
    """Figures in the window and before it, and trade that could be lost; otherwise "not identified".

    Fails where no figure lies in the asked window; where fewer than `fewest` months and no span lie in the reference regime
    (for a recovery: since the measure it eases took effect); where a loss is asked of a flow that was zero throughout.

    Parameters
    ----------
    fewest : int, default 3
        months needed in the reference regime
    """

    fewest: int = 3

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: figures in the reference regime; threshold: `fewest`."""
        recovery = evidence.design.estimand == "recovery"
        every = [clean_pre_period(evidence.vintage, evidence.design, s) for s in evidence.design.treated]
        before = regime_pre_period(evidence.vintage, evidence.design) if recovery else min(every, key=lambda one: one.count)
        figures = before.count + len(before.spans)
        reason = self._reason(effect, before, recovery)
        if not reason:
            text = f"{pluralize(before.count, 'month')} and {pluralize(len(before.spans), 'sum')} of months to compare with"
            return Gate(NAME, "pass", figures, self.fewest, text)
        return Gate(NAME, "fail", figures, self.fewest, reason, cap="not identified", withholds=True)

    def _reason(self, effect: Effect, before: PrePeriod, recovery: bool) -> str:
        levels = np.append(before.values, [span.value for span in before.spans])
        reasons = []
        if len(levels) and not np.any(levels) and effect.design.estimand in LOSSES:
            reasons.append("the flow was already zero in all months compared with, so nothing was left to lose")
        if not len(effect.observed):
            reasons.append(f"no figure is known in the asked window, {effect.description.months}")
        if before.count < self.fewest and not before.spans:
            number = f"only {pluralize(before.count, 'month')}" if before.count else "no usable month"
            known = "are known" if before.count > 1 else "is known"
            where = "of the regime compared with" if recovery else "before the event"
            alone = " that no other event touches" if before.count and not recovery else ""
            reasons.append(f"{number} {where} {known}{alone}")
        return "; ".join(reasons)
