"""The likely part of a parameter box as a grid, and the maximum of a likelihood near it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecast.arrays import Floats

SETTLING_WIDTH = 1e-3  # width of the final finite differences, as a share of the parameter box
LOGLIKE_CUTOFF = 6.0  # grid points whose log-likelihood is this far below the best get no draws


def search_grid(
    loglike: Callable[[Floats], Floats],
    lower: tuple[float, ...],
    upper: tuple[float, ...],
    counts: tuple[int, ...],
    *,
    polish: bool = True,
    enough: int | None = None,
) -> tuple[Floats, Floats, Floats]:
    """The likely part of a box as a grid (g, p) with its log-likelihoods (g,), and the maximum (p,).

    Two grids of `counts` points a side: the whole box, then the part within `LOGLIKE_CUTOFF` of its best. Without `polish` the
    maximum is the best point of the second grid. With `enough` likely points in the first grid there is no second one.
    """
    low, high = np.array(lower, float), np.array(upper, float)
    nodes = parameter_grid(low, high, counts)
    values = loglike(nodes)
    if not np.isfinite(values).any():
        raise np.linalg.LinAlgError("no parameter value gives a positive definite covariance")
    if not len(counts):
        return nodes, values, nodes[0]
    step = (high - low) / np.maximum(np.array(counts) - 1, 1)
    likely = nodes[values > values.max() - LOGLIKE_CUTOFF]
    if enough is not None and len(likely) >= enough and not polish:
        return nodes, values, nodes[values.argmax()]
    nearest, furthest = np.clip(likely.min(axis=0) - step, low, high), np.clip(likely.max(axis=0) + step, low, high)
    nodes = parameter_grid(nearest, furthest, counts)
    values = loglike(nodes)
    best = nodes[values.argmax()]
    if polish:
        step = (furthest - nearest) / np.maximum(np.array(counts) - 1, 1)
        best = climb_to_maximum(loglike, best, step, low, high)
    return nodes, values, best


def parameter_grid(lower: Floats, upper: Floats, counts: tuple[int, ...]) -> Floats:
    """All combinations of equally spaced values, shape (g, p); one empty row where there is no parameter."""
    if not len(counts):
        return np.zeros((1, 0))
    out = np.empty((*counts, len(counts)))
    for j, (a, b, c) in enumerate(zip(lower, upper, counts, strict=True)):
        axis = np.linspace(a, b, c)
        out[..., j] = axis.reshape([c if i == j else 1 for i in range(len(counts))])
    return out.reshape(-1, len(counts))


def climb_to_maximum(
    loglike: Callable[[Floats], Floats], start: Floats, step: Floats, lower: Floats, upper: Floats, until: float = 1e-6
) -> Floats:
    """Maximum near `start` inside the box, by pattern search over the 3^p neighbours and Newton steps.

    While a neighbour is higher the search moves there. Otherwise it takes a Newton step on centred differences (parameters at
    a bound stay there) and divides the distance to the neighbours by eight, down to `until`.
    """
    size = len(start)
    offsets = parameter_grid(-np.ones(size), np.ones(size), (3,) * size)
    best, at, step = start.copy(), -np.inf, step.copy()
    while step.max() > until:
        trial = np.clip(best + offsets * step, lower, upper)
        values = loglike(trial)
        middle = float(values[len(values) // 2])
        if values.max() > max(at, middle) + 1e-12:
            best, at = trial[values.argmax()], float(values.max())
            continue
        at = middle
        top = _parabola_maximum(values, offsets, best, step, lower, upper)
        if top is not None and (value := float(loglike(top[None])[0])) > at:
            best, at = top, value
        step = step / 8
    return settle_maximum(loglike, best, lower, upper) if until < SETTLING_WIDTH else best


def settle_maximum(loglike: Callable[[Floats], Floats], near: Floats, lower: Floats, upper: Floats) -> Floats:
    """Maximum `near` a point by Newton steps on differences wide enough that rounding does not move it.

    The log-likelihood of a hundred figures is rounded at its twelfth decimal. At the maximum, points 1e-6 apart differ by less
    than that, so a fine search ends anywhere within 1e-6, depending on the processor. Differences over a thousandth of the box
    fix the maximum to 1e-10, less than a thousandth of a standard error from where exact derivatives would put it.
    """
    offsets = parameter_grid(-np.ones(len(near)), np.ones(len(near)), (3,) * len(near))
    offsets = offsets[(offsets != 0).sum(axis=1) <= 2]
    best, step = near, SETTLING_WIDTH * (upper - lower)
    for _ in range(8):
        top = _parabola_maximum(loglike(np.clip(best + offsets * step, lower, upper)), offsets, best, step, lower, upper)
        if top is None:
            break
        moved, best = float(np.abs((top - best) / step).max()), top
        if moved < 1e-6:
            break
    return best


def _parabola_maximum(
    values: Floats, offsets: Floats, middle: Floats, step: Floats, lower: Floats, upper: Floats
) -> Floats | None:
    """Maximum of the quadratic through the 3^p neighbours (at most one step away); None where it is not concave."""
    free = np.flatnonzero((middle - step >= lower) & (middle + step <= upper))
    if not len(free):
        return None
    slope, bend = np.zeros(len(free)), np.zeros((len(free), len(free)))
    for a, i in enumerate(free):
        for b, j in enumerate(free[: a + 1]):
            plain = (np.delete(offsets, [i, j], axis=1) == 0).all(axis=1)
            seen = {tuple(o): float(v) for o, v in zip(offsets[plain][:, [i, j]], values[plain], strict=True)}
            if i == j:
                slope[a] = (seen[1, 1] - seen[-1, -1]) / 2
                bend[a, a] = seen[1, 1] - 2 * seen[0, 0] + seen[-1, -1]
            else:
                bend[a, b] = bend[b, a] = (seen[1, 1] - seen[1, -1] - seen[-1, 1] + seen[-1, -1]) / 4
    if not np.isfinite(bend).all() or np.linalg.eigvalsh(bend).max() >= 0:
        return None
    out = middle.copy()
    out[free] += np.clip(-np.linalg.solve(bend, slope), -1.0, 1.0) * step[free]
    return out
