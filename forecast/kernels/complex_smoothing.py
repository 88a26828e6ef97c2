"""Complex exponential smoothing (CES), for many series and many parameter values in one pass.

Svetunkov, Kourentzes and Ord (2022, Naval Research Logistics 69:1108), in state-space form (eq. 15-16 and section 4)::

    y(t) = l(t-1) [+ s(t-m)] + e(t)
    l(t) = l(t-1) - (1 - a1) c(t-1) + (a0 - a1) e(t)
    c(t) = l(t-1) + (1 - a0) c(t-1) + (a0 + a1) e(t)

with complex smoothing parameter a0 + i a1; c is the information potential. Forms: `N` as above; `S` the same with the states
of m months ago; `P` adds s(t) = s(t-m) + b0 e(t); `F` adds a second pair with b0 + i b1 and lag m. Forecasts are linear in the
initial level and potential, so these are estimated by least squares for every candidate (form `S` and all initial seasons are
heuristic). A month of weight zero has no error.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.kernels.exponential_smoothing import STEP_HALVINGS, aicc, candidate_weights, profile_loglike

FORMS = ("N", "S", "P", "F")
_A0 = (0.4, 0.7, 0.9, 1.05, 1.2, 1.35, 1.5, 1.7)
_A1 = (0.85, 0.95, 1.0, 1.05, 1.2)
_B0 = {"N": (0.0,), "S": (0.0,), "P": (0.0, 0.03, 0.1, 0.25), "F": (0.1, 0.4, 0.8)}
_FIRST_STEPS = np.array([0.1, 0.04, 0.08, 0.04])
_LOWER_BOUND = 0.02  # of a0, a1 and b1


def has_season(form: str) -> bool:
    """Whether a form is seasonal."""
    return form != "N"


def free_parameters(form: str) -> Ints:
    """Indices of the free parameters among (a0, a1, b0, b1)."""
    return np.arange({"N": 2, "S": 2, "P": 3, "F": 4}[form])


def parameter_count(form: str, season: int) -> int:
    """Number of parameters: smoothing, initial states (a seasonal pattern sums to zero), variance."""
    states = {"N": 2, "S": 2 * season, "P": 2 + season - 1, "F": 2 + 2 * (season - 1)}[form]
    return len(free_parameters(form)) + states + 1


def candidate_grid(form: str) -> Floats:
    """Coarse grid of a form's stable parameter values, shape (candidates, 4)."""
    made = np.array(list(product(_A0, _A1, _B0[form], (1.0,))))
    return made[is_stable(made)]


def is_stable(point: Floats) -> Bools:
    """Whether the level's parameters are stable (ibid., eq. 20): three circles in the plane of a0 and a1."""
    a0, a1 = point[..., 0], point[..., 1]
    outside = ((a0 - 2.5) ** 2 + a1**2 > 1.25) & ((a0 - 0.5) ** 2 + (a1 - 1.0) ** 2 > 0.25)
    inside: Bools = outside & ((a0 - 1.5) ** 2 + (a1 - 0.5) ** 2 < 1.5)
    return inside


@dataclass(frozen=True)
class CesBatch:
    """A batch of series padded at their ends: `y`, `weight` (series, T), `length` (series,), initial `pattern` (series, m)."""

    y: Floats
    weight: Floats
    length: Ints
    season: int
    pattern: Floats

    def take(self, index: Ints) -> CesBatch:
        """Some of the series, cut to the longest of them."""
        t = int(self.length[index].max())
        return CesBatch(self.y[index, :t], self.weight[index, :t], self.length[index], self.season, self.pattern[index])


@dataclass
class _CesRunningStates:
    """Level and potential (series, candidates, k) and their seasonal counterparts (m, series, candidates, k).

    The last axis carries k right-hand sides through the linear recursion: the figures, and the two unit initial states.
    """

    level: Floats
    potential: Floats
    season: Floats
    second: Floats


def _initial_states(data: CesBatch, form: str, point: Floats, k: int) -> _CesRunningStates:
    """Initial states: zero level and potential (estimated later) with the heuristic season; in form `S` the first year."""
    shape = (len(data.y), point.shape[1], k)
    level, potential = np.zeros(shape), np.zeros(shape)
    season, second = np.zeros((data.season, *shape)), np.zeros((data.season, *shape))
    if form == "S":
        first = data.y[:, : data.season].T if data.y.shape[1] >= data.season else np.zeros((data.season, len(data.y)))
        season[..., 0] = first[:, :, None]
        second[..., 0] = first[:, :, None] / point[None, ..., 0]
    elif form != "N":
        season[..., 0] = data.pattern.T[:, :, None]
        second[..., 0] = data.pattern.T[:, :, None] / np.maximum(point[None, ..., 2], 0.1)
    if k == 3:
        level[..., 1], potential[..., 2] = 1.0, 1.0
    return _CesRunningStates(level, potential, season, second)


