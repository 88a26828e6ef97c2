"""One story: the chapters of a run on the months ahead take their numbers from one set of draws of the default model.

The fan, the scenarios and the nowcast of a series on the run's own day are one question to one model, asked for as many months
as the longest of them reports; each reports its own months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forecast.core.questions import Task
from forecast.core.time_axis import Steps
from forecast.jobs.batch import Batch
from forecast.jobs.config import Config
from forecast.jobs.scenarios import ScenarioQuestion
from forecast.study.evaluate.past_questions import BacktestQuestion


def scenario_model(config: Config) -> str:
    """The model of the scenarios: the one they name, else the default model of the config, else `measures`."""
    part = config.scenario_forecast
    named = part.model if "model" in part.model_fields_set else ""
    return named or config.default_model or "measures"


def joint_months(config: Config) -> int:
    """Months ahead that are asked on the run's own day: the most that any chapter with shared draws reports."""
    return max(config.forecast.months, config.scenario_forecast.months if _shares(config) else 0)


def _shares(config: Config) -> bool:
    """Whether the scenarios are by the default model, and that is asked for the months ahead."""
    label, asked = scenario_model(config), config.forecast.models or [m.label for m in config.models]
    return bool(config.scenario_forecast.series) and label == config.default_model and label in asked


def attach_scenarios(
    batches: Sequence[Batch], questions: Sequence[ScenarioQuestion], config: Config
) -> tuple[list[Batch], list[ScenarioQuestion]]:
    """The batches of the months ahead, each with the scenarios of its series if they share its draws, and the others."""
    left, out = list(questions), []
    for batch in batches:
        mine = _shares(config) and batch.label == config.default_model
        own = [q for q in left if mine and any(past.task.series == q.task.series for past in batch.pasts)]
        left = [q for q in left if q not in own]
        out.append(replace(batch, scenario_questions=tuple(own)))
    return out, left


def share_nowcasts(ahead: Sequence[Batch], nowcasts: Sequence[Batch], steps: Steps) -> tuple[list[Batch], list[Batch]]:
    """The batches of the months ahead, with the nowcasts that they answer too, and the batches of the remaining nowcasts.

    Such a nowcast is of the same model, series and day, and its months are the first of theirs. A model that others rest on, or
    that rests on others, keeps its own batch. The news of such a nowcast is asked for as many months: it tells what moved the
    same numbers.
    """
    whole = {(b.label, past.series): joint_task(b.reach, past, steps) for b in ahead for past in b.pasts}
    moved: dict[str, list[tuple[str, BacktestQuestion]]] = {}
    left = []
    for batch in nowcasts:
        news = batch.news_question
        if news is not None and (task := _same_question(whole.get((batch.label, news.task.series[0])), news.task)):
            left.append(replace(batch, news_question=replace(news, task=task, shown=news.task.months)))
        elif not batch.now or not batch.pasts or batch.keep or batch.rests_on:
            left.append(batch)
        else:
            found = [past for past in batch.pasts if _same_question(whole.get((batch.label, past.series)), past.task)]
            moved.setdefault(batch.label, []).extend((batch.group, past) for past in found)
            own = tuple(past for past in batch.pasts if past not in found)
            left += [replace(batch, pasts=own)] if own else []
    return [replace(b, also=(*b.also, *moved.get(b.label, ()))) for b in ahead], left


def joint_task(reach: int, past: BacktestQuestion, steps: Steps) -> Task:
    """The task of a question, with the further months that its batch asks and the question does not report."""
    if reach <= len(past.task.months):
        return past.task
    return replace(past.task, months=tuple(steps.label(past.first + h) for h in range(reach)))


def _same_question(whole: Task | None, asked: Task) -> Task | None:
    """The longer task, if it stands on the same day and begins with the same months."""
    same = whole is not None and whole.day == asked.day and whole.months[: len(asked.months)] == asked.months
    return whole if same else None
