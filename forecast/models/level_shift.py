"""A level that has fallen without anyone saying why: another model's paths of the old level, moved to the new one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Forecast, Used
from forecast.core.vintage import Vintage
from forecast.kernels.level_shifts import recent_fall
from forecast.kernels.regime_ratio import RatioPrior, ratio_paths
from forecast.prep.inner_answers import join_answers
from forecast.prep.spans_and_gaps import measured_months

FEWEST = 15  # months before the shift that the inner model needs
TINY = 1e-6  # of the median figure: not zero, for a logarithm
WIDE = 1.0  # prior standard deviation of the log ratio of the new level to the old: the months since decide
# the new level stays (its ratio to the old constant), or walks by a tenth a month
STEADY = ((0.0, 0.0, 0.0, 0.985), (0.1, 0.0, 0.0, 0.015))
Spec = str | dict[str, Any]


@dataclass(frozen=True)
class _Shift:
    """A shift of a series: its first month, and the months since with their figures."""

    start: int
    months: Ints
    figures: Floats


@model
@dataclass(frozen=True)
class LevelShift:
    """Another model's forecast; where the level has fallen lately and lastingly, its paths of the old level scaled.

    A shift that nobody explains is the commonest cause of a failed forecast (Clements and Hendry 1998, ch. 8): smoothing
    takes it for noise, so that its bands stay wide long after. Here it is found in the figures (`kernels.level_shifts`), the
    months since are hidden from the inner model, and its joint paths over them and over the asked months are scaled to the
    months since (`kernels.regime_ratio`): the pattern and the noise of the old level continue on the new one. Measures in
    force that explain a break are the matter of `menu`.

    Parameters
    ----------
    inner : str or dict, default "combine"
        name or spec of the model

    References
    ----------
    Clements, M. P. and Hendry, D. F. (1998). Forecasting Economic Time Series. Cambridge University Press, ch. 8.
    """

    inner: Spec = "combine"

    def asks(self, vintage: Vintage, task: Task) -> list[tuple[Spec, Task, Vintage]]:
        """One question per series: as it is, or about the months since the shift too, these hidden."""
        out: list[tuple[Spec, Task, Vintage]] = []
        for series in task.series:
            shift = _find_shift(vintage, task, series)
            if shift is None:
                out.append((self.inner, task.for_series(series), vintage))
                continue
            months = [*shift.months.tolist(), *task.ordinals(vintage)]
            inner = task.for_series(series, [vintage.steps.label(m) for m in months])
            out.append((self.inner, inner, vintage.hide(series, shift.start, int(shift.months[-1]))))
        return out

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws, series by series."""

        def change(series: str, answer: Forecast) -> tuple[Floats, Used] | None:
            shift = _find_shift(vintage, task, series)
            return None if shift is None else _on_new_level(vintage, task, shift, answer, rng)

        return join_answers(task, vintage.steps, answers, change)


def _find_shift(vintage: Vintage, task: Task, series: str) -> _Shift | None:
    """The shift that was known on the day of the parameters; None where one of the months is not a single positive figure."""
    if not vintage.nonnegative or not vintage.knows(series) or vintage.observed(series).spans:
        return None
    when, y, _ = measured_months(vintage.observed(series))
    # only months after the last known one are asked on the new level; holes inside are the inner model's matter
    if not len(when) or (y <= 0).any() or min(task.ordinals(vintage)) <= when[-1]:
        return None
    base = task.fitting_vintage(vintage)
    then, figures = (when, y) if base is vintage else measured_months(base.observed(series))[:2]
    place = recent_fall(then, np.log(figures)) if (figures > 0).all() else None
    if place is None or place < FEWEST:
        return None
    since = when >= then[place]
    return _Shift(int(then[place]), when[since], y[since])


def _on_new_level(
    vintage: Vintage, task: Task, shift: _Shift, answer: Forecast, rng: np.random.Generator
) -> tuple[Floats, Used]:
    """The paths of the old level, scaled to the months since the shift."""
    k = len(shift.months)
    base = answer.draws[:, 0]
    since = np.concatenate([shift.months, np.array(task.ordinals(vintage))]) - shift.start
    tiny = TINY * float(np.median(shift.figures))
    draws = ratio_paths(base, shift.figures, since, RatioPrior(0.0, WIDE), tiny, rng, STEADY)
    ratio = float(np.median(shift.figures) / np.median(base[:, :k]))
    used = answer.used[0]
    begun = vintage.steps.label(shift.start)
    note = f"the level fell in {begun}, to {ratio:.0%} of the old one, and has stayed for {k} months"
    return draws, replace(used, model=f"{used.model}; on the new level", notes=(note, *used.notes))
