"""Wandering levels: what a series that is a random walk plus noise may do next, and how far such levels wander at all.

    z_t = l_t + e_t,   l_t = l_{t-1} + q u_t,   e_t, u_t ~ N(0, s2),   l_0 diffuse,   s2 ~ 1 / s2

the local level model (Durbin and Koopman 2012, eq. 2.3) with its step in units of its noise, q. Taking the mean out leaves
n - 1 contrasts whose likelihood is the exact diffuse one (ibid., sec. 7.2.2; Harville 1974); one eigendecomposition of their
covariance answers for every q at once. Missing months need no care.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels import covariance
from forecast.kernels.gaussian import symmetric_root
from forecast.kernels.resample import multinomial_counts

STEP_SCALE = (
    0.2  # scale of the half-Cauchy prior of q: monthly trade wanders by 0.1 to 0.3 of its noise (Gelman 2006 on the form)
)
NODES = 40  # values of q, of equal prior mass
DEPARTURE_THRESHOLD = 3.0  # errors: a donor whose mean gap after an event is larger has left the others
STEP_PRIOR_RATE = -np.log(0.05)  # of the exponential prior of q: a step larger than the noise in one flow of twenty
SHARED_WEIGHT = 0.8  # prior weight of "the level wanders as the others' do"; the rest says nothing of them


@dataclass(frozen=True)
class LocalLevelModel:
    """The model laid on n observed months and h asked ones; q (NODES,) its steps.

    contrasts (n, n - 1) : orthonormal, with variances 1 + q^2 spread (n - 1,)
    across (h, n - 1), ahead (h, h) : covariances of the asked months' distance from the observed mean, per q^2
    """

    contrasts: Floats
    spread: Floats
    across: Floats
    ahead: Floats
    q: Floats


def build_model(months: Ints, asked: Ints) -> LocalLevelModel:
    """The model on observed `months` (n,), n >= 2, and `asked` ones (h,), both on one axis of steps."""
    n = len(months)
    at = (np.concatenate([months, asked]) - months.min() + 1).astype(float)
    walk = np.minimum(at[:, None], at[None, :])
    plain = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, 1:]]))[0][:, 1:]
    spread, turned = np.linalg.eigh(plain.T @ walk[:n, :n] @ plain)
    contrasts = plain @ turned
    mean = walk[:n].mean(axis=0)
    ahead = walk[n:, n:] - mean[n:, None] - mean[None, n:] + mean[:n].mean()
    q = STEP_SCALE * np.tan((np.arange(NODES) + 0.5) / NODES * np.pi / 2)
    return LocalLevelModel(contrasts, np.clip(spread, 0.0, None), (walk[n:, :n] - mean[:n]) @ contrasts, ahead, q)


def step_loglikes(laid: LocalLevelModel, values: Floats) -> Floats:
    """Log-likelihood of `values` (n,) at every q, s2 integrated out, up to a constant; zeros where they never moved."""
    z = laid.contrasts.T @ values
    if not float(np.abs(z).max()) > 1e-12 * max(float(np.abs(values).max()), 1e-300):
        return np.zeros(len(laid.q))
    size = 1.0 + laid.q[:, None] ** 2 * laid.spread
    found: Floats = -0.5 * (len(z) * np.log((z**2 / size).sum(axis=1)) + np.log(size).sum(axis=1))
    return found


def step_posterior(own: Floats, others: Sequence[Floats]) -> Floats:
    """Posterior of q from a series' own log-likelihood and those of others it may be like, all (NODES,).

    The others' joint posterior, `SHARED` of it, beside the vague prior is the prior of the one: a robust meta-analytic
    prediction (Schmidli et al. 2014, Biometrics 70:1023, sec. 2.3), whose two parts the series' own likelihood reweighs. One
    series of 20 to 60 months says little of q; a handful say whether levels wander at all.
    """
    vague = np.full(len(own), 1.0 / len(own))
    prior = vague
    if others:
        prior = SHARED_WEIGHT * _normalise(np.sum(others, axis=0)) + (1.0 - SHARED_WEIGHT) * vague
    return _normalise(own + np.log(prior))


def _normalise(loglikes: Floats) -> Floats:
    raised = np.exp(loglikes - loglikes.max())
    shares: Floats = raised / raised.sum()
    return shares


def draw_paths(laid: LocalLevelModel, values: Floats, posterior: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Joint draws of the asked months (count, h) given `values` (n,); q, the level, s2 and the noise all drawn."""
    z = laid.contrasts.T @ values
    n, h = len(values), len(laid.ahead)
    out = []
    for q, some in zip(laid.q.tolist(), multinomial_counts(count, posterior, rng).tolist(), strict=True):
        if not some:
            continue
        size = 1.0 + q**2 * laid.spread
        gain = q**2 * laid.across / size
        covariance = np.eye(h) + 1.0 / n + q**2 * (laid.ahead - gain @ laid.across.T)
        root = symmetric_root(covariance)
        scale = np.sqrt((z**2 / size).sum() / rng.chisquare(n - 1, some))
        out.append(values.mean() + gain @ z + scale[:, None] * (rng.standard_normal((some, h)) @ root))
    drawn: Floats = rng.permutation(np.vstack(out))
    return drawn


