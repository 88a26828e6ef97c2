"""The sample that weights are fitted to: treated and donors before and after an event, and predictors to match."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.kernels.rounding import beyond_rounding, largest


@dataclass(frozen=True)
class WeightingSample:
    """Treated y (T,) and donors x (T, k) in the months before, y_after (P,) and x_after (P, k) in the periods after.

    share (P,) : of the periods in all months after; fitted (T,) : the months over which weights are fitted; predictors
    (p, 1 + k) : standardised, those of the treated unit first; no rows where only outcomes are matched
    """

    y: Floats
    x: Floats
    y_after: Floats
    x_after: Floats
    share: Floats
    fitted: Bools
    predictors: Floats

    @classmethod
    def of_outcomes(cls, y: Floats, x: Floats, y_after: Floats, x_after: Floats, share: Floats) -> WeightingSample:
        """A sample without predictors, all months fitted."""
        return cls(y, x, y_after, x_after, share, np.ones(len(y), dtype=bool), np.empty((0, 1 + x.shape[1])))

    @functools.cached_property
    def size(self) -> float:
        """The largest outcome, in amount: differences are measured against its rounding."""
        return largest(self.y, self.x, self.y_after, self.x_after)

    def gaps(self, expected: Floats, expected_after: Floats) -> tuple[Floats, Floats]:
        """The treated unit less what is expected of it, before (T,) and after (P,), beyond rounding."""
        return beyond_rounding(self.y - expected, self.size), beyond_rounding(self.y_after - expected_after, self.size)

    @property
    def stacked(self) -> WeightingSample:
        """The months before and the periods after as one stretch, all of the latter fitted too."""
        y, x = np.append(self.y, self.y_after), np.vstack([self.x, self.x_after])
        return replace(self, y=y, x=x, fitted=np.append(self.fitted, np.ones(len(self.y_after), dtype=bool)))

    def of_months(self, rows: Ints | Bools) -> WeightingSample:
        """Some of the months before."""
        return replace(self, y=self.y[rows], x=self.x[rows], fitted=self.fitted[rows])

    def of_donors(self, columns: Sequence[int]) -> WeightingSample:
        """Some of the donors."""
        kept = np.asarray(columns, dtype=np.int64)
        predictors = self.predictors[:, np.append(0, 1 + kept)]
        return replace(self, x=self.x[:, kept], x_after=self.x_after[:, kept], predictors=predictors)

    def without(self, donors: Sequence[int]) -> WeightingSample:
        """The sample without some donors."""
        return self.of_donors([i for i in range(self.x.shape[1]) if i not in donors])

    def as_treated(self, donor: int, without: Sequence[int] = ()) -> WeightingSample:
        """A donor in the place of the treated unit, against the other donors (but for those `without`)."""
        rest = self.without([donor, *without])
        own = np.column_stack([self.predictors[:, 1 + donor], rest.predictors[:, 1:]])
        return replace(rest, y=self.x[:, donor], y_after=self.x_after[:, donor], predictors=own)
