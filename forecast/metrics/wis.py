"""Weighted interval score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecast.arrays import Floats
from forecast.core.registry import metric


@metric
@dataclass(frozen=True)
class Wis:
    """Weighted interval score of the quantiles kept on disk: spread plus penalties for over- and underprediction.

    With K central intervals of level 1 - alpha_k and the median m, weights w_0 = 1/2 and w_k = alpha_k / 2: `WIS = (w_0 |y -
    m| + sum_k w_k IS_k) / (K + 1/2)`. Lower is better; unit of the series.

    Parameters
    ----------
    alphas : tuple of float, default (0.05, 0.1, 0.2, 0.5)
        one minus the levels of the intervals

    References
    ----------
    Bracher, J., Ray, E. L., Gneiting, T. and Reich, N. G. (2021). Evaluating epidemic forecasts in an interval format. PLoS
    Computational Biology 17(2), e1008618, eq. 1.
    """

    alphas: tuple[float, ...] = (0.05, 0.1, 0.2, 0.5)
    label: ClassVar[str] = "WIS"
    unit_free: ClassVar[bool] = False
    better: ClassVar[str] = "lower"

    def parts(self, draws: Floats, truth: Floats) -> tuple[Floats, Floats, Floats]:
        """Spread, over- and underprediction, each (n,); their sum is the score."""
        levels = [0.5, *(a / 2 for a in self.alphas), *(1 - a / 2 for a in self.alphas)]
        quantiles = np.quantile(draws, levels, axis=0)
        median, k = quantiles[0], len(self.alphas)
        lower, upper = quantiles[1 : k + 1], quantiles[k + 1 :]
        weights = np.array(self.alphas)[:, None] / 2
        # alpha/2 * (2/alpha) * miss = miss: penalties enter with weight one
        spread = (weights * (upper - lower)).sum(axis=0)
        over = np.maximum(lower - truth, 0.0).sum(axis=0) + 0.5 * np.maximum(median - truth, 0.0)
        under = np.maximum(truth - upper, 0.0).sum(axis=0) + 0.5 * np.maximum(truth - median, 0.0)
        over, under = _nan_where_unknown(over, truth), _nan_where_unknown(under, truth)
        return spread / (k + 0.5), over / (k + 0.5), under / (k + 0.5)

    def score(self, draws: Floats, truth: Floats, scale: Floats) -> Floats:
        """Scores of `draws` (draws, n) against `truth` (n,); `scale` is not used."""
        spread, over, under = self.parts(draws, truth)
        return spread + over + under


def _nan_where_unknown(values: Floats, truth: Floats) -> Floats:
    return np.where(np.isfinite(truth), values, np.nan)