def zero_forecast_errors(laid: LocalLevelModel, gaps: Sequence[Floats]) -> Floats:
    """Root mean squared error of zero as a forecast of the asked months' mean, for each series of `gaps` (n,), shape (m,)."""
    likes = [step_loglikes(laid, gap) for gap in gaps]
    posteriors = [step_posterior(like, likes[:i] + likes[i + 1 :]) for i, like in enumerate(likes)]
    return np.array([_zero_forecast_error(laid, gap, posterior) for gap, posterior in zip(gaps, posteriors, strict=True)])


def _zero_forecast_error(laid: LocalLevelModel, values: Floats, posterior: Floats) -> float:
    z, n = laid.contrasts.T @ values, len(values)
    across = laid.across.mean(axis=0)
    size = 1.0 + laid.q[:, None] ** 2 * laid.spread
    gain = laid.q[:, None] ** 2 * across / size
    variance = 1.0 / len(laid.ahead) + 1.0 / n + laid.q**2 * (laid.ahead.mean() - gain @ across)
    scale = (z**2 / size).sum(axis=1) / max(n - 3, 1)  # the mean of an inverse chi-square
    return float(np.sqrt(posterior @ ((values.mean() + gain @ z) ** 2 + scale * variance)))


def draw_deviations(
    months: Ints,
    values: Floats,
    asked: Ints,
    said: float,
    others: Sequence[tuple[Ints, Floats]],
    count: int,
    rng: np.random.Generator,
) -> Floats:
    """How far the asked months may lie from the constant `said`, (count, h), each draw there with both its signs.

    Turning half of the draws around centres them on the estimate that said it; an interval around it holds what it should,
    because what is known of the level's distance from `said` is in the draws.
    """
    laid = build_model(months, asked)
    like = [step_loglikes(laid if np.array_equal(m, months) else build_model(m, asked[:1]), z) for m, z in others if len(m) > 2]
    half = draw_paths(laid, values, step_posterior(step_loglikes(laid, values), like), -(-count // 2), rng) - said
    return np.vstack([half, -half])[:count]


def clip_keeping_sums(draws: Floats) -> Floats:
    """Draws (count, periods) of a quantity with no period below zero and their sums as they were, or zero where negative.

    A period cut off at zero alone would raise the sum: what it lacks is taken from the others, by their size.
    """
    cut = np.maximum(draws, 0.0)
    sums, whole = cut.sum(axis=1), np.maximum(draws.sum(axis=1), 0.0)
    share = np.divide(whole, sums, out=np.ones(len(draws)), where=sums > 0)
    found: Floats = cut * share[:, None]
    return found


@dataclass(frozen=True)
class LocalLevelFit:
    """A fitted local level: steps q (g,) in units of the noise, their weights (g,), and at each the sum of squares (g,).

    freedom : degrees of freedom of the sums; smooth (n,) : the level at the observed months, less its own mean
    spread : standard deviation of the figures around it
    """

    q: Floats
    weights: Floats
    sums: Floats
    freedom: int
    smooth: Floats
    spread: float

    def draws(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """`count` draws of the noise's and of the monthly step's standard deviation: q by its weight, s2 inverse chi-square."""
        at = rng.choice(len(self.q), size=count, p=self.weights)
        noise = np.sqrt(self.sums[at] / rng.chisquare(self.freedom, size=count))
        return noise, self.q[at] * noise


def fit(z: Floats, months: Ints) -> LocalLevelFit:
    """The posterior of a local level from figures `z` (n,) of `months`.

    The prior of q is exponential, a penalised complexity prior (Simpson et al. 2017, Stat. Sci. 32:1, sec. 3): a level stays
    where the figures do not say otherwise. Of the 20 bundled flows with 40 months of trade or more one is fitted with a step
    as large as its noise, and the median is 0.24; the prior's is 0.23.
    """
    prior = -np.log1p(-(np.arange(NODES) + 0.5) / NODES) / STEP_PRIOR_RATE
    laid = replace(build_model(months, months), q=prior)
    posterior = step_posterior(step_loglikes(laid, z), [])
    turned = laid.contrasts.T @ z
    sums = (turned**2 / (1.0 + laid.q[:, None] ** 2 * laid.spread)).sum(axis=1)
    middle = float(np.tan(posterior @ np.arctan(laid.q))) ** 2
    smooth = (middle * laid.across / (1.0 + middle * laid.spread)) @ turned
    left = z - smooth
    return LocalLevelFit(laid.q, posterior, sums, len(z) - 1, smooth - smooth.mean(), float(np.std(left)))


def mean_difference_variance(one: Ints, other: Ints) -> float:
    """Variance of the difference between a unit random walk's means over two sets of steps: c'Kc."""
    least = min(int(one.min()), int(other.min()))
    contrast = np.zeros(max(int(one.max()), int(other.max())) - least + 1)
    np.add.at(contrast, one - least, 1.0 / len(one))
    np.add.at(contrast, other - least, -1.0 / len(other))
    return float(contrast @ covariance.random_walk(len(contrast)) @ contrast)
