"""Additive exponential smoothing (ETS), for many series and many parameter values in one pass.

Innovations form (Hyndman, Koehler, Ord and Snyder 2008, ch. 2 and table 2.2, additive errors)::

    e(t) = y(t) - l(t-1) - phi b(t-1) - s(t-m)
    l(t) = l(t-1) + phi b(t-1) + alpha e(t)
    b(t) = phi b(t-1) + beta e(t)              beta  = alpha beta*
    s(t) = s(t-m) + gamma e(t)                 gamma = (1 - alpha) gamma*

A candidate is one form with its parameters. Parameters are searched on a coarse grid, then by coordinate steps of halving
length around each form's best point, so thousands of series cost a few array operations per month and need no compiler. A
missing month has no error (its weight is zero), as in R's ets from version 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.kernels.theta import seasonal_pattern

FORMS = ("ANN", "AAdN", "AAN", "ANA", "AAdA", "AAA")
_ALPHA = (0.02, 0.08, 0.15, 0.25, 0.35, 0.5, 0.65, 0.8, 0.95)
_BETA = (0.0, 0.05, 0.15, 0.4)
_GAMMA = (0.0, 0.05, 0.15, 0.4)
_PHI = (0.8, 0.9, 0.97)
_LOWER = np.array([1e-4, 0.0, 0.0, 0.8])
_UPPER = np.array([0.9999, 0.9999, 0.9999, 0.98])
_FIRST_STEPS = np.array([0.06, 0.06, 0.06, 0.03])
STEP_HALVINGS = 5  # of the coordinate search around the best grid point


def has_trend(form: str) -> bool:
    """Whether a form has a trend."""
    return form[1] == "A"


def has_season(form: str) -> bool:
    """Whether a form is seasonal."""
    return form[-1] == "A"


def free_parameters(form: str) -> Ints:
    """Indices of the free parameters among (alpha, beta*, gamma*, phi)."""
    return np.flatnonzero([True, has_trend(form), has_season(form), "d" in form])


def parameter_count(form: str, season: int) -> int:
    """Number of parameters: smoothing, initial states (seasonal ones sum to zero), variance."""
    return len(free_parameters(form)) + 1 + has_trend(form) + (season - 1 if has_season(form) else 0) + 1


def candidate_grid(form: str) -> Floats:
    """Coarse grid of a form, shape (candidates, 4): alpha, beta*, gamma*, phi."""
    phi = _PHI if "d" in form else (1.0,)
    return np.array(list(product(_ALPHA, _BETA if has_trend(form) else (0.0,), _GAMMA if has_season(form) else (0.0,), phi)))


@dataclass(frozen=True)
class EtsBatch:
    """A batch of series padded at their ends: `y`, `weight` (series, T); `length` (series,); season m (1: none).

    Initial states are the heuristic ones of Hyndman et al. (2008), sec. 2.6.1, for raw and for seasonally adjusted figures:
    `level` (series, 2, 2) without and with a slope, `slope` (series, 2), and the seasonal `pattern` (series, m).
    """

    y: Floats
    weight: Floats
    length: Ints
    season: int
    level: Floats
    slope: Floats
    pattern: Floats

    def take(self, index: Ints) -> EtsBatch:
        """Some of the series, cut to the longest of them."""
        longest = int(self.length[index].max())
        return EtsBatch(
            self.y[index, :longest], self.weight[index, :longest], self.length[index], self.season, self.level[index],
            self.slope[index], self.pattern[index],
        )  # fmt: skip

    def initial(self, form: str) -> tuple[Floats, Floats, Floats]:
        """Initial level (series,), slope (series,) and pattern (series, m) of a form."""
        zero = np.zeros(len(self.y))
        adjusted = int(has_season(form))
        level = self.level[:, adjusted, int(has_trend(form))]
        slope = self.slope[:, adjusted] if has_trend(form) else zero
        return level, slope, self.pattern if adjusted else np.zeros_like(self.pattern)


def batch_series(series: list[Floats], known: list[Bools], season: int) -> EtsBatch:
    """A batch from series of any lengths, with their initial states."""
    longest = max(len(y) for y in series)
    y, weight = np.zeros((len(series), longest)), np.zeros((len(series), longest))
    level, slope, pattern = np.zeros((len(series), 2, 2)), np.zeros((len(series), 2)), np.zeros((len(series), season))
    for i, (values, ok) in enumerate(zip(series, known, strict=True)):
        y[i, : len(values)], weight[i, : len(values)] = values, ok
        if season > 1 and len(values) >= 2 * season:
            pattern[i] = seasonal_pattern(values[: 5 * season], season)
        for k, part in enumerate((values, values - np.resize(pattern[i], len(values)))):
            level[i, k], slope[i, k] = _initial_level_and_slope(part, season)
    return EtsBatch(y, weight, np.array([len(v) for v in series]), season, level, slope, pattern)


def _initial_level_and_slope(y: Floats, season: int) -> tuple[tuple[float, float], float]:
    """Initial levels without and with a slope, and the slope, from the first ten months (two seasons if that is longer)."""
    head = y[: max(10, 2 * season)]
    at = np.arange(1.0, len(head) + 1)
    at_mean, mean = at.mean(), head.mean()
    scatter = ((at - at_mean) ** 2).sum()
    slope = float(((at - at_mean) * (head - mean)).sum() / scatter) if scatter > 0 else 0.0
    return (float(mean), float(mean - slope * at_mean)), slope


def squared_error_sums(data: EtsBatch, form: str, star: Floats) -> Floats:
    """Weighted sums of squared errors, shape (series, candidates), for `star` (candidates, 4) or (series, candidates, 4)."""
    alpha, beta, gamma, phi = smoothing_coefficients(star)
    shape = np.broadcast_shapes((len(data.y), 1), alpha.shape)
    start_level, start_slope, pattern = data.initial(form)
    level = np.repeat(start_level[:, None], shape[1], axis=1)
    slope = np.repeat(start_slope[:, None], shape[1], axis=1)
    season = np.repeat(pattern.T[:, :, None], shape[1], axis=2) if has_season(form) else None
    total, error, step = np.zeros(shape), np.empty(shape), np.empty(shape)
    # the recursion above in place: allocating arrays of this shape every month would dominate the time
    for t in range(data.y.shape[1]):
        if has_trend(form):
            np.multiply(slope, phi, out=slope)
            np.add(level, slope, out=level)
        np.subtract(data.y[:, t, None], level, out=error)
        if season is not None:
            now = season[t % data.season]
            np.subtract(error, now, out=error)
        np.multiply(error, data.weight[:, t, None], out=error)
        np.multiply(error, error, out=step)
        np.add(total, step, out=total)
        np.multiply(error, alpha, out=step)
        np.add(level, step, out=level)
        if has_trend(form):
            np.multiply(error, beta, out=step)
            np.add(slope, step, out=slope)
        if season is not None:
            np.multiply(error, gamma, out=step)
            np.add(now, step, out=now)
    return total


def smoothing_coefficients(star: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """alpha, beta, gamma, phi from (alpha, beta*, gamma*, phi) in the last axis."""
    alpha = star[..., 0]
    return alpha, alpha * star[..., 1], (1.0 - alpha) * star[..., 2], star[..., 3]


def profile_loglike(sse: Floats, count: Floats) -> Floats:
    """Gaussian log-likelihood with the variance profiled out: -n/2 (log(2 pi SSE / n) + 1) (ibid., eq. 5.3)."""
    ll: Floats = -count / 2 * (np.log(2 * np.pi * sse / count) + 1)
    return ll


def aicc(ll: Floats, k: int, count: Floats) -> Floats:
    """Corrected Akaike criterion; infinite where the sample is too short for k parameters."""
    room = count - k - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        value = -2 * ll + 2 * k + 2 * k * (k + 1) / room
    return np.where(room > 0, value, np.inf)


def refine_candidates(data: EtsBatch, form: str, star: Floats, sse: Floats) -> tuple[Floats, Floats]:
    """Best points (series, 4) improved by coordinate steps of halving length, with their sums of squares (series,)."""
    star, sse, step = star.copy(), sse.copy(), _FIRST_STEPS.copy()
    axes = free_parameters(form)
    for _ in range(STEP_HALVINGS):
        moves = np.zeros((2 * len(axes), 4))
        for i, axis in enumerate(axes):
            moves[2 * i, axis], moves[2 * i + 1, axis] = step[axis], -step[axis]
        mine = np.arange(len(star))
        for _ in range(2):
            near = star[mine, None, :] + moves[None, :, :]
            near[..., axes] = np.clip(near[..., axes], _LOWER[axes], _UPPER[axes])
            tried = squared_error_sums(data.take(mine), form, near)
            rows, best = np.arange(len(mine)), tried.argmin(axis=1)
            better = tried[rows, best] < sse[mine]
            rows, best, mine = rows[better], best[better], mine[better]  # where no step is better, none is the next time
            star[mine], sse[mine] = near[rows, best], tried[rows, best]
            if not len(mine):
                break
        step /= 2
    return star, sse


@dataclass(frozen=True)
class EtsFit:
    """Weighted candidates of one series: parameters `star` (k, 4), form index, weight and log-likelihood (k,), AICc by form."""

    star: Floats
    form: Ints
    weight: Floats
    loglike: Floats
    criteria: Floats
    count: int

    @property
    def best(self) -> int:
        """The most likely candidate of the form with the smallest criterion."""
        mine = np.flatnonzero(self.form == int(self.criteria.argmin()))
        return int(mine[self.loglike[mine].argmax()])


def fit(data: EtsBatch, forms: tuple[str, ...], keep: int = 48, chunk: int = 256) -> list[EtsFit]:
    """Weighted candidates of every series, the `keep` heaviest of each; series of similar length share a chunk."""
    order = np.argsort(data.length, kind="stable")
    out: list[EtsFit | None] = [None] * len(order)
    for at in range(0, len(order), chunk):
        index = order[at : at + chunk]
        for i, fitted in zip(index, _fit_chunk(data.take(index), forms, keep), strict=True):
            out[int(i)] = fitted
    return [fitted for fitted in out if fitted is not None]


def _fit_chunk(data: EtsBatch, forms: tuple[str, ...], keep: int) -> list[EtsFit]:
    count = data.weight.sum(axis=1)
    floor = 1e-16 * count * np.maximum((data.weight * data.y**2).sum(axis=1) / count, 1e-8)  # a constant series has no errors
    grids: list[Floats] = []
    likes, tops = [], []
    criteria = np.full((len(data.y), len(FORMS)), np.inf)
    for form in forms:
        grid = candidate_grid(form)
        sse = _search_grid(data, form, grid)
        rows, best = np.arange(len(sse)), sse.argmin(axis=1)
        top, sse[rows, best] = refine_candidates(data, form, grid[best], sse[rows, best])
        ll = profile_loglike(np.maximum(sse, floor[:, None]), count[:, None])
        value = aicc(ll.max(axis=1), parameter_count(form, data.season), count)
        long_enough = not has_season(form) or count >= 2 * data.season + 3
        criteria[:, FORMS.index(form)] = np.where(long_enough, value, np.inf)
        tops.append((best + sum(len(part) for part in grids), top))
        grids.append(grid)
        likes.append(ll)
    grid, ll = np.concatenate(grids), np.concatenate(likes, axis=1)
    number = np.repeat([FORMS.index(form) for form in forms], [len(part) for part in grids])
    heavy, weight = candidate_weights(number, ll, criteria, keep)
    out = []
    for i, (kept, share) in enumerate(zip(heavy, weight, strict=True)):
        kept, share = kept[share > 0], share[share > 0]
        star = grid[kept]
        for best, top in tops:
            star[kept == best[i]] = top[i]
        out.append(EtsFit(star, number[kept], share, ll[i, kept], criteria[i], int(count[i])))
    return out


def _search_grid(data: EtsBatch, form: str, grid: Floats, chunk: int = 24) -> Floats:
    """`squared_error_sums` of all series on a grid (candidates, 4); a chunk of arrays fits a processor's cache."""
    parts = [np.arange(at, min(at + chunk, len(data.y))) for at in range(0, len(data.y), chunk)]
    return np.concatenate([squared_error_sums(data.take(part), form, grid) for part in parts])


