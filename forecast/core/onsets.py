"""Regressors of a Design: how its events, or the unnamed event of a plain panel, unfold over the time axis."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast.core import months
from forecast.core.events import Event
from forecast.core.questions import Design
from forecast.core.regressors import Regressors
from forecast.core.vintage import Vintage

ShapeSpec = str | Mapping[str, Any]
EPOCH = dt.date(2000, 1, 1)  # where an unnamed event is put so that steps of any length can be read as months


def own_regressors(vintage: Vintage, design: Design, axis: NDArray[np.int64], shapes: Sequence[ShapeSpec] = ()) -> Regressors:
    """Columns of the design's own events over `axis`, their anticipation months apart, as known on the vintage's day.

    Goods at sea: responses come `lag_months` later. `shapes` overrides the events' own. An unnamed event is a step called
    `effect`; with `shapes` given, columns carry the shapes' names.
    """
    if design.events:
        parts = [(e.id, known) for e in design.events if (known := e.known_on(vintage.day)) and known.in_force]
        when = axis - design.lag_months
    else:
        window = design.window(vintage)
        parts = [("effect", _unnamed(window.start - window.hole))]
        when = axis - window.start + months.ordinal(EPOCH)
    names: list[str] = []
    columns: list[NDArray[np.float64]] = [np.empty((len(axis), 0))]
    for stem, event in parts:
        for label, shape in _shapes(stem, event, shapes, bool(design.events)):
            block = replace(event, shape=shape).response(when)
            names += [label if block.shape[1] == 1 else f"{label}.{j + 1}" for j in range(block.shape[1])]
            columns.append(block)
    return Regressors(_unique(names), np.column_stack(columns))


def _shapes(stem: str, event: Event, shapes: Sequence[ShapeSpec], named: bool) -> list[tuple[str, Mapping[str, Any]]]:
    """(column name, shape) of one event; months of anticipation get a column of their own."""
    out: list[tuple[str, Mapping[str, Any]]] = []
    for spec in shapes:
        words = {"use": spec} if isinstance(spec, str) else dict(spec)
        name = str(words.get("use", ""))
        out.append(((f"{stem}.{name}" if len(shapes) > 1 else stem) if named else name, words))
    if not shapes:
        out.append((stem, event.shape))
    if event.anticipation > 0 and not any(words.get("use") == "anticipation" for _, words in out):
        out.append((f"{stem}.anticipation" if named else "anticipation", {"use": "anticipation"}))
    return out


def _unnamed(anticipation: int) -> Event:
    first = months.ordinal(EPOCH) - anticipation
    early = dt.date(first // 12, first % 12 + 1, 1)
    return Event("effect", "", announced=early, effective=EPOCH, anticipation_from=early if anticipation else None)


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names with a number where one comes twice."""
    out: list[str] = []
    for name in names:
        before = sum(other == name or other.startswith(f"{name}#") for other in out)
        out.append(f"{name}#{before + 1}" if before else name)
    return tuple(out)
