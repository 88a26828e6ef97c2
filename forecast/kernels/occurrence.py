"""Months with and without trade: the chance of trade, its uncertainty, and its dependence on the month before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats
from forecast.kernels.intermittent import DISCOUNTS, OccurrenceStates, filter_occurrence, posterior_weights
from forecast.kernels.remembered_answers import remember_answers

# prior weights: of each of DISCOUNTS (a chance that stays is likelier than one that drifts fast), and of the Markov chain
DRIFTS = np.array([0.4, 0.2, 0.1, 0.06, 0.03, 0.01])
MARKOV = 0.2
PRIOR = 1.0  # of both Beta parameters: a chance of which nothing is known (the rule of succession)
STEADY = 0  # place of the discount 1 among DISCOUNTS: the chances of the Markov chain do not drift


@dataclass(frozen=True)
class TradeChances:
    """What a history says of the chance of trade: the two filters, and the posterior weight of each candidate.

    alike : the discounted filter of all months; after : the filters of the months after an empty month and after one with
    trade; weights : (G + 1,) of the G discounts, and of the Markov chain; traded : whether the last known month had trade
    """

    alike: OccurrenceStates
    after: tuple[OccurrenceStates, OccurrenceStates]
    weights: Floats
    traded: bool


@remember_answers(64)
def learn_chances(y: Floats) -> TradeChances:
    """Chances of trade from the months of one history (T,), NaN where unknown.

    Candidates are the Beta-Bernoulli filters of `filter_occurrence`, one per discount, and a Markov chain of first order whose
    two chances have a uniform prior each (Anderson and Goodman 1957, Ann. Math. Statist. 28:89); they are weighed by their
    one-step likelihoods, so that few months without a pattern stay with the simpler ones.
    """
    known = y[np.isfinite(y)]
    former = np.concatenate([[np.nan], known[:-1]])
    split = [known, np.where(former == 0.0, known, np.nan), np.where(former > 0.0, known, np.nan)]
    alike, *after = (filter_occurrence(part[None, :], PRIOR) for part in split)
    # the first month has no month before it: both kinds of candidates are judged on the months after it
    first = filter_occurrence(known[None, :1], PRIOR).loglike[0]
    chain = sum(float(part.loglike[0, STEADY]) for part in after)
    loglike = np.concatenate([alike.loglike[0] - first, [chain]])
    prior = np.concatenate([DRIFTS, [MARKOV]])
    return TradeChances(alike, (after[0], after[1]), posterior_weights(loglike + np.log(prior)), bool(known[-1] > 0.0))


def simulate_occurrence(now: TradeChances, trained: TradeChances, horizon: int, draws: int, rng: np.random.Generator) -> Bools:
    """Whether there is trade in each of the months ahead, (draws, horizon): states of `now`, candidate weights of `trained`.

    The chance of a month is drawn from its beta distribution, which each path updates with its own months: the paths carry
    the uncertainty of the chance, and its drift.
    """
    pick = rng.choice(len(DISCOUNTS) + 1, size=draws, p=trained.weights)
    chain = pick == len(DISCOUNTS)
    drift = np.where(chain, STEADY, pick)
    # columns: after an empty month, after a month with trade; the same where the chance does not depend on it
    a = np.column_stack([np.where(chain, part.a[0, STEADY], now.alike.a[0, drift]) for part in now.after])
    b = np.column_stack([np.where(chain, part.b[0, STEADY], now.alike.b[0, drift]) for part in now.after])
    discount, path = DISCOUNTS[drift], np.arange(draws)
    out = np.empty((draws, horizon), dtype=bool)
    state = np.full(draws, now.traded, dtype=np.int64)
    for h in range(horizon):
        chance = rng.beta(np.maximum(discount * a[path, state], 1e-3), np.maximum(discount * b[path, state], 1e-3))
        hit = rng.random(draws) < chance
        touched = ~chain[:, None] | (np.arange(2)[None, :] == state[:, None])
        a = np.where(touched, discount[:, None] * a + hit[:, None], a)
        b = np.where(touched, discount[:, None] * b + ~hit[:, None], b)
        out[:, h], state = hit, hit.astype(np.int64)
    return out
