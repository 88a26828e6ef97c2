"""Dynamic factor model: expectation-maximisation and its outcome, smoothed joint moments of any figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.models.factor.known_months import OwnDynamics, Panel
from forecast.models.factor.own_parts import covariance_between_figures, neighbour_shares, own_parts
from forecast.models.factor.smoother import Smoothed, smooth
from forecast.models.factor.start_values import FactorParameters, FirstState, start_parameters, stationary_state

MOST = 30  # series; the cost grows faster than their number
LEAST_FALL = 1e-4  # of the log-likelihood that ends the search
TOLERANCE = 1e-5  # relative change of the log-likelihood at which the search has converged


@dataclass(frozen=True)
class EMFit:
    """Parameters, first state, and how the search ended: `converged`, `stopped` (out of steps) or `reverted`."""

    found: FactorParameters
    start: FirstState
    steps: int
    status: str


@dataclass(frozen=True)
class SmoothedMoments:
    """Given all observations: log-likelihood, means (cells,) and covariance (cells, cells) of the asked cells."""

    loglike: float
    mean: Floats
    covariance: Floats


def fit_em(y: Floats, factors: int, order: int, persistent: bool, steps: int = 200, tolerance: float = TOLERANCE) -> EMFit:
    """Expectation-maximisation on `y` (T, N), NaN where unknown, on its standard scale (Bańbura and Modugno 2014, eqs. 1-13).

    One block of `factors` that follow a vector autoregression of `order`; `persistent`: own parts follow an autoregression of
    order one, else they are white noise. Steps, stopping rule and the first state, set to its smoothed value at each step, are
    those of statsmodels' DynamicFactorMQ. Where the likelihood falls, the search ends with the parameters before the fall.
    """
    if y.shape[1] > MOST:
        raise ValueError(f"{y.shape[1]} series where at most {MOST} are taken")
    if len(y) <= order + 2:
        raise ValueError(f"{len(y)} months for factors of order {order}")
    panel = Panel(y)
    found = start_parameters(y, factors, order, persistent)
    path, starts, likelihoods = [found], [stationary_state(found)], list[float]()
    for step in range(steps):
        given = smooth(panel, path[-1], starts[-1])
        if step and given.loglike - likelihoods[-1] < -LEAST_FALL:
            return EMFit(path[-2], starts[-2], step, "reverted")
        likelihoods.append(given.loglike)
        path.append(maximise(given))
        starts.append(given.first)
        if step and _relative_change(likelihoods) <= tolerance:
            return EMFit(path[-1], starts[-1], step + 1, "converged")
    return EMFit(path[-1], starts[-1], steps, "stopped")


def _relative_change(path: list[float]) -> float:
    return 2 * abs(path[-1] - path[-2]) / (abs(path[-1]) + abs(path[-2]))


def maximise(given: Smoothed) -> FactorParameters:
    """The maximisation step: parameters from the smoothed moments.

    Loadings of persistent own parts stay: a figure is the sum of its common and its own part without error, so that no other
    loading explains the smoothed parts better.
    """
    panel, found = given.panel, given.found
    size = len(panel.y)
    transition, noise = _factor_dynamics(given)
    if found.persistence is None:
        loadings, variances = _regressions(given)
        return FactorParameters(loadings, transition, noise, None, variances)
    own = own_parts(given)
    square = own.variance + own.mean**2
    product = (own.lagged + own.mean[1:] * own.mean[:-1]).sum(axis=0)
    persistence = product / square[:-1].sum(axis=0)
    variances = (square[1:].sum(axis=0) - persistence * product) / (size - 1)
    return FactorParameters(found.loadings, transition, noise, persistence, variances)


def _factor_dynamics(given: Smoothed) -> tuple[Floats, Floats]:
    """Autoregression of the factors and covariance of its shocks."""
    mean, spread = given.factors
    order, months = given.found.order, len(given.panel.y)
    at = np.arange(order - 1, order + months - 1)  # the panel's months among those of the factors

    def moment(one: int, two: int, months: Ints) -> Floats:
        rows, columns = months - one, months - two
        return np.asarray(spread[rows, :, columns, :].sum(axis=0) + mean[rows].T @ mean[columns])

    past = [[moment(i, j, at[:-1]) for j in range(order)] for i in range(order)]
    now = np.hstack([moment(0, j + 1, at[1:]) for j in range(order)])
    transition: Floats = np.linalg.solve(np.block(past), now.T).T
    noise: Floats = (moment(0, 0, at[1:]) - transition @ now.T) / (months - 1)
    np.linalg.cholesky(noise)  # an error where the factors stand still
    return transition, (noise + noise.T) / 2


def _regressions(given: Smoothed) -> tuple[Floats, Floats]:
    """Loadings and variances where own parts are white noise; unknown months count with the former variance."""
    panel, found = given.panel, given.found
    mean, spread = given.factors
    order, months = found.order, np.arange(len(panel.y))
    mean = mean[order - 1 :]
    square = spread[months + order - 1, :, months + order - 1, :] + mean[:, :, None] * mean[:, None, :]
    weight = panel.known.astype(float)
    left = np.tensordot(weight.T, square, axes=1)
    right = panel.values.T @ mean
    loadings = np.linalg.solve(left, right[:, :, None])[:, :, 0]
    explained = 2 * (loadings * right).sum(axis=1) - np.einsum("ia,iab,ib->i", loadings, left, loadings)
    unknown = (1.0 - weight).sum(axis=0)
    variances = ((panel.values**2).sum(axis=0) - explained + unknown * found.variances) / len(panel.y)
    return np.asarray(loadings), np.asarray(variances)


def smoothed_moments(y: Floats, fit: EMFit, rows: Ints, columns: Ints) -> SmoothedMoments:
    """Smoothed means and joint covariance of the cells (rows[i], columns[i]), measurement noise included.

    They condition on all observations of all months: predictions of the filter would leave out what other series say about the
    asked month. A cell that is known is itself, unless own parts are white noise.
    """
    given = smooth(Panel(y), fit.found, fit.start)
    found, panel, size = fit.found, given.panel, len(y)
    k, r, width = found.noise.shape[0], given.free, found.transition.shape[1]
    load = found.loadings[columns]
    forms = np.zeros((len(rows), len(given.mean)))  # of the cells on the nodes
    level = np.zeros(len(rows))

    def add(cells: Ints, months: Ints, weights: Floats) -> None:
        """Weights (cells, k) on the factors of months."""
        late = months > 0
        for a in range(k):
            forms[cells[late], r + (months[late] - 1) * k + a] += weights[late, a]
        forms[cells[~late], :r] += weights[~late] @ given.root[:k]
        level[cells[~late]] += weights[~late] @ given.centre[:k]

    cells = np.arange(len(rows))
    add(cells, rows, load)
    if found.persistence is None:
        noise = np.diag(found.variances[columns])
    else:
        own = OwnDynamics.of(found, panel.reach)
        before, after = panel.before[rows, columns], panel.after[rows, columns]
        shares = neighbour_shares(own, columns, rows, before, after, size)
        ahead = np.where(after < size, after, before)
        for months, share in ((before, shares.left), (ahead, shares.right)):
            late = months > 0
            level += np.where(late, share * panel.values[months, columns], 0.0)
            add(cells[late], months[late], -load[late] * share[late, None])
            forms[cells[~late], :r] += share[~late, None] * given.root[width + columns[~late]]
            level[~late] += share[~late] * given.centre[width + columns[~late]]
        noise = np.zeros((len(rows), len(rows)))
        one, two = np.nonzero((columns[:, None] == columns) & (before[:, None] == before) & (after[:, None] == after))
        early, late_month = np.minimum(rows[one], rows[two]), np.maximum(rows[one], rows[two])
        noise[one, two] = covariance_between_figures(own, columns[one], early, late_month, before[one], after[one], size)
    return SmoothedMoments(given.loglike, level + forms @ given.mean, forms @ given.covariance @ forms.T + noise)
