"""The two questions put to a table in memory: what comes next, and what did it change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from forecast.core import registry
from forecast.core.contracts import Estimator, Forecaster, error_of
from forecast.core.effects import Effect
from forecast.core.errors import DataError
from forecast.core.events import Event
from forecast.core.long_answers import count_progress
from forecast.core.panel import MAX_STEPS
from forecast.core.questions import Design, Task
from forecast.core.results import Failure, Forecast, Used
from forecast.frames.reading import TableInMemory, as_events, label_of, read_memory, series_named
from forecast.study import ask
from forecast.study.effects.shipped_gates import CheckSpec
from forecast.study.effects.siblings import estimate_with_siblings

TOGETHER = 25  # series answered in one call of a model


def forecast(
    data: object,
    h: int,
    *,
    model: Forecaster | str | Mapping[str, object] = registry.DEFAULT_MODEL,
    level: float | Sequence[float] = (80, 95),
    events: Event | Iterable[Event] = (),
    season: int | None = None,
    freq: str | None = None,
    nonnegative: bool | None = None,
    id: str | None = None,
    time: str | None = None,
    target: str | None = None,
    unit: str = "",
    draws: int = 1000,
    seed: int = 0,
) -> Forecast:
    """Forecasts of every series of a table in memory, `h` steps after each series' own last figure.

    Series are answered one by one, so their draws are independent. What the model cannot answer (a series that is too short)
    is NaN, with its reason in `unanswered`; where it can answer none, the first reason is raised.

    Parameters
    ----------
    data : Series, DataFrame or Arrow table
        a Series, a DataFrame with a column per series (times in the index or in one column) or with a row per series and time
        (`unique_id, ds, y`, or the names given by `id`, `time`, `target`), or an Arrow table of either shape
    h : int
        number of months, quarters or years (weeks, days or plain steps, where `season` is given)
    model : Forecaster, str or mapping, default "conformal"
        a model, its name, or a mapping of its name and options
    level : float or sequence of float, default (80, 95)
        of the intervals in tables and figures, in percent
    events : Event or sequence of Event, optional
        policy events that the model may use; one acts on the series named in its `products`, or on all of them ("ALL")
    season : int, optional
        number of steps in a cycle (months have 12, quarters 4, years none); 1 for none
    freq : str, optional
        "month", "quarter", "year", "week", "day" or "integer", where the times can be read in two ways
    nonnegative : bool, optional
        whether the figures cannot be below zero; None: those series cannot of which no figure is
    id, time, target : str, optional
        the columns of names, times and figures in a table with a row per series and time
    unit : str, optional
        of the figures, in words
    draws : int, default 1000
        number of draws
    seed : int, default 0
        of the random numbers; the same seed gives the draws of `fc.predict` on the same figures

    Returns
    -------
    Forecast
        `frame()` has a row per series and step, `frame(wide=True)` the shape and the times of the table; draws of shape
        (draws, series, steps), in the unit of the figures

    Raises
    ------
    ConfigError
        where an argument is of another kind, or there is no such model or option
    DataError
        where the table, its times or its figures cannot be read, or can be read in two ways
    TooShortError
        where every series is too short for the model

    Examples
    --------
    >>> import pandas as pd
    >>> import forecast as fc
    >>> tonnes = pd.Series(range(100, 124), pd.period_range("2023-01", periods=24, freq="M"), name="tonnes")
    >>> fc.forecast(tonnes, 2, model="drift").frame()[["series", "month"]].values.tolist()
    [['tonnes', '2025-01'], ['tonnes', '2025-02']]
    """
    memory = read_memory(
        data, id=id, time=time, target=target, season=season, freq=freq, nonnegative=nonnegative, events=events, unit=unit
    )
    method = ask.forecaster_from(model)
    tasks = {name: _task(memory, name, h, draws) for name in memory.series if memory.vintage.knows(name)}
    answers: dict[str, Any] = {name: _no_figure(method, name) for name in memory.series if name not in tasks}
    memo: ask.Memo = {}
    for group in _groups(memory, list(tasks)):
        asked = [(tasks[name], memory.vintage_for(name)) for name in group]
        answers |= zip(group, ask.answer_many(method, asked, seed, memo), strict=True)
        memo.clear()
        count_progress(len(answers), len(memory.series), "series")
    return _together(memory, method, tasks, answers, levels_of(level), draws)


def effect(
    data: object,
    start: object = None,
    stop: object = None,
    *,
    event: Event | Sequence[Event] | None = None,
    estimator: Estimator | str | Mapping[str, object] = "counterfactual",
    treated: str | Iterable[str] | None = None,
    donors: str | Iterable[str] | None = None,
    events: Event | Iterable[Event] = (),
    season: int | None = None,
    freq: str | None = None,
    nonnegative: bool | None = None,
    id: str | None = None,
    time: str | None = None,
    target: str | None = None,
    unit: str = "",
    placebos: int = 40,
    checks: Sequence[CheckSpec] | None = None,
    draws: int = 2000,
    seed: int = 0,
) -> Effect:
    """What changed in a series of a table in memory: observed minus what would have been, with placebos, gates and a verdict.

    Parameters
    ----------
    data : Series, DataFrame or Arrow table
        as in `fc.forecast`
    start : str, int, date, Period or Timestamp, optional
        first time of the window, in the form of the table or as a label ("2025-04"); default: the time at which the event
        took effect
    stop : str, int, date, Period or Timestamp, optional
        last time of the window; default: the last figure
    event : Event or sequence of Event, optional
        the policy event, or several that cannot be told apart; without one a `start`
    estimator : Estimator, str or mapping, default "counterfactual"
        an estimator, its name, or a mapping of its name and options
    treated : str or sequence of str, optional
        the series (needed where the table has several); several are added up
    donors : str or sequence of str, optional
        series that it left alone, or "all" others, for an estimator that compares with them
    events : Event or sequence of Event, optional
        other events that are known, by month
    season, freq, nonnegative, id, time, target, unit : as in `fc.forecast`
        what the times and figures are
    placebos : int, default 40
        maximal number of windows without an event
    checks : sequence of str, mapping or Check, optional
        the gates that judge, as in `fc.estimate`
    draws : int, default 2000
        number of draws
    seed : int, default 0
        of the random numbers; the same seed gives the draws of `fc.estimate` on the same figures

    Returns
    -------
    Effect
        `frame()` has one row, `path` a row per step, `frame(wide=True)` the path by the times of the table; in the unit of
        the figures

    Raises
    ------
    ConfigError
        where an argument is of another kind, or there is no such estimator, gate or option
    DataError
        where the table, its times or its figures cannot be read, or the window has none
    ForecastError
        where the estimator cannot answer (a TooShortError or NotIdentifiedError where that is why)

    Examples
    --------
    >>> import pandas as pd
    >>> import forecast as fc
    >>> months = pd.period_range("2020-01", periods=60, freq="M")
    >>> tonnes = pd.Series([100.0 + i % 5 for i in range(57)] + [20.0, 25.0, 22.0], months, name="tonnes")
    >>> made = fc.effect(tonnes, start="2024-10", unit="t")
    >>> made.path[["month", "observed"]].values.tolist()
    [['2024-10', 20.0], ['2024-11', 25.0], ['2024-12', 22.0]]
    >>> round(made.relative.estimate, 1), made.verdict.word
    (-0.8, 'suggestive')
    """
    own = () if event is None else as_events(event)
    if not own and start is None:
        raise DataError("nothing tells when it began", where="fc.effect", hint='start="2025-04", or event=')
    memory = read_memory(
        data, id=id, time=time, target=target, season=season, freq=freq, nonnegative=nonnegative, events=events, unit=unit
    )
    series = _series_changed(memory, treated)
    if donors is not None and donors != "all":
        donors = series_named(memory, donors, "donors")
    compared = memory.series if donors == "all" else (*series, *(donors or ()))
    whole = all(name in memory.nonnegative for name in compared)
    vintage = memory.quantities if whole else memory.vintage
    method = ask.estimator_from(estimator)
    labels = {name: label_of(memory, at, name) for name, at in (("start", start), ("stop", stop)) if at is not None}
    design = _design(vintage, own, series, donors, labels, draws)
    made = estimate_with_siblings({"asked": method}, vintage, design, seed, placebos=placebos, checks=checks)["asked"]
    if isinstance(made, Failure):
        raise error_of(made)
    reading = memory.reading(series)
    reading = reading if whole else replace(reading, nonnegative=())
    return replace(made, unit=unit, reading=reading, history=vintage.only(made.design.treated))


def levels_of(level: float | Sequence[float]) -> tuple[float, ...]:
    """The levels of intervals in percent, each once, in order."""
    given = [level] if isinstance(level, int | float) else list(level)
    return tuple(sorted({float(one) for one in given}))


def _task(memory: TableInMemory, series: str, h: int, draws: int) -> Task:
    steps, last = memory.vintage.steps, memory.vintage.last_month(series)
    try:
        if h > MAX_STEPS:
            raise OverflowError
        steps.begin(last + h)
    except (ValueError, OverflowError):
        problem = f"{h} {steps.noun}s after {steps.label(last)} lie beyond the calendar"
        raise DataError(problem, where=f"h={h}, {series}", hint="fewer of them") from None
    return Task(memory.vintage.day, series, [steps.label(last + ahead) for ahead in range(1, h + 1)], draws=draws)


def _groups(memory: TableInMemory, names: Sequence[str]) -> Iterable[list[str]]:
    """Series that are answered together: of one kind, a few at a time."""
    for bounded in (True, False):
        alike = [name for name in names if (name in memory.nonnegative) is bounded]
        yield from (alike[i : i + TOGETHER] for i in range(0, len(alike), TOGETHER))


def _no_figure(method: Any, series: str) -> Failure:
    return Failure(ask.name_of(method), "forecast", series, "the series has no figure")


def _together(
    memory: TableInMemory,
    method: Any,
    tasks: Mapping[str, Task],
    answers: Mapping[str, Any],
    levels: tuple[float, ...],
    draws: int,
) -> Forecast:
    """One Forecast of all series; its months are those asked of any of them."""
    made = {name: one for name, one in answers.items() if isinstance(one, Forecast)}
    failed = tuple(answers[name] for name in memory.series if name not in made)
    if not made:
        raise error_of(failed[0])
    steps = memory.vintage.steps
    asked = sorted({steps.ordinal(month) for task in tasks.values() for month in task.months})
    months = tuple(steps.label(step) for step in asked)
    windows = {name: tasks[name].months if name in tasks else () for name in memory.series}
    windows = {name: own for name, own in windows.items() if own != months}
    block = np.full((draws, len(memory.series), len(months)), np.nan)
    for i, name in enumerate(memory.series):
        if name in made:
            block[:, i, [months.index(month) for month in made[name].task.months]] = made[name].draws[:, 0, :]
    reading = memory.reading(memory.series)
    used = [made[name].used[0] if name in made else Used("none", notes=(answers[name].reason,)) for name in memory.series]
    return Forecast(
        Task(memory.vintage.day, memory.series, months, draws=draws),
        block,
        tuple(used),
        steps,
        {key: value for one in made.values() for key, value in one.parameters.items()},
        ask.name_of(method),
        levels,
        windows,
        failed,
        replace(reading, notes=(*reading.notes, *(f"{one.series} has no answer: {one.reason}" for one in failed))),
        history=memory.vintage,
    )


def _series_changed(memory: TableInMemory, treated: Any) -> tuple[str, ...]:
    if treated is not None:
        return series_named(memory, treated, "treated")
    if len(memory.series) > 1:
        some = ", ".join(memory.series[:5]) + (", ..." if memory.series[5:] else "")
        raise DataError("the table has several series", where="treated", hint=f"one of {some}")
    return memory.series


def _design(
    vintage: Any, events: tuple[Event, ...], series: tuple[str, ...], donors: Any, labels: Mapping[str, str], draws: int
) -> Design:
    """The Design: of the events where they are given and the figures are months, else of the time at which it began."""
    start, stop = labels.get("start"), labels.get("stop")
    if events and vintage.steps.unit == "month":
        told = [replace(one, role="default") if one.role == "context" else one for one in events]
        return Design(told, series, donors, start=start, stop=stop, draws=draws)
    if events and start is None:
        start = vintage.steps.label(min(vintage.steps.of(_day(one)) for one in events))
    return Design.at(start, series, donors, stop=stop, draws=draws)


def _day(event: Event) -> dt.date:
    return event.effective or event.announced
