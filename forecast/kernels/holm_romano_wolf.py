"""Adjusted p-values for several tests: Holm, Romano-Wolf (family-wise error) and Benjamini-Hochberg (false discovery rate)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecast.arrays import Floats


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p-values max_{j <= i} min(1, (m - j + 1) p_(j)) (Holm 1979, Scand. J. Stat. 6:65)."""
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1.0, (len(p) - np.arange(len(p))) * np.asarray(p, float)[order])
    out = np.empty(len(p))
    out[order] = np.maximum.accumulate(steps)
    return [float(x) for x in out]


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p-values min_{j >= i} min(1, m p_(j) / j) (Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289)."""
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1.0, len(p) / np.arange(1, len(p) + 1) * np.asarray(p, float)[order])
    out = np.empty(len(p))
    out[order] = np.minimum.accumulate(steps[::-1])[::-1]
    return [float(x) for x in out]


def romano_wolf(statistics: Floats, null: Floats) -> Floats:
    """Step-down p-values (m,) of statistics (m,), large ones against the null, from joint draws under the null (b, m).

    The largest statistic is compared with the maximum over all m, the next with the maximum over the remaining m - 1, and so
    on, so that hypotheses that move together cost less than Holm's m:
    p_(j) = (1 + #{b: max_{k >= j} null_b(k) >= t_(j)}) / (1 + b), made monotone (Romano and Wolf 2005, J. Am. Stat. Assoc.
    100:94, and 2016, Stat. Probab. Lett. 113:38, algorithm 4.1).
    """
    order = np.argsort(-statistics, kind="stable")
    out = np.empty(len(statistics))
    largest = 0.0
    for j, i in enumerate(order):
        maxima = null[:, order[j:]].max(axis=1)
        largest = max(largest, (1.0 + float((maxima >= statistics[i]).sum())) / (1.0 + len(null)))
        out[i] = largest
    return out
