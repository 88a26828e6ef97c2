"""Difference and triple difference on a panel of flows: what the treated would have been by the Poisson fixed effects.

    E[y_it] = exp(alpha_i + sum_s lambda_{s(i), t} + b [i treated, t in the window])

One side s with a single code is the difference in differences (unit and time effects). Two sides, the goods and the partners of
the units, are the triple difference: alpha_dp + lambda_pt + kappa_dt (Santos Silva and Tenreyro 2006; Olden and Moen 2022,
Econometrics J. 25:531). Arrays: y (U, T) with NaN where unknown, own (U,) marks the treated, sides: arrays (U,) of codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.estimators.ppml import poisson

Sides = Sequence[Ints]


@dataclass(frozen=True)
class DifferenceFit:
    """Fixed effects laid on the treated.

    expected : (T,) mean of the treated's sum without the event, NaN where the fixed effects do not determine it
    slope : the window's one coefficient, NaN where it was not asked for or diverges
    separated : cells that the fixed effects fit as exactly zero; collapsed : the window's coefficient diverges
    """

    expected: Floats
    slope: float
    separated: int
    collapsed: bool


def fit_difference(y: Floats, own: Bools, hidden: Bools, sides: Sides, window: Bools | None = None) -> DifferenceFit:
    """The Poisson fixed effects of all cells but the treated's `hidden` months (T,).

    A coefficient per hidden month would fit its cell exactly, so leaving the cells out is the same fit and keeps every
    coefficient finite. With `window` (T,) the cells of those months come in with one coefficient for all (the textbook step).
    Separated cells are found first and taken out; where the step itself is separated its cells are left out too.
    """
    known = np.isfinite(y) & ~(own[:, None] & hidden[None, :])
    step = own[:, None] & (np.zeros(y.shape[1], bool) if window is None else window)[None, :] & np.isfinite(y)
    z, collapsed = _find_separation(y, known | step, step, sides)
    kept = (known | step) & (z == 0)
    if collapsed or not step.any():
        step, kept = np.zeros_like(step), kept & known
    cells = np.nonzero(kept)
    codes = [cells[0], *(s[cells[0]] * y.shape[1] + cells[1] for s in sides)]
    seen = [np.unique(code, return_inverse=True) for code in codes]
    x = step[cells].astype(float)[:, None] if step.any() else np.empty((len(cells[0]), 0))
    fitted = poisson.fit_poisson(y[cells], x, [inverse for _, inverse in seen])
    effects = [dict(zip(code.tolist(), e.tolist(), strict=True)) for (code, _), e in zip(seen, fitted.effects, strict=True)]
    expected = np.zeros(y.shape[1])
    for i in np.flatnonzero(own).tolist():
        plain = _months_with_mates(i, kept, sides) if i in effects[0] else np.zeros(y.shape[1], bool)
        for t, easy in enumerate(plain.tolist()):
            code = int(sides[0][i]) * y.shape[1] + t
            sure = np.exp(effects[0][i] + effects[1][code]) if easy else _treated_mean(i, t, y, kept, known, effects, sides)
            expected[t] += sure
    return DifferenceFit(expected, float(fitted.beta[0]) if len(fitted.beta) else np.nan, int((z > 0).sum()), collapsed)


def _find_separation(y: Floats, known: Bools, step: Bools, sides: Sides) -> tuple[Floats, bool]:
    """The certificate as a panel (U, T), and whether the step itself is separated."""
    cells = np.nonzero(known)
    x = step[cells].astype(float)[:, None] if step.any() else np.empty((len(cells[0]), 0))
    codes = [cells[0], *(s[cells[0]] * y.shape[1] + cells[1] for s in sides)]
    z = np.zeros(y.shape)
    z[cells] = poisson.separation_certificate(y[cells], x, [np.unique(code, return_inverse=True)[1] for code in codes])
    return z, bool(step.any() and (z[step] > 0).all())


def _months_with_mates(i: int, kept: Bools, sides: Sides) -> Bools:
    """Months (T,) of a unit with one side in which another unit of that side is seen: both effects are there."""
    if len(sides) > 1:
        return np.zeros(kept.shape[1], bool)
    mates = kept & (sides[0] == sides[0][i])[:, None]
    mates[i] = False
    seen: Bools = mates.any(axis=0)
    return seen


def _treated_mean(i: int, t: int, y: Floats, kept: Bools, known: Bools, effects: list[dict[int, float]], sides: Sides) -> float:
    """Mean of one treated cell; 0 where the others of its side all were zero, NaN where nothing determines it."""
    if i not in effects[0]:
        return np.nan
    others = [np.flatnonzero((s == s[i]) & known[:, t] & (np.arange(len(s)) != i)) for s in sides]
    if not all(len(o) for o in others):
        return np.nan
    if any(not kept[o, t].any() and not y[o, t].any() for o in others):
        return 0.0
    if not _has_linking_cells(i, t, kept, sides):
        return np.nan
    codes = [s[i] * y.shape[1] + t for s in sides]
    return float(np.exp(effects[0][i] + sum(e[int(c)] for e, c in zip(effects[1:], codes, strict=True))))


def _has_linking_cells(i: int, t: int, kept: Bools, sides: Sides) -> bool:
    """Whether the month's effects of a cell's sides are tied together by other cells of that month.

    One side: any other unit. Two sides: a unit of the same good, one of the same partner, and one of both their others.
    """
    units = np.flatnonzero(kept[:, t] & (np.arange(kept.shape[0]) != i))
    if len(sides) == 1:
        return bool((sides[0][units] == sides[0][i]).any())
    a, b = sides
    have = {(int(a[u]), int(b[u])) for u in units}
    mine = int(a[i]), int(b[i])
    partners = [q for p, q in have if p == mine[0]]
    return any((p, q) in have for p, own in have if own == mine[1] for q in partners)


def pre_event_ratios(y: Floats, own: Bools, hidden: Bools, sides: Sides) -> tuple[Ints, Floats]:
    """How far the treated lay from what the others alone say of each earlier month: months (n,) and ratios (n,).

    The others' effects are fitted without the treated, whose level is the ratio of sums: a large treated flow pulls the joint
    time effects towards itself, and its own residuals would look smaller than the error of a month it was not part of.
    """
    alone = np.where(own[:, None] & (np.arange(y.shape[1]) != _anchor_month(y, own, hidden))[None, :], np.nan, y)
    laid = fit_difference(alone, own, np.zeros(y.shape[1], bool), sides)
    total = y[own].sum(axis=0)
    months: Ints = np.flatnonzero(np.isfinite(total) & ~hidden & np.isfinite(laid.expected) & (laid.expected > 0))
    ratios: Floats = total[months] / laid.expected[months]
    level = total[months].sum() / laid.expected[months].sum()
    return months, ratios / level if level > 0 else ratios


def _anchor_month(y: Floats, own: Bools, hidden: Bools) -> int:
    """The one month of the treated that sets its level: any month in which all were positive."""
    good = np.flatnonzero((y[own] > 0).all(axis=0) & ~hidden)
    if not len(good):
        raise np.linalg.LinAlgError("the treated were never all positive before the event")
    return int(good[len(good) // 2])
