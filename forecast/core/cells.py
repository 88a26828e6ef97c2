"""Cells: the figures of a vintage."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

UNHELD = "not in the data"  # the state of a month of which the data have no row, whosever they are


@dataclass(frozen=True)
class Cell:
    """One figure for a month (`first == last`) or a span of months, as known on a day.

    Parameters
    ----------
    first, last : int
        first and last month, as integers (`forecast.core.months`)
    value : float
        in kg (or USD, or the unit of a plain panel)
    status : str, default "value"
        value, zero, missing, suppressed or provisional
    kind : str, default "reported"
        reported, cumulative or derived
    stage : str, optional
        of publication, such as "preliminary" or "detail"
    released : date, optional
        the day on which the figure became known
    until : date, optional
        the day on which another took its place
    basis : str, optional
        how the day of release is known
    source : str, optional
        the publisher
    url : str, optional
        where the publisher says so
    derived_from : str, optional
        the figures it was computed from, if it was
    """

    first: int
    last: int
    value: float
    status: str = "value"
    kind: str = "reported"
    stage: str = ""
    released: dt.date = dt.date.min
    until: dt.date = dt.date.max
    basis: str = ""
    source: str = ""
    url: str = ""
    derived_from: str = ""

    @property
    def is_span(self) -> bool:
        """Whether the figure covers more than one month."""
        return self.last > self.first

    @functools.cached_property
    def stamp(self) -> bytes:
        """What a method can see of the figure, for fingerprints; cells are shared by vintages, so it is made once."""
        return f"{self.first},{self.last},{self.value!r},{self.status}".encode()

    def overlaps(self, first: int, last: int) -> bool:
        """Whether a month of the figure lies in a window.

        Parameters
        ----------
        first, last : int
            first and last month of the window, as integers
        """
        return self.last >= first and self.first <= last


Cells = Mapping[str, Sequence[Cell]]
