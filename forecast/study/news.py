"""News: what moved a nowcast between two days, release by release; the parts add up to the change, for every model."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, NotIdentifiedError
from forecast.core.questions import Task
from forecast.core.results import Forecast
from forecast.core.vintage import Floats, Vintage
from forecast.kernels.shapley import EXACT, shapley
from forecast.study import ask
from forecast.study.arrivals import Piece, arrived, days_between, joined, supposing, without
from forecast.study.door import Door

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "target", "ref_month", "vintage_from", "vintage_to", "nowcast_from", "nowcast_to", "source", "series", "release_month",
    "kind", "expected", "actual", "weight", "impact", "model", "released", "model_used",
)  # fmt: skip
ORDERS = 3  # orders, and as many reversed, in which more than six pieces of one day are let in
ROUNDING = 1e-9  # of the nowcast
LINEAR = 1e-6  # of the nowcast: how near a method must come to being linear in what was published
Value = Callable[[frozenset[int]], Floats]


@dataclass(frozen=True)
class Part:
    """One reason of the change: its impact on every target and month, shape (series, months), in the target's unit."""

    kind: str
    impact: Floats
    source: str | None = None
    series: str | None = None
    release_month: str | None = None
    expected: float = math.nan
    actual: float = math.nan
    released: str | None = None


@dataclass(frozen=True)
class Asked:
    """A question asked again and again of one archive, always with the same random numbers."""

    archive: Archive | Door
    task: Task
    seed: int
    memo: dict[Any, Any] = field(default_factory=dict)

    def mean(self, method: Any, vintage: Vintage, fitted_on: dt.date | None) -> tuple[Floats, tuple[str, ...]]:
        """Mean of the draws (series, months), and what the method used; what it cannot answer is raised."""
        made = self._put(method, vintage, Task(vintage.day, self.task.series, self.task.months, fitted_on, self.task.draws))
        return made.mean, tuple(used.model for used in made.used)

    def expected(self, method: Any, vintage: Vintage, fitted_on: dt.date, piece: Piece) -> float:
        """The figure that the method expected before it came out; NaN where it cannot say."""
        change = piece.single
        if change is None:
            return math.nan
        series, first, last = change.place
        labels = [vintage.steps.label(m) for m in range(first, last + 1)]
        try:
            return float(self._put(method, vintage, Task(vintage.day, series, labels, fitted_on, self.task.draws)).mean.sum())
        except ask.CAUGHT:
            return math.nan

    def _put(self, method: Any, vintage: Vintage, task: Task) -> Forecast:
        """An answer; what was answered on this day is forgotten, because the next vintage of the day holds other figures."""
        try:
            made = ask.put(method, vintage, task, self.seed, self.memo)
        finally:
            for key in [key for key in self.memo if key[1].startswith(f"{vintage.day}|")]:
                del self.memo[key]
        assert isinstance(made, Forecast)
        return made


def news(
    method: Any,
    archive: Archive | Door,
    task: Task,
    from_day: str | dt.date,
    to_day: str | dt.date,
    *,
    then: Any = None,
    seed: int = 0,
    label: str = "",
) -> pd.DataFrame:
    """What moved the nowcast of `task` between two days; rows of news.parquet, columns `COLUMNS`.

    The nowcast is the mean of the draws, in archive units. Figures and events are let in day by day in the order in which they
    came out, with the parameters of the earlier day (`Task.fitted_on`). Figures of one day: where the method proves linear in
    them, weight times surprise (`_surprises`); else shared by order-averaging (`kernels.shapley`), over all orders up to six
    pieces or where the pieces do not interact, over a sample of orders otherwise. Kinds:

    new, revision : a figure published, or changed; expected : what the same model expected of it the day before, or the former
    figure; weight : impact per unit of surprise (null where there is none). calendar : an event announced or its end, or, with
    no series, time alone passing. estimation : the parameters fitted anew on the later day. model : another model; the one
    named `then`, or one that the method itself takes on the later day. The latter is told apart where the method offers
    `fixed(vintage, task)`, itself as it would stand on that vintage; elsewhere a switch within a method is part of the release
    or of the fit that caused it, and `model_used` names both.

    Series and events that do not bear on the nowcast have no rows. Impacts of one target and month add up to nowcast_to -
    nowcast_from.
    A question that cannot be answered on one of the days is raised; NotIdentifiedError where a step between them has no answer.
    """
    start, stop = months.parse_day(from_day), months.parse_day(to_day)
    if stop < start:
        raise ConfigError(f"the later vintage ({stop}) lies before the earlier one ({start})", hint="exchange the two days")
    asked = Asked(archive, task, seed)
    old, new = archive.as_of(start), archive.as_of(stop)
    last_method = method if then is None else then
    first, used_first = asked.mean(method, old, task.fitted_on)
    last, used_last = asked.mean(last_method, new, task.fitted_on)
    try:
        parts = _parts(asked, method, last_method, old, new, first, last)
    except ask.CAUGHT as error:
        told = getattr(error, "problem", str(error))
        raise NotIdentifiedError(
            f"the change cannot be taken apart: a step between the two days has no answer ({told})",
            where=f"{method.name}, {'+'.join(task.series)}, {start} to {stop}", hint="days nearer to each other",
        ) from error  # fmt: skip
    used = [" -> ".join(dict.fromkeys(words)) for words in zip(used_first, used_last, strict=False)]
    head = {"vintage_from": str(start), "vintage_to": str(stop), "model": label or method.name}
    return _frame(task, first, last, parts, head, used)


