"""Own parts of the series given the smoothed factors: moments of each month and of neighbouring months, known or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.models.factor.smoother import OwnDynamics, Smoothed


@dataclass(frozen=True)
class OwnParts:
    """Means (T, N) of the own parts, and covariances with themselves in the month (T, N) and the month before (T - 1, N)."""

    mean: Floats
    variance: Floats
    lagged: Floats


@dataclass(frozen=True)
class NeighbourShares:
    """An unknown month as a share of the last known own part and of the next one: `left`, `right`, of the given shape."""

    left: Floats
    right: Floats


def neighbour_shares(own: OwnDynamics, series: Ints, month: Ints, before: Ints, after: Ints, size: int) -> NeighbourShares:
    """Shares of the nearest known own parts in the mean of a month between them; none of a next one after the last."""
    ahead = np.where(after < size, after, before)  # any month of the panel, where nothing follows
    inside = (after < size) & (after > before)
    through = own.variance[series, np.where(inside, ahead - before, 0)]
    right = np.where(
        inside,
        own.power[series, np.maximum(ahead - month, 0)] * own.variance[series, month - before] / np.where(inside, through, 1.0),
        0.0,
    )
    left = own.power[series, month - before] - right * own.power[series, np.where(inside, ahead - before, 0)]
    return NeighbourShares(left, right)


def covariance_between_figures(
    own: OwnDynamics, series: Ints, early: Ints, late: Ints, before: Ints, after: Ints, size: int
) -> Floats:
    """Covariance of two months with the same known neighbours, beyond what the neighbours explain."""
    alone = own.power[series, late - early] * own.variance[series, early - before]
    inside = (after < size) & (after > before)
    ahead = np.where(inside, after, late)
    through = own.variance[series, np.where(inside, after - before, 0)]
    one = own.power[series, ahead - early] * own.variance[series, early - before]
    two = own.power[series, ahead - late] * own.variance[series, late - before]
    return np.asarray(alone - np.where(inside, one * two / np.where(inside, through, 1.0), 0.0))


def own_parts(given: Smoothed) -> OwnParts:
    """First and second moments of all own parts, persistent ones."""
    panel, found = given.panel, given.found
    size, count = panel.y.shape
    own = OwnDynamics.of(found, panel.reach)
    order, load, r, width = found.order, found.loadings, given.free, found.transition.shape[1]
    factors, spread = given.factors
    factors, spread = factors[order - 1 :], spread[order - 1 :, :, order - 1 :, :]
    own_root = given.root[width:]
    anchor = panel.values - factors @ load.T
    anchor[0] = given.centre[width:] + own_root @ given.mean[:r]
    # covariances of the first month's own part with itself, and with the own parts of later months
    with_factors = (own_root @ given.covariance[:r, r:]).reshape(count, size - 1, -1)
    to_first = -(with_factors * load[:, None, :]).sum(axis=2)
    with_first = np.column_stack([((own_root @ given.covariance[:r, :r]) * own_root).sum(axis=1), to_first])

    def together(series: Ints, one: Ints, two: Ints) -> Floats:
        value = np.einsum("nab,na,nb->n", spread[one, :, two, :], load[series], load[series])
        early = np.minimum(one, two)
        return np.where(early == 0, with_first[series, np.maximum(one, two)], value)

    month = np.arange(size)
    square = (load[:, :, None] * load[:, None, :]).reshape(count, -1).T
    mean = anchor.copy()
    variance = spread[month, :, month, :].reshape(size, -1) @ square
    lagged = spread[month[1:], :, month[:-1], :].reshape(size - 1, -1) @ square
    open_months = ~panel.known
    open_months[0] = True
    when, series = np.nonzero(open_months)
    before, after = panel.before[when, series], panel.after[when, series]
    shares = neighbour_shares(own, series, when, before, after, size)
    ahead = np.where(after < size, after, before)
    mean[when, series] = shares.left * anchor[before, series] + shares.right * anchor[ahead, series]
    variance[when, series] = (
        shares.left**2 * together(series, before, before)
        + shares.right**2 * together(series, ahead, ahead)
        + 2 * shares.left * shares.right * together(series, before, ahead)
        + covariance_between_figures(own, series, when, when, before, after, size)
    )
    late, series = np.nonzero(open_months[1:] | open_months[:-1])
    late += 1
    pair = []
    for when in (late, late - 1):
        before, after = panel.before[when, series], panel.after[when, series]
        shares = neighbour_shares(own, series, when, before, after, size)
        pair.append((before, after, ((shares.left, before), (shares.right, np.where(after < size, after, before)))))
    (before, after, now), (before_then, after_then, then) = pair
    same = (before == before_then) & (after == after_then)
    rest = covariance_between_figures(
        own, series, np.where(same, late - 1, before), np.where(same, late, before), before, after, size
    )
    lagged[late - 1, series] = np.where(same, rest, 0.0) + sum(
        a * b * together(series, one, two) for a, one in now for b, two in then
    )
    return OwnParts(mean, variance, lagged)
