"""Gap-free histories: what a model that cannot take unknown months sees of a series, on its working scale."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.errors import TooShortError
from forecast.core.questions import Task
from forecast.core.vintage import Cell, ObservedSeries, Vintage
from forecast.prep.spans_and_gaps import FilledSeries, contiguous_tail, fill_gaps, reduced_spans, split_spans
from forecast.prep.working_scale import WorkingScale, choose_scale


@dataclass(frozen=True)
class GapFreeSeries:
    """A series without gaps: `z` (T,) on the working scale from month `first` on, `known` (T,) False where interpolated.

    split : how many of the months were split off a published sum
    """

    first: int
    z: Floats
    known: Bools
    split: int = 0

    @property
    def last(self) -> int:
        """The last month."""
        return self.first + len(self.z) - 1

    @property
    def count(self) -> int:
        """Number of months that are not interpolated."""
        return int(self.known.sum())

    @property
    def content(self) -> tuple[bytes, bytes]:
        """Figures and marks, as a key."""
        return self.z.tobytes(), self.known.tobytes()


@dataclass(frozen=True)
class SeriesHistory:
    """One series without gaps up to a month, and how far to simulate beyond it.

    latest : the series as known at the forecast origin, which the paths continue
    training : the sample that parameters are estimated on; another than `latest` only where the task names an earlier
        `fitted_on`, then as known on that day (`training_vintage`)
    columns, ahead : places of the asked months in the task, and their steps beyond the last month of `latest`
    horizon : steps to simulate; at least the furthest of `ahead`
    draws : paths to simulate
    """

    vintage: Vintage
    training_vintage: Vintage
    series: str
    scale: WorkingScale
    latest: GapFreeSeries
    training: GapFreeSeries
    columns: tuple[int, ...]
    ahead: tuple[int, ...]
    horizon: int
    draws: int

    @property
    def season(self) -> int | None:
        """Steps in a cycle, None without a season."""
        return self.vintage.season

    @property
    def months(self) -> Ints:
        """Months of the history and of the paths."""
        return np.arange(self.latest.first, self.latest.last + self.horizon + 1)


def align_pattern(history: SeriesHistory, pattern: Floats) -> Floats:
    """A seasonal pattern by phase from the first training month, rotated to begin with the first month of `latest`."""
    return np.roll(pattern, -((history.latest.first - history.training.first) % len(pattern)))


def pad_series(series: Sequence[Floats], known: Sequence[Bools]) -> tuple[Floats, Floats, Ints]:
    """Series stacked and padded at their ends: figures and weights (series, T), and lengths (series,)."""
    longest = max(len(y) for y in series)
    y, weight = np.zeros((len(series), longest)), np.zeros((len(series), longest))
    for i, (values, ok) in enumerate(zip(series, known, strict=True)):
        y[i, : len(values)], weight[i, : len(values)] = values, ok
    return y, weight, np.array([len(v) for v in series])


@dataclass(frozen=True)
class DistinctSamples:
    """The distinct samples of many histories: cutoffs and past origins of one series see the same months again and again.

    fits : distinct training samples
    latest, fit (pairs,) : distinct pairs of a latest sample and the place in `fits` of its training sample
    pair (histories,) : the pair of each history
    """

    fits: list[GapFreeSeries]
    latest: list[GapFreeSeries]
    fit: Ints
    pair: Ints

    @classmethod
    def of(cls, histories: Sequence[SeriesHistory]) -> DistinctSamples:
        """Samples are the same where figures on the working scale and interpolated months are."""
        fits: dict[tuple[bytes, bytes], int] = {}
        pairs: dict[tuple[int, tuple[bytes, bytes]], int] = {}
        trained, latest, fit, pair = [], [], [], []
        for history in histories:
            ours = history.training.content
            if ours not in fits:
                fits[ours] = len(fits)
                trained.append(history.training)
            both = fits[ours], history.latest.content
            if both not in pairs:
                pairs[both] = len(pairs)
                latest.append(history.latest)
                fit.append(both[0])
            pair.append(pairs[both])
        return cls(trained, latest, np.array(fit), np.array(pair))

    def chunks(self, size: int) -> Iterator[tuple[Ints, Ints]]:
        """Pairs, `size` at a time, and the histories that have one of them."""
        for at in range(0, len(self.fit), size):
            yield np.arange(at, min(at + size, len(self.fit))), np.flatnonzero(self.pair // size == at // size)


def build_histories(
    vintage: Vintage, task: Task, transform: str, fewest_months: Callable[[int | None], int]
) -> list[SeriesHistory]:
    """The histories of one question; TooShortError where one has fewer months than the model needs.

    Months beyond the end of a series need one history, the months of a gap inside it another, which ends before the gap.
    """
    need = fewest_months(vintage.season)
    fitted = task.fitting_vintage(vintage)
    asked = task.ordinals(vintage)
    histories: list[SeriesHistory] = []
    for series in task.series:
        observed = vintage.observed(series)
        for end_of_history, columns in _columns_by_history_end(observed, asked).items():
            now = _gap_free_until(observed, end_of_history)
            earlier = now if fitted is vintage else _gap_free_until(fitted.observed(series), end_of_history)
            scale = choose_scale(np.concatenate([now.values, earlier.values]), vintage.nonnegative, transform)
            if earlier is not now:  # a scale that suits both samples, in the unit of the day of the parameters
                scale = replace(scale, unit=choose_scale(earlier.values, vintage.nonnegative, scale.name).unit)
            latest, training = _on_working_scale(now, scale), _on_working_scale(earlier, scale)
            for sample in (latest, training):
                if sample.count < need:
                    problem = f"{sample.count} usable months where {need} are needed"
                    raise TooShortError(problem, where=series, hint="a longer history")
            end = latest.last
            # a published sum is met over all its months, also over those beyond the last asked one
            summed = [m for span in sums_with_asked_months(observed, asked) for m in span[0] if m > end]
            horizon = max([asked[j] for j in columns] + summed) - end
            ahead = tuple(asked[j] - end for j in columns)
            histories.append(
                SeriesHistory(vintage, fitted, series, scale, latest, training, tuple(columns), ahead, horizon, task.draws)
            )
    return histories


def _columns_by_history_end(observed: ObservedSeries, asked: Sequence[int]) -> dict[int, list[int]]:
    """Places of the asked months without a figure of their own, by the last usable month before each of them."""
    measured = set(observed.months[np.isfinite(observed.values)].tolist())
    split = split_spans(observed)
    summed = {m for inside, _, _ in sums_with_asked_months(observed, asked) for m in inside}
    # no history ends inside a sum with an asked month: its split months would already hold part of the answer
    usable = sorted(set(split.months[np.isfinite(split.values)].tolist()) - (set(asked) - measured) - summed)
    out: dict[int, list[int]] = {}
    for j, m in enumerate(asked):
        if m in measured:
            continue
        place = bisect.bisect_left(usable, m)
        if place == 0:
            raise TooShortError("a month before the first figure is asked", where=observed.series, hint="later months")
        out.setdefault(usable[place - 1], []).append(j)
    return out


def sums_with_asked_months(observed: ObservedSeries, asked: Sequence[int]) -> list[tuple[tuple[int, ...], float, Cell]]:
    """Published sums (less what is known of them) with an asked month among their unknown ones."""
    wanted = set(asked)
    return [piece for piece in reduced_spans(observed) if wanted & set(piece[0])]


def _gap_free_until(observed: ObservedSeries, last: int) -> FilledSeries:
    """The series without gaps up to a month; sums that reach beyond it are left out."""
    keep = max(last - observed.first + 1, 0)
    spans = tuple(span for span in observed.spans if span.last <= last)
    cut = replace(observed, values=observed.values[:keep], status=observed.status[:keep], spans=spans)
    return contiguous_tail(fill_gaps(cut))


def _on_working_scale(history: FilledSeries, scale: WorkingScale) -> GapFreeSeries:
    known = np.array([mark != "filled" for mark in history.marks], dtype=bool)
    return GapFreeSeries(history.first, scale.forward(history.values), known, history.marks.count("split"))
