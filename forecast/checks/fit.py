"""Fit: whether the months before the event support a counterfactual."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.plurals import pluralize
from forecast.core.registry import check
from forecast.kernels import innovations
from forecast.kernels.remembered_answers import remember_answers
from forecast.prep.pre_period import PrePeriod, clean_pre_period
from forecast.prep.regressors import lunar_regressor
from forecast.prep.spikes import spike_months
from forecast.prep.working_scale import amount_scale, trade_floor

NAME = "fit"


@check
@dataclass(frozen=True)
class PrePeriodFit:
    """Past errors over windows of this length, autocorrelated residuals, and an undeclared break shortly before the event.

    Fails (at most suggestive) where the root mean square of the placebo windows' scores (rolling-origin errors in their own
    predicted standard errors) exceeds `most`; where one-step errors of a local level are not white noise (Ljung and Box, p
    below `level`, with `enough` clean months or more); or where the level shifted in the last `recent` clean months by more
    than `critical` standard errors without an event (a level-shift scan as in X-13, given two earlier years to tell a break
    from a season). A level whose growth has a t statistic above `grows` may grow in both tests.

    Parameters
    ----------
    most : float, default 2.0
        limit of the root mean square of the placebo windows' scores
    level : float, default 0.01
        p-value below which one-step errors are no white noise
    critical : float, default 4.0
        standard errors of a level shift
    grows : float, default 2.58
        t statistic above which a level's growth is part of both tests
    recent : int, default 12
        clean months before the event in which a level shift counts
    enough : int, default 24
        clean months that the test of one-step errors needs

    References
    ----------
    Ljung, G. M. and Box, G. E. P. (1978). On a measure of lack of fit in time series models. Biometrika 65(2), 297-303.
    """

    most: float = 2.0
    level: float = 0.01
    critical: float = 4.0
    grows: float = 2.58
    recent: int = 12
    enough: int = 24

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: rolling-origin error in predicted standard errors (NaN without a window); threshold: `most`."""
        if effect.counterfactual is None:
            return Gate(NAME, "not run", reason="nothing was estimated")
        ratio, text = self._rolling_origin_error(effect)
        failed = [text] if ratio > self.most else []
        said = [text] if text else []
        for failure, words in self._pre_period_tests(evidence):
            (failed if failure else said).append(words)
        if failed:
            return Gate(NAME, "fail", ratio, self.most, "; ".join(failed), cap="suggestive")
        if not said:
            return Gate(NAME, "not run", reason="too few clean months for a test of the fit", cap="suggestive")
        return Gate(NAME, "pass", ratio, self.most, "; ".join(said))

    def _rolling_origin_error(self, effect: Effect) -> tuple[float, str]:
        """Root mean square of the scores of the placebos in time, each in its own predicted standard errors, and its text."""
        scores = [p.z for p in effect.placebos if p.kind == "time" and math.isfinite(p.z)]
        if len(scores) < 3:
            return math.nan, ""
        size = float(np.sqrt(np.mean(np.square(scores))))
        text = f"in {pluralize(len(scores), 'window')} without an event off by {size:.1f} predicted standard errors"
        return size, f"{text} (root mean square)"

    def _pre_period_tests(self, evidence: Evidence) -> list[tuple[bool, str]]:
        """(failed, text) of the Ljung-Box test and the level-shift scan on the clean months of each treated series."""
        out = []
        vintage, several = evidence.vintage, len(evidence.design.treated) > 1
        for series in evidence.design.treated:
            stretch = clean_pre_period(vintage, evidence.design, series)
            months, z = _even_scores(stretch, vintage.nonnegative)
            if len(z) < self.enough or np.ptp(z) == 0:
                continue
            name, first = f"{series}: " if several else "", int(months[0])
            rows, axis = months - first, np.arange(first, int(months[-1]) + 1)
            lunar = lunar_regressor(vintage, series, axis).matrix
            p, shift = _innovation_tests(z, rows, axis, vintage.season, lunar, self.grows, self.recent)
            out.append((p < self.level, f"{name}one-step errors of a local level, Ljung-Box p = {p:.3f}"))
            if shift is None:
                out.append((False, f"{name}too few earlier months to tell a break from a season"))
                continue
            score, at = shift
            if abs(score) > self.critical:
                words = f"an undeclared break of the level in {vintage.steps.label(first + at)} (t = {score:.1f})"
            else:
                words = f"no break of the level in the last {self.recent} clean months"
            out.append((abs(score) > self.critical, name + words))
        return out


@remember_answers(32)
def _innovation_tests(
    z: Floats, rows: Ints, axis: Ints, season: int | None, lunar: Floats, grows: float, recent: int
) -> tuple[float, tuple[float, int] | None]:
    """Whiteness p of the one-step errors; t and row of the largest late level shift, None with too few earlier months."""
    drift = abs(innovations.growth_t(z, rows, axis, season, lunar)) > grows
    white = innovations.level_innovations(z, rows, axis, season, lunar, drift=drift)
    p = innovations.ljung_box(white.errors, min(10, len(z) // 5))[1]
    early = int((rows <= rows[-1] - recent).sum())
    if early < 2 * (season or recent):
        return p, None
    before = innovations.level_innovations(z, rows, axis, season, lunar, early, drift=drift)
    return p, innovations.largest_level_shift(before, recent)


def _even_scores(before: PrePeriod, nonnegative: bool) -> tuple[Ints, Floats]:
    """Months and scores on the scale on which the noise is even: months with trade, without old spikes."""
    if not nonnegative:
        return before.months, before.values
    kept = (before.values > trade_floor(before.values)) & ~spike_months(before.values)
    return before.months[kept], amount_scale(before.values[kept]).forward(before.values[kept]) if kept.any() else np.empty(0)
