"""A sample of a plan's questions to every method of its config, for the check for look-ahead leakage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from forecast.core.archive import Archive
from forecast.core.questions import Design, Task, replace_design
from forecast.core.vintage import Vintage
from forecast.jobs.effect_config import EffectConfig
from forecast.jobs.effect_designs import design_of
from forecast.jobs.plan import Plan
from forecast.study.data.leakage import LeakageQuestion
from forecast.study.data.real_time import RealTimeView
from forecast.study.evaluate.past_questions import BacktestQuestion

DRAWS = 100  # few suffice: a leak changes every draw
SERIES_PER_DAY = 2  # questions of each group and day are about so many series
MODEL_SECONDS = {"prophet": 1.0}  # time of one question, asked twice, on one core; other models take QUESTION_SECONDS
QUESTION_SECONDS, DAY_SECONDS = 0.2, 0.6  # and DAY_SECONDS to corrupt the figures after each day


def sample_questions(plan: Plan) -> list[LeakageQuestion]:
    """Questions on the first, middle and last cutoff of each backtest, on the run's own day, and on every event."""
    out: list[LeakageQuestion] = []
    for group, pasts in plan.groups.items():
        methods = {b.label: b.spec for b in plan.batches if b.group == group and b.row is None}
        chosen = _pick(pasts)
        for label, spec in methods.items():
            out += [_question(label, spec, group, past) for past in chosen]
    rows = [b for b in plan.batches if b.row is not None and b.vary is None]
    for batch in rows:
        assert batch.row is not None
        on_vintage = partial(_design_on_vintage, row=batch.row, day=plan.vintage.day)
        for label, spec in batch.spec.items():
            about, day = f"effect {batch.name}: {batch.row.treated[0]}", plan.vintage.day
            out.append(LeakageQuestion(label, spec, about, day, on_vintage, plan.config.check_specs))
    return out


def describe_sample(sample: Sequence[LeakageQuestion]) -> str:
    """The size of the sample, and about how long the check takes."""
    days = {one.day for one in sample}
    seconds = DAY_SECONDS * len(days) + sum(MODEL_SECONDS.get(str(one.spec.get("use")), QUESTION_SECONDS) for one in sample)
    about = f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"
    return f"{len(sample)} questions on {len(days)} days, each asked twice: about {about}"


def _pick(pasts: Iterable[BacktestQuestion]) -> list[BacktestQuestion]:
    """Up to two questions each on the first, middle and last day, about different series each time."""
    by_day: dict[dt.date, list[BacktestQuestion]] = {}
    for past in pasts:
        by_day.setdefault(past.task.day, []).append(past)
    days = sorted(by_day)
    out = []
    for k, day in enumerate(dict.fromkeys([days[0], days[len(days) // 2], days[-1]] if days else [])):
        on_day = by_day[day]
        places = dict.fromkeys((SERIES_PER_DAY * k + j) % len(on_day) for j in range(SERIES_PER_DAY))
        out += [on_day[place] for place in places]
    return out


def _question(label: str, spec: dict[str, Any], group: str, past: BacktestQuestion) -> LeakageQuestion:
    months = past.task.months
    about = f"{group}, {past.series}, {months[0]} to {months[-1]}" + (" (rolling window)" if past.since is not None else "")
    return LeakageQuestion(label, spec, about, past.task.day, partial(_question_on_vintage, past=past))


def _question_on_vintage(real_time: RealTimeView, past: BacktestQuestion) -> tuple[Vintage, Task]:
    task = past.task
    return past.vintage(real_time), replace(task, draws=DRAWS)


def _design_on_vintage(real_time: RealTimeView, row: EffectConfig, day: dt.date) -> tuple[Vintage, Design]:
    """The question on an event as it is asked on the run's day, with its donors."""
    assert isinstance(real_time.source, Archive)
    vintage = real_time.source.as_of(day)
    return vintage, replace_design(design_of(row, real_time.source, vintage), draws=DRAWS)
