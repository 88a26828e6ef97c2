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

import numpy as np

from forecast.arrays import Bools, Floats, Ints

FORMS = ("N", "S", "P", "F")


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


class CesRecursion:
    """States of any array of lanes, each with its parameters (..., 4), advanced month by month in place.

    level, potential (...); season, second (m, ...): their seasonal counterparts, in form `S` the whole state.
    """

    def __init__(self, form: str, point: Floats, shape: tuple[int, ...], season: int) -> None:
        a0, a1, b0, b1 = (point[..., j] for j in range(4))
        self.form, self.m = form, season
        self.into_level, self.into_potential = (1.0 - a1, a0 - a1), (1.0 - a0, a0 + a1)
        self.b0, self.into_season, self.into_second = b0, (1.0 - b1, b0 - b1), (1.0 - b0, b0 + b1)
        self.level, self.potential = np.zeros(shape), np.zeros(shape)
        cycles = 0 if form == "N" else season
        self.season, self.second = np.zeros((cycles, *shape)), np.zeros((cycles if form != "P" else 0, *shape))
        self._moved, self._step = np.empty(shape), np.empty(shape)

    def ahead(self, t: int, out: Floats) -> Floats:
        """One-step forecasts of month t, into `out`."""
        if self.form == "N":
            np.copyto(out, self.level)
        elif self.form == "S":
            np.copyto(out, self.season[t % self.m])
        else:
            np.add(self.level, self.season[t % self.m], out=out)
        return out

    def advance(self, t: int, error: Floats) -> None:
        """From month t to the next, given its errors."""
        j = t % self.m
        if self.form == "S":
            self._advance_pair(self.season[j], self.second[j], self.into_level, self.into_potential, error)
            return
        self._advance_pair(self.level, self.potential, self.into_level, self.into_potential, error)
        if self.form == "P":
            np.multiply(self.b0, error, out=self._step)
            np.add(self.season[j], self._step, out=self.season[j])
        elif self.form == "F":
            self._advance_pair(self.season[j], self.second[j], self.into_season, self.into_second, error)

    def _advance_pair(
        self, level: Floats, potential: Floats, real: tuple[Floats, Floats], imaginary: tuple[Floats, Floats], error: Floats
    ) -> None:
        """Level less real[0] potential, potential become level plus imaginary[0] potential, both plus a share of the error."""
        moved, step = self._moved, self._step
        np.multiply(real[0], potential, out=step)
        np.subtract(level, step, out=moved)
        np.multiply(real[1], error, out=step)
        np.add(moved, step, out=moved)
        np.multiply(imaginary[0], potential, out=potential)
        np.add(level, potential, out=potential)
        np.multiply(imaginary[1], error, out=step)
        np.add(potential, step, out=potential)
        np.copyto(level, moved)


def _begin_with_season(run: CesRecursion, y: Floats, pattern: Floats, point: Floats) -> None:
    """Heuristic initial seasons of lanes with figures y (T, ...) and pattern (m, ...): in form `S` those of the first year.

    The level and potential that are estimated later begin at zero.
    """
    m = run.m
    if run.form == "S":
        first = y[:m] if len(y) >= m else np.zeros((m, *y.shape[1:]))
        run.season[...], run.second[...] = first, first / point[..., 0]
    elif run.form == "P":
        run.season[...] = pattern
    elif run.form == "F":
        run.season[...], run.second[...] = pattern, pattern / np.maximum(point[..., 2], 0.1)


def squared_error_sums(data: CesBatch, form: str, point: Floats) -> tuple[Floats, Floats]:
    """Sums of squared errors (series, candidates) at `point` (series or 1, candidates, 4), with initial states (.., 2).

    Where all series share the candidates and no month is missing, the response to the initial states is the same for all and
    runs beside them once.
    """
    shape = (len(data.y), point.shape[1])
    free = form != "S"
    shared = point.shape[0] == 1 and bool((data.weight.sum(axis=1) == data.length).all())
    run = CesRecursion(form, point, shape, data.season)
    _begin_with_season(run, data.y.T[:, :, None], data.pattern.T[:, :, None], point)
    unit = CesRecursion(form, point, (2, 1 if shared else shape[0], shape[1]), data.season)
    unit.level[0], unit.potential[1] = 1.0, 1.0
    error, term, response = np.empty(shape), np.empty(shape), np.empty(unit.level.shape)
    sums, own = np.zeros((3, *shape)), np.zeros((3, *unit.level.shape[1:]))
    ended = np.zeros((3, *shape))
    for t in range(data.y.shape[1]):
        on = data.weight[:, t, None]
        np.subtract(data.y[:, t, None], run.ahead(t, error), out=error)
        np.multiply(error, on, out=error)
        np.add(sums[0], np.multiply(error, error, out=term), out=sums[0])
        if free:
            np.negative(unit.ahead(t, response), out=response)
            if not shared:
                np.multiply(response, on, out=response)
            for k in (0, 1):
                np.add(sums[k + 1], np.multiply(error, response[k], out=term), out=sums[k + 1])
            for k, (a, b) in enumerate(((0, 0), (0, 1), (1, 1))):
                own[k] += response[a] * response[b]
            unit.advance(t, response)
            if shared and (ends := data.length == t + 1).any():
                ended[:, ends] = own
        run.advance(t, error)
    if not free:
        return np.nan_to_num(sums[0], nan=np.inf), np.zeros((*shape, 2))
    return _profile_initial_states(sums, ended if shared else own)