def candidate_weights(number: Ints, ll: Floats, criteria: Floats, keep: int) -> tuple[Ints, Floats]:
    """Indices (series, keep) of the heaviest candidates and their weights, from the form `number` (candidates,) of each.

    exp(-AICc / 2) between forms (Burnham and Anderson 2002, ch. 2), criteria (series, forms), the likelihood within a form,
    ll (series, candidates).
    """
    between = np.exp(-(criteria - criteria.min(axis=1, keepdims=True)) / 2)
    weight = np.zeros(ll.shape)
    for j in np.unique(number):
        mine = number == j
        own = np.ascontiguousarray(ll[:, mine])  # a row in one piece adds up alike beside any others
        inside = np.exp(own - own.max(axis=1, keepdims=True))
        weight[:, mine] = between[:, [j]] * inside / inside.sum(axis=1, keepdims=True)
    heavy = np.argsort(-weight, axis=1, kind="stable")[:, :keep]
    share = np.take_along_axis(weight, heavy, axis=1)
    return heavy, share / share.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class EtsStates:
    """States of k lanes after the last month of each: level, slope (k,), season (m, k); one-step errors (T, k).

    phase : the month of the season that comes next, (k,)
    """

    level: Floats
    slope: Floats
    season: Floats
    errors: Floats
    phase: Ints

    def take(self, lanes: slice) -> EtsStates:
        """Some of the lanes."""
        return EtsStates(self.level[lanes], self.slope[lanes], self.season[:, lanes], self.errors[:, lanes], self.phase[lanes])


