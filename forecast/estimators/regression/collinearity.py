"""Collinearity between events: correlation of coefficients and variance inflation factors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from forecast.arrays import Floats


def inseparable_pairs(
    covariance: Floats, owner: Sequence[int], correlation: float = 0.9, inflation: float = 10.0
) -> list[tuple[int, int, str]]:
    """Pairs of owners of the coefficients (k,) that cannot be told apart, with the reason.

    Two are inseparable where a coefficient of one and a coefficient of the other are correlated by more than `correlation`, or
    where the others multiply the variance of a coefficient by more than `inflation` (the variance inflation factor of Belsley,
    Kuh and Welsch 1980, sec. 3.2, in the metric of the noise): then the owner is paired with the one it correlates with most.
    """
    owners = np.asarray(owner)
    errors = np.sqrt(np.clip(np.diag(covariance), 1e-300, None))
    related = np.abs(covariance / np.outer(errors, errors))
    information = np.linalg.pinv(covariance)
    out = []
    for one in sorted(set(owners.tolist())):
        mine = np.flatnonzero(owners == one)
        theirs = np.flatnonzero(owners != one)
        if not len(theirs):
            continue
        alone = np.diag(np.linalg.pinv(information[np.ix_(mine, mine)]))
        inflated = float((np.diag(covariance)[mine] / np.clip(alone, 1e-300, None)).max())
        block = related[np.ix_(mine, theirs)]
        nearest = int(owners[theirs[int(block.max(axis=0).argmax())]])
        if block.max() > correlation:
            out.append((one, nearest, f"their coefficients are correlated by {block.max():.2f}"))
        elif inflated > inflation:
            out.append((one, nearest, f"the others multiply the variance of a coefficient by {inflated:.0f}"))
    return out


def connected_groups(size: int, pairs: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Connected components of the graph on 0 .. size-1 with `pairs` as edges, each sorted."""
    group = list(range(size))
    for one, two in pairs:
        old, new = group[two], group[one]
        group = [new if g == old else g for g in group]
    return [tuple(i for i in range(size) if group[i] == g) for g in dict.fromkeys(group)]
