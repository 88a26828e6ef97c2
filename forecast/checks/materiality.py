"""Materiality: whether the estimate is large enough to matter, and whether the data exclude that it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError
from forecast.core.judgement import Gate
from forecast.core.registry import check

NAME = "materiality"


@check
@dataclass(frozen=True)
class Materiality:
    """An estimate below the smallest effect of interest is no claim; one shown to lie within a margin is no material effect.

    Parameters
    ----------
    smallest : float, default 0.05
        smallest effect of interest, as a share of the counterfactual; a claim says "not zero", not "beyond it"
    margin : float, default 0.2
        "no material effect" is concluded where the 90 % interval lies within this share of the counterfactual (two one-sided
        tests at 5 %: Schuirmann 1987), and where no claim is made
    level : float, default 0.05
        p-value up to which a claim is made

    References
    ----------
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach. Journal of
    Pharmacokinetics and Biopharmaceutics 15(6), 657-680.
    """

    smallest: float = 0.05
    margin: float = 0.20
    level: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.smallest <= self.margin:
            raise ConfigError(
                f"a smallest effect of {self.smallest:g} beside a margin of {self.margin:g}", hint="smallest <= margin"
            )

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: the absolute estimate as a share of the counterfactual; threshold: `smallest`."""
        if effect.counterfactual is None:
            return Gate(NAME, "not run", reason="nothing was estimated", cap="cannot distinguish")
        contrast, margin = effect.contrast(), effect.judgement.margin
        whole = abs(contrast.expected)
        share = abs(contrast.difference.estimate) / whole if whole > 0 else math.nan
        least = f"; the smallest margin of no material effect: {margin:.0%} of the counterfactual" if margin < math.inf else ""
        if not math.isfinite(share):
            return Gate(NAME, "not run", share, self.smallest, "nothing was expected without the event", cap="suggestive")
        claimed = effect.judgement.test.p <= self.level and share >= self.smallest
        # a test that can find nothing does not show that nothing is there
        able = effect.judgement.test.floor <= self.level or share < self.smallest
        if not claimed and able and margin <= self.margin:
            reason = f"the 90% interval lies within {margin:.0%} of the counterfactual (margin {self.margin:.0%})"
            return Gate(NAME, "fail", share, self.smallest, reason, cap="no material effect")
        if share < self.smallest:
            least = f"the smallest effect of interest, {self.smallest:.0%}"
            reason = f"the estimate is {share:.1%} of the counterfactual, below {least}"
            return Gate(NAME, "fail", share, self.smallest, reason, cap="cannot distinguish")
        return Gate(NAME, "pass", share, self.smallest, f"{share:.0%} of the counterfactual{least}")