def _advance(
    form: str, now: _CesRunningStates, phase: int, p: tuple[Floats, ...], figure: Floats | None, error: Floats | None
) -> Floats:
    """Advance the states by a month, given its figure or its error; returns the error. `p` are the coefficients, (.., 1)."""
    a0, a1, b0, b1 = p
    paired = form == "S"
    level = now.season[phase] if paired else now.level
    potential = now.second[phase] if paired else now.potential
    ahead = level if form in ("N", "S") else level + now.season[phase]
    if error is None:
        assert figure is not None
        error = figure - ahead
    moved = level - (1.0 - a1) * potential + (a0 - a1) * error
    charged = level + (1.0 - a0) * potential + (a0 + a1) * error
    # in form S the pair of this month of the year is the whole state; the other forms also have a level
    if paired:
        now.season[phase], now.second[phase] = moved, charged
        return error
    now.level, now.potential = moved, charged
    if form == "P":
        now.season[phase] = now.season[phase] + b0 * error
    elif form == "F":
        s, c = now.season[phase].copy(), now.second[phase]
        now.season[phase] = s - (1.0 - b1) * c + (b0 - b1) * error
        now.second[phase] = s + (1.0 - b0) * c + (b0 + b1) * error
    return error


def _split_parameters(point: Floats) -> tuple[Floats, ...]:
    return tuple(point[..., j, None] for j in range(4))


def squared_error_sums(data: CesBatch, form: str, point: Floats) -> tuple[Floats, Floats]:
    """Sums of squared errors (series, candidates) at `point` (.., 4), with initial level and potential (.., 2)."""
    k = 1 if form == "S" else 3
    now, p = _initial_states(data, form, point, k), _split_parameters(point)
    target = np.zeros(k)
    target[0] = 1.0
    sums = np.zeros((*point.shape[:2], k, k))
    for t in range(data.y.shape[1]):
        on = data.weight[:, t, None, None] > 0
        kept = _advance(form, now, t % data.season, p, data.y[:, t, None, None] * target, None) if on.all() else None
        if kept is None:  # some series has no figure or has ended: its states advance with an error of zero
            ahead = now.season[t % data.season] if form == "S" else now.level
            ahead = ahead if form in ("N", "S") else ahead + now.season[t % data.season]
            kept = _advance(form, now, t % data.season, p, None, np.where(on, data.y[:, t, None, None] * target - ahead, 0.0))
        sums += kept[..., :, None] * kept[..., None, :]
    if k == 1:
        return np.nan_to_num(sums[..., 0, 0], nan=np.inf), np.zeros((*point.shape[:2], 2))
    return _profile_initial_states(sums)


def _profile_initial_states(sums: Floats) -> tuple[Floats, Floats]:
    """Least squares on the two initial states: the errors are e0 + e1 l0 + e2 c0."""
    ee, e1, e2 = sums[..., 0, 0], sums[..., 0, 1], sums[..., 0, 2]
    p11, p12, p22 = sums[..., 1, 1], sums[..., 1, 2], sums[..., 2, 2]
    ridge = 1e-9 * (p11 + p22)
    with np.errstate(all="ignore"):
        det = (p11 + ridge) * (p22 + ridge) - p12 * p12
        level = -((p22 + ridge) * e1 - p12 * e2) / det
        potential = -((p11 + ridge) * e2 - p12 * e1) / det
        total = ee + level * e1 + potential * e2
    bad = ~np.isfinite(total) | (total < 0)
    return np.where(bad, np.inf, total), np.nan_to_num(np.stack([level, potential], axis=-1))


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


def fit(data: CesBatch, forms: tuple[str, ...], keep: int = 24, chunk: int = 32) -> list[CesFit]:
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
    points, firsts, numbers, likes = [], [], [], []
    criteria = np.full((len(data.y), len(FORMS)), np.inf)
    for form in forms:
        point = np.broadcast_to(candidate_grid(form), (len(data.y), *candidate_grid(form).shape)).copy()
        total, first = squared_error_sums(data, form, point)
        rows, best = np.arange(len(point)), total.argmin(axis=1)
        point[rows, best], total[rows, best], first[rows, best] = refine_candidates(
            data, form, point[rows, best], total[rows, best], first[rows, best]
        )
        # a constant series has no errors: the floor keeps its log-likelihood finite
        floor = 1e-16 * (count * power)[:, None]
        ll = profile_loglike(np.maximum(total, floor), count[:, None])
        criteria[:, FORMS.index(form)] = aicc(ll.max(axis=1), parameter_count(form, data.season), count)
        if has_season(form):
            criteria[count < 2 * data.season + 3, FORMS.index(form)] = np.inf
        points.append(point)
        firsts.append(first)
        likes.append(ll)
        numbers.append(np.full(point.shape[1], FORMS.index(form)))
    point, first, ll = np.concatenate(points, axis=1), np.concatenate(firsts, axis=1), np.concatenate(likes, axis=1)
    number = np.concatenate(numbers)
    out = []
    for i in range(len(data.y)):
        heavy, weight = candidate_weights(number, ll[i], criteria[i], keep)
        out.append(CesFit(point[i][heavy], first[i][heavy], number[heavy], weight, ll[i][heavy], criteria[i]))
    return out