def _profile_initial_states(sums: Floats, own: Floats) -> tuple[Floats, Floats]:
    """Least squares on the two initial states: the errors are e0 + e1 l0 + e2 c0.

    sums (3, ...) of e0 e0, e0 e1 and e0 e2; own (3, ...) of e1 e1, e1 e2 and e2 e2
    """
    (ee, e1, e2), (p11, p12, p22) = sums, own
    ridge = 1e-9 * (p11 + p22)
    with np.errstate(all="ignore"):
        det = (p11 + ridge) * (p22 + ridge) - p12 * p12
        level = -((p22 + ridge) * e1 - p12 * e2) / det
        potential = -((p11 + ridge) * e2 - p12 * e1) / det
        total = ee + level * e1 + potential * e2
    bad = ~np.isfinite(total) | (total < 0)
    return np.where(bad, np.inf, total), np.nan_to_num(np.stack([level, potential], axis=-1))


@dataclass(frozen=True)
class CesStates:
    """States of k lanes of one form after the last month of each: level, potential (k,), season, second (m, k).

    errors : one-step errors (T, k); phase : the month of the season that comes next, (k,)
    """

    form: str
    level: Floats
    potential: Floats
    season: Floats
    second: Floats
    errors: Floats
    phase: Ints

    def take(self, lanes: Ints | slice) -> CesStates:
        """Some of the lanes."""
        return CesStates(
            self.form, self.level[lanes], self.potential[lanes], self.season[:, lanes], self.second[:, lanes],
            self.errors[:, lanes], self.phase[lanes],
        )  # fmt: skip


def final_states(data: CesBatch, rows: Ints, form: str, point: Floats, first: Floats) -> CesStates:
    """Final states of lanes, each a candidate (k, 4) of form `form` of series `rows` (k,), from initial states (k, 2)."""
    length = data.length[rows]
    y, weight = data.y[rows].T, data.weight[rows].T
    run = CesRecursion(form, point, (len(rows),), data.season)
    _begin_with_season(run, y, data.pattern[rows].T, point)
    if form != "S":
        run.level[...], run.potential[...] = first[:, 0], first[:, 1]
    errors = np.zeros((int(length.max()), len(rows)))
    states = (run.level, run.potential, run.season, run.second)
    ended = [np.zeros_like(state) for state in states]
    for t, error in enumerate(errors):
        np.subtract(y[t], run.ahead(t, error), out=error)
        np.multiply(error, weight[t], out=error)
        run.advance(t, error)
        if (ends := length == t + 1).any():
            for kept, state in zip(ended, states, strict=True):
                kept[..., ends] = state[..., ends]
    level, potential, season, second = ended
    return CesStates(form, level, potential, season, second, errors, length % data.season)


def simulate(end: CesStates, point: Floats, pick: Ints, noise: Floats) -> Floats:
    """Simulated paths (draws, horizon): each continues lane `pick` (draws,) of one series with its own `noise`."""
    run = CesRecursion(end.form, point[pick], (len(pick),), max(len(end.season), 1))
    run.level[...], run.potential[...] = end.level[pick], end.potential[pick]
    run.season[...], run.second[...] = end.season[:, pick], end.second[:, pick]
    out = np.empty((noise.shape[1], len(pick)))
    for h in range(noise.shape[1]):
        t, error = int(end.phase[0]) + h, np.ascontiguousarray(noise[:, h])
        np.add(run.ahead(t, out[h]), error, out=out[h])
        run.advance(t, error)
    return out.T


def reference_final_states(data: CesBatch, rows: Ints, form: str, point: Floats, first: Floats) -> CesStates:
    """The same final states computed one lane at a time with the complex recursion printed in the paper (ibid., eq. 3).

    With z = level + i potential and a = a0 + i a1: z(t) = a (y(t) + i e(t)) + (1 + i - a) z(t-1).
    """
    m, k = data.season, len(rows)
    made = CesRecursion(form, point, (k,), m)
    _begin_with_season(made, data.y[rows].T, data.pattern[rows].T, point)
    errors = np.zeros((int(data.length[rows].max()), k))
    for j, row in enumerate(rows):
        a, b = complex(point[j, 0], point[j, 1]), complex(point[j, 2], point[j, 3])
        z = complex(first[j, 0], first[j, 1])
        real, imaginary = (part[:, j] if len(part) else np.zeros(m) for part in (made.season, made.second))
        cycle = [complex(*pair) for pair in zip(real, imaginary, strict=True)]
        for t in range(int(data.length[row])):
            level = cycle[t % m] if form == "S" else z
            second = cycle[t % m] if form in ("P", "F") else 0j
            error = (data.y[row, t] - level.real - second.real) * float(data.weight[row, t] > 0)
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
        made.level[j], made.potential[j] = (z.real, z.imag) if form != "S" else (0.0, 0.0)
        for part, values in ((made.season, [c.real for c in cycle]), (made.second, [c.imag for c in cycle])):
            part[:, j] = values[: len(part)]
    return CesStates(form, made.level, made.potential, made.season, made.second, errors, data.length[rows] % m)
