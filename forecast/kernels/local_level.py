"""The local level model (random walk plus noise): posterior of its signal-to-noise ratio, and joint predictive draws.

    z_t = l_t + e_t,   l_t = l_{t-1} + q u_t,   e_t, u_t ~ N(0, s2),   l_0 diffuse,   s2 ~ 1 / s2

(Durbin and Koopman 2012, eq. 2.3), q being the standard deviation of the level's step in units of the noise. Removing the mean
leaves n - 1 contrasts whose likelihood is the exact diffuse one (ibid., sec. 7.2.2; Harville 1974), and one eigendecomposition
of their covariance serves every q of a grid. Missing months are simply absent.

Two uses with a prior each. `draw_deviations` and `zero_forecast_errors` ask how far a series may drift from an estimate over
months it has not seen: half-Cauchy prior of q, pooled over similar series (`step_posterior`). `fit` estimates the variances of
one series whose level is expected to stay put: exponential prior of q.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels import covariance
from forecast.kernels.gaussian import symmetric_root
from forecast.kernels.remembered_answers import remember_answers
from forecast.kernels.resample import multinomial_counts

STEP_SCALE = 0.2  # of the half-Cauchy prior of q (Gelman 2006): the level of monthly trade moves by 0.1 to 0.3 of its noise
NODES = 40  # grid values of q, of equal prior mass
DEPARTURE_THRESHOLD = 3.0  # standard errors: a donor whose mean gap after an event is larger has departed from the others
STEP_PRIOR_RATE = -np.log(0.05)  # of the exponential prior of q: a step larger than the noise in one flow of twenty
SHARED_WEIGHT = 0.8  # prior weight of the component learned from the other series; the rest is vague


@dataclass(frozen=True)
class LocalLevelModel:
    """The model for n observed and h predicted months, decomposed for a grid of steps q (NODES,).

    contrasts (n, n - 1) : orthonormal, with variances 1 + q^2 spread (n - 1,)
    across (h, n - 1), ahead (h, h) : per q^2, covariances of the predicted months' distance from the observed mean: with the
        contrasts, and among themselves
    """

    contrasts: Floats
    spread: Floats
    across: Floats
    ahead: Floats
    q: Floats

    @functools.cached_property
    def precisions(self) -> Floats:
        """Inverse variances (NODES, n - 1) of the contrasts at every q."""
        return np.asarray(1.0 / (1.0 + self.q[:, None] ** 2 * self.spread))

    @functools.cached_property
    def roots(self) -> Floats:
        """Symmetric roots (NODES, h, h) of the predicted months' covariances, given the contrasts, at every q."""
        steps, h = self.q[:, None, None] ** 2, len(self.ahead)
        explained = (self.across * self.precisions[:, None, :]) @ self.across.T
        return symmetric_root(np.eye(h) + 1.0 / len(self.contrasts) + steps * (self.ahead - steps * explained))


def build_model(months: Ints, asked: Ints) -> LocalLevelModel:
    """The model for observed `months` (n,), n >= 2, and predicted months `asked` (h,), both on one time axis."""
    return _decompose(months - months.min(), asked - months.min())


@remember_answers(64)
def _decompose(months: Ints, asked: Ints) -> LocalLevelModel:
    """The model on an axis that begins with the first observed month; the figures do not enter, so series share it."""
    n = len(months)
    at = (np.concatenate([months, asked]) + 1).astype(float)
    walk = np.minimum(at[:, None], at[None, :])
    # contrasts that diagonalise the random walk's covariance: their variances are then known for every q without a solve
    plain = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, 1:]]))[0][:, 1:]
    spread, turned = np.linalg.eigh(plain.T @ walk[:n, :n] @ plain)
    contrasts = plain @ turned
    mean = walk[:n].mean(axis=0)
    ahead = walk[n:, n:] - mean[n:, None] - mean[None, n:] + mean[:n].mean()
    q = STEP_SCALE * np.tan((np.arange(NODES) + 0.5) / NODES * np.pi / 2)
    return LocalLevelModel(contrasts, np.clip(spread, 0.0, None), (walk[n:, :n] - mean[:n]) @ contrasts, ahead, q)


