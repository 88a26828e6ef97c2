"""Placebo in time: the effect against those the same method finds in earlier windows without an event."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect, Gate
from forecast.core.registry import check
from forecast.kernels import exact_tests
from forecast.prep.baselines import pluralize

NAME = "placebo_time"
MIN_WINDOWS = 8  # including overlapping ones, for being the largest to count as evidence


@check
@dataclass(frozen=True)
class PlaceboTime:
    """The effect against those of earlier windows without an event: rank p-value over non-overlapping windows, and its floor.

    With p above `level` the effect is at most suggestive. With too few non-overlapping windows for a p-value of `level`, the
    effect must exceed that of every window, overlapping ones included, of which there must be eight: by chance this happens in
    4 to 12 % of simulated flows (`experiments/003_simulation`).
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
        apart = effect.apart
        size = abs(effect.cumulative.estimate)
        p, floor = exact_tests.randomisation_p_value(size, [x.cumulative for x in apart])
        windows = f"{pluralize(len(apart), 'placebo window')} without overlap, of {len(found)}"
        if floor > self.level:
            if len(found) >= MIN_WINDOWS and all(abs(x.cumulative) < size for x in found):
                return Gate(NAME, "pass", p, self.level, f"larger than in every window without an event ({windows})")
            return Gate(
                NAME, "not run", floor, self.level, f"too few placebo windows for a p-value ({windows})", cap="suggestive"
            )
        if p > self.level:
            reason = f"windows without an event often show differences as large (p = {p:.2f} over {windows})"
            return Gate(NAME, "fail", p, self.level, reason, cap="suggestive")
        return Gate(NAME, "pass", p, self.level, f"p = {p:.3f} over {windows} (the lowest possible: {floor:.3f})")
