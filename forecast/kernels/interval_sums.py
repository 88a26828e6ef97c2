"""Sums over intervals that cannot all hold: published totals of months, and sums of several of them.

With S(m) the sum of all months before m, a total of the months a to b is an equation S(b + 1) - S(a) = v, and that no month is
below zero is S(m) <= S(m + 1). Such a system of difference constraints can be met unless its graph has a cycle of negative
length, and what it leaves for S(b + 1) - S(a) are the lengths of two shortest paths (Cormen, Leiserson, Rivest and Stein 2022,
Introduction to Algorithms, sec. 22.4). A path's edges are the totals that leave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Conflict:
    """A total outside what totals before it leave.

    total : its position
    least, most : what the others leave
    others : positions of those that leave less, or more, than it is, ascending
    """

    total: int
    least: float
    most: float
    others: tuple[int, ...]


def conflicts(
    intervals: Sequence[tuple[int, int]], totals: Sequence[float], tolerance: float, below_zero: bool
) -> list[Conflict]:
    """The totals that contradict those before them, by more than `tolerance` of the larger of the two figures.

    intervals : first and last month of each; `below_zero` : whether a month may be. A total that contradicts is not held
    against those after it; one within the tolerance counts as what it may be.
    """
    points = sorted({point for first, last in intervals for point in (first, last + 1)})
    place = {point: i for i, point in enumerate(points)}
    count = len(points)
    longest = np.full((count, count), np.inf)  # of S(v) - S(u), from u (rows) to v
    np.fill_diagonal(longest, 0.0)
    before = np.arange(count)[:, None].repeat(count, axis=1)  # the point before v on the path from u
    edges: dict[tuple[int, int], int] = {}  # the total behind a step of a path; none where it is that no month is below zero
    if not below_zero:
        longest[np.tril_indices(count)] = 0.0
        before = np.minimum(before, np.arange(count) + 1)

    def add(u: int, v: int, length: float, total: int) -> None:
        through = longest[:, u, None] + length + longest[v]
        shorter = through < longest
        if shorter[u, v]:
            edges[u, v] = total
        rest = np.broadcast_to(before[v], longest.shape).copy()
        rest[:, v] = u
        before[shorter] = rest[shorter]
        longest[shorter] = through[shorter]

    def behind(u: int, v: int) -> tuple[int, ...]:
        steps = set()
        while v != u:
            w = int(before[u, v])
            steps.add(edges.get((w, v), -1))
            v = w
        return tuple(sorted(steps - {-1}))

    out = []
    for i, ((first, last), total) in enumerate(zip(intervals, totals, strict=True)):
        u, v = place[first], place[last + 1]
        least, most = -float(longest[v, u]), float(longest[u, v])
        if total < least - tolerance * max(abs(total), abs(least)):
            out.append(Conflict(i, least, most, behind(v, u)))
            continue
        if total > most + tolerance * max(abs(total), abs(most)):
            out.append(Conflict(i, least, most, behind(u, v)))
            continue
        held = min(max(total, least), most)
        add(u, v, held, i)
        add(v, u, -held, i)
    return out
