"""One story: the chapters of a run on the months ahead take their numbers from one set of draws of the default model.

The fan, the scenarios and the nowcast of a series on the run's own day are one question to one model, asked for as many months
as the longest of them reports; each reports its own months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forecast.jobs.batch import Batch
from forecast.jobs.config import Config
from forecast.jobs.scenarios import ScenarioQuestion


def scenario_model(config: Config) -> str:
    """The model of the scenarios: the one they name, else the default model of the config."""
    part = config.scenario_forecast
    named = part.model if "model" in part.model_fields_set else ""
    return named or config.default_model or part.model


def joint_months(config: Config) -> int:
    """Months ahead that are asked on the run's own day: the most that any chapter with shared draws reports."""
    asked = config.forecast.models or [m.label for m in config.models]
    shares = bool(config.scenario_forecast.series) and scenario_model(config) in asked
    return max(config.forecast.months, config.scenario_forecast.months if shares else 0)


def attach_scenarios(
    batches: Sequence[Batch], questions: Sequence[ScenarioQuestion], label: str
) -> tuple[list[Batch], list[ScenarioQuestion]]:
    """The batches of the months ahead, each with the scenarios of its series by the same model, and the remaining questions."""
    left, out = list(questions), []
    for batch in batches:
        tasks = {past.task.series: past for past in batch.pasts} if batch.label == label else {}
        own = [q for q in left if q.task.series in tasks]
        left = [q for q in left if q not in own]
        out.append(replace(batch, scenario_questions=tuple(own)))
    return out, left


def without_shared(nowcasts: Sequence[Batch], ahead: Sequence[Batch]) -> list[Batch]:
    """Batches of nowcasts without what the batches of the months ahead answer: the same model, series, day and first months.

    The report takes those rows from the months ahead. A model that others rest on, or that rests on others, is left as it is.
    """
    answered = {(b.label, past.series, past.task.day): past.task.months for b in ahead for past in b.pasts}
    out = []
    for batch in nowcasts:
        if batch.pasts and not batch.keep and not batch.rests_on:
            kept = []
            for past in batch.pasts:
                shared = answered.get((batch.label, past.series, past.task.day), ())
                if not shared or shared[: len(past.task.months)] != past.task.months:
                    kept.append(past)
            if not kept:
                continue
            batch = replace(batch, pasts=tuple(kept))
        out.append(batch)
    return out
