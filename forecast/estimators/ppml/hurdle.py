"""Hurdle model for flows with many zeros: any trade (penalised logit) and quantity given trade (Poisson), before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.estimators.ppml import poisson


@dataclass(frozen=True)
class HurdleFit:
    """Counterfactual of one flow in the window: probability of trade and quantity given trade.

    odds, odds_se : logit of the probability of trade in a month; size, size_se : log quantity of a month with trade, and the
    standard error of the donors' growth in it; positives : (n,) the flow's own months with trade, over their mean
    slope : the treated's own change of the logit, and its standard error
    """

    odds: float
    odds_se: float
    size: float
    size_se: float
    positives: Floats
    slope: tuple[float, float]


def fit_hurdle(y: Floats, row: int, before: Bools, window: Bools) -> HurdleFit:
    """Both parts of the model for the treated `row` of y (U, T); `before` and `window` (T,) mark the months compared.

    logit P(y > 0) = unit + d [window] + e [window, treated], penalised; log E[y | y > 0] = unit + f [window], Poisson (Mullahy
    1986, J. Econometrics 33:341, with Santos Silva and Tenreyro's pseudo-likelihood for the positive part). Without donors d
    and f are zero. Serial dependence of trading months is ignored.
    """
    cells = np.nonzero(np.isfinite(y) & (before | window)[None, :])
    unit, after, values = cells[0], window[cells[1]], y[cells]
    treated = unit == row
    others = bool((~treated & after).any() and (~treated & ~after).any())
    units = np.unique(unit)
    dummies = (unit[:, None] == units[None, :]).astype(float)
    columns = [dummies, *([after[:, None].astype(float)] if others else []), (after & treated)[:, None].astype(float)]
    beta, spread = fit_firth_logit((values > 0).astype(float), np.column_stack(columns))
    at = np.zeros(len(beta))
    at[int(np.flatnonzero(units == row)[0])] = 1.0
    if others:
        at[len(units)] = 1.0
    positives = values[treated & ~after & (values > 0)]
    if not len(positives):
        raise np.linalg.LinAlgError("no month with trade before the event")
    growth, growth_se = _donor_growth(values, unit, after, treated)
    return HurdleFit(
        float(at @ beta),
        float(np.sqrt(at @ spread @ at)),
        float(np.log(positives.mean()) + growth),
        growth_se,
        positives / positives.mean(),
        (float(beta[-1]), float(np.sqrt(spread[-1, -1]))),
    )


def _donor_growth(values: Floats, unit: Ints, after: Bools, treated: Bools) -> tuple[float, float]:
    """Log change of the donors' quantity in months with trade, and its quasi-Poisson standard error; 0 where unknown."""
    use = ~treated & (values > 0)
    both = [u for u in np.unique(unit[use]) if after[use & (unit == u)].any() and not after[use & (unit == u)].all()]
    use &= np.isin(unit, both)
    if not use.any():
        return 0.0, 0.0
    codes = np.unique(unit[use], return_inverse=True)[1]
    y = values[use]
    fitted = poisson.fit_poisson(y, after[use][:, None].astype(float), [codes])
    freedom = len(y) - len(both) - 1
    if freedom < 1:
        return float(fitted.beta[0]), 0.0
    dispersion = float(((y - fitted.mu) ** 2 / fitted.mu).sum() / freedom)
    return float(fitted.beta[0]), float(np.sqrt(dispersion / fitted.information[0, 0]))


def draw_months(fit: HurdleFit, months: int, count: int, rng: np.random.Generator) -> Floats:
    """Counterfactual months of the window, shape (count, months): an indicator of trade times the quantity of a month."""
    probability = expit(fit.odds + fit.odds_se * rng.standard_normal((count, 1)))
    n = len(fit.positives)
    sampled_mean = fit.positives[rng.integers(0, n, (count, n))].mean(axis=1)[:, None]
    level = np.exp(fit.size + fit.size_se * rng.standard_normal((count, 1))) / sampled_mean
    drawn: Floats = (rng.random((count, months)) < probability) * level * fit.positives[rng.integers(0, n, (count, months))]
    return drawn


def expected_month(fit: HurdleFit) -> float:
    """Counterfactual mean of one month."""
    return float(expit(np.array(fit.odds)) * np.exp(fit.size))


def expit(x: Floats) -> Floats:
    """Inverse logit."""
    probability: Floats = 1.0 / (1.0 + np.exp(-x))
    return probability


def fit_firth_logit(y: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Firth's penalised logit: coefficients (k,) and their covariance (k, k) for binary y (n,) and x (n, k) of full rank.

    Maximises the likelihood times Jeffreys' prior, with score X'(y - p + h (1/2 - p)) and h the leverages (Firth 1993,
    Biometrika 80:27; Heinze and Schemper 2002, Stat. Med. 21:2409): finite even for a group of only zeros or only ones.
    """
    beta: Floats = np.zeros(x.shape[1])
    for _ in range(200):
        p = expit(x @ beta)
        root = np.sqrt(p * (1.0 - p))[:, None] * x
        spread = np.asarray(np.linalg.inv(root.T @ root), dtype=np.float64)
        leverage = np.einsum("ij,jk,ik->i", root, spread, root)
        step = spread @ (x.T @ (y - p + leverage * (0.5 - p)))
        step = step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        beta = np.asarray(beta + step, dtype=float)
        if np.abs(step).max() < 1e-10:
            return beta, spread
    raise np.linalg.LinAlgError("the penalised logit did not settle")
