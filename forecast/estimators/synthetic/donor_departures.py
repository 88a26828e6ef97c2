"""Donors that an event moved too: how far each of them went from the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.estimators.synthetic.donors_as_treated import DonorsAsTreated
from forecast.kernels import local_level


@dataclass(frozen=True)
class DonorDepartures:
    """Each donor against the others: gaps before the event, and departure after it.

    gaps (k, T) : cross-fitted, before the event; errors (k,) : departure after it, in expected errors; moved : indices of the
    donors that moved, the farthest first
    """

    gaps: Floats
    errors: Floats
    moved: tuple[int, ...]


def donor_departures(treated: DonorsAsTreated, months: Ints, asked: Ints) -> DonorDepartures:
    """Departure: a donor's mean gap to the other donors over the `asked` months, in units of its expected error.

    That error is `local_level.zero_forecast_errors`, with the variance of the level estimated from the gaps of all donors in
    `months`. A donor more than `local_level.DEPARTURE_THRESHOLD` errors away has moved; it is dropped before the next search,
    until two are left, of which neither can be told to be the one that moved, or more than a third have moved. Donors are
    fitted to each other's outcomes in all months, without predictors and selection.
    """
    laid, count = local_level.build_model(months, asked), treated.sample.x.shape[1]
    remaining, moved = np.arange(count), list[int]()
    gaps, first = _departure_sizes(treated, remaining, laid, treated.everyone)
    scores = first
    while len(remaining) > 2 and len(moved) <= count // 3 and scores.max() > local_level.DEPARTURE_THRESHOLD:
        farthest = int(np.argmax(scores))
        moved.append(int(remaining[farthest]))
        remaining = np.delete(remaining, farthest)
        scores = _departure_sizes(treated, remaining, laid, treated.gaps(remaining))[1]
    return DonorDepartures(gaps, first, tuple(moved))


def _departure_sizes(
    treated: DonorsAsTreated, donors: Ints, laid: local_level.LocalLevelModel, gaps: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Cross-fitted gaps (m, T) of some donors to each other, and their departures (m,), from their gaps before and after."""
    before, after = gaps
    crossed = treated.cross_fitted_gaps(donors, before)
    usual = local_level.zero_forecast_errors(laid, crossed)
    away = np.abs(after @ treated.sample.share)
    return crossed, np.divide(away, usual, out=np.zeros(len(usual)), where=usual > 0)
