"""Anticipation: whether trade moved before the event took effect, and whether the estimate accounts for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.core import months as mm
from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.registry import check
from forecast.kernels import innovations
from forecast.prep.pre_period import clean_pre_period
from forecast.prep.regressors import lunar_regressor
from forecast.prep.working_scale import choose_scale

NAME = "anticipation"


@check
@dataclass(frozen=True)
class Anticipation:
    """Months in which traders could act early are hidden from the fit and reported: stockpile A, effect P after it, net A + P.

    Where the design leaves such months (from the announcement or `anticipation_from` to the start) in the fit and they
    deviate from those before by more than `critical` standard errors, the estimate mistakes the stockpile for the normal
    level and is withheld. `level` is that of the interval that decides whether A is present.

    Parameters
    ----------
    level : float, default 0.9
        of the interval that decides whether A is present
    critical : float, default 2.58
        standard errors by which months left in the fit may deviate
    enough : int, default 12
        clean months before them that the comparison needs
    """

    level: float = 0.9
    critical: float = 2.58
    enough: int = 12

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: A over the absolute P (or the t statistic of months left in the fit); threshold: 0 (or `critical`)."""
        if effect.counterfactual is None:
            return Gate(NAME, "not run", reason="nothing was estimated")
        fitted = self._judge_fitted_months(evidence)
        if fitted:
            return fitted
        vintage, window = evidence.vintage, evidence.design.window(evidence.vintage)
        span = vintage.steps.period(window.hole, window.start - 1) if window.hole < window.start else ""
        if not span:
            return Gate(NAME, "pass", reason="no month between announcement and start")
        if window.first < window.start:
            return Gate(NAME, "pass", reason=f"the window asked holds the months of anticipation, {span}")
        if effect.anticipation is None:
            return Gate(
                NAME, "pass", reason=f"{span} hidden from the fit; no ledger of them was asked of this method and window"
            )
        return self._ledger(effect, span)

    def _ledger(self, effect: Effect, span: str) -> Gate:
        early = effect.anticipation
        assert early is not None
        low, high = early.interval(self.level)
        after, net = effect.cumulative.estimate, effect.net.estimate
        share = early.estimate / abs(after) if after else np.nan
        unit = f" {effect.unit}" if effect.unit else ""
        text = f"A = {early.estimate:.4g}{unit} in {span} ({self.level:.0%} interval {low:.4g}{unit} to {high:.4g}{unit})"
        if low <= 0 <= high:
            return Gate(NAME, "pass", share, 0.0, f"no anticipation visible: {text}")
        ledger = f"{text}, P = {after:.4g}{unit} after it, net {net:.4g}{unit}"
        return Gate(NAME, "pass", share, 0.0, f"anticipation present, reported apart: {ledger}")

    def _judge_fitted_months(self, evidence: Evidence) -> Gate | None:
        """The gate for anticipation months left in the fit: None without any, failed where they deviate from those before."""
        vintage, design = evidence.vintage, evidence.design
        window = design.window(vintage)
        early = min(
            (mm.ordinal(min(e.announced, e.anticipation_from or e.announced)) for e in design.events), default=window.hole
        )
        start = min((e.start for e in design.events), default=window.start)
        last = min(start, window.hole) - 1
        if early > last:
            return None
        scores = []
        for series in design.treated:
            stretch = clean_pre_period(vintage, design, series)
            before = int((stretch.months < early).sum())
            inside = (stretch.months >= early) & (stretch.months <= last)
            if before < self.enough or not inside.any() or np.ptp(stretch.values) == 0:
                continue
            z = choose_scale(stretch.values, vintage.nonnegative).forward(stretch.values)
            rows, axis = stretch.months - stretch.months[0], np.arange(stretch.months[0], stretch.months[-1] + 1)
            lunar = lunar_regressor(vintage, series, axis).matrix
            white = innovations.level_innovations(z, rows, axis, vintage.season, lunar, before)
            scores.append(white.t_statistic(inside.astype(float)))
        span = vintage.steps.period(early, last)
        if not scores:
            return Gate(
                NAME, "not run", cap="suggestive",
                reason=f"{span} could be used to act early and was left in the fit; too few months to test",
            )  # fmt: skip
        worst = max(scores, key=abs)
        if abs(worst) <= self.critical:
            return Gate(
                NAME, "pass", abs(worst), self.critical, f"{span} was left in the fit and does not stand out (t = {worst:.1f})"
            )
        reason = f"trade moved before the start, in {span} (t = {worst:.1f}), and these months were left in the fit"
        return Gate(NAME, "fail", abs(worst), self.critical, reason, cap="descriptive", withholds=True)
