"""The airline model by its recursion: a filter of the differenced figures, and thirteen unknown shocks before them.

    w_t = (1 - B)(1 - B^s) z_t = (1 + theta B)(1 + Theta B^s) e_t,   e_t ~ N(0, s2)

Given the s + 1 shocks before the first difference, e = (1 + theta B)^-1 (1 + Theta B^s)^-1 w is a recursion with determinant
one, so the exact likelihood is a regression of the filtered differences on filtered regressors (flat prior) and on the impulse
responses of the early shocks (a ridge of one): Box and Jenkins (1976), sec. 7.1.4 and A7.4, with the early shocks integrated
out instead of forecast backwards. A month without a figure is one more regressor, one where the month is, with any value in its
place; its coefficient is what that value is too high by (Gomez, Maravall and Pena 1999, J. Econometrics 88:341). Months asked
for are such months too. The dense form of `gaussian` gives the same numbers; tests hold both together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels.small_systems import SmallSystems, orthonormal


@dataclass(frozen=True)
class AirlineStructure:
    """An airline model over the axis of its diffuse columns `start` (N, s + 1), the unknown first values."""

    season: int
    start: Floats

    def likelihood(self, rows: Ints, x: Floats, y: Floats, *, fixed_scale: bool) -> AirlineLikelihood | None:
        """The likelihood of y at `rows`; None where a hole would be filled for every second figure, or X has another start."""
        lost = self.season + 1
        whole = len(rows) > lost and rows[0] == 0 and rows[-1] < len(self.start) and 2 * (rows[-1] + 1) <= 3 * len(rows)
        if not whole or x.shape[1] < lost or not np.array_equal(x[:, :lost], self.start):
            return None
        return AirlineLikelihood(self.season, rows, x, y, int(rows[-1]) + 1, fixed_scale=fixed_scale)

    def with_sums(self, sums: Floats) -> None:
        """None: a sum of months is no month of the recursion."""


class AirlineLikelihood:
    """Restricted likelihood, estimates and predictions of y (n,) at `rows` of the first `size` steps; x (N, s + 1 + k)."""

    def __init__(self, season: int, rows: Ints, x: Floats, y: Floats, size: int, *, fixed_scale: bool) -> None:
        self.season, self.rows, self.x, self.y, self.fixed_scale = season, rows, x, y, fixed_scale
        self.holes = np.setdiff1d(np.arange(size), rows)
        self.known = x.shape[1] - season - 1
        self.columns = np.column_stack([x[:size, season + 1 :], np.eye(size)[:, self.holes]])
        self.filled = np.interp(np.arange(size), rows, y)
        self.freedom = len(rows) - x.shape[1]
        basis, self.triangle, self.plain, left = orthonormal(self._differences(self.columns), self._differences(self.filled))
        impulse = np.zeros((len(left), 1))
        impulse[0] = 1.0
        self.block = np.column_stack([basis, left, impulse])

    def _differences(self, values: Floats) -> Floats:
        yearly = values[self.season :] - values[: -self.season]
        out: Floats = yearly[1:] - yearly[:-1]
        return out

    def _filter(self, nodes: Floats) -> Floats:
        """Regressors, early shocks and figures (g, m, columns), filtered at parameters (g, 2)."""
        s, (theta, big) = self.season, nodes.T
        single, which = np.unique(theta, return_inverse=True)
        monthly = np.repeat(self.block[:, None], len(single), axis=1)  # (m, values of theta, columns)
        for t in range(1, len(monthly)):
            monthly[t] -= single[:, None] * monthly[t - 1]
        block = monthly.swapaxes(0, 1)[which]
        for at in range(s, block.shape[1], s):
            now = block[:, at : at + s]
            now -= big[:, None, None] * block[:, at - s : at][:, : now.shape[1]]
        response = block[..., -1]
        padded = np.concatenate([np.zeros((len(response), s)), response], axis=1)
        moved = np.lib.stride_tricks.sliding_window_view(padded, s + 1, axis=1)[..., ::-1]  # the response, j months later
        early = (theta * big)[:, None, None] * moved
        early[..., 1:] += big[:, None, None] * moved[..., :-1]
        early[..., s] += theta[:, None] * response
        return np.concatenate([block[..., :-2], early, block[..., -2:-1]], axis=2)

    def _solve(self, nodes: Floats) -> SmallSystems:
        block = self._filter(nodes)
        return SmallSystems.of(block.swapaxes(1, 2) @ block, self.columns.shape[1])

    def loglike(self, nodes: Floats) -> Floats:
        """Restricted log-likelihood (g,) at parameters (g, 2)."""
        return self._solve(nodes).loglike(0.0, self.triangle, self.freedom, fixed_scale=self.fixed_scale)[0]

    def estimates(self, node: Floats) -> tuple[Floats, Floats, float, float]:
        """Coefficients (k,), their covariance (k, k), s2 and the log-likelihood at one parameter value (2,)."""
        loglike, sigma2 = self._solve(node[None]).loglike(0.0, self.triangle, self.freedom, fixed_scale=self.fixed_scale)
        beta, covariance, _ = self.coefficients(node[None])
        return beta[0], float(sigma2[0]) * covariance[0], float(sigma2[0]), float(loglike[0])

    def coefficients(self, nodes: Floats) -> tuple[Floats, Floats, Floats]:
        """Coefficients (g, k) at parameters (g, 2), their covariances per s2 (g, k, k), residual sums of squares (g,)."""
        solved = self._solve(nodes)
        found, spread = solved.coefficients(self.triangle)
        found, k, lost = found + self.plain, self.known, self.season + 1
        # the first values are what they are, less the regressors' part of them, with the variance that `airline` gives them
        early = np.vstack([-self.columns[:lost], np.eye(k, self.columns.shape[1])])
        covariances = early @ spread @ early.T
        covariances[:, :lost, :lost] += np.eye(lost)
        beta = np.concatenate([self.filled[:lost] - found @ self.columns[:lost].T, found[:, :k]], axis=1)
        return beta, covariances, solved.rss

    def predictions(self, nodes: Floats, rows: Ints) -> tuple[Floats, Floats, Floats]:
        """Means (g, h) and covariances per s2 (g, h, h) at other rows of the axis, and residual sums of squares (g,)."""
        size = max(int(rows.max()), int(self.rows[-1])) + 1
        longer = AirlineLikelihood(self.season, self.rows, self.x, self.y, size, fixed_scale=self.fixed_scale)
        solved = longer._solve(nodes)
        found, spread = solved.coefficients(longer.triangle)
        at = self.known + np.searchsorted(longer.holes, rows)
        means = longer.filled[rows] - longer.plain[at] - found[:, at]
        return means, spread[:, at[:, None], at[None, :]], solved.rss
