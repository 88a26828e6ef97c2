"""The inner questions of the menu: what each device is asked, and the record of their answers together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forecast.arrays import Ints
from forecast.core.questions import Task
from forecast.core.results import Forecast, Used
from forecast.core.vintage import Vintage
from forecast.models.menu.structural_breaks import SeriesBreaks

Spec = str | dict[str, Any]


@dataclass(frozen=True)
class DeviceRequest:
    """One inner question: a device that knows the first `known` months of the last spell, and the months asked of it."""

    series: int
    device: str
    known: int
    months: Ints
    ask: tuple[Spec, Task, Vintage]


def device_request(
    i: int, device: str, spec: Spec, seen: Vintage, task: Task, broken: SeriesBreaks, months: Ints, known: int
) -> DeviceRequest:
    """The question of one device on what it sees, for the asked months."""
    labels = [seen.steps.label(int(m)) for m in months]
    fitted_on = task.fitted_on if seen.day == task.day else None
    inner = Task(seen.day, broken.series, labels, fitted_on, task.draws, task.stream)
    return DeviceRequest(i, device, known, months, (spec, inner, seen))


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
