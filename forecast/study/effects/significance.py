"""The test of no effect on a claim: its own contrast, on the scale on which the flow's noise is even, with its own history."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contrast import Contrast
from forecast.core.effects import Effect
from forecast.core.significance import SignificanceTest
from forecast.core.vintage import Vintage
from forecast.kernels import score_test
from forecast.kernels.occurrence_chain import tail_probabilities
from forecast.prep.pre_period import clean_flow
from forecast.prep.spikes import spike_months
from forecast.prep.trade_history import TradeHistory
from forecast.prep.working_scale import WorkingScale, amount_scale, trade_floor


@dataclass(frozen=True)
class ClaimHistory:
    """Clean months of the quantity asked: `months`, `values` (n,) without old spikes; `trade` of all of them; the scale.

    floor : the largest figure of a month that counts as one without trade
    """

    months: Ints
    values: Floats
    trade: TradeHistory | None
    scale: WorkingScale
    season: int
    floor: float = 0.0

    @property
    def two_part(self) -> bool:
        """Whether amounts and months with trade are compared apart."""
        return self.trade is not None

    @property
    def freedom(self) -> tuple[float, float]:
        """Degrees of freedom of the draws' variance (months compared less one), and of the residual variance."""
        used = self.values > self.floor if self.two_part else np.ones(len(self.values), dtype=bool)
        z = self.scale.forward(self.values[used])
        return max(float(used.sum()) - 1.0, 1.0), score_test.residual_freedom(z, self.months[used], self.season)


def claim_history(effect: Effect, vintage: Vintage) -> ClaimHistory:
    """The history a claim is tested against."""
    design = effect.design
    months, values = clean_flow(vintage, design)
    plain = WorkingScale("none", nonnegative=False)
    if not vintage.nonnegative or design.share_of or not (values > 0).any():
        trade = TradeHistory.of(months, values) if vintage.nonnegative and not design.share_of and len(months) else None
        return ClaimHistory(months, values, trade, plain, vintage.season or 0)
    kept = np.ones(len(values), dtype=bool) if design.keep_spikes else ~spike_months(values)
    floor = trade_floor(values[kept])
    trade, scale = TradeHistory.of(months, values, floor), amount_scale(values[kept])
    return ClaimHistory(months[kept], values[kept], trade, scale, vintage.season or 0, floor)


def no_effect_test(effect: Effect, vintage: Vintage, calibration: float = 1.0) -> SignificanceTest:
    """The test of no effect on the claim of an effect: that of its draws; of a plain panel the estimator's own, if it has one.

    A permutation or rank test of an estimator asks about residuals or donors, and on flows can contradict the interval beside
    it; interval and test of a flow are those of the same draws.

    calibration : factor of the standard error, from placebo windows
    """
    contrast = effect.contrast() if effect.scored == "months" else effect.contrast().merge()
    if math.isfinite(effect.own_p) and effect.design.basis == "panel":
        direction = int(np.sign(contrast.difference.estimate))
        return SignificanceTest(effect.own_p, effect.own_floor, direction, "the estimator's own test")
    history = claim_history(effect, vintage)
    counted = empty_months(effect.contrast(), history)
    mean = amounts_of(contrast, history, calibration) if effect.scored == "months" or counted is None else None
    total = None if counted is None else total_of(effect.contrast(), history, counted, calibration)
    if mean is None and total is None:
        return SignificanceTest()
    towards, traded = int(np.sign(contrast.difference.estimate)), share_traded(contrast, history)
    p, direction = score_test.two_part_p_value(mean.p_values if mean else None, total, traded, towards)
    scale = "plain" if history.scale.name == "none" else history.scale.name
    score = " and ".join([*([scale] if mean else []), *(["total with empty months"] if total else [])])
    if counted is None:
        assert mean is not None
        return SignificanceTest(p, 0.0, direction, score, mean.scale, mean.freedom)
    floor = 0.0 if mean else min(1.0, 2.0 * counted.floor[direction > 0])
    incidence = min(1.0, 2.0 * min(counted.fewer, counted.more))
    return SignificanceTest(
        p, floor, direction, score, mean.scale if mean else math.nan, mean.freedom if mean else math.nan, incidence
    )  # fmt: skip


