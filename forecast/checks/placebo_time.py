"""Placebo in time: how large an effect the same method finds where there was none."""

from __future__ import annotations

import math
from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.describe import counted
from forecast.core.registry import check
from forecast.core.results import Effect, Gate
from forecast.kernels import counts

NAME = "placebo_time"


@check
@dataclass(frozen=True)
class PlaceboTime:
    """The effect against those of earlier windows without an event: rank p-value and its floor.

    A p-value above `level`, or fewer clean windows than a p-value of `level` needs, leaves a suggestion at most.
    """

    level: float = 0.10

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: p; threshold: `level`."""
        if effect.counterfactual is None:
            return Gate(NAME, "not run", reason="nothing was estimated", cap="descriptive")
        found = [p for p in effect.placebos if p.kind == "time"]
        if not found:
            return Gate(
                NAME, "not run", 0, self.level, "0 clean windows of this length before the event: no placebo", cap="suggestive"
            )
        p, floor = counts.rank(effect.cumulative.estimate, [x.cumulative for x in found])
        apart = separate([evidence.vintage.steps.ordinal(x.start) for x in found], effect)
        windows = f"{counted(len(found), 'placebo window')}, {apart} without overlap"
        if floor > self.level:
            return Gate(
                NAME, "not run", floor, self.level, f"too few placebo windows for a p-value ({windows})", cap="suggestive"
            )
        if p > self.level:
            reason = f"windows without an event often show differences as large (p = {p:.2f} over {windows})"
            return Gate(NAME, "fail", p, self.level, reason, cap="suggestive")
        return Gate(NAME, "pass", p, self.level, f"p = {p:.3f} over {windows} (the lowest possible: {floor:.3f})")


def separate(starts: list[int], effect: Effect) -> int:
    """How many windows fit without overlap: their effective number."""
    length = effect.periods[-1][1] - effect.periods[0][0] + 1
    count, free = 0, -math.inf
    for start in sorted(starts):
        if start >= free:
            count, free = count + 1, start + length
    return count
