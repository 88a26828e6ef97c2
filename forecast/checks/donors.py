"""Donors: whether those who stand for what would have happened were untouched, near, and many enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.describe import counted
from forecast.core.registry import check
from forecast.core.results import Effect, Gate

NAME = "donors"
WITHOUT, MOVED = "ATT without ", "ATT without moved: "


@check
@dataclass(frozen=True)
class Donors:
    """An estimate from donors must not hang on one of them, nor on those that left the others when the event came.

    Withheld where leaving out one donor, or all that moved after the event (mean gap against the others more than four times
    its usual size), shifts the average effect by more than one standard error: a donor the event reached would do so, and
    cannot be told from one that carries the estimate by right. A suggestion at most where one donor carries more than `most`
    of the weight, where the fit before the event is more than `worst` times as bad as a donor's usual one, or where without
    an intercept the treated series lies outside the donors' range in more than `outside` of the months (no weights reach it:
    Abadie, Diamond and Hainmueller 2010, sec. 2).
    """

    most: float = 0.6
    worst: float = 2.0
    outside: float = 0.1

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: the largest shift of the average effect, in standard errors, when donors are left out; threshold: 1."""
        known = {p.name: p.estimate for p in effect.parameters}
        shifts = {name: value - known["ATT"] for name, value in known.items() if name.startswith(WITHOUT) and "ATT" in known}
        if effect.counterfactual is None or not shifts:
            return Gate(NAME, "not run", reason="no donors in this estimate")
        se = effect.average.se
        largest = max(shifts, key=lambda name: abs(shifts[name]))
        shift = abs(shifts[largest])
        size = shift / se if se > 0 else (math.inf if shift > 0 else 0.0)
        if size > 1.0:
            who = largest.removeprefix(MOVED).removeprefix(WITHOUT)
            why = "left the other donors after the event" if largest.startswith(MOVED) else "carries the estimate"
            text = f"{who} {why}: without, it moves by {size:.2f} standard errors"
            return Gate(NAME, "fail", size, 1.0, text, cap="descriptive", withholds=True)
        reasons = self._weak(effect, known)
        if reasons:
            return Gate(NAME, "fail", size, 1.0, "; ".join(reasons), cap="suggestive")
        singles = sum(not name.startswith(MOVED) for name in shifts)
        text = f"without any one of {counted(singles, 'donor')} the estimate moves by at most {size:.2f} standard errors"
        return Gate(NAME, "pass", size, 1.0, text)

    def _weak(self, effect: Effect, known: dict[str, float]) -> list[str]:
        """What leaves a suggestion."""
        reasons = []
        weights = {name: w for name, w in effect.weights.items() if WITHOUT + name in known}
        heaviest = max(weights, key=lambda name: weights[name], default="")
        if heaviest and weights[heaviest] > self.most:
            reasons.append(f"{heaviest} carries {weights[heaviest]:.0%} of the weight")
        own, usual = known.get("pre-RMSPE", math.nan), known.get("pre-RMSPE of a donor (median)", math.nan)
        if own > self.worst * usual:
            reasons.append(f"before the event the donors miss by {own / usual:.1f} times what is usual among them")
        share = known.get("share of months outside the donors' range", 0.0)
        if share > self.outside:
            reasons.append(f"outside the donors' range in {share:.0%} of the months before the event")
        return reasons
