"""The change of a forecast between two finished runs taken apart by what caused it, where both vintages can be rebuilt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from forecast.core import months as mm
from forecast.core.errors import ConfigError, NotIdentifiedError, nearest
from forecast.core.questions import Task
from forecast.core.run import Run
from forecast.core.schema import NewsRow
from forecast.core.vintage import Vintage
from forecast.jobs.calendar_rows import event_rows
from forecast.jobs.config import Config
from forecast.jobs.declared_regressors import real_time_view
from forecast.jobs.load import read_archive, shipped_configs
from forecast.jobs.shared_draws import joint_months
from forecast.study.nowcast.news import news_rows

if TYPE_CHECKING:
    import pandas as pd

REST = "rest"  # kind of the row for what the runs' own numbers differ by and the news does not
ROUNDING = 1e-9  # relative to the forecast: a difference that gets no row of its own
SPAN = "/"


def attribute(old: Run, new: Run, series: str, model: str = "") -> list[NewsRow]:
    """The change of one series' forecast from one run to another by release, event, refit and model: rows of `news`.

    model : a model of both configs; without it the later run's default

    The months are those that both runs forecast. `nowcast_from` and `nowcast_to` are the means that stand in the two runs, and
    the impacts of a month add up to their difference: what months asked together and other random numbers make is a row of the
    kind "rest". Raises NotIdentifiedError, with the reason, where the question cannot be asked again: the data that a run saw
    are not to be had, or the two have no month, or no model, in common.
    """
    where = f"{old.folder}, {new.folder}"
    before, after = _config_of(old), _config_of(new)
    label = model or after.default_model or after.models[0].label
    for config, run in ((before, old), (after, new)):
        labels = [m.label for m in config.models]
        if label not in labels:
            raise NotIdentifiedError(f"the run has no model '{label}'", where=str(run.folder), hint=nearest(label, labels))
    if old.info["as_of"] > new.info["as_of"]:
        raise NotIdentifiedError("the first run stands on a later day than the second", where=where, hint="exchange the two")
    means = [_means(run, series, label) for run in (old, new)]
    shown = [month for month in means[1] if month in means[0]]
    if not shown:
        raise NotIdentifiedError(f"no month of {series} is forecast by {label} in both runs", where=where, hint="nearer days")
    if (before.lags, before.regressors) != (after.lags, after.regressors):
        raise NotIdentifiedError("the lags or regressors of the two configs differ", where=where, hint="two runs of one config")
    archive = read_archive(after)
    view = real_time_view(after, archive)
    for run in (old, new):
        _check_rebuilt(run, archive.as_of(run.info["as_of"]))
    asked = [_months_asked(view.as_of(run.info["as_of"]), series, joint_months(c)) for run, c in ((old, before), (new, after))]
    months = [month for month in asked[1] if month in asked[0] or month in shown]
    first, last = before.spec(label), after.spec(label)
    days = mm.parse_day(old.info["as_of"]), mm.parse_day(new.info["as_of"])
    task = Task(days[1], series, months, draws=after.draws)
    rows = news_rows(
        first, view, task, *days, then=last if last != first else None, seed=after.seed, label=label
    )  # fmt: skip
    return [row for month in shown for row in _adding_up(rows, month, series, label, means[0][month], means[1][month], days)]


def _adding_up(
    rows: Sequence[NewsRow], month: str, series: str, label: str, first: float, last: float, days: tuple[Any, Any]
) -> list[NewsRow]:
    """The contributions to one month, between the means that the two runs state, with the rest that makes them add up."""
    own = [replace(row, nowcast_from=first, nowcast_to=last) for row in rows if row.ref_month == month]
    rest = (last - first) - math.fsum(row.impact for row in own)
    if own and abs(rest) <= ROUNDING * max(abs(first), abs(last)):
        most = max(range(len(own)), key=lambda i: abs(own[i].impact))
        own[most] = replace(own[most], impact=own[most].impact + rest)
        return own
    if rest:
        own.append(
            NewsRow(
                target=series, ref_month=month, vintage_from=str(days[0]), vintage_to=str(days[1]), nowcast_from=first,
                nowcast_to=last, kind=REST, impact=rest, model=label, expected=math.nan, actual=math.nan, weight=math.nan,
            )
        )  # fmt: skip
    return own


def _config_of(run: Run) -> Config:
    """The config of a run, as if its file stood where its data are found."""
    try:
        config = Config(**run.info["config"])
    except (ValidationError, ConfigError, TypeError) as error:
        hint = "the version of the package that wrote it"
        raise NotIdentifiedError("the run's config cannot be read by this version", where=str(run.folder), hint=hint) from error
    path = config.data.spec.get("path")
    homes = [Path.cwd(), *run.folder.resolve().parents, *(p.parent for p in shipped_configs().values())]
    home = next((home for home in homes if isinstance(path, str) and (home / path).exists()), homes[0])
    return config.model_copy(update={"origin": home / f"{config.name}.toml"})


def _check_rebuilt(run: Run, vintage: Vintage) -> None:
    """Refuse a vintage that does not hold the figures and events that the run saw."""
    seen: pd.DataFrame = run.observations
    stored = {(s, p): (v, w) for s, p, v, w in seen[["series", "period", "value", "status"]].itertuples(index=False)}
    held = {
        (name, vintage.steps.period(cell.first, cell.last)): (cell.value, cell.status)
        for name in vintage.cells
        for cell in vintage.cells[name]
    }
    other = [key for key in {*stored, *held} if not _same(stored.get(key), held.get(key))]
    if other:
        problem = f"the data are no longer those that the run saw on {vintage.day}"
        many = f"{len(other)} figures, among them " if len(other) > 1 else ""
        raise NotIdentifiedError(
            f"{problem}: {many}{' '.join(min(other))}", where=str(run.folder), hint="the data file as it was then"
        )
    events = run.info.get("events")
    if events is not None and events != event_rows(vintage.events):
        problem = f"the events are no longer those that the run knew on {vintage.day}"
        raise NotIdentifiedError(problem, where=str(run.folder), hint="the file of events as it was then")


def _same(one: tuple[float, str] | None, other: tuple[float, str] | None) -> bool:
    if one is None or other is None:
        return False
    equal = math.isclose(one[0], other[0], rel_tol=1e-12) or (math.isnan(one[0]) and math.isnan(other[0]))
    return equal and one[1] == other[1]


def _means(run: Run, series: str, label: str) -> dict[str, float]:
    """Mean forecast of each single month on the run's own day."""
    table: pd.DataFrame = run.forecasts
    mine = (table["series"] == series) & (table["model"] == label) & (table["cutoff"] == run.info["as_of"])
    part = table[mine & ~table["month"].str.contains(SPAN, regex=False)].sort_values("month")
    return dict(zip(part["month"].tolist(), part["mean"].tolist(), strict=True))


def _months_asked(vintage: Vintage, series: str, ahead: int) -> list[str]:
    last = vintage.last_month(series)
    return [vintage.steps.label(last + h) for h in range(1, ahead + 1)]
