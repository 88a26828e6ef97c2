"""Difference-in-differences and triple difference on a panel of flows: counterfactual mean from Poisson fixed effects.

    E[y_it] = exp(alpha_i + sum_s lambda_{s(i), t} + b [i treated, t in the window])

A single side s with one code gives difference-in-differences (unit and time effects). Two sides, the goods and the partners
of the units, give the triple difference: alpha_dp + lambda_pt + kappa_dt (Santos Silva and Tenreyro 2006; Olden and Moen 2022,
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
    """Counterfactual of the treated units by the fixed effects.

    expected : (T,) mean of the treated's sum without the event, NaN where the fixed effects do not determine it
    slope : the single coefficient of the window, NaN where not requested or divergent
    separated : number of cells fitted as exactly zero; collapsed : the coefficient of the window diverges
    """

    expected: Floats
    slope: float
    separated: int
    collapsed: bool


def fit_difference(y: Floats, own: Bools, hidden: Bools, sides: Sides, window: Bools | None = None) -> DifferenceFit:
    """Poisson fixed effects of all cells except the treated's `hidden` months (T,), and the counterfactual they imply.

    A coefficient per hidden month would fit its cell exactly, so dropping the cells gives the same fit and keeps every
    coefficient finite. With `window` (T,) the cells of those months enter with one common coefficient (the textbook step).
    Separated cells are found first and dropped; where the step itself is separated its cells are dropped too.
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
        direct = _months_with_mates(i, kept, sides) if i in effects[0] else np.zeros(y.shape[1], bool)
        for t, both_known in enumerate(direct.tolist()):
            if both_known:
                expected[t] += np.exp(effects[0][i] + effects[1][int(sides[0][i]) * y.shape[1] + t])
            else:
                expected[t] += _treated_mean(i, t, y, kept, known, effects, sides)
    return DifferenceFit(expected, float(fitted.beta[0]) if len(fitted.beta) else np.nan, int((z > 0).sum()), collapsed)


def _find_separation(y: Floats, known: Bools, step: Bools, sides: Sides) -> tuple[Floats, bool]:
    """The separation certificate as a panel (U, T), and whether the step itself is separated."""
    cells = np.nonzero(known)
    x = step[cells].astype(float)[:, None] if step.any() else np.empty((len(cells[0]), 0))
    codes = [cells[0], *(s[cells[0]] * y.shape[1] + cells[1] for s in sides)]
    z = np.zeros(y.shape)
    z[cells] = poisson.separation_certificate(y[cells], x, [np.unique(code, return_inverse=True)[1] for code in codes])
    return z, bool(step.any() and (z[step] > 0).all())


def _months_with_mates(i: int, kept: Bools, sides: Sides) -> Bools:
    """Months (T,) in which another unit of the same single side is observed: unit and month effect are both estimated."""
    if len(sides) > 1:
        return np.zeros(kept.shape[1], bool)
    mates = kept & (sides[0] == sides[0][i])[:, None]
    mates[i] = False
    seen: Bools = mates.any(axis=0)
    return seen


def _treated_mean(i: int, t: int, y: Floats, kept: Bools, known: Bools, effects: list[dict[int, float]], sides: Sides) -> float:
    """Mean of one treated cell; 0 where all others of its side were zero, NaN where it is not identified."""
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
    """Whether other cells of the same month identify the sum of a cell's side effects.

    One side: any other unit. Two sides: a unit of the same good, one of the same partner, and one that combines the partner of
    the former with the good of the latter.
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
    """Ratios (n,) of the treated to the counterfactual by the donors alone in pre-event months (n,).

    Effects are fitted without the treated, whose level is the ratio of sums: a large treated flow pulls the joint time effects
    towards itself, so its residuals would understate the prediction error of a month it was not part of.
    """
    masked = np.where(own[:, None] & (np.arange(y.shape[1]) != _anchor_month(y, own, hidden))[None, :], np.nan, y)
    fitted = fit_difference(masked, own, np.zeros(y.shape[1], bool), sides)
    total = y[own].sum(axis=0)
    months: Ints = np.flatnonzero(np.isfinite(total) & ~hidden & np.isfinite(fitted.expected) & (fitted.expected > 0))
    ratios: Floats = total[months] / fitted.expected[months]
    level = total[months].sum() / fitted.expected[months].sum()
    return months, ratios / level if level > 0 else ratios


def _anchor_month(y: Floats, own: Bools, hidden: Bools) -> int:
    """The month that sets the level of the treated: the middle one of those in which all of them were positive."""
    good = np.flatnonzero((y[own] > 0).all(axis=0) & ~hidden)
    if not len(good):
        raise np.linalg.LinAlgError("the treated were never all positive before the event")
    return int(good[len(good) // 2])
