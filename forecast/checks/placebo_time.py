"""Placebo in time: the effect against those the same method finds in earlier windows without an event."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.plurals import pluralize
from forecast.core.registry import check

NAME = "placebo_time"


@check
@dataclass(frozen=True)
class PlaceboTime:
    """The effect's score against those of earlier windows without an event: rank p-value over windows that share no month.

    Scores are standardised by the spread predicted for each window, so that units, growth and decline do not matter. With p
    above `level` the effect is at most suggestive. With too few windows for a p of `level` the rank cannot be tested, which
    neither passes nor limits the verdict: the test of no effect does not rest on the windows.

    Parameters
    ----------
    level : float, default 0.1
        p-value above which the effect is at most suggestive
    """

    level: float = 0.10

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: p; threshold: `level`."""
        if effect.counterfactual is None:
            return Gate(NAME, "not run", reason="nothing was estimated")
        found, apart = [p for p in effect.placebos if p.kind == "time"], effect.apart
        if not found:
            return Gate(NAME, "not run", threshold=self.level, reason="no clean window of this length before the event")
        p, floor = effect.judgement.rank_p, effect.judgement.rank_floor
        windows = f"{pluralize(len(apart), 'window')} without overlap, of {len(found)} without an event"
        if not floor <= self.level:
            return Gate(NAME, "not run", p, self.level, f"{windows}: too few for a rank below {self.level:g}")
        if p > self.level:
            reason = f"p = {p:.2f} by rank over {windows}: their scores are often as large"
            return Gate(NAME, "fail", p, self.level, reason, cap="suggestive")
        return Gate(NAME, "pass", p, self.level, f"p = {p:.3f} by rank over {windows} (the lowest possible: {floor:.3f})")
