"""Counterfactual of a regression: figures with the contribution of some regressors removed, draw by draw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.prep.working_scale import WorkingScale


@dataclass(frozen=True)
class RegressorCounterfactual:
    """Periods of one series and the contribution of each of k regressors to every month of them, in each of B draws.

    A span of months is treated as equal months, which is exact on the log and the plain scale. Residuals are kept.

    scale : the working scale; level (P,) : the average month of each period on it; period (M,) : index of each month's period;
    contributions (k, B, M) : regressor times coefficient, on the working scale
    """

    scale: WorkingScale
    level: Floats
    period: Ints
    contributions: Floats

    def without(self, columns: Iterable[int]) -> Floats:
        """Sums over the months of each period without the contributions of `columns`, shape (B, P)."""
        removed = sorted(columns)
        counterfactual = self.scale.inverse(self.level[self.period] - self.contributions[removed].sum(axis=0))
        sums: Floats = counterfactual @ (self.period[:, None] == np.arange(len(self.level)))
        return sums


def build_counterfactual(
    scale: WorkingScale, periods: Floats, betas: Floats, columns: Floats, node: Ints, first: int
) -> RegressorCounterfactual:
    """The counterfactual from draws of coefficients (B, k), where draw b uses columns[node[b]] of (u, N, k), rows from `first`.

    periods (P, 3) : first month, last month and sum of each
    """
    months = [np.arange(int(a), int(b) + 1) for a, b, _ in periods]
    period = np.repeat(np.arange(len(periods)), [len(m) for m in months]).astype(np.int64)
    at = np.concatenate(months).astype(np.int64) - first if months else np.empty(0, dtype=np.int64)
    lengths = np.array([len(m) for m in months], dtype=float)
    level = scale.forward(periods[:, 2] / lengths) if len(periods) else np.empty(0)
    contributions = betas.T[:, :, None] * columns[:, at].transpose(2, 0, 1)[:, node]
    return RegressorCounterfactual(scale, level, period, contributions)
