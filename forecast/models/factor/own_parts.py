"""Own parts of the series given the smoothed factors: moments of each month and of neighbouring months, known or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.models.factor.known_months import OwnDynamics
from forecast.models.factor.smoother import Smoothed


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
    # what is not a figure minus its common part: unknown months and the first one; and pairs of months that hold one of these
    at = panel.open_months
    shares = neighbour_shares(own, at.series, at.month, at.before, at.after, size)
    (one, here), (two, early), (three, late) = (
        (part, (shares.left[part], shares.right[part])) for part in (at.alone, at.early, at.late)
    )
    pairs = [(one, one, 0, 0), (one, one, 1, 1), (one, one, 0, 1), *((three, two, a, b) for a in (0, 1) for b in (0, 1))]
    ends = at.before, at.ahead
    found_pairs = together(
        np.concatenate([at.series[p] for p, *_ in pairs]),
        np.concatenate([ends[a][p] for p, _, a, _ in pairs]),
        np.concatenate([ends[b][q] for _, q, _, b in pairs]),
    )
    whole, rest = len(at.series[one]), len(at.series[two])
    left, right, both = found_pairs[: 3 * whole].reshape(3, whole)
    between = covariance_between_figures(own, at.series, at.first, at.second, at.before, at.after, size)
    cells = at.month[one], at.series[one]
    mean[cells] = here[0] * anchor[at.before[one], cells[1]] + here[1] * anchor[at.ahead[one], cells[1]]
    variance[cells] = here[0] ** 2 * left + here[1] ** 2 * right + 2 * here[0] * here[1] * both + between[one]
    crossed = found_pairs[3 * whole :].reshape(2, 2, rest)
    lagged[at.month[two], at.series[two]] = np.where(at.same, between[two], 0.0) + sum(
        late[a] * early[b] * crossed[a, b] for a in (0, 1) for b in (0, 1)
    )
    return OwnParts(mean, variance, lagged)
