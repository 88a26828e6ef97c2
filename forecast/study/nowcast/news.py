"""News: what moved a nowcast between two days, release by release; the parts add up to the change, for every model."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.arrays import Floats
from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, NotIdentifiedError
from forecast.core.questions import Task
from forecast.core.vintage import Vintage
from forecast.kernels.shapley import shapley
from forecast.study import ask
from forecast.study.data.real_time import RealTimeView
from forecast.study.nowcast.contributions import TOLERANCE, NowcastQuestion, Value, concerns_target, relevant_groups
from forecast.study.nowcast.memo import DependencyCache
from forecast.study.nowcast.vintage_diff import (
    Release,
    days_between,
    merge_groups,
    merge_if_many,
    releases_between,
    replace_values,
    withhold,
)

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "target", "ref_month", "vintage_from", "vintage_to", "nowcast_from", "nowcast_to", "source", "series", "release_month",
    "kind", "expected", "actual", "weight", "impact", "model", "released", "model_used",
)  # fmt: skip
SAMPLED_ORDERS = 3  # orders, and as many reversed, in which more than six pieces of one day are let in
ADDITIVITY_TOLERANCE = 1e-9  # of the nowcast
LINEARITY_TOLERANCE = 1e-6  # of the nowcast: how near a method must come to being linear in what was published


@dataclass(frozen=True)
class Contribution:
    """One reason of the change: its impact on every target and month, shape (series, months), in the target's unit."""

    kind: str
    impact: Floats
    source: str | None = None
    series: str | None = None
    release_month: str | None = None
    expected: float = math.nan
    actual: float = math.nan
    released: str | None = None


