"""Weights of synthetic control, synthetic difference-in-differences and difference-in-differences in one common form.

The counterfactual of the treated series is sum_i omega_i Y_it + sum_s lambda_s (Y_s - sum_i omega_i Y_is), with s over the
months before the event (Arkhangelsky, Athey, Hirshberg, Imbens and Wager 2021, Am. Econ. Rev. 111: 4088-4118, eq. 1 and
2.1 to 2.5). The fit window limits s and the months over which omega is fitted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from forecast.arrays import Floats
from forecast.estimators.synthetic import conformal_inference, forward_selection, predictor_matching, simplex
from forecast.estimators.synthetic.sample import WeightingSample
from forecast.kernels.rounding import beyond_rounding, largest

TINY = 1e-6  # synthdid's eta for weights without a ridge, in units of the donors' noise
CROSS_FIT_BLOCKS = 5  # blocks of consecutive months for cross-fitting


@dataclass(frozen=True)
class WeightRule:
    """How weights are estimated.

    form : "sc" (omega by least squares; lambda zero, or equal where `demean`), "sdid" (omega with an intercept and a ridge,
        lambda by least squares over the donors), "did" (all equal)
    zeta : ridge of omega; None: (`many`)^(1/4) times the donors' noise for "sdid", none for "sc"
    many : treated units times months after the event
    exact : the optimum; else Frank-Wolfe as in synthdid
    predictor_weights : those of the sample's predictors; None: the ones of smallest error over the fitted months
    selected : whether donors are selected forward first, with the predictor weights of the whole pool
    """

    form: str = "sdid"
    demean: bool = False
    zeta: float | None = None
    many: float = 1.0
    exact: bool = True
    predictor_weights: tuple[float, ...] | None = None
    selected: bool = False

    @property
    def intercept(self) -> bool:
        """Whether treated and donors may differ by a constant."""
        return self.demean or self.form != "sc"

    def ridge(self, noise: float) -> float:
        """The ridge of omega, given the donors' noise."""
        if self.zeta is not None:
            return self.zeta
        if self.form == "sdid":
            return float(self.many**0.25 * noise)
        return 0.0 if self.exact else TINY * noise


@dataclass(frozen=True)
class SyntheticWeights:
    """Weights of donors `omega` (k,) and of months before the event `lam` (T,), and the level difference under the latter.

    predictors (p,) : weights of the predictors matched
    """

    omega: Floats
    lam: Floats
    level: float
    predictors: Floats

    def counterfactual(self, x: Floats) -> Floats:
        """Counterfactual of the treated series from donors (months, k), shape (months,)."""
        expected: Floats = x @ self.omega + self.level
        return expected


def donor_noise(x: Floats) -> float:
    """Standard deviation of the donors' monthly changes (eq. 2.2's sigma)."""
    if x.size <= x.shape[1] + 1:
        return 0.0
    changes = x[1:] - x[:-1]
    changes = beyond_rounding(changes - changes.mean(), largest(x))
    return math.sqrt(np.vdot(changes, changes) / (changes.size - 1))


def fit_weights(sample: WeightingSample, rule: WeightRule) -> SyntheticWeights:
    """Weights from the fitted months before the event; of the periods after it, lambda uses the donors' means."""
    omega, predictors = _donor_weights(sample, rule)
    lam = np.where(sample.fitted, 1.0 / int(sample.fitted.sum()) if rule.intercept else 0.0, 0.0)
    if rule.form == "sdid":
        x = _fitted_part(sample)[1]
        lam[sample.fitted] = month_weights(x, sample.share @ sample.x_after, donor_noise(x), rule)
    return SyntheticWeights(omega, lam, float(lam @ (sample.y - sample.x @ omega)), predictors)


def month_weights(x: Floats, after: Floats, noise: float, rule: WeightRule) -> Floats:
    """Weights (T,) of the months before, under which the donors x (T, k) have their means `after` (k,) the event."""
    rows, target = _centre_columns(x.T, after)
    penalty = len(rows) * (TINY * noise) ** 2
    if rule.exact:
        return simplex.least_squares_weights(rows, target, penalty)
    return simplex.synthdid_weights(rows, target, penalty, 1e-5 * noise)


def _fitted_part(sample: WeightingSample) -> tuple[Floats, Floats]:
    """The outcomes y and x of the fitted months."""
    if sample.fitted.all():
        return sample.y, sample.x
    return sample.y[sample.fitted], sample.x[sample.fitted]


