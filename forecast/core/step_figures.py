"""Figures of one series at single steps, as arrays: what a plain panel holds, where a cell for each would be a gigabyte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.cells import UNHELD, Cell


class StepFigures(Sequence[Cell]):
    """Released figures `values` (n,) at the steps `when` (n,), ascending; a cell is made when it is asked for, and not kept.

    basis : how their day of release is known, one word for all
    """

    __slots__ = ("basis", "values", "when")

    def __init__(self, when: Ints, values: Floats, basis: str = "") -> None:
        self.when, self.values, self.basis = when.view(), values.view(), basis
        self.when.flags.writeable = self.values.flags.writeable = False  # they are handed out

    def __len__(self) -> int:
        return len(self.when)

    @overload
    def __getitem__(self, at: int) -> Cell: ...
    @overload
    def __getitem__(self, at: slice) -> StepFigures: ...
    def __getitem__(self, at: int | slice) -> Cell | StepFigures:
        if isinstance(at, slice):
            return StepFigures(self.when[at], self.values[at], self.basis)
        return next(iter(self[range(len(self))[at] :]))

    def __iter__(self) -> Iterator[Cell]:
        for step, value in zip(self.when.tolist(), self.values.tolist(), strict=True):
            yield Cell(step, step, value, basis=self.basis)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StepFigures):
            return isinstance(other, tuple) and tuple(self) == other
        same = np.array_equal(self.when, other.when) and np.array_equal(self.values, other.values)
        return same and self.basis == other.basis

    def __hash__(self) -> int:
        return hash((self.when.tobytes(), self.values.tobytes(), self.basis))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def without(self, first: int, last: int) -> StepFigures:
        """The figures outside a window of steps, both ends included."""
        kept: Bools = (self.when < first) | (self.when > last)
        return StepFigures(self.when[kept], self.values[kept], self.basis)

    @property
    def last_known(self) -> StepFigures:
        """The last figure that is a number; none where there is none."""
        known = np.flatnonzero(np.isfinite(self.values))[-1:]
        return StepFigures(self.when[known], self.values[known], self.basis)

    def until(self, last: int, basis: str) -> StepFigures:
        """The figures up to a step, released as `basis` says."""
        end = int(np.searchsorted(self.when, last, "right"))
        return StepFigures(self.when[:end], self.values[:end], basis)

    def differing_from(self, other: StepFigures) -> StepFigures:
        """The figures that another series of figures does not hold, or holds with another value."""
        if not len(other):
            return self
        at = np.minimum(np.searchsorted(other.when, self.when), len(other) - 1)
        same: Bools = (other.when[at] == self.when) & (other.values[at] == self.values)
        return StepFigures(self.when[~same], self.values[~same], self.basis)

    def with_figures(self, changed: Mapping[int, float | None]) -> StepFigures:
        """The figures with those of some steps in place of their own; None takes a step's figure away."""
        steps = np.array(sorted(changed), int)
        kept: Bools = ~np.isin(self.when, steps)
        more = [(step, value) for step, value in changed.items() if value is not None]
        when = np.concatenate([self.when[kept], np.array([step for step, _ in more], int)])
        values = np.concatenate([self.values[kept], np.array([value for _, value in more], float)])
        order = np.argsort(when, kind="stable")
        return StepFigures(when[order], values[order], self.basis)

    @property
    def stamps(self) -> bytes:
        """The stamps of all cells, one after the other (`Cell.stamp`)."""
        pairs = zip(self.when.tolist(), self.values.tolist(), strict=True)
        return "".join(f"{step},{step},{value!r},value" for step, value in pairs).encode()

    def on_grid(self) -> tuple[int, Floats, tuple[str, ...]]:
        """The first step, and from it on a figure for each step (NaN where there is none) with its status."""
        first, count = int(self.when[0]), int(self.when[-1] - self.when[0]) + 1
        if count == len(self.when):
            return first, self.values.copy(), ("value",) * count
        places, values = self.when - first, np.full(count, np.nan)
        values[places] = self.values
        status = [UNHELD] * count
        for place in places.tolist():
            status[place] = "value"
        return first, values, tuple(status)


def without(figures: Sequence[Cell], first: int, last: int) -> Sequence[Cell]:
    """The figures of a series that do not overlap a window."""
    if isinstance(figures, StepFigures):
        return figures.without(first, last)
    return tuple(cell for cell in figures if not cell.overlaps(first, last))
