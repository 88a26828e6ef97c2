"""Canaries: a few questions of a plan to every method of its config, for a check of what the answers follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from forecast.core.archive import Archive
from forecast.core.questions import Design, Task, replace_design
from forecast.core.vintage import Vintage
from forecast.jobs.config import EffectConfig
from forecast.jobs.plan import Plan, design_of
from forecast.study.data.leakage import LeakageQuestion
from forecast.study.data.real_time import RealTimeView
from forecast.study.evaluate.backtest import BacktestQuestion

DRAWS = 100  # a leak moves every draw
SERIES_PER_DAY = 2  # of each group and day
MODEL_SECONDS = {"prophet": 1.0}  # that an answer takes with its second asking, on one core; else
QUESTION_SECONDS, DAY_SECONDS = 0.2, 0.6  # and for each day's garbage


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
        put = partial(_design_on_vintage, row=batch.row, day=plan.vintage.day)
        for label, spec in batch.spec.items():
            out.append(LeakageQuestion(label, spec, f"effect {batch.name}: {batch.row.treated[0]}", plan.vintage.day, put))
    return out


def describe_sample(asked: Sequence[LeakageQuestion]) -> str:
    """What will be done, and about how long it takes."""
    days = {one.day for one in asked}
    seconds = DAY_SECONDS * len(days) + sum(MODEL_SECONDS.get(str(one.spec.get("use")), QUESTION_SECONDS) for one in asked)
    about = f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"
    return f"{len(asked)} questions on {len(days)} days, each asked twice: about {about}"


def _pick(pasts: Iterable[BacktestQuestion]) -> list[BacktestQuestion]:
    """Up to two questions each of the first, the middle and the last day, about other series every time."""
    by_day: dict[Any, list[BacktestQuestion]] = {}
    for past in pasts:
        by_day.setdefault(past.task.day, []).append(past)
    days = sorted(by_day)
    out = []
    for k, day in enumerate(dict.fromkeys([days[0], days[len(days) // 2], days[-1]] if days else [])):
        mine = by_day[day]
        places = dict.fromkeys((SERIES_PER_DAY * k + j) % len(mine) for j in range(SERIES_PER_DAY))
        out += [mine[place] for place in places]
    return out


def _question(label: str, spec: dict[str, Any], group: str, past: BacktestQuestion) -> LeakageQuestion:
    months = past.task.months
    about = f"{group}, {past.series}, {months[0]} to {months[-1]}" + (" (rolling window)" if past.since is not None else "")
    return LeakageQuestion(label, spec, about, past.task.day, partial(_question_on_vintage, past=past))


def _question_on_vintage(door: RealTimeView, past: BacktestQuestion) -> tuple[Vintage, Task]:
    task = past.task
    return past.vintage(door), replace(task, draws=DRAWS)


def _design_on_vintage(door: RealTimeView, row: EffectConfig, day: Any) -> tuple[Vintage, Design]:
    """The question on an event as it is put on the run's day, donors and all."""
    assert isinstance(door.source, Archive)
    vintage = door.source.as_of(day)
    return vintage, replace_design(design_of(row, door.source, vintage), draws=DRAWS)


__all__ = ["describe_sample", "sample_questions"]
