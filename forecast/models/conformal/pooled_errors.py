"""Past forecast errors pooled over series: their quantiles, the bands they support, and adaptation to past coverage."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints

NARROW = 0.1  # of the whole width: the least width of a side
GRID = np.concatenate([[0.0025], np.arange(1, 200) / 200.0, [0.9975]])  # levels at which error quantiles are taken
LEVELS = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7])  # two-sided miss rates whose coverage is tracked
SATURATED = 5.0  # scale of the integrator of `pid`, in misses in a row


def supported_level(count: float) -> float:
    """The widest central band that `count` errors support: (n - 1) / (n + 1), that is 1 - 2 / (n + 1)."""
    return max(0.0, (count - 1.0) / (count + 1.0))


def errors_for_central_band(level: float) -> int:
    """Errors needed for a central band of `level` (0 to 1).

    >>> errors_for_central_band(0.8), errors_for_central_band(0.95)
    (9, 39)
    """
    return int(np.ceil((1.0 + level) / (1.0 - level) - 1e-9))


def median_and_widths(draws: Floats) -> tuple[Floats, Floats, Floats]:
    """Median of draws (n, ...) and the distances from it to the 10 and 90 per cent quantiles.

    A side is at least a tenth of the whole width, so that errors on a (nearly) degenerate side can be normalised.
    """
    low, middle, high = np.quantile(draws, [0.1, 0.5, 0.9], axis=0)
    least = NARROW * (high - low)
    return middle, np.maximum(middle - low, least), np.maximum(high - middle, least)


def normalised_errors(truth: Floats, middle: Floats, below: Floats, above: Floats) -> Floats:
    """Signed errors over the predictive width of their side (normalised scores: Papadopoulos et al. 2008); NaN at width 0."""
    error = truth - middle
    width = np.where(error < 0, below, above)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(width > 0, error / width, np.nan)


@dataclass(frozen=True)
class ErrorPool:
    """Normalised errors of one lead, sorted: `values`, `weight` and `owner` (series) (n,).

    own (series,), count : effective number of windows of each series and of all. Overlapping windows count for fewer: k of
    them `step` months apart, asked `lead` months ahead, for 1 + (k - 1) min(1, step / lead).
    """

    values: Floats
    weight: Floats
    owner: Ints
    own: Floats
    count: float

    @classmethod
    def of(cls, values: Floats, owner: Ints, window: Ints, series: int, apart: float = 1.0) -> ErrorPool:
        """Pool of errors, each with its series and window; errors of several leads of one window share its weight.

        series : how many there are; apart : min(1, step / lead)
        """
        order = np.argsort(values, kind="stable")
        _, first, index, sizes = np.unique(window, return_index=True, return_inverse=True, return_counts=True)
        windows = np.bincount(owner[first], minlength=series)
        own = np.where(windows > 0, 1.0 + (windows - 1.0) * apart, 0.0)
        return cls(values[order], (1.0 / sizes[index])[order], owner[order], own, float(own.sum()))

    def quantiles(self, levels: Floats, series: int = -1, share: float = 0.0) -> Floats:
        """Conformal quantiles (levels,) with the finite-sample correction, a `share` of the weight on errors of `series`.

        With n equal errors the upper quantile of level p is the ceil((n + 1) p)-th smallest, the lower one the
        floor((n + 1) p)-th (Vovk, Gammerman and Shafer 2005, sec. 2.2; Romano, Patterson and Candes 2019, eq. 9). A level
        beyond those that n errors support takes the most extreme error.
        """
        upper = levels >= 0.5
        # the new error takes one of n + 1 equally likely ranks, of which the pool holds n
        target = np.minimum(np.where(upper, levels, 1.0 - levels) * (self.count + 1.0) / self.count, 1.0) - 1e-12
        mine = self._places.get(series, np.empty(0, np.int64)) if share > 0.0 else np.empty(0, np.int64)
        below, above = self._sums
        last = len(self.values) - 1
        out = np.empty(len(levels))
        out[upper] = self.values[_first_to_reach(target[upper], below, mine, self.weight[mine], share)]
        mirrored = last - mine[::-1]
        out[~upper] = self.values[last - _first_to_reach(target[~upper], above, mirrored, self.weight[mine[::-1]], share)]
        return out

    @functools.cached_property
    def _sums(self) -> tuple[Floats, Floats]:
        """Running sums of the weights, as shares of all, from below and from above."""
        weight = self.weight / self.weight.sum()
        return np.cumsum(weight), np.cumsum(weight[::-1])

    @functools.cached_property
    def _places(self) -> dict[int, Ints]:
        """The places of the errors of each series."""
        order = np.argsort(self.owner, kind="stable")
        starts = np.flatnonzero(np.diff(self.owner[order], prepend=-1))
        return dict(zip(self.owner[order[starts]].tolist(), np.split(order, starts[1:]), strict=True))


def _first_to_reach(target: Floats, sums: Floats, mine: Ints, weight: Floats, share: float) -> Ints:
    """The first places at which a running sum reaches `target`, a `share` of it on the places `mine` by their `weight`.

    Between two of those places the sum is (1 - share) times `sums` plus a constant, so that a pool of any size is not summed
    again for every series.
    """
    if not len(mine):
        return np.minimum(np.searchsorted(sums, target), len(sums) - 1)
    lifted = share * np.concatenate([[0.0], np.cumsum(weight) / weight.sum()])
    begin, end = np.concatenate([[0], mine]), np.concatenate([mine, [len(sums)]])
    found = np.maximum(np.searchsorted(sums, (target[:, None] - lifted) / max(1.0 - share, 1e-15)), begin)
    first: Ints = np.where(found < end, found, len(sums) - 1).min(axis=1)
    return first


def centre_median(table: Floats) -> Floats:
    """Quantiles (levels,) shifted so that the median is zero, less so towards the tails: the point forecast is kept."""
    moved = table - (1.0 - np.abs(2.0 * GRID - 1.0)) * np.interp(0.5, GRID, table)
    grown: Floats = np.maximum.accumulate(moved)
    return grown


def aci(scores: list[Floats], rate: float) -> Floats:
    """Target miss rates in place of `LEVELS`, adapted to past coverage (Gibbs and Candes 2021, NeurIPS 34, eq. 2).

    a(t+1) = a(t) + rate (a - err(t)); `scores` are absolute normalised errors by origin, oldest first; err(t) is the share of
    them outside the band made from all earlier ones at level a(t): none where a(t) <= 0 (the band is the whole line), all where
    a(t) >= 1 (it is empty), which holds a(t) within `rate` of 0 to 1 (their lemma 4.1).
    """
    aim = LEVELS.copy()
    for t in range(1, len(scores)):
        past = np.concatenate(scores[:t])
        if len(past) and len(scores[t]):
            missed = _miss_rates(scores[t], np.quantile(past, np.clip(1.0 - aim, 0.0, 1.0)))
            missed = np.where(aim <= 0.0, 0.0, np.where(aim >= 1.0, 1.0, missed))
            aim = aim + rate * (LEVELS - missed)
    target: Floats = np.clip(aim, 1e-3, 0.999)
    return target


def pid(scores: list[Floats], rate: float) -> Floats:
    """Factors for the half-widths of the bands with miss rates `LEVELS`, adapted to past coverage.

    Conformal PID control (Angelopoulos, Candes and Tibshirani 2023, NeurIPS 36, eq. 4 and 7) without a scorecaster: quantile
    tracking q(t+1) = q(t) + eta (err(t) - a), eta = `rate` times the largest score so far, and a saturating integral of the
    misses.
    """
    known = [s for s in scores if len(s)]
    if len(known) < 2:
        return np.ones(len(LEVELS))
    start = np.quantile(known[0], 1.0 - LEVELS)
    tracked, summed, now = start.copy(), np.zeros(len(LEVELS)), start.copy()
    for t in range(1, len(known)):
        over = _miss_rates(known[t], now) - LEVELS
        size = float(np.concatenate(known[: t + 1]).max())
        tracked, summed = tracked + rate * size * over, summed + over
        turn = np.clip(summed * np.log(t + 1.0) / (SATURATED * (t + 1.0)), -1.5, 1.5)
        now = np.maximum(tracked + rate * size * np.tan(turn), 0.0)
    plain = np.quantile(np.concatenate(known), 1.0 - LEVELS)
    factors: Floats = np.where(plain > 0, now / np.where(plain > 0, plain, 1.0), 1.0)
    return np.clip(factors, 0.2, 5.0)


def _miss_rates(score: Floats, bound: Floats) -> Floats:
    missed: Floats = (score[:, None] > bound[None, :]).mean(axis=0)
    return missed


def adapt_quantiles(table: Floats, scores: list[Floats], how: str, rate: float) -> Floats:
    """Quantiles (levels,) at `GRID` after the levels (`aci`) or widths (`pid`) have been adapted to past coverage."""
    miss = 1.0 - np.abs(2.0 * GRID - 1.0)
    if how == "aci":
        aim = np.interp(miss, LEVELS, aci(scores, rate)) / 2.0
        moved: Floats = np.interp(np.where(GRID < 0.5, aim, 1.0 - aim), GRID, table)
        return moved
    widened: Floats = table * np.interp(miss, LEVELS, pid(scores, rate))
    grown: Floats = np.maximum.accumulate(widened)
    return grown


def recalibrate_draws(draws: Floats, tables: Floats, supported: Floats) -> Floats:
    """Draws (n, months) mapped to calibrated quantiles; ranks, and so the dependence over months, are kept.

    tables : (months, levels) normalised errors at `GRID`; supported : (months,) the widest central band that the errors
    support; a draw outside it keeps its value if that is further out.
    """
    middle, below, above = median_and_widths(draws)
    level = (np.arange(len(draws)) + 0.5) / len(draws)
    order = draws.argsort(axis=0, kind="stable")
    ordered = np.take_along_axis(draws, order, axis=0)
    out = np.empty_like(draws)
    for j in range(draws.shape[1]):
        u = np.interp(level, GRID, tables[j])
        moved = middle[j] + np.where(u < 0, u * below[j], u * above[j])
        further = np.where(level < 0.5, np.minimum(moved, ordered[:, j]), np.maximum(moved, ordered[:, j]))
        out[order[:, j], j] = np.where(np.abs(2.0 * level - 1.0) > supported[j], further, moved)
    return out
