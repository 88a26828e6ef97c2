"""A model over another one: the inner model's answers, series by series, each as it is or changed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecast.arrays import Floats
from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast, Used
from forecast.core.time_axis import Steps


def join_answers(
    task: Task, steps: Steps, answers: Answers, change: Callable[[str, Forecast], tuple[Floats, Used] | None]
) -> Forecast:
    """One Forecast of the answers of an inner model, one per series of the task; what it could not answer is TooShortError.

    change : draws (draws, months) of a series and what was done, or None to take the answer as it is
    """
    if len(answers) != len(task.series):
        raise ConfigError(f"{len(answers)} answers for {len(task.series)} series", hint="ask through fc.predict")
    draws, used = np.empty((task.draws, len(task.series), len(task.months))), []
    for i, (series, answer) in enumerate(zip(task.series, answers, strict=True)):
        if isinstance(answer, Failure):
            raise TooShortError(answer.reason, where=series, hint=answer.detail)
        draws[:, i], how = change(series, answer) or (answer.draws[:, 0], answer.used[0])
        used.append(how)
    parameters = answers[0].parameters if len(answers) == 1 else {}
    return Forecast(task, draws, tuple(used), steps, parameters)