def _parts(asked: Asked, method: Any, then: Any, old: Vintage, new: Vintage, first: Floats, last: Floats) -> list[Part]:
    """The change as a sum of parts: releases and days in order, then parameters, then the model."""
    days = days_between(asked.archive, old.day, new.day)
    if then is method and not arrived(old, new):
        return [Part("calendar", last - first)] if (last != first).any() else []
    fixed = method.fixed(old, asked.task) if hasattr(method, "fixed") else method
    held = asked.task.fitted_on or old.day
    began, _ = asked.mean(fixed, old, held)
    silent = _silent(asked, fixed, held, old, new)
    parts: list[Part] = []
    seen, level = old, began
    for day in days:
        after = asked.archive.as_of(day)
        pieces = [piece for piece in arrived(seen, after) if piece.series not in silent]  # the silent are let in unseen
        if pieces or day == new.day:
            made, level = _of_day(asked, fixed, held, seen, after, pieces, level)
            parts += made
            seen = after
    # what holding the parameters changes on the earlier day already is no news of the later one
    refitted = last if then is fixed else asked.mean(fixed, new, asked.task.fitted_on)[0]
    own = first if method is fixed else asked.mean(fixed, old, asked.task.fitted_on)[0]
    parts.append(Part("estimation", (refitted - level) - (own - began)))
    parts.append(Part("model", (last - refitted) - (first - own)))
    return [part for part in parts if part.kind in ("new", "revision") or (part.impact != 0.0).any()]


def _of_day(
    asked: Asked, method: Any, held: dt.date, seen: Vintage, after: Vintage, pieces: Sequence[Piece], level: Floats
) -> tuple[list[Part], Floats]:
    """The parts of one day: time passing, and each piece that came out; and the nowcast at the end of the day."""
    bearing = joined(pieces)
    value = _value(asked, method, held, seen, after, [[piece] for piece in bearing])
    base, before = value(frozenset()), without(seen, after, bearing)
    expected = [p.former if p.kind == "revision" else asked.expected(method, before, held, p) for p in bearing]
    end = value(frozenset(range(len(bearing))))
    shares = _surprises(lambda v: asked.mean(method, v, held)[0], after, bearing, expected, base, end)
    out = [Part("calendar", base - level)]
    for piece, told, impact in zip(bearing, expected, _shares(value, len(bearing)) if shares is None else shares, strict=True):
        period = after.steps.period(*piece.months) if piece.months else None
        out.append(Part(piece.kind, impact, piece.source, piece.series, period, told, piece.actual, str(after.day)))
    return out, end


def _value(asked: Asked, method: Any, held: dt.date, seen: Vintage, after: Vintage, groups: Sequence[Sequence[Piece]]) -> Value:
    """The nowcast on the later day with some groups of pieces let in and the others held back; each is asked once."""
    memo: dict[frozenset[int], Floats] = {}

    def value(members: frozenset[int]) -> Floats:
        if members not in memo:
            hidden = [piece for i, group in enumerate(groups) if i not in members for piece in group]
            memo[members] = asked.mean(method, without(seen, after, hidden), held)[0]
        return memo[members]

    return value


