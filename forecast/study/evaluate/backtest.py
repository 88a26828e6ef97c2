"""Backtest in real time: past Tasks on the vintages of their days, answered by every model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from forecast.core import registry
from forecast.core.archive import Archive
from forecast.core.contracts import Forecaster
from forecast.core.errors import ConfigError, nearest
from forecast.core.months import parse_day
from forecast.core.presentation import shown, upper
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage
from forecast.prep.spans_and_gaps import count_months
from forecast.study import ask
from forecast.study.data.real_time import RealTimeView, Regressor, refuse_look_ahead
from forecast.study.evaluate.refit import Policy, fit_days
from forecast.study.evaluate.truth import vintage_kind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WINDOWS = ("expanding", "rolling")


@dataclass(frozen=True)
class BacktestQuestion:
    """A Task on one series at a past cutoff, the last month then known, and the first month of a rolling window.

    gap : months between the last known and the first asked one; known : the kind of the vintage (`truth.vintage_kind`)
    about : label that distinguishes the question from the same question asked elsewhere
    """

    task: Task
    last: int
    since: int | None = None
    gap: int = 0
    known: str = ""
    about: str = ""

    @property
    def series(self) -> str:
        """The one series of the task."""
        return self.task.series[0]

    @property
    def first(self) -> int:
        """The first asked month."""
        return self.last + 1 + self.gap

    def vintage(self, archive: Archive | RealTimeView) -> Vintage:
        """The vintage of the cutoff, cut to the rolling window if there is one."""
        if self.since is None:
            return archive.as_of(self.task.day)
        return rolling_vintage(archive, self.series, self.last - self.since + 1, self.task.day)


@shown
@dataclass(frozen=True)
class BacktestAnswer:
    """A question and one model's answer."""

    model: str
    past: BacktestQuestion
    answer: Forecast | Failure


@shown
@dataclass(frozen=True)
class Backtest:
    """All answers of a backtest; `archive` holds what was known at each cutoff."""

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
        """Figures as published, and what models had said `ahead` months after the last known; new axes unless `ax` is given."""
        axes: Axes = upper("plots.plot", "backtest")(self, ax, series, models, ahead)
        return axes


def rolling_vintage(archive: Archive | RealTimeView, series: str, months: int, day: dt.date) -> Vintage:
    """The vintage of a day with only the last `months` months of `series`.

    Its earlier vintages are cut likewise, so that parameters of an earlier day are estimated from as many months.
    """
    vintage = archive.as_of(day)
    if vintage.knows(series):
        first, since = vintage.observed(series).first, vintage.last_month(series) - months + 1
        vintage = vintage.hide(series, first, since - 1) if first < since else vintage
    return replace(vintage, holes=(), past=partial(rolling_vintage, archive, series, months))


def backtest_questions(
    archive: Archive | RealTimeView,
    series: Iterable[str],
    days: Iterable[dt.date],
    horizon: int = 12,
    *,
    window: str = "expanding",
    window_months: int = 60,
    min_months: int = 24,
    draws: int = 1000,
    gap: int = 0,
    step: int = 1,
    refit: Policy = "always",
) -> list[BacktestQuestion]:
    """Past questions on some series: `horizon` months after the last one known on each day and after a gap of `gap` months.

    window : "expanding", the whole history of the day, or "rolling", its last `window_months` months
    refit : on which days parameters are re-estimated (`refit.fit_days`)

    A day is skipped if fewer than `min_months` monthly figures of the series were known, or if no newer month was released
    since the day before it; every `step`-th of the others is asked.
    """
    if window not in WINDOWS:
        raise ConfigError(f"no backtest window is called '{window}'", hint=nearest(window, WINDOWS))
    if gap < 0 or step < 1:
        raise ConfigError(f"a gap of {gap} months and a step of {step} cutoffs", hint="gap 0 or more, step 1 or more")
    out = []
    days = sorted(set(days))
    for name in series:
        asked = _vintages_with_news(archive, name, days, min_months)[::step]
        fitted = fit_days(refit, asked, name)
        for vintage, fit in zip(asked, fitted, strict=True):
            last = vintage.last_month(name)
            labels = [vintage.steps.label(last + gap + h) for h in range(1, horizon + 1)]
            task = Task.past(vintage.day, name, labels, fit if fit < vintage.day else None, draws)
            since = last - window_months + 1 if window == "rolling" else None
            out.append(BacktestQuestion(task, last, since, gap, vintage_kind(vintage, name)))
    return out


def _vintages_with_news(
    archive: Archive | RealTimeView, series: str, days: Sequence[dt.date], min_months: int
) -> list[Vintage]:
    """Vintages of the days on which a newer month of the series was known than on the previous day."""
    out: list[Vintage] = []
    seen = None
    for day in days:
        vintage = archive.as_of(day)
        if not vintage.knows(series):
            continue
        observed = vintage.observed(series)
        if count_months(observed) < min_months or observed.last == seen:
            continue
        seen = observed.last
        out.append(vintage)
    return out


def scorable_questions(pasts: Iterable[BacktestQuestion], truth: Vintage) -> list[BacktestQuestion]:
    """The questions of which at least one asked month has been published since."""
    return [past for past in pasts if truth.knows(past.series) and truth.last_month(past.series) >= past.first]


def default_series(archive: Archive | RealTimeView, day: dt.date, min_months: int = 24) -> tuple[str, ...]:
    """Quantities with at least `min_months` monthly figures on a day."""
    vintage = archive.as_of(day)
    keys = ((s, SeriesKey.maybe(s)) for s in vintage.series)
    return tuple(
        s for s, key in keys if (key is None or key.measure == "quantity") and count_months(vintage.observed(s)) >= min_months
    )


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

    archive : an archive, or a plain monthly panel
    days : the cutoffs (`forecast.cutoffs`)
    models : models, their names, or mappings of name and options (`{"use": ..., "name": ..., option: value}`)
    series : default all quantities with `min_months` figures on the first day
    horizons : months after the last one known (and after the `gap`); all up to the largest are forecast
    window : "expanding", or "rolling": the last `window_months` months
    step : every `step`-th cutoff is used
    refit : on which cutoffs parameters are re-estimated: "always", "event", "never", a number of cutoffs, or a function
        (`study.evaluate.refit`)
    lags, regressors : publication lags and declared regressors (`study.data.real_time.RealTimeView`)

    A cutoff is skipped if fewer than `min_months` monthly figures were known, or if no newer month has been released since the
    cutoff before it.
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
