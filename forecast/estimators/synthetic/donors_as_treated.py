"""Every donor as if treated, against the others' outcomes: all fits from one reduced panel per set of months.

The weights w (m - 1,) of donor j of m, with outcomes x_j (n,) in n months and those of the others X (n, m - 1), minimise

    |x_j - a - X w|^2 + n zeta_j^2 |w|^2   over w >= 0, sum w = 1, and over the constant a where the rule has an intercept

with zeta_j the ridge that the rule gives for the others' noise (Arkhangelsky, Athey, Hirshberg, Imbens and Wager 2021, Am.
Econ. Rev. 111: 4088-4118, eq. 2.1 and 2.2). The gaps x_j - X w, less a level where there is an intercept, are placebos in space
(Abadie, Diamond and Hainmueller 2010, J. Am. Stat. Assoc. 105: 493-505, sec. 3.4). As the weights sum to one, x_j - X w is the
sum of w_i (x_j - x_i): the fits depend only on scalar products of differences between donors, and one decomposition serves all.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.estimators.synthetic import simplex, synthetic_weights
from forecast.estimators.synthetic.sample import WeightingSample
from forecast.estimators.synthetic.synthetic_weights import CROSS_FIT_BLOCKS, WeightRule
from forecast.kernels.rounding import beyond_rounding, largest


@dataclass(frozen=True)
class DonorPanel:
    """Donors in the same n months, ready to fit each of some to the others under an exact rule.

    rows (r, k) : the outcomes (n, k), centred where the rule has an intercept. Under a ridge, which makes the weights unique,
        and with n > k, the triangle R (k, k) of their decomposition QR stands for them. Before it the mean of all donors is
        taken from each month, so that differences of donors that move together keep their digits
    changes, squares (k,) : mean of each donor's n - 1 monthly changes, and their sum of squares about it
    """

    rule: WeightRule
    months: int
    rows: Floats
    changes: Floats
    squares: Floats

    @classmethod
    def of(cls, x: Floats, rule: WeightRule) -> DonorPanel:
        """The panel of outcomes x (n, k)."""
        steps = x[1:] - x[:-1]
        changes = steps.sum(axis=0) / max(len(steps), 1)
        steps, changes = beyond_rounding(steps, size := largest(x)), beyond_rounding(changes, size)
        rows = beyond_rounding(x - x.mean(axis=0), size) if rule.intercept else x
        if rule.ridge(1.0) > 0 and len(rows) > rows.shape[1]:
            rows = np.asarray(np.linalg.qr(rows - rows.mean(axis=1, keepdims=True), mode="r"))
        return cls(rule, len(x), rows, changes, ((steps - changes) ** 2).sum(axis=0))

    def noise(self, donors: Ints) -> Floats:
        """`synthetic_weights.donor_noise` sigma_j of all but one of `donors` (m,), for each of them (m,) left out.

        sigma_j^2 ((n - 1) (m - 1) - 1) is the sum, over the others i with mean changes c_i, of `squares`_i and of
        (n - 1) (c_i - c)^2, c being the mean of the c_i. Zero where fewer than two changes are left.
        """
        rest, steps = len(donors) - 1, self.months - 1
        if steps * rest < 2:
            return np.zeros(len(donors))
        others, changes = 1.0 - np.eye(len(donors)), self.changes[donors]
        between = (changes - (others @ changes / rest)[:, None]) ** 2
        squares = others @ self.squares[donors] + steps * (others * between).sum(axis=1)
        return np.asarray(np.sqrt(squares / (steps * rest - 1)))

    def weights(self, donors: Ints) -> Floats:
        """Weights (m, m) of the fit of each of `donors` (m,) to the others, one fit per column."""
        m = len(donors)
        if self.rule.form == "did":
            return (1.0 - np.eye(m)) / (m - 1)
        rows, out = self.rows[:, donors], np.zeros((m, m))
        for j, noise in enumerate(self.noise(donors).tolist()):
            others = np.arange(m) != j
            penalty = self.months * self.rule.ridge(noise) ** 2
            out[others, j] = simplex.nearest_point(rows[:, others] - rows[:, j : j + 1], penalty)
        return out


@dataclass(frozen=True)
class DonorsAsTreated:
    """Donors of a sample, whose months are all fitted and matched by outcomes alone, under an exact rule without selection.

    sample : with donors x (T, k) and x_after (P, k); whole : their panel in all months
    blocks, rest : `CROSS_FIT_BLOCKS` stretches of months, and the panel without each; none for equal weights and short samples
    """

    sample: WeightingSample
    rule: WeightRule
    whole: DonorPanel
    blocks: tuple[Ints, ...]
    rest: tuple[DonorPanel, ...]

    @classmethod
    def of(cls, sample: WeightingSample, rule: WeightRule) -> DonorsAsTreated:
        """The donors of a sample, whose predictors and fit window are not read, at the optimum of the rule."""
        rule, x, months = replace(rule, exact=True), sample.x, np.arange(len(sample.x))
        crossed = rule.form != "did" and len(x) >= 2 * CROSS_FIT_BLOCKS
        blocks = tuple(np.array_split(months, CROSS_FIT_BLOCKS)) if crossed else ()
        rest = tuple(DonorPanel.of(np.delete(x, block, axis=0), rule) for block in blocks)
        return cls(sample, rule, DonorPanel.of(x, rule), blocks, rest)

    @functools.cached_property
    def everyone(self) -> tuple[Floats, Floats]:
        """The gaps of all donors, before (k, T) and after (k, P)."""
        return self.gaps(np.arange(self.sample.x.shape[1]))

    def gaps(self, donors: Ints) -> tuple[Floats, Floats]:
        """Gaps of each of `donors` (m,) to its fit by the others, before (m, T) and after (m, P)."""
        weights = self.whole.weights(donors)
        x, x_after = self.sample.x[:, donors], self.sample.x_after[:, donors]
        before, after = (x - x @ weights).T, (x_after - x_after @ weights).T
        if self.rule.intercept:
            levels = self._levels(donors, x, self.sample.share @ x_after, before)[:, None]
            before, after = before - levels, after - levels
        return beyond_rounding(before, self.sample.size), beyond_rounding(after, self.sample.size)

    def _levels(self, donors: Ints, x: Floats, after: Floats, gaps: Floats) -> Floats:
        """Level (m,) of each fit: its gaps (m, T) under the month weights of the other donors."""
        if self.rule.form != "sdid":
            return np.asarray(gaps.mean(axis=1))
        out = np.empty(len(donors))
        for j, noise in enumerate(self.whole.noise(donors).tolist()):
            others = np.arange(len(donors)) != j
            out[j] = synthetic_weights.month_weights(x[:, others], after[others], noise, self.rule) @ gaps[j]
        return out

    def cross_fitted_gaps(self, donors: Ints, before: Floats) -> Floats:
        """Out-of-sample gaps (m, T), each block of months under the fit to the others; `before` (m, T) as `gaps` has it."""
        out, x = before.copy(), self.sample.x[:, donors]
        for block, panel in zip(self.blocks, self.rest, strict=True):
            left = (x - x @ panel.weights(donors)).T
            if self.rule.intercept:
                left += (before.mean(axis=1) - left.mean(axis=1))[:, None]
            out[:, block] = left[:, block]
        return beyond_rounding(out, self.sample.size)
