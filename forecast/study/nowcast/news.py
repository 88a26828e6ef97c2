"""News decomposition of a nowcast revision between two days, release by release; impacts add up, for every model."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecast.arrays import Floats
from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.contracts import Forecaster
from forecast.core.errors import ConfigError, NotIdentifiedError
from forecast.core.questions import Task
from forecast.core.schema import NewsRow, frame
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

SAMPLED_ORDERS = 3  # orders, each also reversed, in which more than six releases of one day are let in
ADDITIVITY_TOLERANCE = 1e-9  # relative to the nowcast
LINEARITY_TOLERANCE = 1e-6  # relative to the nowcast: within which a method counts as linear in the releases


@dataclass(frozen=True)
class Contribution:
    """One cause of the revision: its impact on every target and month, shape (series, months), in the target's unit."""

    impact: Floats
    cause: NewsRow


def news(
    method: Forecaster | str | Mapping[str, object],
    archive: Archive | RealTimeView,
    task: Task,
    from_day: str | dt.date,
    to_day: str | dt.date,
    *,
    then: Forecaster | str | Mapping[str, object] | None = None,
    seed: int = 0,
    label: str = "",
) -> pd.DataFrame:
    """Decompose the revision of a nowcast between two days by release, event, re-estimation and model.

    The nowcast is the mean of the draws. Figures and events are let in day by day, in the order of their release, with the
    parameters of the earlier day (`Task.fitted_on`). Revisions precede the new figures of their day, so that the expectation
    of a new figure takes them into account, as in the programs of the New York Fed. If the method is linear in the new
    figures of a day, the impact of each is weight times surprise (`_surprise_impacts`). Otherwise, and for revisions, impacts
    are Shapley values (`kernels.shapley`): over all orders of up to six releases, or of releases that do not interact, else
    over a sample of orders. A model that offers `means_by_arrivals` (`core.arrivals`) is asked once for all sets of other
    series' figures, with the same result, and expects a figure as it does in the nowcast itself.

    Parameters
    ----------
    method : Forecaster, str or mapping
        a model, its name, or a mapping of its name and options
    archive : Archive or RealTimeView
        the archive, which knows both days
    task : Task
        the series and months whose nowcast is taken apart
    from_day, to_day : str or date
        the two days, the earlier one first
    then : Forecaster, str or mapping, optional
        another model for the later day
    seed : int, default 0
        of the random numbers
    label : str, optional
        the column `model` (default: the model's name)

    Returns
    -------
    DataFrame
        the columns of `NewsRow`, in the unit of the archive; impacts on one target and month add up to nowcast_to -
        nowcast_from. Series and events that do not move the nowcast have no rows; series that move it only together share
        one, their names joined by `+`

    Raises
    ------
    ConfigError
        where an argument is of another kind, the archive is a vintage, or the later day lies before the earlier one
    DataError
        where no figure of a series is known on one of the days
    TooShortError
        where the model cannot answer on one of the two days; other reasons are a ForecastError
    NotIdentifiedError
        where a step between the days has no answer

    Notes
    -----
    The kinds of rows, in the column `kind`:

    * new, revision: a figure published, or changed; `expected` is the forecast of the same model on the day before, or the
      former figure, and `weight` the impact per unit of surprise (null if there is none)
    * calendar: an event or its end announced or, with no series, the mere passing of time
    * estimation: the parameters re-estimated on the later day
    * model: a change of model, to `then`, or within the method on the later day. The latter is separated if the method offers
      `fixed(vintage, task)`, the model it would choose on that vintage; otherwise a switch within the method is part of the
      release or re-estimation that caused it, and `model_used` names both.

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> task = fc.Task("2025-03-31", "CHN.export.WLD.re_magnets", fc.months("2025-05", "2025-05"), draws=200)
    >>> rows = fc.news("seasonal_naive", archive, task, "2025-03-31", "2025-04-21")
    >>> change = (rows.nowcast_to - rows.nowcast_from).iloc[0]
    >>> bool(abs(rows.impact.sum() - change) < 1)
    True
    """
    return frame(NewsRow, news_rows(method, archive, task, from_day, to_day, then=then, seed=seed, label=label))


