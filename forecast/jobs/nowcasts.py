"""Nowcasts of a config: their table, their questions, the news behind their revisions, and the next releases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from forecast.core import months as mm, registry
from forecast.core.errors import ConfigError, DataError
from forecast.core.months import parse_day
from forecast.core.questions import Task
from forecast.core.release_schedule import ScheduledRelease, coming
from forecast.core.results import Finding
from forecast.core.schema import FailureRow, NewsRow, ReleaseRow
from forecast.core.unanswered import cause_of
from forecast.jobs.config_base import ConfigTable, NonEmptyNames, OptionalDay
from forecast.study import ask
from forecast.study.data.real_time import RealTimeView
from forecast.study.evaluate.lead_time import publication_days
from forecast.study.evaluate.past_questions import BacktestQuestion
from forecast.study.evaluate.truth import vintage_kind
from forecast.study.nowcast.news import news_rows

MIN_FIGURES = 12  # single months known, below which a series is not asked
RELEASES_AHEAD = 2  # releases of each series listed in the calendar


class NowcastConfig(ConfigTable):
    """Months that are not out yet, up to the month of the day, of some series by some models; the first model's news is told.

    name : its name in the tables and in the report
    series : series, or patterns
    models : models of the config
    day : the last day on which the figures are whole; the question stands on it, or on the run's day if that is earlier
    since : the earlier vintage that the news counts from; empty: the day before the series' last release
    earlier : so many earlier months are asked at the same distance from their publication, to see how far off that was
    note : a sentence for the report
    """

    name: Annotated[str, Field(min_length=1)]
    series: NonEmptyNames
    models: NonEmptyNames
    day: OptionalDay = ""
    since: OptionalDay = ""
    earlier: Annotated[int, Field(ge=0, le=60)] = 0
    note: str = ""

    @property
    def earlier_group(self) -> str:
        """The name of the group of earlier months."""
        return f"{self.name}: earlier months"

    def question_day(self, today: dt.date) -> dt.date:
        """The day on which the row is asked: its own, or the run's if that is earlier."""
        return min(parse_day(self.day), today) if self.day else today

    def is_asked_early(self, today: dt.date) -> bool:
        """Whether the run's day is before the row's own."""
        return bool(self.day) and today < parse_day(self.day)


@dataclass(frozen=True)
class NewsQuestion:
    """A nowcast whose change since an earlier day is decomposed into the contributions of releases.

    shown : the months that are reported, where more are asked; empty: all
    """

    task: Task
    since: dt.date
    shown: tuple[str, ...] = ()


def check(rows: Sequence[NowcastConfig], groups: Iterable[str], place: str) -> None:
    """Refuse names in use, and days out of order."""
    taken = set(groups)
    for i, row in enumerate(rows):
        where = f"{place}, [[nowcast]] {i + 1}"
        if row.name in taken:
            raise ConfigError(f"'{row.name}' is named twice", where=where, hint='give one of them another name (name = "...")')
        taken |= {row.name, row.earlier_group}
        if row.day and row.since and row.since >= row.day:
            raise ConfigError("the news counts from a day before the question's own", where=f"{where}, since", hint=row.day)


def asking_rows(
    rows: Sequence[NowcastConfig], series: Sequence[Sequence[str]], today: dt.date
) -> dict[tuple[str, dt.date], str]:
    """Which row asks a series on a day; of several that an early run asks on the same day, the row whose own day it is."""
    out: dict[tuple[str, dt.date], str] = {}
    for row, names in sorted(zip(rows, series, strict=True), key=lambda pair: pair[0].is_asked_early(today)):
        for name in names:
            out.setdefault((name, row.question_day(today)), row.name)
    return out


