"""Temporal aggregates as observations: sums y_s = C z in addition to the months z themselves.

January and February published as one figure are one observed sum, not two halves. The cumulator of Harvey (1989, Forecasting,
Structural Time Series Models and the Kalman Filter, sec. 6.3; Mariano and Murasawa 2003, J. Appl. Econometrics 18:427, eq. 3,
for a mean of months) carries the running sum as a state. The models of `kernels/gaussian` have a dense covariance instead of
states, so the same observation is one more row:

    z = X b + u,  u ~ N(0, s2 V)   =>   [z; C z] = [X; C X] b + [u; C u],   covariance  [V, V C'; C V, C V C'].

`stack_sums` builds this axis of N + m rows; `gaussian.fit` and `gaussian.predict` then work unchanged, with sum i observed at
row N + i. Draws of the months of an observed sum add up to it exactly.

Scale. For quantities the rows above are exact, with weights of 1 (or w_t where y_t = w_t z_t with known seasonal weights w).
Trade varies in proportion to its size, so the models of this package work on logarithms, where a sum is not linear. `fit_logs`
linearises it at the most likely months, log sum exp(z) ~ log sum exp(z0) + sum p_j (z_j - z0_j) with
p_j = exp(z0_j) / sum exp(z0), and iterates until z0 converges to the mode of the exact posterior given the parameters
(Durbin and Koopman 2012, sec. 10.6). On average the log sum exceeds its tangent by half the trace of (diag(p) - p p') times
the covariance of the months; this is subtracted from the observed value (`_curvature_correction`), which moves the mode to the
mean. The remaining error is of third order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels import gaussian
from forecast.kernels.gaussian import CovarianceFamily, GaussianFit

MAX_FITS = 10  # of the parameters
MAX_STEPS = 50  # Gauss-Newton steps per fit
TOLERANCE = 1e-4  # log units: a hundredth of a percent


@dataclass(frozen=True)
class LogSumsFit:
    """A fit with sums on the logarithmic scale.

    fit : over the stacked axis, rows N.. are the sums; sums (m, N) : the weights p at the mode; rounds : fits used
    converged : whether the mode converged; a fit that did not must be reported, not used silently
    """

    fit: GaussianFit
    sums: Floats
    rounds: int
    converged: bool


def sum_matrix(spans: Sequence[Ints], size: int) -> Floats:
    """The matrix C of plain sums, shape (m, N): one where a month of the axis lies in a span."""
    out = np.zeros((len(spans), size))
    for row, inside in zip(out, spans, strict=True):
        row[inside] = 1.0
    return out


def stack_sums(family: CovarianceFamily, x: Floats, sums: Floats) -> tuple[CovarianceFamily, Floats]:
    """Covariance family and regressors of the months and their linear combinations: x (N, k), C (m, N) -> N + m rows."""

    def covariance(p: Floats) -> Floats:
        v = family.covariance(p)
        n, right = v.shape[1], v @ sums.T
        out = np.empty((len(v), n + len(sums), n + len(sums)))
        out[:, :n, :n], out[:, :n, n:], out[:, n:, :n] = v, right, np.swapaxes(right, 1, 2)
        out[:, n:, n:] = sums @ right
        return out

    structure = None if family.structure is None else family.structure.with_sums(sums)
    return replace(family, covariance=covariance, structure=structure), np.vstack([x, sums @ x])


def fit_combinations(
    y: Floats, rows: Ints, totals: Floats, sums: Floats, x: Floats, family: CovarianceFamily, *, polish: bool = True,
    earlier: GaussianFit | None = None,
) -> GaussianFit:  # fmt: skip
    """Fit months y (n,) at `rows` and their linear combinations `totals` (m,) with weights C (m, N); exact.

    A sum whose months are all observed adds nothing and makes the covariance singular, so the caller leaves it out. The fit is
    over the stacked axis; rows below N predict months. `earlier`: a fit whose covariance parameters are used.
    """
    wide, tall = stack_sums(family, x, sums)
    seen = np.concatenate([rows, np.arange(len(x), len(x) + len(totals))]).astype(np.int64)
    return gaussian.fit(np.concatenate([y, totals]), seen, tall, wide, polish=polish, earlier=earlier)


def fit_sums(
    z: Floats, rows: Ints, totals: Floats, spans: Sequence[Ints], x: Floats, family: CovarianceFamily, *, logs: bool,
    polish: bool = True, earlier: GaussianFit | None = None,
) -> tuple[GaussianFit, bool]:  # fmt: skip
    """Fit months z (n,) at `rows` and sums of quantities (m,) over `spans`; also whether it converged.

    logs : z are logarithms of quantities (`fit_logs`), else quantities (`fit_combinations`); earlier : a fit whose covariance
    parameters are used. Without sums this is `gaussian.fit`.
    """
    if logs and len(spans):
        made = fit_logs(z, rows, totals, spans, x, family, polish=polish, earlier=earlier)
        return made.fit, made.converged
    if len(spans):
        sums = sum_matrix(spans, len(x))
        return fit_combinations(z, rows, totals, sums, x, family, polish=polish, earlier=earlier), True
    return gaussian.fit(z, rows, x, family, polish=polish, earlier=earlier), True


def fit_logs(
    z: Floats, rows: Ints, totals: Floats, spans: Sequence[Ints], x: Floats, family: CovarianceFamily, *, polish: bool = True,
    earlier: GaussianFit | None = None,
) -> LogSumsFit:  # fmt: skip
    """Fit logarithms of months z (n,) at `rows` and sums (m,) of quantities over `spans` of the axis.

    Totals are positive; the caller first subtracts the known months of a span. A span of one month is that month. Alternates
    between the posterior mode given the parameters and a new fit of the parameters on its tangent, or uses the parameters of an
    `earlier` fit throughout.
    """
    if not (totals > 0).all():
        raise ValueError("the logarithm of a sum needs a positive sum")
    mode = [np.full(len(inside), np.log(total / len(inside))) for inside, total in zip(spans, totals, strict=True)]
    sums, observed = _linearise_sums(mode, totals, spans, len(x))
    for rounds in range(1, MAX_FITS + 1):
        fitted = fit_combinations(z, rows, observed, sums, x, family, polish=False, earlier=earlier)
        new_mode, bend, converged = _posterior_mode(fitted, mode, z, rows, totals, spans, x)
        moved = max(float(np.abs(new - old).max()) for new, old in zip(new_mode, mode, strict=True))
        done = rounds > 1 and moved < TOLERANCE
        if done or rounds == MAX_FITS:
            break
        mode = new_mode
        sums, observed = _linearise_sums(mode, totals, spans, len(x))
        observed = observed - bend
    if polish:
        fitted = fit_combinations(z, rows, observed, sums, x, family, earlier=earlier)
    return LogSumsFit(fitted, sums, rounds, done and converged)


def _posterior_mode(
    fitted: GaussianFit, mode: Sequence[Floats], z: Floats, rows: Ints, totals: Floats, spans: Sequence[Ints], x: Floats
) -> tuple[list[Floats], Floats, bool]:
    """Posterior mode of every span's months given the parameters of a fit, by Gauss-Newton steps.

    Also the curvature correction of each log sum there (m,), and whether the steps converged.
    """
    size = len(x)
    months = np.concatenate([np.asarray(inside, dtype=np.int64) for inside in spans])
    ends = np.cumsum([len(inside) for inside in spans])[:-1]
    v = fitted.family.covariance(fitted.best[None])[:, :size, :size]
    held = CovarianceFamily(lambda p: v, (), (), (), fixed_scale=fitted.family.fixed_scale)
    at, converged = list(mode), False
    for _ in range(MAX_STEPS):
        sums, observed = _linearise_sums(at, totals, spans, size)
        wide, tall = stack_sums(held, x, sums)
        now = replace(fitted, family=wide, y=np.concatenate([z, observed]), x=tall)
        step = np.split(now.likelihood.predictions(now.best[None], months)[0][0], ends)
        moved = max(float(np.abs(new - old).max()) for new, old in zip(step, at, strict=True))
        at = list(step)
        if moved < TOLERANCE / 10:
            converged = True
            break
    sums, observed = _linearise_sums(at, totals, spans, size)
    return at, _curvature_correction(fit_combinations(z, rows, observed, sums, x, held), sums, spans), converged


def _linearise_sums(guess: Sequence[Floats], totals: Floats, spans: Sequence[Ints], size: int) -> tuple[Floats, Floats]:
    """Linearisation of the log sums at guessed months: weights p (m, N) and the observed values of p'z (m,)."""
    sums, observed = np.zeros((len(spans), size)), np.empty(len(spans))
    for i, (at, total, inside) in enumerate(zip(guess, totals, spans, strict=True)):
        top = at.max()
        size_of = np.exp(at - top)
        share = size_of / size_of.sum()
        sums[i, inside] = share
        observed[i] = np.log(total) - (top + np.log(size_of.sum())) + share @ at
    return sums, observed


def _curvature_correction(fitted: GaussianFit, sums: Floats, spans: Sequence[Ints]) -> Floats:
    """Mean excess of each log sum over its tangent (m,): half the trace of its curvature times the covariance."""
    out = np.empty(len(spans))
    for i, inside in enumerate(spans):
        p, spread = sums[i, inside], gaussian.plug_in_forecast(fitted, np.asarray(inside, dtype=np.int64))[1]
        out[i] = 0.5 * float(p @ np.diag(spread) - p @ spread @ p)
    return out


def scale_to_totals(draws: Floats, totals: Floats) -> Floats:
    """Quantities of a span's months scaled to add up to their total: draws (d, months), totals (d,) or a number.

    Draws of logarithms satisfy the linearised sum only; one factor per draw, close to one, makes the sum exact.
    """
    scaled: Floats = draws * (np.asarray(totals) / draws.sum(axis=1))[:, None]
    return scaled
