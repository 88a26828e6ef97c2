"""The questions of a backtest: past Tasks, each on the vintage of its day or on the last months of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, nearest
from forecast.core.questions import Task
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage
from forecast.study.data.real_time import RealTimeView
from forecast.study.evaluate.refit import Policy, fit_days
from forecast.study.evaluate.truth import vintage_kind

WINDOWS = ("expanding", "rolling")


@dataclass(frozen=True)
class BacktestQuestion:
    """A Task on one series at a past cutoff, the last month then known, and the first month of a rolling window.

    Parameters
    ----------
    task : Task
        the asked months of one series, standing on the cutoff
    last : int
        the last month then known, as an integer
    since : int, optional
        the first month of a rolling window, as an integer; None: all months
    gap : int, default 0
        months between the last known and the first asked one
    known : str, optional
        the kind of the vintage (`truth.vintage_kind`)
    about : str, optional
        label that distinguishes the question from the same question asked elsewhere
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
        """The vintage of the cutoff, cut to the rolling window if there is one.

        Parameters
        ----------
        archive : Archive or RealTimeView
            the figures

        Returns
        -------
        Vintage
            of the day of the task
        """
        if self.since is None:
            return archive.as_of(self.task.day)
        return rolling_vintage(archive, self.series, self.last - self.since + 1, self.task.day)


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
        if observed.count < min_months or observed.last == seen:
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
    return tuple(s for s, key in keys if (key is None or key.measure == "quantity") and vintage.observed(s).count >= min_months)
