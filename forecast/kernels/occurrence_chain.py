"""Months with and without trade as a two-state Markov chain: posterior, predictive counts of empty months, and draws.

A month has trade (1) or none (0). With p the share of months with trade and r the persistence of a state,

    P(1 | 1) = p + r (1 - p),   P(1 | 0) = p (1 - r),

so r = 0 is independence and r is the chain's first autocorrelation (Klotz 1973, Ann. Stat. 1:373). Independence understates how
often empty months cluster: Fisher's exact test then rejects a true null in 11 to 23 % of flows. p has the Jeffreys prior, r an
exponential prior of mean `PERSISTENCE`. Shapes: states (n,) with NaN where a month is unknown; G grid points of (p, r).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats

PERSISTENCE = 0.35  # prior mean of r; the nine bundled flows with a tenth of empty months or more have a median of 0.37
SHARES = (np.arange(40) + 0.5) / 40
RATES = np.linspace(0.0, 0.9, 10)


@dataclass(frozen=True)
class OccurrenceChain:
    """The chain after the last known month, `ago` months before the first one asked.

    stay, begin (G,) : P(1 | 1) and P(1 | 0) at each grid point; weights (G,) : posterior; last : state of the last known month
    """

    stay: Floats
    begin: Floats
    weights: Floats
    last: float
    ago: int = 1

    def probability(self) -> Floats:
        """P(trade) in the month before the first one asked, at each grid point (G,)."""
        p = np.full(len(self.weights), self.last)
        for _ in range(self.ago - 1):
            p = p * self.stay + (1.0 - p) * self.begin
        return p

    def empty_months(self, months: int) -> Floats:
        """Predictive distribution (months + 1,) of the number of months without trade among the next `months`."""
        before = self.probability()
        size = len(self.weights)
        trade, none = np.zeros((size, months + 1)), np.zeros((size, months + 1))
        trade[:, 0], none[:, 0] = before, 1.0 - before
        for _ in range(months):
            stay, begin = self.stay[:, None], self.begin[:, None]
            on = trade * stay + none * begin
            off = trade * (1.0 - stay) + none * (1.0 - begin)
            trade, none = on, np.concatenate([np.zeros((size, 1)), off[:, :-1]], axis=1)
        found: Floats = self.weights @ (trade + none)
        return found

    def draws(self, months: int, count: int, rng: np.random.Generator) -> Floats:
        """Joint draws of the next `months` states, (count, months), 1 with trade and 0 without."""
        at = rng.choice(len(self.weights), size=count, p=self.weights)
        stay, begin = self.stay[at], self.begin[at]
        state = (rng.random(count) < self.probability()[at]).astype(float)
        out = np.empty((count, months))
        for j in range(months):
            state = (rng.random(count) < np.where(state > 0, stay, begin)).astype(float)
            out[:, j] = state
        return out


def fit_chain(states: Floats, ago: int = 1) -> OccurrenceChain:
    """Posterior of the chain from consecutive months `states` (n,), NaN where unknown; `ago` counts from the last of them."""
    known = np.flatnonzero(np.isfinite(states))
    pairs = np.isfinite(states[:-1]) & np.isfinite(states[1:])
    before, after = states[:-1][pairs], states[1:][pairs]
    alone = np.flatnonzero(np.isfinite(states) & ~np.concatenate([[False], pairs]))  # months after an unknown one
    starts = float(states[alone].sum()), float(len(alone) - states[alone].sum())
    p, r = (grid.ravel() for grid in np.meshgrid(SHARES, RATES, indexing="ij"))
    stay, begin = p + r * (1.0 - p), p * (1.0 - r)
    loglike = (
        float((before * after).sum()) * np.log(stay) + float((before * (1 - after)).sum()) * np.log1p(-stay)
        + float(((1 - before) * after).sum()) * np.log(begin) + float(((1 - before) * (1 - after)).sum()) * np.log1p(-begin)
        + starts[0] * np.log(p) + starts[1] * np.log1p(-p)
    )  # fmt: skip
    prior = -0.5 * np.log(p * (1.0 - p)) - r / PERSISTENCE
    weights = np.exp(loglike + prior - (loglike + prior).max())
    last = int(known[-1])
    return OccurrenceChain(stay, begin, weights / weights.sum(), float(states[last]), ago + len(states) - 1 - last)


def tail_probabilities(distribution: Floats, empty: int) -> tuple[float, float]:
    """P(at most `empty`) and P(at least `empty`) empty months, each with half the probability of exactly `empty` (mid-p).

    The mid-p value of a discrete test keeps its size on average (Lancaster 1961, J. Am. Stat. Assoc. 56:223).
    """
    half = 0.5 * float(distribution[empty])
    return float(distribution[:empty].sum()) + half, float(distribution[empty + 1 :].sum()) + half