def questions(
    row: NowcastConfig,
    names: Sequence[str],
    real_time: RealTimeView,
    today: dt.date,
    draws: int,
    taken: dict[tuple[str, dt.date], str],
) -> tuple[list[BacktestQuestion], list[BacktestQuestion], list[NewsQuestion], list[Finding]]:
    """The nowcasts of a row, those of earlier months, the news questions, and findings on what cannot be asked or is late.

    taken : which row asks a series on a day (`asking_rows`)
    """
    day = row.question_day(today)
    vintage = real_time.as_of(day)
    now: list[BacktestQuestion] = []
    earlier: list[BacktestQuestion] = []
    news_questions: list[NewsQuestion] = []
    findings: list[Finding] = []
    for name in names:
        if row.is_asked_early(today) and taken[name, day] != row.name:
            findings.append(
                Finding("nowcast", f"not asked again on {day} for '{row.name}': '{taken[name, day]}' asks it", name)
            )
            continue
        count = vintage.observed(name).count if vintage.knows(name) else 0
        if count < MIN_FIGURES:
            findings.append(
                Finding("nowcast", f"not asked on {day}: {count} single figures known where {MIN_FIGURES} are needed", name)
            )
            continue
        last, current = vintage.last_month(name), mm.ordinal(day)
        if last >= current:
            findings.append(Finding("nowcast", f"not asked: figures reach the month of {day}", name))
            continue
        labels = [vintage.steps.label(m) for m in range(last + 1, current + 1)]
        task = Task(day, name, labels, draws=draws)
        now.append(BacktestQuestion(task, last, known=vintage_kind(vintage, name), about=row.name))
        overdue, days_left = _release_due(name, last, day)
        if overdue:
            findings.append(
                Finding("nowcast", f"{overdue} months are out on {day} by the release rules, not in the data", name)
            )
        if days_left is not None and not overdue:
            earlier += _earlier_questions(row, name, real_time, day, days_left, draws)
        elif row.earlier:
            findings.append(Finding("nowcast", f"no earlier months asked on {day}: the next release day is not known", name))
        since = parse_day(row.since) if row.since else day
        news_questions.append(NewsQuestion(task, since if since < day else _day_before_last_release(real_time, name, day)))
    return now, earlier, news_questions, findings


def _release_due(series: str, last: int, day: dt.date) -> tuple[int, int | None]:
    """How many months are overdue by the release rules, and the days until the next release; None if that is unknown."""
    due = _next_releases(day, series, 1)
    if not due:
        return 0, None
    return due[0].month - last - 1, due[0].ahead if due[0].basis != "late" else None


def _next_releases(day: dt.date, series: str, count: int) -> tuple[ScheduledRelease, ...]:
    """The next releases of a series; none if it has no release rules."""
    try:
        return coming(day, [series], count)
    except DataError:
        return ()


def _day_before_last_release(real_time: RealTimeView, series: str, day: dt.date) -> dt.date:
    return max(cell.released for cell in real_time.states(series) if cell.released <= day) - dt.timedelta(days=1)


def _earlier_questions(
    row: NowcastConfig, series: str, real_time: RealTimeView, day: dt.date, days_left: int, draws: int
) -> list[BacktestQuestion]:
    """Questions on the last months published by `day`, each asked `days_left` days before its release."""
    out: list[BacktestQuestion] = []
    for month, released in sorted(publication_days(real_time, series).items()):
        asked_on = released - dt.timedelta(days=days_left)
        vintage = real_time.as_of(asked_on)
        if released > day or not vintage.knows(series) or vintage.observed(series).count < MIN_FIGURES:
            continue
        newest = vintage.last_month(series)
        if newest < month:
            task = Task.past(asked_on, series, [vintage.steps.label(month)], draws=draws)
            out.append(
                BacktestQuestion(
                    task, newest, gap=month - newest - 1, known=vintage_kind(vintage, series), about=row.earlier_group
                )
            )
    return out[-row.earlier :] if row.earlier else []


def answer_news(
    question: NewsQuestion, label: str, spec: Mapping[str, Any], real_time: RealTimeView, seed: int
) -> tuple[list[NewsRow], list[FailureRow]]:
    """Rows of news.parquet, or of failures.parquet if the change cannot be decomposed."""
    task = question.task
    try:
        method = registry.build("model", spec)
        rows = news_rows(method, real_time, task, question.since, task.day, seed=seed, label=label)
        return [row for row in rows if not question.shown or row.ref_month in question.shown], []
    except ask.METHOD_ERRORS as error:
        job, about = f"{label}|{task.series[0]}|{task.day}|news", f"news since {question.since}"
        row = FailureRow(
            job=job, method=label, question=about, series=task.series[0], cause=cause_of(error),
            reason=getattr(error, "problem", str(error)), detail=getattr(error, "hint", ""),
        )  # fmt: skip
        return [], [row]


def calendar_rows(rows: Sequence[NowcastConfig], series: Sequence[Sequence[str]], today: dt.date) -> list[ReleaseRow]:
    """Rows of calendar.parquet: the next releases of every nowcast series after the day of its question."""
    out = []
    for row, names in zip(rows, series, strict=True):
        for name in names:
            out += [
                ReleaseRow(
                    group=row.name, day=d.day.isoformat(), series=d.series, month=d.label, source=d.source,
                    stage=d.stage, basis=d.basis, ahead=d.ahead, horizon=d.horizon, together=d.together,
                )
                for d in _next_releases(row.question_day(today), name, RELEASES_AHEAD)
            ]  # fmt: skip
    return out
