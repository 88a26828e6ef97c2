"""Two parts for flows with empty months: whether there is trade, and another model's forecast of how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecast.arrays import Bools, Floats
from forecast.core.contracts import Answers
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Forecast, Used
from forecast.core.vintage import ObservedSeries, Vintage
from forecast.kernels.occurrence import learn_chances, simulate_occurrence
from forecast.prep.inner_answers import join_answers
from forecast.prep.past_origins import last_known_month
from forecast.prep.spans_and_gaps import measured_months, reduced_spans

FEWEST = 12  # months with trade since the last gap too long to bridge, below which the thin model answers
RECENT = 36  # months within which an empty one makes a flow one of two parts
GAP = 6  # hidden months that a gap-free history can bridge
THIN = 0.5  # share of months with trade below which the thin model answers
LONG = 60  # months with trade from which on the inner model has enough of them
Spec = str | dict[str, Any]
AMOUNTS: tuple[Spec, ...] = ("ets", "dynamic_theta", "regression", "hurdle")  # no ces: its errors are not those of logarithms


@model
@dataclass(frozen=True)
class TwoPart:
    """Another model's forecast of the months with trade, times the chance that there is any.

    The empty months are hidden from the inner model, so that they are neither small shipments nor a fall of the level, and
    the paths it gives are emptied in months drawn from the chance of trade (`kernels.occurrence`), which drifts or depends on
    the month before where the months say so.

    Parameters
    ----------
    inner : str or dict, default "level_shift"
        the model of flows without empty months in the last three years, and of the amounts of a long record
    amounts : tuple of str or dict, default ("ets", "dynamic_theta", "regression", "hurdle")
        members of the mean that forecasts the amounts where fewer than 60 months with trade are known
    thin : str or dict, default "hurdle"
        the model that answers by itself where fewer than twelve months with trade follow the last long pause, or more than
        half of the months are empty

    References
    ----------
    * Cragg, J. G. (1971). Some statistical models for limited dependent variables with application to the demand for durable
      goods. Econometrica 39(5), 829-844.
    * Duan, N., Manning, W. G., Morris, C. N. and Newhouse, J. P. (1983). A comparison of alternative models for the demand
      for medical care. Journal of Business and Economic Statistics 1(2), 115-126.
    """

    inner: Spec = "level_shift"
    amounts: tuple[Spec, ...] = AMOUNTS
    thin: Spec = "hurdle"

    def asks(self, vintage: Vintage, task: Task) -> list[tuple[Spec, Task, Vintage]]:
        """One question per series: about its months with trade, where it has empty ones."""
        out: list[tuple[Spec, Task, Vintage]] = []
        for series in task.series:
            empty = _empty_months(vintage, series)
            if not empty:
                out.append((self.inner, task.for_series(series), vintage))
            elif _is_thin(vintage.observed(series)):
                out.append((self.thin, task.for_series(series), vintage))
            else:
                seen = vintage
                for month in empty:
                    seen = seen.hide(series, month, month)
                long = (vintage.observed(series).values > 0).sum() >= LONG
                out.append((self.inner if long else self._amounts(), task.for_series(series), seen))
        return out

    def _amounts(self) -> Spec:
        return {"use": "level_shift", "inner": {"use": "combine", "members": list(self.amounts)}}

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws, series by series."""

        def change(series: str, answer: Forecast) -> tuple[Floats, Used] | None:
            two = bool(_empty_months(vintage, series)) and not _is_thin(vintage.observed(series))
            return _empty_paths(vintage, task, series, answer, rng) if two else None

        return join_answers(task, vintage.steps, answers, change)


def _empty_months(vintage: Vintage, series: str) -> Sequence[int]:
    """Known months without trade; none where the last of them is older than `RECENT` months: such a flow trades every month.

    Months that a published sum with unknown months covers are left out: to hide them would hide the sum.
    """
    if not vintage.nonnegative or not vintage.knows(series):
        return ()
    observed = vintage.observed(series)
    empty = observed.months[observed.values == 0.0].tolist()
    known = observed.months[np.isfinite(observed.values)]
    if not empty or empty[-1] <= known[-1] - RECENT:
        return ()
    open_sums = [cell for _, _, cell in reduced_spans(observed)]
    return [m for m in empty if not any(cell.first <= m <= cell.last for cell in open_sums)]


def _is_thin(observed: ObservedSeries) -> bool:
    """Whether too few months with trade are known for a model of the amounts."""
    when, y, _ = measured_months(observed)
    traded = when[y > 0]
    wide = np.flatnonzero(np.diff(traded) > GAP + 1)
    return len(traded) - (int(wide[-1]) + 1 if len(wide) else 0) < FEWEST or len(traded) < THIN * len(when)


def _empty_paths(vintage: Vintage, task: Task, series: str, answer: Forecast, rng: np.random.Generator) -> tuple[Floats, Used]:
    """The inner model's paths with empty months; what is published stands, and so do months inside a published sum."""
    asked = np.array(task.ordinals(vintage))
    observed = vintage.observed(series)
    published = observed.at(int(asked.min()), int(asked.max()))[asked - asked.min()]
    summed = np.isin(asked, [m for months, _, _ in reduced_spans(observed) for m in months])
    draws = np.where(np.isfinite(published), published, answer.draws[:, 0])
    open_months = ~np.isfinite(published) & ~summed
    last = last_known_month(vintage, series, int(asked[open_months].min())) if open_months.any() else None
    if last is None:
        return draws, answer.used[0]
    now = learn_chances(_months_until(observed, last))
    base = task.fitting_vintage(vintage)
    trained = now if base is vintage else learn_chances(_months_until(base.observed(series), last))
    traded: Bools = simulate_occurrence(now, trained, int(asked.max()) - last, task.draws, rng)
    wide = _widen_to_ranks(draws[:, open_months], int((observed.values > 0).sum()))
    draws[:, open_months] = wide * traded[:, asked[open_months] - last - 1]
    share = float(1.0 - traded[:, asked[open_months] - last - 1].mean())
    used = answer.used[0]
    note = f"empty months hidden from the model of the amounts; {share:.0%} of the months to come are drawn empty"
    return draws, replace(used, model=f"{used.model}, times the chance of trade", notes=(note, *used.notes))


def _widen_to_ranks(draws: Floats, count: int) -> Floats:
    """Draws (n, months) whose level p becomes the level 1/2 + (p - 1/2) (count + 1/2) / count, ranks kept.

    The next of `count` + 1 exchangeable amounts takes each rank alike, so a quantile of `count` resampled errors is too near
    to the middle by (count + 1) / count (Vovk, Gammerman and Shafer 2005, sec. 2.2). About half of that is made up for by the
    models' own allowance for an uncertain spread, which takes errors for normal; the rest is added here.
    """
    ranks = draws.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    level = (ranks + 0.5) / len(draws)
    wide = np.clip(0.5 + (level - 0.5) * (count + 0.5) / count, 0.0, 1.0) * len(draws) - 0.5
    ordered, at = np.sort(draws, axis=0), np.arange(len(draws))
    return np.column_stack([np.interp(wide[:, j], at, ordered[:, j]) for j in range(draws.shape[1])])


def _months_until(observed: ObservedSeries, last: int) -> Floats:
    """Monthly figures up to a month, those from split sums included, NaN where unknown."""
    when, y, _ = measured_months(observed)
    kept = when <= last
    out = np.full(int(when[kept].max()) - int(when[0]) + 1, np.nan)
    out[when[kept] - int(when[0])] = y[kept]
    return out
