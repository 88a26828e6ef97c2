"""The realised values forecasts are scored against: the first, the k-th or the latest release of each figure."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from forecast.core.archive import Archive
from forecast.core.errors import ConfigError
from forecast.core.series_states import REAL
from forecast.core.step_figures import StepFigures
from forecast.core.vintage import Cell, Vintage
from forecast.study.data.real_time import RealTimeView

ReleaseChoice = str | int
NAMED_RELEASES = ("first", "latest")


def truth_of(archive: Archive | RealTimeView, release: ReleaseChoice = "latest", day: str | dt.date | None = None) -> Vintage:
    """A vintage of `day` (default: after the last release) with the first, k-th or latest release of each figure.

    release : "first", "latest", or a number k counted from 1. A figure released fewer than k times by that day has no truth,
    because its latest release is not its k-th.
    """
    latest = archive.latest if day is None else archive.as_of(day)
    k = release_number(release)
    if k is None:
        return latest
    cells = {name: _nth_release(archive, name, k, latest.day) for name in latest.series}
    return replace(latest, cells={name: kept for name, kept in cells.items() if kept}, past=None)


def release_number(release: ReleaseChoice) -> int | None:
    """The number of a release among those of a figure, from 1; None for the latest.

    >>> release_number("first"), release_number(3), release_number("latest")
    (1, 3, None)
    """
    k = {"first": 1, "latest": None}.get(release) if isinstance(release, str) else release
    if release != "latest" and (not isinstance(k, int) or isinstance(k, bool) or k < 1):
        raise ConfigError(f"'{release}' is no release to mark against", hint='"first", "latest" or a number from 1 on')
    return k


def _nth_release(archive: Archive | RealTimeView, series: str, k: int, day: dt.date) -> tuple[Cell, ...]:
    """The k-th release of each cell among those by a day."""
    found: dict[tuple[int, int], list[Cell]] = {}
    for cell in sorted(archive.states(series), key=lambda c: c.released):
        if cell.released <= day:
            found.setdefault((cell.first, cell.last), []).append(cell)
    return tuple(states[k - 1] for _, states in sorted(found.items()) if len(states) >= k)


def vintage_kind(vintage: Vintage, series: str) -> str:
    """The kind of a cutoff's vintage: real | final | pseudo.

    real : figures as known at the time, on release days that their source says; final : recorded release days, but revised
    figures; pseudo : the release day of the newest figure is not recorded but given by a rule or a lag
    """
    cells = vintage.cells.get(series, ())
    if isinstance(cells, StepFigures):
        bases = {cells.basis}
    else:
        last = max((c.last for c in cells), default=0)
        bases = {c.basis for c in cells if c.last == last}
    if REAL in bases and not vintage.pseudo:
        return "real"
    return "final" if bases & {REAL, "calendar"} else "pseudo"