def refine_candidates(data: CesBatch, form: str, point: Floats, total: Floats, first: Floats) -> tuple[Floats, Floats, Floats]:
    """Best points (series, 4) improved by coordinate steps of halving length, inside the stable region."""
    point, total, first, step = point.copy(), total.copy(), first.copy(), _FIRST_STEPS.copy()
    axes, rows = free_parameters(form), np.arange(len(point))
    for _ in range(STEP_HALVINGS):
        moves = np.zeros((2 * len(axes), 4))
        for i, axis in enumerate(axes):
            moves[2 * i, axis], moves[2 * i + 1, axis] = step[axis], -step[axis]
        for _ in range(2):
            near = np.maximum(point[:, None, :] + moves[None, :, :], np.array([_LOWER_BOUND, _LOWER_BOUND, 0.0, _LOWER_BOUND]))
            near[..., 2] = np.minimum(near[..., 2], 1.5)
            tried, states = squared_error_sums(data, form, near)
            tried = np.where(is_stable(near), tried, np.inf)
            best = tried.argmin(axis=1)
            better = tried[rows, best] < total
            point[better], total[better] = near[rows, best][better], tried[rows, best][better]
            first[better] = states[rows, best][better]
        step /= 2
    return point, total, first


@dataclass(frozen=True)
class CesStates:
    """States of one form's candidates after the last month of one series; one-step errors (T, k)."""

    form: str
    states: _CesRunningStates
    errors: Floats
    phase: int


def final_states(data: CesBatch, row: int, form: str, point: Floats, first: Floats) -> CesStates:
    """Final states of one form's candidates (k, 4) of series number `row`, from their initial states (k, 2)."""
    alone = data.take(np.array([row]))
    now = _initial_states(alone, form, point[None], 1)
    if form != "S":
        now.level[0, :, 0], now.potential[0, :, 0] = first[:, 0], first[:, 1]
    p, n = _split_parameters(point[None]), int(data.length[row])
    errors = np.zeros((n, len(point)))
    for t in range(n):
        known = alone.weight[0, t] > 0
        figure = alone.y[:, t, None, None] if known else None
        errors[t] = _advance(form, now, t % data.season, p, figure, None if known else np.zeros((1, len(point), 1)))[0, :, 0]
    return CesStates(form, now, errors, n % data.season)


def simulate(end: CesStates, point: Floats, pick: Ints, noise: Floats) -> Floats:
    """Simulated paths (draws, horizon): each continues candidate `pick` (draws,) with its own `noise` (draws, horizon)."""
    s = end.states
    now = _CesRunningStates(s.level[:, pick], s.potential[:, pick], s.season[:, :, pick], s.second[:, :, pick])
    p = _split_parameters(point[None, pick])
    out = np.empty_like(noise)
    m = len(now.season)
    for h in range(noise.shape[1]):
        phase = (end.phase + h) % m
        level = now.season[phase] if end.form == "S" else now.level
        ahead = level if end.form in ("N", "S") else level + now.season[phase]
        out[:, h] = ahead[0, :, 0] + noise[:, h]
        _advance(end.form, now, phase, p, None, noise[None, :, h, None])
    return out


def reference_final_states(data: CesBatch, row: int, form: str, point: Floats, first: Floats) -> CesStates:
    """The same final states computed one candidate at a time with the complex recursion printed in the paper (ibid., eq. 3).

    With z = level + i potential and a = a0 + i a1: z(t) = a (y(t) + i e(t)) + (1 + i - a) z(t-1).
    """
    n, m, k = int(data.length[row]), data.season, len(point)
    alone = data.take(np.array([row]))
    made = _initial_states(alone, form, point[None], 1)
    errors = np.zeros((n, k))
    for j in range(k):
        a, b = complex(point[j, 0], point[j, 1]), complex(point[j, 2], point[j, 3])
        z = complex(first[j, 0], first[j, 1])
        cycle = [complex(made.season[i, 0, j, 0], made.second[i, 0, j, 0]) for i in range(m)]
        for t in range(n):
            level = cycle[t % m] if form == "S" else z
            second = cycle[t % m] if form in ("P", "F") else 0j
            error = (alone.y[0, t] - level.real - second.real) * float(alone.weight[0, t] > 0)
            moved = a * (level.real + error * (1 + 1j)) + (1 + 1j - a) * level
            if form == "S":
                cycle[t % m] = moved
            else:
                z = moved
            if form == "P":
                cycle[t % m] = complex(second.real + b.real * error, second.imag)
            elif form == "F":
                cycle[t % m] = b * (second.real + error * (1 + 1j)) + (1 + 1j - b) * second
            errors[t, j] = error
        made.level[0, j, 0], made.potential[0, j, 0] = (z.real, z.imag) if form != "S" else (0.0, 0.0)
        made.season[:, 0, j, 0], made.second[:, 0, j, 0] = [c.real for c in cycle], [c.imag for c in cycle]
    return CesStates(form, made, errors, n % m)
