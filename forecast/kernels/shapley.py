"""Shapley values: a joint outcome divided among its causes by averaging over orderings (Shapley 1953)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from forecast.arrays import Floats

MAX_EXACT_PLAYERS = 6  # with more players, orders are sampled
SAMPLED_ORDERS = 100  # each also used in reverse


def shapley(value: Callable[[frozenset[int]], Floats], players: int, orders: int = SAMPLED_ORDERS) -> Floats:
    """Each player's mean marginal contribution over all orderings, shape (players, ...).

    value(S) is the outcome of coalition S, an array of any shape. Contributions sum to value(all) - value(none) in every cell:
    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (value(S + i) - value(S)) (Shapley 1953, eq. 12). Exact for up to
    six players; beyond, over a fixed sample of `orders` orders and their reverses.
    """
    known: dict[frozenset[int], Floats] = {}

    def of(members: frozenset[int]) -> Floats:
        if members not in known:
            known[members] = np.asarray(value(members), dtype=np.float64)
        return known[members]

    everyone = frozenset(range(players))
    out = np.zeros((players, *of(everyone).shape))
    if players <= MAX_EXACT_PLAYERS:
        for size in range(players):
            weight = math.factorial(size) * math.factorial(players - size - 1) / math.factorial(players)
            for chosen in itertools.combinations(range(players), size):
                before = frozenset(chosen)
                for i in everyone - before:
                    out[i] += weight * (of(before | {i}) - of(before))
        return out
    # an order and its reverse: antithetic pairs cancel much of the sampling error
    rng = np.random.default_rng(0)
    sampled = [rng.permutation(players) for _ in range(orders)]
    for order in [*sampled, *(one[::-1] for one in sampled)]:
        members: frozenset[int] = frozenset()
        for i in order.tolist():
            out[i] += (of(members | {i}) - of(members)) / (2 * orders)
            members = members | {i}
    return out