def step_loglikes(model: LocalLevelModel, values: Floats) -> Floats:
    """Log-likelihoods (..., NODES) of series `values` (..., n) at every q, s2 integrated out, up to a constant.

    Zeros for a constant series.
    """
    z = values @ model.contrasts
    varies = np.abs(z).max(axis=-1) > 1e-12 * np.maximum(np.abs(values).max(axis=-1), 1e-300)
    squares = np.where(varies[..., None], z**2 @ model.precisions.T, 1.0)
    likes = -0.5 * (z.shape[-1] * np.log(squares) - np.log(model.precisions).sum(axis=1))
    return np.where(varies[..., None], likes, 0.0)


def step_posterior(own: Floats, others: Floats | None = None) -> Floats:
    """Posterior of q from a series' own log-likelihood and the sum of those of similar series, all (..., NODES).

    The prior is a mixture: the others' joint posterior with weight `SHARED_WEIGHT` and the vague prior with the rest. This is a
    robust meta-analytic predictive prior (Schmidli et al. 2014, Biometrics 70:1023, sec. 2.3), whose two components the
    series' own likelihood reweighs. One series of 20 to 60 months says little about q; a handful show whether levels move.
    """
    vague = 1.0 / own.shape[-1]
    prior = vague if others is None else SHARED_WEIGHT * _normalise(others) + (1.0 - SHARED_WEIGHT) * vague
    return _normalise(own + np.log(prior))