def final_states(data: EtsBatch, rows: Ints, star: Floats, form: Ints) -> EtsStates:
    """Final states of lanes, each a candidate `star` (k, 4) of form number `form` (k,) of series `rows` (k,), in one pass."""
    alpha, beta, gamma, phi = smoothing_coefficients(star)
    length, m = data.length[rows], data.season
    y, weight = data.y[rows].T, data.weight[rows].T
    level, slope, season = np.empty(len(rows)), np.empty(len(rows)), np.empty((m, len(rows)))
    for j in np.unique(form):
        mine = form == j
        level[mine], slope[mine], pattern = (part[rows[mine]] for part in data.initial(FORMS[j]))
        season[:, mine] = pattern.T
    errors, step = np.zeros((int(length.max()), len(rows))), np.empty(len(rows))
    ended = np.empty_like(level), np.empty_like(slope), np.empty_like(season)
    for t, error in enumerate(errors):
        now = season[t % m]
        np.multiply(phi, slope, out=slope)
        np.add(level, slope, out=level)
        np.subtract(y[t], level, out=error)
        np.subtract(error, now, out=error)
        np.multiply(error, weight[t], out=error)
        for state, share in ((level, alpha), (slope, beta), (now, gamma)):
            np.add(state, np.multiply(share, error, out=step), out=state)
        if (ends := length == t + 1).any():
            for kept, state in zip(ended, (level, slope, season), strict=True):
                kept[..., ends] = state[..., ends]
    return EtsStates(*ended, errors, length % m)


def simulate(now: EtsStates, star: Floats, pick: Ints, noise: Floats) -> Floats:
    """Simulated paths (draws, horizon): each continues lane `pick` (draws,) of one series with its own `noise`."""
    alpha, beta, gamma, phi = (c[pick] for c in smoothing_coefficients(star))
    level, slope, season = now.level[pick], now.slope[pick], now.season[:, pick]
    out = np.empty((noise.shape[1], len(pick)))
    m = len(season)
    for h, ahead in enumerate(out):
        slope = phi * slope
        level = level + slope
        j = (int(now.phase[0]) + h) % m
        error = np.ascontiguousarray(noise[:, h])
        np.add(level + season[j], error, out=ahead)
        level = level + alpha * error
        slope = slope + beta * error
        season[j] = season[j] + gamma * error
    return out.T
