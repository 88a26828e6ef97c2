"""The states of one series: every version in which each of its figures was ever known, and the days that version held."""

from __future__ import annotations

import datetime as dt
import functools

import numpy as np

from forecast.arrays import Bools, Ints
from forecast.core import months
from forecast.core.cells import Cell
from forecast.core.figure_columns import FigureColumns
from forecast.core.source_choice import choose_row

FOR_EVER = dt.date.max.toordinal()
REAL = "actual"  # basis of a figure whose source says the day on which it was published
GUESS_DAYS = 31  # a figure dated by a rule is the real one that came out within so many days


@functools.lru_cache(maxsize=1 << 16)
def _months_of(period: str) -> tuple[int, int]:
    return months.parse_period(period)


@functools.lru_cache(maxsize=1 << 16)
def day_number(day: str) -> int:
    """A day of an archive, YYYY-MM-DD, as its proleptic Gregorian ordinal."""
    return dt.date.fromisoformat(day).toordinal()


class SeriesStates:
    """The states of one series, from its rows (`FigureColumns`, excluded ones left out); cells are made when asked for.

    first, last : (states,) months of the figure; released, until : (states,) days as ordinals between which it held

    States are ordered by period and day of release. With `real_first`, a real vintage takes the place of a figure that was
    dated by a rule or a calendar: the guess counts neither once the real figure is known, nor before, if the real one came out
    within a month of the guessed day, since it is then the publication that the guess stood for.
    """

    def __init__(self, rows: FigureColumns, real_first: bool = False) -> None:
        period, released = rows.texts["period"], rows.texts["released"]
        spelled = sorted(period.used)
        rank = period.to_numbers({word: i for i, word in enumerate(spelled)})
        day = released.to_numbers({word: day_number(word) for word in released.used})
        order = np.lexsort((day, rank))
        if real_first:
            order = order[~_replaced_by_real(rank[order], day[order], rows.texts["basis"].mask(REAL)[order])]
        rank, day = rank[order], day[order]
        new = np.ones(len(order), bool)
        new[1:] = (rank[1:] != rank[:-1]) | (day[1:] != day[:-1])
        starts = np.flatnonzero(new)
        ends = np.append(starts[1:], len(order))
        spans = np.array([_months_of(word) for word in spelled], np.int64).reshape(-1, 2)[rank[starts]]
        self._rows, self._order, self._starts, self._ends = rows, order, starts, ends
        self._cells: list[Cell | None] = [None] * len(starts)
        self.first: Ints = spans[:, 0]
        self.last: Ints = spans[:, 1]
        self.released: Ints = day[starts]
        self.until: Ints = np.full(len(starts), FOR_EVER)
        same = rank[starts][1:] == rank[starts][:-1]
        self.until[:-1][same] = self.released[1:][same]

    def __len__(self) -> int:
        return len(self.first)

    def all(self) -> tuple[Cell, ...]:
        """Every state."""
        return self._cells_of(np.arange(len(self)))

    def known_on(self, day: dt.date) -> tuple[Cell, ...]:
        """The states that hold on a day: the newest of each figure released by then."""
        number = day.toordinal()
        held = (self.released <= number) & ((number < self.until) | (self.until == FOR_EVER))
        return self._cells_of(np.flatnonzero(held))

    def is_known_on(self, day: dt.date) -> bool:
        """Whether any state holds on a day."""
        return bool((self.released <= day.toordinal()).any())

    def _cells_of(self, states: Ints) -> tuple[Cell, ...]:
        wanted = states.tolist()
        new = np.array([i for i in wanted if self._cells[i] is None], np.int64)
        if len(new):
            for state, cell in zip(new.tolist(), self._made_cells(new), strict=True):
                self._cells[state] = cell
        return tuple(cell for cell in (self._cells[i] for i in wanted) if cell is not None)

    def _made_cells(self, states: Ints) -> list[Cell]:
        starts, ends = self._starts[states], self._ends[states]
        at = self._order[starts]
        for i in np.flatnonzero(ends - starts > 1).tolist():
            at[i] = _chosen(self._rows, self._order[starts[i] : ends[i]].tolist())
        columns = [
            self.first[states].tolist(),
            self.last[states].tolist(),
            self._rows.values[at].tolist(),
            *(self._rows.texts[name].take(at).cells().tolist() for name in ("status", "kind", "stage")),
            list(map(dt.date.fromordinal, self.released[states].tolist())),
            list(map(dt.date.fromordinal, self.until[states].tolist())),
            *(self._rows.texts[name].take(at).cells().tolist() for name in ("basis", "publisher", "url", "derived_from")),
        ]
        return [Cell(*cells) for cells in zip(*columns, strict=True)]


def _chosen(rows: FigureColumns, candidates: list[int]) -> int:
    """The position of the row that is used, of several of one figure and day."""
    held = [rows.row(at) for at in candidates]
    taken = choose_row(held)
    return next(at for at, row in zip(candidates, held, strict=True) if row is taken)


def _replaced_by_real(rank: Ints, day: Ints, real: Bools) -> Bools:
    """Which rows, ordered by period and day, are guesses that a real vintage replaces, shape (rows,)."""
    if real.all() or not real.any():
        return np.zeros(len(rank), bool)
    first_real = np.full(int(rank[-1]) + 1, FOR_EVER + 2 * GUESS_DAYS)
    np.minimum.at(first_real, rank[real], day[real])
    replaced: Bools = ~real & (day >= first_real[rank] - GUESS_DAYS)
    return replaced
