"""Months without trade in the window: no coefficient holds them, so their counterfactual is predicted from months before."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Bools, Floats
from forecast.core.questions import Design
from forecast.core.vintage import Vintage
from forecast.estimators.regression.design_matrix import RegressionSample
from forecast.estimators.regression.noise import NoiseModel
from forecast.kernels import gaussian
from forecast.prep.pre_period import clean_pre_period
from forecast.prep.trade_history import TradeHistory


def predict_periods(
    sample: RegressionSample, x: Floats, noise: NoiseModel, unaffected: Bools, periods: Floats, history: TradeHistory | None,
    draws: int, rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Draws (draws, P) of the sums of `periods` (P, 3) as the `unaffected` figures (n,) of the sample predict them.

    x (N, k) : fixed columns over the axis; history : months with and without trade, for a flow that has both
    """
    wanted = [np.arange(int(a), int(b) + 1) - sample.axis[0] for a, b, _ in periods]
    asked, rows = np.concatenate(wanted), sample.rows[unaffected]
    x = x[:, gaussian.independent_columns(x[rows])]
    fitted = gaussian.fit(sample.z[unaffected], rows, x, noise.family, polish=False)
    paths = sample.scale.inverse(gaussian.predict(fitted, asked, draws, rng))
    if history is not None:
        paths = paths * history.draws(asked + sample.axis[0], draws, rng)
    parts = np.split(paths, np.cumsum([len(m) for m in wanted])[:-1], axis=1)
    return np.column_stack([part.sum(axis=1) for part in parts])


def point_of(sums: Floats) -> Floats:
    """Point estimates (P,) of draws (draws, P): the median of their total, distributed over the periods by their means.

    Draws transformed back from logarithms are skewed, and their means dominated by a few of them.
    """
    point = sums.mean(axis=0)
    return np.asarray(point * np.median(sums.sum(axis=1)) / max(float(point.sum()), 1e-300))


def with_occurrence(made: Floats, periods: Floats, history: TradeHistory, rng: np.random.Generator) -> Floats:
    """Amounts (1 + draws, P), the point estimate first, times whether there would have been trade in each month.

    The months with trade are drawn whatever was observed: that a month had trade does not tell that it would have had it
    without the event. A sum of several months is left as it is. The point estimate is that of the draws (`point_of`).
    """
    single = periods[:, 0] == periods[:, 1]
    if not single.any():
        return made
    traded = np.ones((len(made) - 1, len(periods)))
    traded[:, single] = history.draws(periods[single, 0].astype(np.int64), len(traded), rng)
    draws = made[1:] * traded
    return np.vstack([point_of(draws), draws])


def trade_history(vintage: Vintage, design: Design, series: str, floor: float) -> TradeHistory | None:
    """Clean months of a flow of which some are without trade (no more than `floor`); None where all have some."""
    before = clean_pre_period(vintage, design, series)
    history = TradeHistory.of(before.months, before.values, floor)
    return history if history.empty else None
