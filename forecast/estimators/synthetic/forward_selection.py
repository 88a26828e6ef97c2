"""Forward selection of donors: one after the other by fit, as many as predict the months ahead best.

Cerulli (2024, Economics Letters 244: 111976): each step adds the donor with which the synthetic control has the smallest root
mean squared error over the fitted months. The number of donors is the one with the smallest error one month ahead over the
second half of these months, the weights fitted anew to the months before each (rolling origin: Tashman 2000, Int. J.
Forecasting 16: 437-450). The path ends where no further donor improves the fit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.estimators.synthetic.sample import WeightingSample

Weigher = Callable[[WeightingSample], Floats]  # the weights (k,) of a sample's donors
LEAST_GAIN = 1e-9  # share by which a further donor must lower the error


def select_donors(sample: WeightingSample, weigh: Weigher, intercept: bool) -> tuple[int, ...]:
    """Indices of the selected donors, in the order in which they came in."""
    rows = np.flatnonzero(sample.fitted)
    chosen, error, ahead = list[int](), np.inf, list[float]()
    remaining = list(range(sample.x.shape[1]))
    while remaining:
        errors = [_fit_error(sample.of_donors([*chosen, j]), weigh, intercept) for j in remaining]
        if not min(errors) < error * (1 - LEAST_GAIN):
            break
        error = min(errors)
        chosen.append(remaining.pop(int(np.argmin(errors))))
        ahead.append(_error_ahead(sample.of_donors(chosen), weigh, intercept, rows[max((len(rows) + 1) // 2, 2) :]))
    return tuple(chosen[: int(np.argmin(ahead)) + 1])


def _fit_error(sample: WeightingSample, weigh: Weigher, intercept: bool) -> float:
    """Root mean squared gap over the fitted months."""
    gap = (sample.y - sample.x @ weigh(sample))[sample.fitted]
    return float(np.sqrt(((gap - (gap.mean() if intercept else 0.0)) ** 2).mean()))


def _error_ahead(sample: WeightingSample, weigh: Weigher, intercept: bool, origins: Ints) -> float:
    """Root mean squared gap in each of the months `origins`, by weights fitted to the months before it."""
    gaps = []
    for month in origins.tolist():
        past = sample.of_months(np.arange(len(sample.y)) < month)
        gap = sample.y - sample.x @ weigh(past)
        gaps.append(gap[month] - (gap[:month][past.fitted].mean() if intercept else 0.0))
    return float(np.sqrt(np.square(gaps).mean()))