def amounts_of(contrast: Contrast, history: ClaimHistory, calibration: float) -> score_test.MeanScore | None:
    """The mean score of the periods with trade; None where there is none, or no history to say how much they vary."""
    if len(history.values) < 3 or (history.two_part and history.scale.name == "none"):
        return None
    before, residual = history.freedom
    least = history.floor * contrast.lengths
    if never_empty_before(contrast, history):  # a stop of such a flow: each month is at most the floor
        contrast = replace(contrast, observed=least * (1.0 + 1e-9))
    observed = np.where(contrast.observed > least, contrast.observed, 0.0) if history.two_part else contrast.observed
    draws = (
        np.where(contrast.counterfactual > least, contrast.counterfactual, 0.0) if history.two_part else contrast.counterfactual
    )
    mean = score_test.mean_score(
        observed, draws, contrast.lengths, history.scale.forward, before, residual,
        positive=history.two_part,
    )  # fmt: skip
    return None if mean is None else score_test.MeanScore(mean.difference, calibration * mean.scale, mean.freedom)


def never_empty_before(contrast: Contrast, history: ClaimHistory) -> bool:
    """Whether the window has no trade at all, and no month before it was without."""
    if history.trade is None or history.trade.empty:
        return False
    return not (contrast.observed > history.floor * contrast.lengths).any()


def share_traded(contrast: Contrast, history: ClaimHistory) -> float:
    """Share of the window's steps in periods with trade."""
    traded = contrast.observed > history.floor * contrast.lengths
    return float(contrast.lengths[traded].sum() / contrast.lengths.sum())


@dataclass(frozen=True)
class EmptyMonths:
    """The number of months without trade in a window against the chain of the months before.

    fewer, more : P(at most as many), P(at least as many), mid-p; none : P(no trade at all); floor : the smallest p possible, of
    a fall and of a rise
    """

    fewer: float
    more: float
    none: float
    floor: tuple[float, float]


def empty_months(contrast: Contrast, history: ClaimHistory) -> EmptyMonths | None:
    """The months without trade; None where there are none before or in the window, or where trade is not what is counted.

    None too for a stop of a flow that never was without: its months are tested as amounts (`amounts_of`).
    """
    if history.trade is None or never_empty_before(contrast, history):
        return None
    # a sum of months that holds trade says nothing about each of its months
    told = [
        (first, last, y > history.floor * (last - first + 1))
        for (first, last), y in zip(contrast.periods, contrast.observed, strict=True)
    ]
    told = [one for one in told if one[0] == one[1] or not one[2]]
    empty = sum(last - first + 1 for first, last, traded in told if not traded)
    if not told or (not empty and not history.trade.empty):
        return None
    months = sum(last - first + 1 for first, last, _ in told)
    distribution = history.trade.chain(told[0][0]).empty_months(months)
    fewer, more = tail_probabilities(distribution, empty)
    floor = tail_probabilities(distribution, months)[1], tail_probabilities(distribution, 0)[0]
    none = float(distribution[months]) if len(told) == len(contrast.periods) else 0.0
    return EmptyMonths(fewer, more, none, floor)


def total_of(contrast: Contrast, history: ClaimHistory, counted: EmptyMonths, calibration: float) -> tuple[float, float]:
    """One-sided p-values (fall, rise) of the total; of the months with trade alone where there never were amounts."""
    if history.scale.name == "none" or len(history.values) < 3:
        return counted.more, counted.fewer
    draws, seen = contrast.counterfactual.sum(axis=1), contrast.observed
    traded = (seen > history.floor * contrast.lengths).any()
    return score_test.total_p_values(
        float(seen.sum()) if traded else 0.0, draws, (counted.none, counted.more), history.freedom[0], calibration
    )


def detectable_effect(effect: Effect, vintage: Vintage, calibration: float = 1.0) -> float:
    """The effect found with power 80 % at 5 %, in the unit of the claim's difference and always positive.

    On a logarithmic or power scale a loss can never exceed the counterfactual. NaN where the draws do not vary.
    """
    contrast, history = effect.contrast(), claim_history(effect, vintage)
    contrast = contrast.merge() if effect.scored == "total" else contrast
    if len(history.values) < 3 or not len(contrast.counterfactual):
        return math.nan
    moments = score_test.score_moments(
        contrast.counterfactual, contrast.lengths, history.scale.forward,
        positive=history.two_part and history.scale.name != "none",
    )  # fmt: skip
    if moments is None or not moments[1] > 0:
        return math.nan
    before, residual = history.freedom
    scale = calibration * float(np.sqrt(moments[1] * ((before - 2) / before if before > 4 else 0.5)))
    shift = score_test.detectable_shift(scale, residual)
    if history.scale.name == "none":
        steps = 1.0 if effect.scored == "total" or effect.design.share_of else float(contrast.lengths.sum())
        return shift * steps
    gain = effect.design.estimand == "recovery"
    uncapped = replace(history.scale, top=np.inf)  # the cap is that of a month, and this may be a sum
    middle, moved = uncapped.inverse(np.array([moments[0], moments[0] + (shift if gain else -shift)]))
    size = abs(contrast.expected) * abs(float(moved / middle) - 1.0)
    return size if size > 0 else math.nan
