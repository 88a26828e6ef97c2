"""What may have been rerouted through each third country: bounds, the test of both legs, and the share of the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats
from forecast.core.ledger import LedgerQuestion, Leg, ReroutedShare, Role, Route
from forecast.kernels.holm_romano_wolf import holm
from forecast.kernels.intersection_bounds import (
    level_of_set,
    lower_limit_of_clipped_sum,
    sum_of_clipped_minima,
    upper_limit_of_minimum,
)

LEVEL = 0.05  # of the test of both legs, over all third countries
LIMIT = 0.95  # of the one-sided limits
CROSSED = (
    "more arrived than own sources and what came from the exporter explain: a source or a name is missing, or a record is wrong"
)
CLEAR = 0.8  # of the interval of the loss that must leave out zero for a share of it


@dataclass(frozen=True)
class Bounds:
    """Estimates of the legs that bound each route from above, and of what bounds it from below.

    points (k, 2, 2), draws (n, k, 2, 2) : outward and onward leg, without and with the months ahead; infinite without data
    floors (k,), floor_draws (n, k) : onward leg less own sources, zero where these are unknown
    """

    points: Floats
    draws: Floats
    floors: Floats
    floor_draws: Floats


def bounds_of(question: LedgerQuestion, legs: Mapping[tuple[Role, str], Leg], factor: float, draws: int) -> Bounds:
    """The bounds of all third countries; without draws (`draws` 0) the arrays of draws have no row.

    Goods that arrive from k came from the exporter in the months of the path, or in those ahead, so that the smaller of what k
    got and what it sent bounds what went through: with and without the months ahead, whichever is larger.
    """
    countries = question.through
    points = np.full((len(countries), 2, 2), np.inf)
    drawn = np.full((draws, len(countries), 2, 2), np.inf)
    floors, floor_draws = np.zeros(len(countries)), np.zeros((draws, len(countries)))
    for i, country in enumerate(countries):
        path, onward, ahead = (legs.get((role, country)) for role in ("path", "I", "ahead"))
        if path is not None and path.known:
            early = ahead if ahead is not None and ahead.known else None
            points[i, 0] = [path.value - (early.value if early else 0.0), path.value]
            if draws:
                drawn[:, i, 0, :] = np.asarray(path.draws)[:, None]
                drawn[:, i, 0, 0] -= 0.0 if early is None else np.asarray(early.draws)
        if onward is not None and onward.known:
            points[i, 1] = onward.value
            own = _own_sources(question, country, factor)
            if draws:
                drawn[:, i, 1, :] = np.asarray(onward.draws)[:, None]
            if math.isfinite(own):
                floors[i] = onward.value - own
                if draws:
                    floor_draws[:, i] = np.asarray(onward.draws) - own
    return Bounds(points, drawn, floors, floor_draws)


def routes_of(question: LedgerQuestion, legs: Mapping[tuple[Role, str], Leg], bounds: Bounds, factor: float) -> list[Route]:
    """Bounds, tests and contradictions of all third countries, in the order of the question."""
    made = [_route(question, country, i, legs, bounds, factor) for i, country in enumerate(question.through)]
    tested = [i for i, route in enumerate(made) if math.isfinite(route.p_value)]
    for i, p in zip(tested, holm([made[i].p_value for i in tested]), strict=True):
        made[i] = replace(made[i], p_holm=p, found=p <= LEVEL)
    return made


def _route(
    question: LedgerQuestion, country: str, i: int, legs: Mapping[tuple[Role, str], Leg], bounds: Bounds, factor: float
) -> Route:
    outward, onward = legs["path", country], legs["I", country]
    bare = Route(country, outward, onward, own_sources=_own_sources(question, country, factor))
    points, draws = bounds.points[i], bounds.draws[:, i]
    there = np.isfinite(points[:, 0])
    if not there.any():
        return bare
    declared = math.isfinite(bare.own_sources) and onward.known
    floor = float(bounds.floors[i])
    if not len(draws):
        upper, lower = max(0.0, float(points.min(axis=0).max())), max(0.0, floor)
        crossed = declared and floor > max(float(points[0].max()), 0.0) and outward.known
        return replace(bare, lower=lower, upper=upper, contradiction=CROSSED if crossed else "")
    # the larger of two upper limits is one of the larger bound, and needs no correction
    made = [[upper_limit_of_minimum(points[there, w], draws[:, there, w], level) for w in (0, 1)] for level in (0.5, LIMIT)]
    upper, limit = (max(0.0, *pair) for pair in made)
    if declared and outward.known and floor <= float(points[0].max()):
        upper = max(upper, floor)  # no estimate lies below it: what is taken off for the choice of the smaller flow alone does
    low = float(np.quantile(bounds.floor_draws[:, i], 1.0 - LIMIT)) if declared else 0.0
    gap = bounds.floor_draws[:, i] - np.maximum(draws[:, 0].max(axis=1), 0.0)
    crossed = declared and outward.known and float((gap <= 0).mean()) < LEVEL
    p_value = max(outward.p_value, onward.p_value) if outward.known and onward.known else math.nan
    if declared and math.isfinite(p_value):  # what its own sources explain did not come from the exporter
        p_value = max(p_value, float((1 + (bounds.floor_draws[:, i] <= 0).sum()) / (1 + len(draws))))
    return replace(
        bare, lower=max(0.0, floor), upper=upper, lower_limit=max(0.0, min(low, floor)), upper_limit=max(limit, upper),
        p_value=p_value, contradiction=CROSSED if crossed else "",
    )  # fmt: skip


def _own_sources(question: LedgerQuestion, country: str, factor: float) -> float:
    """Declared own sources in kg of the ledger's content, NaN where unknown."""
    return factor * 1000.0 * question.own_sources.get(country, math.nan)