def news_rows(
    method: Forecaster | str | Mapping[str, object],
    archive: Archive | RealTimeView,
    task: Task,
    from_day: str | dt.date,
    to_day: str | dt.date,
    *,
    then: Forecaster | str | Mapping[str, object] | None = None,
    seed: int = 0,
    label: str = "",
) -> list[NewsRow]:
    """`news` as rows."""
    start, stop = months.parse_day(from_day), months.parse_day(to_day)
    if isinstance(archive, Vintage):
        raise ConfigError("a vintage knows nothing of later days", hint="the archive that it came from")
    if stop < start:
        raise ConfigError(f"the later vintage ({stop}) lies before the earlier one ({start})", hint="exchange the two days")
    from threadpoolctl import threadpool_limits

    method = ask.forecaster_from(method)
    asked = NowcastQuestion(archive, task, DependencyCache(seed))
    old, new = archive.as_of(start), archive.as_of(stop)
    last_method = method if then is None else ask.forecaster_from(then)
    with threadpool_limits(1):
        first, used_first = asked.mean(method, old, task.fitted_on)
        last, used_last = asked.mean(last_method, new, task.fitted_on)
        try:
            parts = _contributions(asked, method, last_method, old, new, first, last)
        except ask.METHOD_ERRORS as error:
            problem = getattr(error, "problem", str(error))
            raise NotIdentifiedError(
                f"the change cannot be taken apart: a step between the two days has no answer ({problem})",
                where=f"{ask.name_of(method)}, {'+'.join(task.series)}, {start} to {stop}", hint="days nearer to each other",
            ) from error  # fmt: skip
    used = [" -> ".join(dict.fromkeys(words)) for words in zip(used_first, used_last, strict=False)]
    rows = _rows(task, first, last, parts, used)
    model = label or ask.name_of(method)
    return [replace(row, vintage_from=str(start), vintage_to=str(stop), model=model) for row in rows]


def _contributions(
    asked: NowcastQuestion, method: Forecaster, then: Forecaster, old: Vintage, new: Vintage, first: Floats, last: Floats
) -> list[Contribution]:
    """The revision as a sum of contributions: releases and days in order, then parameters, then the model."""
    if then is method and not releases_between(old, new):
        return [_without_figure("calendar", last - first)] if (last != first).any() else []
    fixed: Forecaster = method.fixed(old, asked.task) if hasattr(method, "fixed") else method
    fitted_on = asked.task.fitted_on or old.day
    start, _ = asked.mean(fixed, old, fitted_on)
    vintages = _release_vintages(asked.archive, old, new)
    groups = relevant_groups(asked, fixed, fitted_on, old, vintages[-1]) if vintages else []
    relevant = {name for group in groups for name in group}
    parts: list[Contribution] = []
    seen, level = old, start
    for after in vintages:
        # releases that do not move the nowcast are let in without a contribution
        releases = [r for r in releases_between(seen, after) if concerns_target(r, asked.task) or r.series in relevant]
        if releases:
            made, level = _day_contributions(asked, fixed, fitted_on, seen, after, merge_groups(releases, groups), level)
            parts += made
            seen = after
    end, _ = asked.mean(fixed, new, fitted_on)
    parts.append(_without_figure("calendar", end - level))
    # a difference that fixing the parameters makes on the earlier day already is no news of the later day
    refitted = last if then is fixed else asked.mean(fixed, new, asked.task.fitted_on)[0]
    own = first if method is fixed else asked.mean(fixed, old, asked.task.fitted_on)[0]
    parts.append(_without_figure("estimation", (refitted - end) - (own - start)))
    parts.append(_without_figure("model", (last - refitted) - (first - own)))
    # rounding differences between batches would otherwise have rows of their own
    least = TOLERANCE * max(float(np.abs(first).max()), float(np.abs(last).max()))
    kept = [part for part in parts if part.cause.kind in ("new", "revision") or (np.abs(part.impact) > least).any()]
    return kept or [part for part in parts if (part.impact != 0.0).any()]


def _release_vintages(archive: Archive | RealTimeView, old: Vintage, new: Vintage) -> list[Vintage]:
    out = [old]
    for day in days_between(archive, old.day, new.day):
        after = archive.as_of(day)
        if releases_between(out[-1], after):
            out.append(after)
    return out[1:]


def _day_contributions(
    asked: NowcastQuestion,
    method: Forecaster,
    fitted_on: dt.date,
    seen: Vintage,
    after: Vintage,
    releases: Sequence[Release],
    level: Floats,
) -> tuple[list[Contribution], Floats]:
    """The contributions of one day (the passing of time, revisions, new releases), and the nowcast at its end."""
    revised = merge_if_many([release for release in releases if release.kind == "revision"])
    fresh = merge_if_many([release for release in releases if release.kind != "revision"])
    base, _ = asked.mean(method, withhold(seen, after, [*revised, *fresh]), fitted_on)
    parts = [_without_figure("calendar", base - level)]
    for stage, withheld in ((revised, fresh), (fresh, [])):
        if stage:
            made, base = _stage_contributions(asked, method, fitted_on, seen, after, stage, withheld)
            parts += made
    return parts, base


