"""Exact tests on counts and ranks: Fisher's exact test and the randomisation p-value."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, nan


def fisher_exact(hits: int, trials: int, hits_before: int, trials_before: int) -> float:
    """Two-sided p-value of Fisher's exact test that two proportions are equal.

    Sum of the hypergeometric probabilities of all tables with the same margins that are no likelier than the observed one (R.
    A. Fisher 1935; the definition of R's ``fisher.test``). Integer arithmetic: ties are exact, and counts may be any size.
    """
    successes = hits + hits_before
    ways = [comb(trials, k) * comb(trials_before, successes - k) for k in range(min(trials, successes) + 1)]
    return sum(w for w in ways if w <= ways[hits]) / sum(ways)


def randomisation_p_value(effect: float, placebos: Sequence[float]) -> tuple[float, float]:
    """Randomisation p-value (1 + #{|placebo| >= |effect|}) / (1 + n), and its smallest possible value 1 / (1 + n)."""
    if not len(placebos):
        return nan, nan
    beyond = sum(abs(x) >= abs(effect) for x in placebos)
    return (1 + beyond) / (1 + len(placebos)), 1 / (1 + len(placebos))
