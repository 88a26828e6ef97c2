"""Figures that may arrive, and a nowcast as a function of which of them have: what a model may offer for its news."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from forecast.arrays import Floats


@dataclass(frozen=True)
class Arrival:
    """One month of a series other than those asked: its figure before and after a release, NaN where there is none.

    Parameters
    ----------
    series : str
        its key, or its name in a plain panel
    month : int
        as an integer
    before, after : float
        in the unit of the series
    """

    series: str
    month: int
    before: float
    after: float


@dataclass(frozen=True)
class MeansByArrivals:
    """The mean of a model's draws for any set of arrivals, all other figures and the parameters being the same.

    Parameters
    ----------
    mean : callable
        of a frozenset of places in the arrivals, those let in; an array of shape (series, months)
    expected : tuple of float
        the model's mean for the month of each arrival while none is let in; NaN where the model does not hold the month
    """

    mean: Callable[[frozenset[int]], Floats]
    expected: tuple[float, ...]