def _normalise(loglikes: Floats) -> Floats:
    raised = np.exp(loglikes - loglikes.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def draw_paths(model: LocalLevelModel, values: Floats, posterior: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Joint predictive draws (count, h) given `values` (n,), with q, the level, s2 and the noise all drawn."""
    z = values @ model.contrasts
    n, h = len(values), len(model.ahead)
    counts = multinomial_counts(count, posterior, rng)
    used = np.flatnonzero(counts)
    # conditional means and covariances of the predicted months given the contrasts, plus the observed mean's own variance
    precisions = model.precisions[used]
    means = values.mean() + model.q[used, None] ** 2 * (precisions * z) @ model.across.T
    spread, noise = np.empty(count), np.empty((count, h))
    ends = np.cumsum(counts[used]).tolist()
    for first, end, root in zip([0, *ends], ends, model.roots[used], strict=False):
        spread[first:end] = rng.chisquare(n - 1, end - first)
        np.matmul(rng.standard_normal((end - first, h)), root, out=noise[first:end])
    noise *= np.sqrt(np.repeat(precisions @ z**2, counts[used]) / spread)[:, None]
    noise += np.repeat(means, counts[used], axis=0)
    drawn: Floats = rng.permutation(noise)
    return drawn


def zero_forecast_errors(model: LocalLevelModel, gaps: Sequence[Floats] | Floats) -> Floats:
    """Root mean squared error of zero as a forecast of the predicted months' mean, for each of m series `gaps` (m, n)."""
    values = np.asarray(gaps)
    likes = step_loglikes(model, values)
    posteriors = step_posterior(likes, likes.sum(axis=0) - likes if len(likes) > 1 else None)
    z, n, across = values @ model.contrasts, values.shape[1], model.across.mean(axis=0)
    gain = model.q[:, None] ** 2 * across * model.precisions
    variance = 1.0 / len(model.ahead) + 1.0 / n + model.q**2 * (model.ahead.mean() - gain @ across)
    scales = z**2 @ model.precisions.T / max(n - 3, 1)  # the mean of an inverse chi-square
    errors = (values.mean(axis=1)[:, None] + z @ gain.T) ** 2 + scales * variance
    return np.asarray(np.sqrt((posteriors * errors).sum(axis=1)))


def draw_deviations(
    months: Ints,
    values: Floats,
    asked: Ints,
    estimate: float,
    others: Sequence[tuple[Ints, Floats]],
    count: int,
    rng: np.random.Generator,
) -> Floats:
    """Predictive deviations (count, h) of months `asked` from the constant `estimate`, each draw with both signs.

    Reflecting half of the draws centres them on the estimate. Intervals keep their coverage, because the level's expected
    distance from `estimate` remains in the draws.
    """
    model = build_model(months, asked)
    like = [
        step_loglikes(model if np.array_equal(m, months) else build_model(m, asked[:1]), z) for m, z in others if len(m) > 2
    ]
    posterior = step_posterior(step_loglikes(model, values), np.sum(like, axis=0) if like else None)
    half = draw_paths(model, values, posterior, -(-count // 2), rng) - estimate
    return np.vstack([half, -half])[:count]


def clip_keeping_sums(draws: Floats) -> Floats:
    """Draws (count, periods) clipped at zero with their sums over periods kept (zero where the sum is negative).

    Clipping alone would raise the sum, so the surplus is taken from the other periods in proportion to their size.
    """
    cut = np.maximum(draws, 0.0)
    sums, whole = cut.sum(axis=1), np.maximum(draws.sum(axis=1), 0.0)
    share = np.divide(whole, sums, out=np.ones(len(draws)), where=sums > 0)
    found: Floats = cut * share[:, None]
    return found


@dataclass(frozen=True)
class LocalLevelFit:
    """Posterior of a local level's variances: steps q (g,) in units of the noise, their weights (g,) and sums of squares (g,).

    freedom : degrees of freedom of the sums; smooth (n,) : smoothed level at the observed months, less its own mean
    spread : standard deviation of the figures around the smoothed level
    """

    q: Floats
    weights: Floats
    sums: Floats
    freedom: int
    smooth: Floats
    spread: float

    def draws(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """`count` draws of the standard deviations of the noise and of the monthly step: q by weight, s2 inverse chi-square."""
        at = rng.choice(len(self.q), size=count, p=self.weights)
        noise = np.sqrt(self.sums[at] / rng.chisquare(self.freedom, size=count))
        return noise, self.q[at] * noise


def fit(z: Floats, months: Ints) -> LocalLevelFit:
    """Posterior of a local level's variances from figures `z` (n,) of `months`.

    The prior of q is exponential, a penalised complexity prior (Simpson et al. 2017, Stat. Sci. 32:1, sec. 3): the level stays
    constant unless the figures say otherwise. Of the 20 bundled flows with at least 40 months of trade, one is fitted with a
    step as large as its noise; the median step is 0.24, and the prior's 0.23.
    """
    prior = -np.log1p(-(np.arange(NODES) + 0.5) / NODES) / STEP_PRIOR_RATE
    model = replace(build_model(months, months), q=prior)
    posterior = step_posterior(step_loglikes(model, z))
    turned = z @ model.contrasts
    sums = model.precisions @ turned**2
    # the posterior mean on the arctangent scale is finite and insensitive to the long upper tail of q
    middle = float(np.tan(posterior @ np.arctan(model.q))) ** 2
    smooth = (middle * model.across / (1.0 + middle * model.spread)) @ turned
    left = z - smooth
    return LocalLevelFit(model.q, posterior, sums, len(z) - 1, smooth - smooth.mean(), float(np.std(left)))


def mean_difference_variance(first: Ints, second: Ints) -> float:
    """Variance of the difference between a unit random walk's means over two sets of months: c'Kc."""
    start = min(int(first.min()), int(second.min()))
    contrast = np.zeros(max(int(first.max()), int(second.max())) - start + 1)
    np.add.at(contrast, first - start, 1.0 / len(first))
    np.add.at(contrast, second - start, -1.0 / len(second))
    return float(contrast @ covariance.random_walk(len(contrast)) @ contrast)