def total_rerouted(bounds: Bounds, level: float) -> tuple[float, float, float, float]:
    """Estimates of the two bounds of all routes together, and one-sided limits of them at a level."""
    highs = [sum_of_clipped_minima(bounds.points[:, :, w], bounds.draws[:, :, :, w], level) for w in (0, 1)]
    upper, limit = max(one for one, _ in highs), max(one for _, one in highs)
    lower = float(np.maximum(bounds.floors, 0.0).sum())
    return lower, upper, lower_limit_of_clipped_sum(bounds.floors, bounds.floor_draws, level), limit


def share_of_loss(bounds: Bounds, routes: Sequence[Route], loss: Leg) -> ReroutedShare:
    """The rerouted share of the loss, whose leg is given (a fall is a loss)."""
    if not routes:
        return ReroutedShare(undefined="no third country is named, or found in the data")
    if any(route.contradiction for route in routes):
        return ReroutedShare(undefined="bounds cross")
    if not loss.known:
        return ReroutedShare(undefined="the loss has no data")
    lost = -loss.value
    if loss.draws is None:
        if not lost > 0:
            return ReroutedShare(undefined="nothing was lost")
        if not np.isfinite(bounds.points.min(axis=1)).all():
            return ReroutedShare(undefined="a third country has no figure that bounds it")
        upper = float(np.maximum(bounds.points.min(axis=1), 0.0).sum(axis=0).max())
        return ReroutedShare(float(np.maximum(bounds.floors, 0.0).sum()) / lost, upper / lost)
    if np.quantile(-loss.draws, (1.0 - CLEAR) / 2) <= 0:
        return ReroutedShare(undefined=f"the loss is not above zero with {CLEAR:.0%}")
    drawn = np.maximum(-loss.draws, 1e-9 * lost)
    part = Bounds(
        bounds.points / lost, bounds.draws / drawn[:, None, None, None], bounds.floors / lost,
        bounds.floor_draws / drawn[:, None],
    )  # fmt: skip
    lower, upper, _, far = total_rerouted(part, LIMIT)
    if not math.isfinite(upper):
        return ReroutedShare(undefined="a third country has no figure that bounds it")
    spread = (far - upper) / 1.6449
    _, _, low, high = total_rerouted(part, level_of_set(upper - lower, spread))
    if low > high:
        return ReroutedShare(undefined="bounds cross")
    if any(route.lower > route.upper for route in routes):  # within noise: the estimates hold no range, their limits do
        return ReroutedShare(lo95=low, hi95=high)
    return ReroutedShare(lower, max(lower, upper), low, max(upper, high))


def rerouted_draws(bounds: Bounds, routes: Sequence[Route]) -> tuple[Floats, Floats]:
    """Draws of all routes together at their lower and at their upper bound, (n,) each, for the arithmetic of the account.

    Not clipped in a draw: a route whose estimate is clipped to zero is zero in every draw, any other is as drawn.
    """
    upper = bounds.draws.min(axis=2)
    best = np.where(bounds.points.min(axis=1)[:, 0] >= bounds.points.min(axis=1)[:, 1], 0, 1)
    chosen = upper[:, np.arange(len(best)), best]
    keep = np.array([route.upper > 0 for route in routes], dtype=bool)
    positive = bounds.floors > 0
    return bounds.floor_draws[:, positive].sum(axis=1), chosen[:, keep].sum(axis=1)
