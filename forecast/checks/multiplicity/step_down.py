"""Step-down adjustment of several tests from one joint null distribution."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats


def romano_wolf(statistics: Floats, null: Floats) -> Floats:
    """Adjusted p-values (m,) of statistics (m,), large ones against the null, from joint draws under the null (b, m).

    The largest statistic is compared with the maximum over all m, the next with the maximum over the m - 1 left, and so on, so
    that hypotheses that move together cost less than Holm's m: p_(j) = (1 + #{b: max_{k >= j} null_b(k) >= t_(j)}) / (1 + b),
    made to rise (Romano and Wolf 2005, J. Am. Stat. Assoc. 100:94, and 2016, Stat. Probab. Lett. 113:38, algorithm 4.1).
    """
    order = np.argsort(-statistics, kind="stable")
    out = np.empty(len(statistics))
    at = 0.0
    for j, i in enumerate(order):
        most = null[:, order[j:]].max(axis=1)
        at = max(at, (1.0 + float((most >= statistics[i]).sum())) / (1.0 + len(null)))
        out[i] = at
    return out
