"""The inner questions of the menu: what each device is asked, and the record of their answers together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from forecast.arrays import Ints
from forecast.core.questions import Task
from forecast.core.results import Forecast, Used
from forecast.core.vintage import Vintage

Spec = str | dict[str, Any]


@dataclass(frozen=True)
class DeviceRequest:
    """One inner question: a device that knows the first `known` months of the last spell, and the months asked of it.

    place : of the series among those of the task; seen : makes the vintage that the device sees
    """

    place: int
    device: str
    spec: Spec
    seen: Callable[[], Vintage]
    months: Ints
    known: int

    def ask(self, task: Task) -> tuple[Spec, Task, Vintage]:
        """The question, as part of a task; who has the answer already needs none of it."""
        seen = self.seen()
        labels = [seen.steps.label(int(m)) for m in self.months]
        fitted_on = task.fitted_on if seen.day == task.day else None
        return self.spec, Task(seen.day, task.series[self.place], labels, fitted_on, task.draws, task.stream), seen


def merge_used(name: str, members: Sequence[Forecast], notes: Sequence[str]) -> Used:
    """The record of an answer made of several forecasts."""
    parts = [member.used[0] for member in members]
    taken = tuple(dict.fromkeys(r for part in parts for r in part.regressors))
    dropped = tuple(dict.fromkeys(r for part in parts for r in part.dropped if r not in taken))
    return Used(
        name,
        taken,
        dropped,
        parts[0].scale,
        max(p.split for p in parts),
        max(p.filled for p in parts),
        tuple(dict.fromkeys(notes)),
    )