def _silent(asked: Asked, method: Any, held: dt.date, old: Vintage, new: Vintage) -> set[str]:
    """The events, and the other series with all that came between the two days, that do not move the nowcast."""
    pieces = arrived(old, new)
    own = [piece for piece in pieces if _concerns(piece, asked.task)]
    names = sorted({piece.series for piece in pieces} - {piece.series for piece in own})
    if not names:
        return set()
    groups = [[piece for piece in pieces if piece.series == name] for name in names]
    value = _value(asked, method, held, old, new, [*groups, own])
    found = _bearing(value, frozenset(range(len(names) + 1)), range(len(names)))
    return set(names) - {names[i] for i in found}


def _concerns(piece: Piece, task: Task) -> bool:
    """Whether a piece is a figure of a target, or a regressor of it."""
    return (piece.control[0] if piece.control else piece.series) in task.series


def _bearing(value: Value, everyone: frozenset[int], others: Sequence[int]) -> list[int]:
    """The groups that move the nowcast, found by halving: those that do so alone, or as the last to come."""
    group = frozenset(others)
    if np.array_equal(value(group), value(frozenset())) and np.array_equal(value(everyone), value(everyone - group)):
        return []
    half = len(others) // 2
    return [*_bearing(value, everyone, others[:half]), *_bearing(value, everyone, others[half:])] if half else list(others)


def _surprises(
    mean: Callable[[Vintage], Floats],
    after: Vintage,
    pieces: Sequence[Piece],
    expected: Sequence[float],
    base: Floats,
    end: Floats,
) -> Floats | None:
    """Each figure's weight times its surprise, of a method that is linear in what came; else None.

    The news of Banbura and Modugno (2014, J. Appl. Econometrics 29:133): figures that come as expected change nothing, and each
    surprise counts alone.
    Both are tried on the method itself, so that no method has to say that it is linear.
    """
    figures = [(piece.single, told) for piece, told in zip(pieces, expected, strict=True)]
    supposed = [(c, told) for c, told in figures if c and c.after and math.isfinite(told) and math.isfinite(c.after.value)]
    simple = len(supposed) == len(pieces) == sum(len(piece.changes) for piece in pieces)
    if len(pieces) < 2 or not simple or (after.nonnegative and min(expected) < 0):
        return None
    near = LINEAR * max(float(np.abs(base).max()), float(np.abs(end).max()))
    as_expected = mean(supposing(after, supposed))
    if not np.allclose(as_expected, base, rtol=0.0, atol=near):
        return None
    rest = [[pair for j, pair in enumerate(supposed) if j != i] for i in range(len(supposed))]
    alone: Floats = np.stack([mean(supposing(after, others)) - as_expected for others in rest])
    return alone if np.allclose(alone.sum(axis=0), end - base, rtol=0.0, atol=near) else None


def _shares(value: Value, players: int) -> Floats:
    """Each piece's share of the day's change, shape (pieces, series, months)."""
    base = value(frozenset())
    if players > EXACT:
        alone = np.stack([value(frozenset({i})) - base for i in range(players)])
        whole = value(frozenset(range(players))) - base
        if np.allclose(alone.sum(axis=0), whole, rtol=0.0, atol=ROUNDING * float(np.abs(base).max())):
            return alone  # where pieces do not interact, all orders give the same
    return shapley(value, players, ORDERS)


def _frame(
    task: Task, first: Floats, last: Floats, parts: Iterable[Part], head: dict[str, Any], used: Sequence[str]
) -> pd.DataFrame:
    """One row per target, month and part; rounding is laid on the largest part."""
    import pandas as pd

    parts = list(parts)
    rows: list[dict[str, Any]] = []
    for i, target in enumerate(task.series):
        for j, month in enumerate(task.months):
            impacts = np.array([part.impact[i, j] for part in parts])
            if len(impacts):
                impacts[np.abs(impacts).argmax()] += last[i, j] - first[i, j] - impacts.sum()
            ends = {"nowcast_from": first[i, j], "nowcast_to": last[i, j], "model_used": used[min(i, len(used) - 1)]}
            rows += [
                head | ends | {"target": target, "ref_month": month} | _row(part, float(impact))
                for part, impact in zip(parts, impacts, strict=True)
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(part: Part, impact: float) -> dict[str, Any]:
    surprise = part.actual - part.expected
    return {
        "source": part.source, "series": part.series, "release_month": part.release_month, "kind": part.kind,
        "expected": part.expected, "actual": part.actual, "weight": impact / surprise if surprise else math.nan,
        "impact": impact, "released": part.released,
    }  # fmt: skip