def news(
    method: Any,
    archive: Archive | RealTimeView,
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
    came out, with the parameters of the earlier day (`Task.fitted_on`); of one day the revisions first, so that what was
    expected of a new figure knows them, as in the programs of the New York Fed. New figures of one day: where the method
    proves linear in them, weight times surprise (`_surprises`); else, as revisions, shared by order-averaging
    (`kernels.shapley`), over all orders up to six pieces or where the pieces do not interact, over a sample of orders
    otherwise. Kinds:

    new, revision : a figure published, or changed; expected : what the same model expected of it the day before, or the former
    figure; weight : impact per unit of surprise (null where there is none). calendar : an event announced or its end, or, with
    no series, time alone passing. estimation : the parameters fitted anew on the later day. model : another model; the one
    named `then`, or one that the method itself takes on the later day. The latter is told apart where the method offers
    `fixed(vintage, task)`, itself as it would stand on that vintage; elsewhere a switch within a method is part of the release
    or of the fit that caused it, and `model_used` names both.

    Series and events that do not bear on the nowcast have no rows; series that move it only together share one, their names
    joined by `+`. Impacts of one target and month add up to nowcast_to -
    nowcast_from.
    A question that cannot be answered on one of the days is raised; NotIdentifiedError where a step between them has no answer.
    """
    start, stop = months.parse_day(from_day), months.parse_day(to_day)
    if isinstance(archive, Vintage):
        raise ConfigError("a vintage knows nothing of later days", hint="the archive that it came from")
    if stop < start:
        raise ConfigError(f"the later vintage ({stop}) lies before the earlier one ({start})", hint="exchange the two days")
    from threadpoolctl import threadpool_limits

    asked = NowcastQuestion(archive, task, DependencyCache(seed))
    old, new = archive.as_of(start), archive.as_of(stop)
    last_method = method if then is None else then
    with threadpool_limits(1):
        first, used_first = asked.mean(method, old, task.fitted_on)
        last, used_last = asked.mean(last_method, new, task.fitted_on)
        try:
            parts = _contributions(asked, method, last_method, old, new, first, last)
        except ask.METHOD_ERRORS as error:
            told = getattr(error, "problem", str(error))
            raise NotIdentifiedError(
                f"the change cannot be taken apart: a step between the two days has no answer ({told})",
                where=f"{method.name}, {'+'.join(task.series)}, {start} to {stop}", hint="days nearer to each other",
            ) from error  # fmt: skip
    used = [" -> ".join(dict.fromkeys(words)) for words in zip(used_first, used_last, strict=False)]
    head = {"vintage_from": str(start), "vintage_to": str(stop), "model": label or method.name}
    return _table(task, first, last, parts, head, used)


def _contributions(
    asked: NowcastQuestion, method: Any, then: Any, old: Vintage, new: Vintage, first: Floats, last: Floats
) -> list[Contribution]:
    """The change as a sum of parts: releases and days in order, then parameters, then the model."""
    if then is method and not releases_between(old, new):
        return [Contribution("calendar", last - first)] if (last != first).any() else []
    fixed = method.fixed(old, asked.task) if hasattr(method, "fixed") else method
    held = asked.task.fitted_on or old.day
    began, _ = asked.mean(fixed, old, held)
    came = _release_vintages(asked.archive, old, new)
    groups = relevant_groups(asked, fixed, held, old, came[-1]) if came else []
    named = {name for group in groups for name in group}
    parts: list[Contribution] = []
    seen, level = old, began
    for after in came:
        # the others are let in unseen
        pieces = [
            piece for piece in releases_between(seen, after) if concerns_target(piece, asked.task) or piece.series in named
        ]
        if pieces:
            made, level = _day_contributions(asked, fixed, held, seen, after, merge_groups(pieces, groups), level)
            parts += made
            seen = after
    ended, _ = asked.mean(fixed, new, held)
    parts.append(Contribution("calendar", ended - level))
    # what holding the parameters changes on the earlier day already is no news of the later one
    refitted = last if then is fixed else asked.mean(fixed, new, asked.task.fitted_on)[0]
    own = first if method is fixed else asked.mean(fixed, old, asked.task.fitted_on)[0]
    parts.append(Contribution("estimation", (refitted - ended) - (own - began)))
    parts.append(Contribution("model", (last - refitted) - (first - own)))
    least = TOLERANCE * max(float(np.abs(first).max()), float(np.abs(last).max()))
    kept = [part for part in parts if part.kind in ("new", "revision") or (np.abs(part.impact) > least).any()]
    return kept or [part for part in parts if (part.impact != 0.0).any()]


def _release_vintages(archive: Archive | RealTimeView, old: Vintage, new: Vintage) -> list[Vintage]:
    """The vintages of the days on which something came out."""
    out = [old]
    for day in days_between(archive, old.day, new.day):
        after = archive.as_of(day)
        if releases_between(out[-1], after):
            out.append(after)
    return out[1:]


def _day_contributions(
    asked: NowcastQuestion, method: Any, held: dt.date, seen: Vintage, after: Vintage, pieces: Sequence[Release], level: Floats
) -> tuple[list[Contribution], Floats]:
    """The parts of one day: time passing, the revisions, then what is new; and the nowcast at the end of the day."""
    revised = merge_if_many([piece for piece in pieces if piece.kind == "revision"])
    fresh = merge_if_many([piece for piece in pieces if piece.kind != "revision"])
    base, _ = asked.mean(method, withhold(seen, after, [*revised, *fresh]), held)
    parts = [Contribution("calendar", base - level)]
    for stage, later in ((revised, fresh), (fresh, [])):
        if stage:
            made, base = _stage_contributions(asked, method, held, seen, after, stage, later)
            parts += made
    return parts, base


def _stage_contributions(
    asked: NowcastQuestion,
    method: Any,
    held: dt.date,
    seen: Vintage,
    after: Vintage,
    pieces: Sequence[Release],
    later: Sequence[Release],
) -> tuple[list[Contribution], Floats]:
    """The parts of pieces that came at once, others of the day still held back; and the nowcast with all of them."""
    value = asked.value(method, held, seen, after, [[piece] for piece in pieces], later)
    before = withhold(seen, after, [*pieces, *later])
    fresh = [piece for piece in pieces if piece.kind != "revision"]
    foreseen = iter(asked.expected(method, before, held, fresh))
    expected = [piece.former if piece.kind == "revision" else next(foreseen) for piece in pieces]
    base, end = value(frozenset()), value(frozenset(range(len(pieces))))
    shares = None
    if len(fresh) == len(pieces):
        shares = _surprise_impacts(lambda v: asked.mean(method, v, held)[0], after, pieces, expected, base, end)
    out = []
    for piece, told, impact in zip(
        pieces, expected, _impact_shares(value, len(pieces)) if shares is None else shares, strict=True
    ):
        period = after.steps.period(*piece.months) if piece.months else None
        out.append(Contribution(piece.kind, impact, piece.source, piece.series, period, told, piece.actual, str(after.day)))
    return out, end


def _surprise_impacts(
    mean: Callable[[Vintage], Floats],
    after: Vintage,
    pieces: Sequence[Release],
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
    near = LINEARITY_TOLERANCE * max(float(np.abs(base).max()), float(np.abs(end).max()))
    as_expected = mean(replace_values(after, supposed))
    if not np.allclose(as_expected, base, rtol=0.0, atol=near):
        return None
    rest = [[pair for j, pair in enumerate(supposed) if j != i] for i in range(len(supposed))]
    alone: Floats = np.stack([mean(replace_values(after, others)) - as_expected for others in rest])
    return alone if np.allclose(alone.sum(axis=0), end - base, rtol=0.0, atol=near) else None


def _impact_shares(value: Value, players: int) -> Floats:
    """Each piece's share of the day's change, shape (pieces, series, months)."""
    base = value(frozenset())
    if players > 2:
        alone = np.stack([value(frozenset({i})) - base for i in range(players)])
        whole = value(frozenset(range(players))) - base
        if np.allclose(alone.sum(axis=0), whole, rtol=0.0, atol=ADDITIVITY_TOLERANCE * float(np.abs(base).max())):
            return alone  # where pieces do not interact, all orders give the same
    return shapley(value, players, SAMPLED_ORDERS)


def _table(
    task: Task, first: Floats, last: Floats, parts: Iterable[Contribution], head: dict[str, Any], used: Sequence[str]
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


def _row(part: Contribution, impact: float) -> dict[str, Any]:
    surprise = part.actual - part.expected
    return {
        "source": part.source, "series": part.series, "release_month": part.release_month, "kind": part.kind,
        "expected": part.expected, "actual": part.actual, "weight": impact / surprise if surprise else math.nan,
        "impact": impact, "released": part.released,
    }  # fmt: skip