def _stage_contributions(
    asked: NowcastQuestion,
    method: Forecaster,
    fitted_on: dt.date,
    seen: Vintage,
    after: Vintage,
    releases: Sequence[Release],
    withheld: Sequence[Release],
) -> tuple[list[Contribution], Floats]:
    """The contributions of simultaneous releases, with the `withheld` ones of the day left out; and the nowcast after them."""
    value = asked.value_function(method, fitted_on, seen, after, [[release] for release in releases], withheld)
    before = withhold(seen, after, [*releases, *withheld])
    fresh = [release for release in releases if release.kind != "revision"]
    expected = [one.former if one.kind == "revision" else value.expectation(i) for i, one in enumerate(releases)]
    unknown = [i for i, one in enumerate(releases) if one.kind != "revision" and math.isnan(expected[i])]
    for i, found in zip(unknown, asked.expected_values(method, before, fitted_on, [releases[i] for i in unknown]), strict=True):
        expected[i] = found
    base, end = value(frozenset()), value(frozenset(range(len(releases))))
    impacts = None
    if len(fresh) == len(releases):
        impacts = _surprise_impacts(lambda v: asked.mean(method, v, fitted_on)[0], after, releases, expected, base, end)
    if impacts is None:
        impacts = _impact_shares(value, len(releases))
    out = []
    for one, prior, impact in zip(releases, expected, impacts, strict=True):
        cause = NewsRow(kind=one.kind, source=one.source, series=one.series, released=str(after.day))
        if one.months:
            cause = replace(cause, release_month=after.steps.period(*one.months))
        out.append(Contribution(impact, replace(cause, expected=prior, actual=one.actual)))
    return out, end


def _surprise_impacts(
    mean: Callable[[Vintage], Floats],
    after: Vintage,
    releases: Sequence[Release],
    expected: Sequence[float],
    base: Floats,
    end: Floats,
) -> Floats | None:
    """Weight times surprise of each figure, if the method is linear in the figures released; else None.

    The news of Banbura and Modugno (2014, J. Appl. Econometrics 29:133): figures that equal their expectation change nothing,
    and the impacts of surprises add up. Both properties are tested on the method itself, so that none has to declare linearity.
    """
    figures = [(release.single, value) for release, value in zip(releases, expected, strict=True)]
    supposed = [(c, value) for c, value in figures if c and c.after and math.isfinite(value) and math.isfinite(c.after.value)]
    simple = len(supposed) == len(releases) == sum(len(release.changes) for release in releases)
    if len(releases) < 2 or not simple or (after.nonnegative and min(expected) < 0):
        return None
    near = LINEARITY_TOLERANCE * max(float(np.abs(base).max()), float(np.abs(end).max()))
    as_expected = mean(replace_values(after, supposed))
    if not np.allclose(as_expected, base, rtol=0.0, atol=near):
        return None
    rest = [[pair for j, pair in enumerate(supposed) if j != i] for i in range(len(supposed))]
    alone: Floats = np.stack([mean(replace_values(after, others)) - as_expected for others in rest])
    return alone if np.allclose(alone.sum(axis=0), end - base, rtol=0.0, atol=near) else None


def _impact_shares(value: Value, players: int) -> Floats:
    """Shapley value of each release in the day's revision, shape (releases, series, months)."""
    base = value(frozenset())
    if players > 2:
        alone = np.stack([value(frozenset({i})) - base for i in range(players)])
        whole = value(frozenset(range(players))) - base
        if np.allclose(alone.sum(axis=0), whole, rtol=0.0, atol=ADDITIVITY_TOLERANCE * float(np.abs(base).max())):
            return alone  # without interactions all orders give the same
    return shapley(value, players, SAMPLED_ORDERS)


def _without_figure(kind: str, impact: Floats) -> Contribution:
    return Contribution(impact, NewsRow(kind=kind, expected=math.nan, actual=math.nan))


def _rows(task: Task, first: Floats, last: Floats, parts: Sequence[Contribution], used: Sequence[str]) -> Iterator[NewsRow]:
    """One row per target, month and contribution; the rounding difference is added to the largest impact."""
    for i, target in enumerate(task.series):
        for j, month in enumerate(task.months):
            impacts = np.array([part.impact[i, j] for part in parts])
            if len(impacts):
                impacts[np.abs(impacts).argmax()] += last[i, j] - first[i, j] - impacts.sum()
            for cause, impact in zip([part.cause for part in parts], impacts.tolist(), strict=True):
                surprise = cause.actual - cause.expected
                yield replace(
                    cause, target=target, ref_month=month, nowcast_from=first[i, j], nowcast_to=last[i, j], impact=impact,
                    weight=impact / surprise if surprise else math.nan, model_used=used[min(i, len(used) - 1)],
                )  # fmt: skip
