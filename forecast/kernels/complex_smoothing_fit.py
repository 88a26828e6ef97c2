"""Parameters of complex exponential smoothing by likelihood: a coarse grid, then steps of halving length, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels.complex_smoothing import (
    FORMS,
    CesBatch,
    free_parameters,
    has_season,
    is_stable,
    parameter_count,
    squared_error_sums,
)
from forecast.kernels.exponential_smoothing import STEP_HALVINGS, aicc, candidate_weights, profile_loglike

_A0 = (0.4, 0.7, 0.9, 1.05, 1.2, 1.35, 1.5, 1.7)
_A1 = (0.85, 0.95, 1.0, 1.05, 1.2)
_B0 = {"N": (0.0,), "S": (0.0,), "P": (0.0, 0.03, 0.1, 0.25), "F": (0.1, 0.4, 0.8)}
_FIRST_STEPS = np.array([0.1, 0.04, 0.08, 0.04])
_LOWER_BOUND = 0.02  # of a0, a1 and b1


def candidate_grid(form: str) -> Floats:
    """Coarse grid of a form's stable parameter values, shape (candidates, 4)."""
    made = np.array(list(product(_A0, _A1, _B0[form], (1.0,))))
    return made[is_stable(made)]


@dataclass(frozen=True)
class CesFit:
    """Weighted candidates of one series: parameters (k, 4), initial states (k, 2), form, weight, loglike (k,); AICc by form."""

    point: Floats
    first: Floats
    form: Ints
    weight: Floats
    loglike: Floats
    criteria: Floats

    @property
    def best(self) -> int:
        """The most likely candidate of the form with the smallest criterion."""
        mine = np.flatnonzero(self.form == int(self.criteria.argmin()))
        return int(mine[self.loglike[mine].argmax()])


def fit(data: CesBatch, forms: tuple[str, ...], keep: int = 24, chunk: int = 256) -> list[CesFit]:
    """Weighted candidates of every series, the `keep` heaviest of each (`candidate_weights`)."""
    order = np.argsort(data.length, kind="stable")
    out: list[CesFit | None] = [None] * len(order)
    for at in range(0, len(order), chunk):
        index = order[at : at + chunk]
        for i, fitted in zip(index, _fit_chunk(data.take(index), forms, keep), strict=True):
            out[int(i)] = fitted
    return [fitted for fitted in out if fitted is not None]


def _fit_chunk(data: CesBatch, forms: tuple[str, ...], keep: int) -> list[CesFit]:
    count = data.weight.sum(axis=1)
    power = np.maximum((data.weight * data.y**2).sum(axis=1) / count, 1e-8)
    floor = 1e-16 * (count * power)[:, None]  # a constant series has no errors: the floor keeps its log-likelihood finite
    grids: list[Floats] = []
    firsts, likes, tops = [], [], []
    criteria = np.full((len(data.y), len(FORMS)), np.inf)
    for form in forms:
        grid = candidate_grid(form)
        total, first = _search_grid(data, form, grid)
        rows, best = np.arange(len(total)), total.argmin(axis=1)
        top, total[rows, best], first[rows, best] = refine_candidates(
            data, form, grid[best], total[rows, best], first[rows, best]
        )
        ll = profile_loglike(np.maximum(total, floor), count[:, None])
        criteria[:, FORMS.index(form)] = aicc(ll.max(axis=1), parameter_count(form, data.season), count)
        if has_season(form):
            criteria[count < 2 * data.season + 3, FORMS.index(form)] = np.inf
        tops.append((best + sum(len(part) for part in grids), top))
        grids.append(grid)
        firsts.append(first)
        likes.append(ll)
    grid, first, ll = np.concatenate(grids), np.concatenate(firsts, axis=1), np.concatenate(likes, axis=1)
    number = np.repeat([FORMS.index(form) for form in forms], [len(part) for part in grids])
    heavy, weight = candidate_weights(number, ll, criteria, keep)
    out = []
    for i, (kept, share) in enumerate(zip(heavy, weight, strict=True)):
        kept, share = kept[share > 0], share[share > 0]
        point = grid[kept]
        for best, top in tops:
            point[kept == best[i]] = top[i]
        out.append(CesFit(point, first[i, kept], number[kept], share, ll[i, kept], criteria[i]))
    return out


def _search_grid(data: CesBatch, form: str, grid: Floats, chunk: int = 32) -> tuple[Floats, Floats]:
    """`squared_error_sums` of all series on a grid (candidates, 4); a chunk of arrays fits a processor's cache."""
    parts = [np.arange(at, min(at + chunk, len(data.y))) for at in range(0, len(data.y), chunk)]
    made = [squared_error_sums(data.take(part), form, grid[None]) for part in parts]
    return np.concatenate([total for total, _ in made]), np.concatenate([first for _, first in made])


def refine_candidates(data: CesBatch, form: str, point: Floats, total: Floats, first: Floats) -> tuple[Floats, Floats, Floats]:
    """Best points (series, 4) improved by coordinate steps of halving length, inside the stable region."""
    point, total, first, step = point.copy(), total.copy(), first.copy(), _FIRST_STEPS.copy()
    axes = free_parameters(form)
    for _ in range(STEP_HALVINGS):
        moves = np.zeros((2 * len(axes), 4))
        for i, axis in enumerate(axes):
            moves[2 * i, axis], moves[2 * i + 1, axis] = step[axis], -step[axis]
        mine = np.arange(len(point))
        for _ in range(2):
            near = np.maximum(point[mine, None, :] + moves[None, :, :], [_LOWER_BOUND, _LOWER_BOUND, 0.0, _LOWER_BOUND])
            near[..., 2] = np.minimum(near[..., 2], 1.5)
            tried, states = squared_error_sums(data.take(mine), form, near)
            tried = np.where(is_stable(near), tried, np.inf)
            rows, best = np.arange(len(mine)), tried.argmin(axis=1)
            better = tried[rows, best] < total[mine]
            rows, best, mine = rows[better], best[better], mine[better]  # where no step is better, none is the next time
            point[mine], total[mine], first[mine] = near[rows, best], tried[rows, best], states[rows, best]
            if not len(mine):
                break
        step /= 2
    return point, total, first
