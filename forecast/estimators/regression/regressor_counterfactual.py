"""Switched off: what figures would have been without some of the regressors behind them, draw by draw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.prep.transform import WorkingScale


@dataclass(frozen=True)
class RegressorCounterfactual:
    """Periods of one series and how far each of k regressors moves every month of them, in each of B draws.

    A span is taken as so many equal months, which is exact on the log and the plain scale. The residual of a month stays.

    scale : the working scale; level (P,) : an average month of each period on it; period (M,) : the period of each month;
    pushes (k, B, M) : regressor times coefficient, on the working scale
    """

    scale: WorkingScale
    level: Floats
    period: Ints
    pushes: Floats

    def without(self, columns: Iterable[int]) -> Floats:
        """Sums over the months of each period with some regressors off, shape (B, P)."""
        chosen = sorted(columns)
        moved = self.scale.inverse(self.level[self.period] - self.pushes[chosen].sum(axis=0))
        sums: Floats = moved @ (self.period[:, None] == np.arange(len(self.level)))
        return sums


def build_counterfactual(
    scale: WorkingScale, periods: Floats, betas: Floats, columns: Floats, node: Ints, first: int
) -> RegressorCounterfactual:
    """From draws of coefficients (B, k), of which draw b rests on columns[node[b]] of (u, N, k) over an axis from `first`.

    periods (P, 3) : first month, last month and sum of each
    """
    months = [np.arange(int(a), int(b) + 1) for a, b, _ in periods]
    period = np.repeat(np.arange(len(periods)), [len(m) for m in months]).astype(np.int64)
    at = np.concatenate(months).astype(np.int64) - first if months else np.empty(0, dtype=np.int64)
    lengths = np.array([len(m) for m in months], dtype=float)
    level = scale.forward(periods[:, 2] / lengths) if len(periods) else np.empty(0)
    pushes = betas.T[:, :, None] * columns[:, at].transpose(2, 0, 1)[:, node]
    return RegressorCounterfactual(scale, level, period, pushes)
