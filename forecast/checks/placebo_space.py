"""Placebo in space: the effect against those the same method finds in untreated donors."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.plurals import pluralize
from forecast.core.registry import check
from forecast.kernels import exact_tests

NAME = "placebo_space"


@check
@dataclass(frozen=True)
class PlaceboSpace:
    """The effect against those of the donors treated in its place: rank p-value and its floor.

    With p above `level` the effect is at most suggestive. Where the donors are so few that the smallest possible p, 1 /
    (donors + 1), exceeds `level`, the test is not run, which does not count as a pass.

    Parameters
    ----------
    level : float, default 0.1
        p-value above which the effect is at most suggestive
    """

    level: float = 0.10

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: p; threshold: `level`."""
        found = [p.cumulative for p in effect.placebos if p.kind == "space"]
        if effect.counterfactual is None or not found:
            return Gate(NAME, "not run", reason="no donor was put in the treated series' place")
        p, floor = exact_tests.randomisation_p_value(effect.cumulative.estimate, found)
        text = f"p = {p:.3f} from {pluralize(len(found), 'donor')} in its place (floor {floor:.3f})"
        if floor > self.level:
            return Gate(NAME, "not run", p, self.level, f"{text}: too few for a test at {self.level:g}")
        if p > self.level:
            return Gate(NAME, "fail", p, self.level, f"{text}; above {self.level:g}", cap="suggestive")
        return Gate(NAME, "pass", p, self.level, text)