def _donor_weights(sample: WeightingSample, rule: WeightRule) -> tuple[Floats, Floats]:
    """Weights of the donors (k,) and of the predictors (p,)."""
    if not rule.selected:
        return _pool_weights(sample, rule)
    plain = replace(rule, selected=False)
    if len(sample.predictors):
        plain = replace(plain, predictor_weights=tuple(_pool_weights(sample, plain)[1].tolist()))
    chosen = forward_selection.select_donors(sample, lambda some: _pool_weights(some, plain)[0], rule.intercept)
    omega = np.zeros(sample.x.shape[1])
    omega[list(chosen)], predictors = _pool_weights(sample.of_donors(chosen), plain)
    return omega, predictors


def _pool_weights(sample: WeightingSample, rule: WeightRule) -> tuple[Floats, Floats]:
    """Weights of all donors of the sample, and of the predictors."""
    if len(sample.predictors):
        return predictor_matching.match_predictors(sample, rule.predictor_weights)
    y, x = _fitted_part(sample)
    k, sigma, none = x.shape[1], donor_noise(x), np.empty(0)
    if rule.form == "did":
        return np.full(k, 1.0 / k), none
    rows, target = _centre_columns(x, y) if rule.intercept else (x, y)
    penalty = len(y) * rule.ridge(sigma) ** 2
    omega = (
        simplex.least_squares_weights(rows, target, penalty)
        if rule.exact
        else simplex.synthdid_weights(rows, target, penalty, 1e-5 * sigma)
    )
    return omega, none


