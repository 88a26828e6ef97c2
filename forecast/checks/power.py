"""Power: whether an effect of this size could have been detected at all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect, Gate
from forecast.core.registry import check
from forecast.kernels import power
from forecast.prep.baselines import pluralize

NAME = "power"
MIN_WINDOWS = 3  # placebo windows for a standard deviation


@check
@dataclass(frozen=True)
class Power:
    """The minimum detectable effect, from the spread of windows without an event: a smaller effect cannot be distinguished.

    An effect below the one detected with power `chance` at the 5 % level may be noise; it is never reported as no effect. With
    fewer than three windows the spread is that of the draws, and the gate only reports the power.
    """

    chance: float = 0.8

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: the absolute cumulative effect; threshold: the minimum detectable one, in the effect's unit."""
        if effect.counterfactual is None or not math.isfinite(effect.mde80):
            return Gate(NAME, "not run", reason="nothing was estimated")
        windows = [p.cumulative for p in effect.placebos if p.kind == "time"]
        placed = len(windows) >= MIN_WINDOWS
        spread = float(np.std(windows, ddof=1)) if placed else effect.cumulative.spread
        least, size = power.detectable_effect(spread, self.chance), abs(effect.cumulative.estimate)
        seen = power.power(size, spread)
        if not math.isfinite(least):
            return Gate(NAME, "not run", size, reason="windows without an event do not differ at all")
        where = f"spread of {pluralize(len(windows), 'window')} without an event" if placed else "spread of the draws alone"
        text = f"an effect as large as this one would be seen with probability {seen:.0%} ({where})"
        if not placed:
            return Gate(NAME, "not run", size, least, text)
        if size < least:
            reason = (
                f"windows without an event show differences as large ({pluralize(len(windows), 'window')}, power {seen:.0%})"
            )
            return Gate(NAME, "fail", size, least, reason, cap="cannot distinguish")
        return Gate(NAME, "pass", size, least, text)
