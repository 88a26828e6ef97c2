"""Backtest in real time: past Tasks on the vintages of their days, answered by every model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecast.core import registry
from forecast.core.archive import Archive
from forecast.core.contracts import Forecaster
from forecast.core.errors import ConfigError
from forecast.core.months import parse_day
from forecast.core.presentation import shown, upper
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast
from forecast.core.vintage import Vintage
from forecast.study import ask
from forecast.study.data.real_time import RealTimeView, Regressor, refuse_look_ahead
from forecast.study.evaluate.past_questions import (
    BacktestQuestion as BacktestQuestion,
    backtest_questions as backtest_questions,
    default_series,
)
from forecast.study.evaluate.refit import Policy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@shown
@dataclass(frozen=True)
class BacktestAnswer:
    """A question and one model's answer.

    Parameters
    ----------
    model : str
        its name in the backtest
    past : BacktestQuestion
        the question
    answer : Forecast or Failure
        a Failure where the model could not answer
    """

    model: str
    past: BacktestQuestion
    answer: Forecast | Failure


@shown
@dataclass(frozen=True)
class Backtest:
    """All answers of a backtest.

    It is made by `fc.backtest`; `fc.score` and `fc.compare` take it.

    Parameters
    ----------
    answered : tuple of BacktestAnswer
        one for each model and question
    archive : Archive or RealTimeView
        what was known at each cutoff
    """

    answered: tuple[BacktestAnswer, ...]
    archive: Archive | RealTimeView

    @property
    def failures(self) -> dict[str, int]:
        """Number of unanswered questions by model."""
        counts = {a.model: 0 for a in self.answered}
        for a in self.answered:
            counts[a.model] += isinstance(a.answer, Failure)
        return counts

    def plot(
        self, ax: Axes | None = None, series: str | None = None, models: Sequence[str] | None = None, ahead: int = 1
    ) -> Axes:
        """Figures as published, and what models had said `ahead` months after the last known.

        Parameters
        ----------
        ax : Axes, optional
            matplotlib axes to draw on (default: new ones)
        series : str, optional
            default: the first
        models : sequence of str, optional
            default: the first four
        ahead : int, default 1
            months after the last known one

        Returns
        -------
        Axes
            with tonnes (or kg, or USD) over months

        Raises
        ------
        ConfigError
            where the backtest has no such series or model
        """
        axes: Axes = upper("plots.plot", "backtest")(self, ax, series, models, ahead)
        return axes


def answer_tasks(
    method: Forecaster,
    vintages: Sequence[Vintage],
    tasks: Sequence[Task],
    seed: int = 0,
    memo: ask.Memo | None = None,
) -> list[Any]:
    """Answers of one model to many tasks, in one call of `predict_many` where the model, or what it requires, offers it."""
    memo = {} if memo is None else memo
    if not hasattr(method, "predict_many"):
        return ask.answer_many(method, list(zip(tasks, vintages, strict=True)), seed, memo)
    required = [ask.required_answers(method, v, t, seed, memo) for v, t in zip(vintages, tasks, strict=True)]
    rngs = [ask.rng_of(seed, method, t) for t in tasks]
    return ask.answer_batch(method, list(zip(vintages, tasks, strict=True)), rngs, required)


def models_by_name(models: Iterable[Forecaster | ask.Spec]) -> dict[str, Forecaster]:
    """Models by name, from names, mappings (`{"use": ..., "name": ...}`) or models; a name given twice is refused."""
    out: dict[str, Forecaster] = {}
    for spec in models:
        if isinstance(spec, str):
            label, method = spec, registry.build("model", spec)
        elif isinstance(spec, Mapping):
            options = {k: v for k, v in spec.items() if k != "name"}
            label, method = str(spec.get("name", spec.get("use", ""))), registry.build("model", options)
        else:
            label, method = ask.name_of(spec), spec
        if label in out:
            raise ConfigError(f"two models are called '{label}'", hint="give each its own name")
        out[label] = method
    return out


def backtest(
    archive: Archive | Vintage | RealTimeView,
    days: Iterable[str | dt.date],
    models: Iterable[Forecaster | str | Mapping[str, object]],
    series: str | Iterable[str] | None = None,
    horizons: Iterable[int] = range(1, 13),
    *,
    window: str = "expanding",
    window_months: int = 60,
    min_months: int = 24,
    draws: int = 1000,
    seed: int = 0,
    gap: int = 0,
    step: int = 1,
    refit: Policy = "always",
    lags: Mapping[str, int] | None = None,
    regressors: Iterable[Regressor] = (),
) -> Backtest:
    """Every model's forecasts of `series` at past cutoffs, each from the data known on that day.

    A cutoff is skipped if fewer than `min_months` monthly figures were known, or if no newer month has been released since
    the cutoff before it.

    Parameters
    ----------
    archive : Archive, Vintage or RealTimeView
        an archive, or a plain monthly panel
    days : sequence of str or date
        the cutoffs (`fc.cutoffs`)
    models : sequence of Forecaster, str or mapping
        models, their names, or mappings of name and options (`{"use": ..., "name": ..., option: value}`)
    series : str or sequence of str, optional
        default: all quantities with `min_months` figures on the first day
    horizons : sequence of int, default 1 to 12
        months after the last one known (and after the `gap`); all up to the largest are forecast
    window : {"expanding", "rolling"}, default "expanding"
        all months known, or the last `window_months` of them
    window_months : int, default 60
        length of a rolling window, in months
    min_months : int, default 24
        fewest monthly figures known at a cutoff
    draws : int, default 1000
        of each forecast
    seed : int, default 0
        of the random numbers
    gap : int, default 0
        months left out after the last known one
    step : int, default 1
        every `step`-th cutoff is used
    refit : {"always", "event", "never"}, int or callable, default "always"
        on which cutoffs parameters are re-estimated: on all, after events, on the first, on every so many, or where a
        function says so (`study.evaluate.refit`)
    lags : mapping of str to int, optional
        publication lags in months, by pattern of series (`study.data.real_time.RealTimeView`)
    regressors : sequence of Regressor, optional
        declared regressors, of which the models see what was known at a cutoff

    Returns
    -------
    Backtest
        one answer, a `Forecast` or a `Failure`, for each model, series and cutoff

    Raises
    ------
    ConfigError
        where an argument is of another kind, two models have one name, there is no cutoff, or a `window` or `refit` of that
        name
    DataError
        where a panel is not monthly

    Examples
    --------
    >>> import forecast as fc
    >>> archive, days = fc.load_archive(), fc.cutoffs("2024-10", "2025-03")
    >>> past = fc.backtest(archive, days, ["seasonal_naive"], "CHN.export.WLD.rare_earths_total", [1, 2, 3], draws=200)
    >>> len(past.answered), past.failures
    (5, {'seasonal_naive': 0})
    """
    when = sorted({parse_day(day) for day in days})
    if not when:
        raise ConfigError("a backtest needs at least one cutoff", hint='forecast.cutoffs("2022-01", every="month")')
    view = archive if isinstance(archive, RealTimeView) else RealTimeView(archive, dict(lags or {}), tuple(regressors))
    names = [series] if isinstance(series, str) else list(series or default_series(view, when[0], min_months))
    pasts = backtest_questions(
        view, names, when, max(horizons), window=window, window_months=window_months, min_months=min_months, draws=draws,
        gap=gap, step=step, refit=refit,
    )  # fmt: skip
    vintages = [past.vintage(view) for past in pasts]
    for vintage in vintages:
        refuse_look_ahead(vintage, view.regressors)
    memo: ask.Memo = {}
    out = []
    for label, method in models_by_name(models).items():
        made = answer_tasks(method, vintages, [past.task for past in pasts], seed, memo)
        out += [BacktestAnswer(label, past, answer) for past, answer in zip(pasts, made, strict=True)]
    return Backtest(tuple(out), view)