def _centre_columns(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    size = largest(a, b)
    return beyond_rounding(a - a.mean(axis=0), size), beyond_rounding(b - b.mean(), size)


def residuals(sample: WeightingSample, rule: WeightRule) -> Floats:
    """Gaps (T,) of a fit that treats all months alike (no month weights), as a permutation test requires."""
    gap = sample.y - sample.x @ _donor_weights(sample, rule)[0]
    return beyond_rounding(gap - gap.mean() if rule.intercept else gap, sample.size)


def cross_fitted_gaps(sample: WeightingSample, weights: SyntheticWeights, rule: WeightRule) -> Floats:
    """Out-of-sample gaps (T,) y - x omega: `CROSS_FIT_BLOCKS` blocks of months, each with omega fitted on the others.

    In-sample residuals understate prediction errors. With an intercept the gaps of every fit are shifted to the mean of those
    of the full-sample fit `weights`, so that the blocks share one level. Predictors keep their windows. A block that holds most
    of the fit window keeps the weights of the full sample.
    """
    y, x = sample.y, sample.x
    gap = y - x @ weights.omega
    if rule.form == "did" or len(y) < 2 * CROSS_FIT_BLOCKS:
        return gap
    out, months = gap.copy(), int(sample.fitted.sum())
    for block in np.array_split(np.arange(len(y)), CROSS_FIT_BLOCKS):
        kept = np.ones(len(y), dtype=bool)
        kept[block] = False
        rest = sample.of_months(kept)
        if 2 * rest.fitted.sum() < months:
            continue
        left = y - x @ _donor_weights(rest, rule)[0]
        out[block] = (left - (left.mean() - gap.mean() if rule.intercept else 0.0))[block]
    return out


def conformal_paths(sample: WeightingSample, rule: WeightRule, paths: Floats) -> Floats:
    """Errors (count, P) with conformal intervals in every period and the rank order of `paths` (count, P).

    Relative to the fit that treats all months alike (no month weights), as in the permutation test. Order statistics of the
    former with the ranks of the latter (Schaake shuffle: Clark et al. 2004, J. Hydrometeorol. 5: 243-262).
    """
    y, x = sample.y, sample.x
    omega = _donor_weights(sample, rule)[0]
    gap = y - x @ omega
    level = float(gap.mean()) if rule.intercept else 0.0
    size = max(float(np.sqrt(((gap - level) ** 2).mean())), 0.1 * float(np.std(y)), 1e-9 * sample.size)
    out = np.empty_like(paths)
    for j, row in enumerate(sample.x_after):
        longer = replace(sample, x=np.vstack([x, row]), fitted=np.append(sample.fitted, True))

        def residuals_at(value: float, longer: WeightingSample = longer) -> Floats:
            return residuals(replace(longer, y=np.append(y, value)), rule)

        centre = float(row @ omega) + level
        lower, upper = conformal_inference.conformal_bounds(residuals_at, centre, size)
        rank = np.argsort(np.argsort(paths[:, j], kind="stable"), kind="stable")
        out[:, j] = conformal_inference.conformal_draws(lower, upper, centre, len(paths))[rank] - centre
    return out


def cross_fitted_ttest(sample: WeightingSample, folds: int, rule: WeightRule) -> tuple[Floats, Floats, float]:
    """Debiased t-test by cross-fitting: gaps after the event (folds, P), their biases (folds,), standard error of the mean.

    Chernozhukov, Wuethrich and Zhu (2018, arXiv:1812.10820, eq. 6 to 9): fold k leaves out r = min(T / K, P) months of the end
    of the pre-period, whose mean gap estimates the bias; (mean - effect) / se is t with K - 1 degrees of freedom,
    se = sqrt(1 + K r / P) sd / sqrt(K).
    """
    y, x, y_after, x_after = sample.y, sample.x, sample.y_after, sample.x_after
    months = len(y)
    r = min(months // folds, len(y_after))
    gaps, biases = np.empty((folds, len(y_after))), np.empty(folds)
    for k in range(folds):
        out = months - r * folds + np.arange(k * r, (k + 1) * r)
        weights = fit_weights(sample.of_months(np.setdiff1d(np.arange(months), out)), rule)
        gaps[k] = y_after - weights.counterfactual(x_after)
        biases[k] = float((y[out] - weights.counterfactual(x[out])).mean())
    means = gaps @ sample.share - biases
    means = means.mean() + beyond_rounding(means - means.mean(), sample.size)
    se = float(np.sqrt(1.0 + folds * r / len(y_after)) * np.std(means, ddof=1) / np.sqrt(folds))
    return gaps, biases, se


def fitted_gaps(sample: WeightingSample, rule: WeightRule) -> tuple[Floats, Floats]:
    """Observed less counterfactual before and after the event."""
    weights = fit_weights(sample, rule)
    return sample.gaps(weights.counterfactual(sample.x), weights.counterfactual(sample.x_after))


def rmspe_ratio(before: Floats, after: Floats, share: Floats) -> Floats:
    """RMSPE ratio: root mean squared gap after the event over that before it, for one unit or many.

    Abadie, Diamond and Hainmueller (2010, J. Am. Stat. Assoc. 105: 493-505, sec. 3.4).
    """
    top, bottom = np.sqrt((after**2) @ share), np.sqrt((before**2).mean(axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(bottom > 0, top / bottom, np.where(top > 0, np.inf, 0.0))
    return found


def count_lost_pairs(sample: WeightingSample, rule: WeightRule) -> tuple[int, int]:
    """Leave-two-out test: pairs of donors that beat the treated unit, and all pairs (Lei and Sudijono 2024, arXiv:2401.07152).

    For every pair, the treated unit and both donors are each fitted on the donors outside the pair; the treated unit loses
    where one of the two has the larger `rmspe_ratio`.
    """
    lost, pairs = 0, list(combinations(range(sample.x.shape[1]), 2))
    for a, b in pairs:
        own = rmspe_ratio(*fitted_gaps(sample.without([a, b]), rule), sample.share)
        others = [rmspe_ratio(*fitted_gaps(sample.as_treated(*pair), rule), sample.share) for pair in ((a, [b]), (b, [a]))]
        lost += int(own < max(others))
    return lost, len(pairs)


def control_coefficients(values: Floats, controls: Floats) -> Floats:
    """Coefficients (q,) of controls (T, k, q) for `values` (T, k), NaN where not to be used, with unit and month effects.

    Two-way fixed effects least squares over untreated cells; the weights are then fitted to what the controls leave unexplained
    (Arkhangelsky et al. 2021, sec. 3, "Covariates"; Kranz 2022, Synthetic difference-in-differences with time-varying
    covariates).
    """
    months, units = values.shape
    row, column = (grid.ravel() for grid in np.meshgrid(np.arange(months), np.arange(units), indexing="ij"))
    known = np.isfinite(values.ravel())
    effects = np.column_stack([row[:, None] == np.arange(months), column[:, None] == np.arange(1, units)]).astype(float)
    design = np.column_stack([controls.reshape(months * units, -1), effects])[known]
    found: Floats = np.linalg.lstsq(design, values.ravel()[known], rcond=None)[0][: controls.shape[2]]
    return found
