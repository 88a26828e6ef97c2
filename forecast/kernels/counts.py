"""Exact tests on counts."""

from __future__ import annotations

from math import comb


def fisher_exact(hits: int, trials: int, hits_before: int, trials_before: int) -> float:
    """Two-sided p of Fisher's exact test that two shares of hits are equal.

    Sum of the hypergeometric probabilities of all tables with the same margins that are no likelier than the one seen (R. A.
    Fisher 1935; the definition of R's ``fisher.test``).
    """
    total, successes = trials + trials_before, hits + hits_before
    ways = [comb(trials, k) * comb(trials_before, successes - k) for k in range(min(trials, successes) + 1)]
    if not total or not sum(ways):
        return 1.0
    return sum(w for w in ways if w <= ways[hits] * (1 + 1e-7)) / comb(total, successes)
