"""Contrast: observed figures beside counterfactual draws of the same periods; every number about one claim comes from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from forecast.arrays import Floats
from forecast.core.presentation import shown
from forecast.core.results import Summary


@shown
@dataclass(frozen=True)
class Contrast:
    """Observed figures beside counterfactual draws of the same periods.

    Parameters
    ----------
    periods : tuple of (int, int)
        first and last month of each, as integers
    observed : array of float, shape (periods,)
        as published
    counterfactual : array of float, shape (draws, periods)
        in the unit of the observed figures
    point : float, optional
        the sum of the effect at the point estimate; None where it is the mean of the draws
    """

    periods: tuple[tuple[int, int], ...]
    observed: Floats
    counterfactual: Floats
    point: float | None = None

    @property
    def lengths(self) -> Floats:
        """Steps of each period, (p,)."""
        return np.array([last - first + 1.0 for first, last in self.periods])

    @property
    def difference(self) -> Summary:
        """Observed minus counterfactual, summed over the periods."""
        return Summary((self.observed[None, :] - self.counterfactual).sum(axis=1), self.point)

    @property
    def expected(self) -> float:
        """The counterfactual's sum at the point estimate."""
        return float(self.observed.sum()) - self.difference.estimate

    @property
    def relative(self) -> Summary:
        """Difference of the sums as a share of the counterfactual's size; no draws where its sign is not known.

        A flow that cannot be negative loses at most all, exactly -1, with the bound that the number of empty months sets: no
        trade in h months leaves the rate of trade open up to a bound: its posterior is Beta(1/2, h + 1/2) (Jeffreys), and
        the draws are that rate over the rate of the counterfactual, less one.
        """
        expected = self.counterfactual.sum(axis=1)
        if len(expected) and expected.min() < 0 < expected.max():
            return Summary(np.empty(0))
        if not np.any(self.observed) and not (self.counterfactual < 0).any():
            return Summary(_rates_after_none(int(self.lengths.sum()), self.counterfactual), -1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (self.observed.sum() - expected) / np.abs(expected)
        point = None
        if self.point is not None:
            whole = abs(float(self.observed.sum()) - self.point)
            point = self.point / whole if whole else np.nan
        ratio = ratio[np.isfinite(ratio)]
        return Summary(ratio, float(np.median(ratio)) if point is None and len(ratio) else point)

    def join(self, later: Contrast) -> Contrast:
        """Both contrasts as one, draw by draw.

        Parameters
        ----------
        later : Contrast
            of periods after these, with as many draws
        """
        point = self.difference.estimate + later.difference.estimate
        return Contrast(
            (*self.periods, *later.periods),
            np.concatenate([self.observed, later.observed]),
            np.column_stack([self.counterfactual, later.counterfactual]),
            point,
        )

    def merge(self) -> Contrast:
        """The same as one period: the sums over all of them."""
        whole = (self.periods[0][0], self.periods[-1][1])
        return Contrast((whole,), self.observed.sum(keepdims=True), self.counterfactual.sum(axis=1, keepdims=True), self.point)

    def stretch(self, factor: float, nonnegative: bool) -> Contrast:
        """Draws stretched about the median of each period by `factor`; on logarithms where they cannot be negative.

        Months without trade stay without; the point estimate is kept.

        Parameters
        ----------
        factor : float
            of the errors of the counterfactual
        nonnegative : bool
            whether draws cannot be negative, so that they are stretched on logarithms
        """
        if factor == 1.0:
            return self
        point, draws = self.difference.estimate, self.counterfactual
        if nonnegative:
            positive = np.where(draws > 0, draws, np.nan)
            with np.errstate(invalid="ignore"):
                middle = np.array([np.median(c[np.isfinite(c)]) if np.isfinite(c).any() else 1.0 for c in positive.T])
                wide = np.where(draws > 0, middle * (positive / middle) ** factor, 0.0)
        else:
            middle = np.median(draws, axis=0)
            wide = middle + (draws - middle) * factor
        return Contrast(self.periods, self.observed, wide, point)


def _rates_after_none(months: int, counterfactual: Floats) -> Floats:
    """Draws of the relative rate of trade, less one, after `months` without any; at most zero."""
    traded = float((counterfactual > 0).mean()) if counterfactual.size else 0.0
    levels = (np.arange(len(counterfactual)) + 0.5) / max(len(counterfactual), 1)
    rates: Floats = betaincinv(0.5, months + 0.5, levels)
    return np.minimum(rates / traded, 1.0) - 1.0 if traded else np.full(len(levels), -1.0)
