"""How filed forecasts and claims did: scores by the first figure, claims held, failed or open, and the months still to come."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.errors import DataError
from forecast.core.filed_run import FiledRun
from forecast.core.questions import Task
from forecast.core.release_clock import bundled_clock, source_of
from forecast.core.release_schedule import HeldBack, by_no_rule
from forecast.core.results import Forecast
from forecast.prep.spans_and_gaps import window_total
from forecast.study.evaluate.past_questions import BacktestQuestion
from forecast.study.evaluate.score import metrics_by_name, period_draws, periods_of
from forecast.study.filed.first_figures import FiguresSince, Sightings, figures_since, when_revised

METRICS = ("crps", "wis", {"use": "coverage", "level": 80, "name": "in80"}, {"use": "coverage", "level": 95, "name": "in95"})
SHOWN = {"q50": 0.5, "lo80": 0.1, "hi80": 0.9, "lo95": 0.025, "hi95": 0.975}
HELD, FAILED, OPEN, VOID = "held", "failed", "open", "void"  # of a claim; void: a figure of its months was out before


def outcomes(
    filed: FiledRun,
    archive: Archive,
    day: dt.date,
    earlier: Sequence[Mapping[str, Any]] = (),
    sightings: Sightings = MappingProxyType({}),
    held_back: HeldBack = by_no_rule,
) -> dict[str, Any]:
    """What is known on a day of everything that was filed, as JSON values.

    earlier : rows of `scored` that former follow-ups counted. A figure is never scored twice or by another first figure, but
        for one that proves to have been released before it.
    sightings : the newest figures that former follow-ups found
    held_back : the rule by which the source of the filed config holds figures back, by which they are due
    """
    on = dt.date.fromisoformat(filed.day)
    scored: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    before: list[dict[str, Any]] = []
    since: dict[str, FiguresSince] = {}
    for question in filed.info["questions"]:
        series, window = question["series"], [one["month"] for one in question["months"]]
        counted = [row for row in earlier if row["series"] == series]
        since[series] = found = figures_since(archive, series, window, on, day, counted)
        rows = [row for model in filed.info["models"] for row in _rows_scored(filed, model, question, found, sightings, day)]
        scored += rows
        before += [
            {"series": series, "month": months.period_label(c.first, c.last), "figure": c.value, "released": str(c.released)}
            for c in found.before
        ]
        waiting += _waiting(question, rows, found, day, held_back)
    claims = [_decide(claim, since[claim["series"]]) for claim in filed.info["claims"]]
    return {"scored": scored, "claims": claims, "open": waiting, "out_before": before}


def _rows_scored(
    filed: FiledRun, model: str, question: Mapping[str, Any], found: FiguresSince, sightings: Sightings, day: dt.date
) -> list[dict[str, Any]]:
    """The months of a question that have come, each with its figure and the scores of one model."""
    series = question["series"]
    draws = filed.draws(model, series)
    if found.truth is None or draws.empty:
        return []
    answer, past = _as_months_to_come(filed, series, draws.to_numpy(), list(draws.columns))
    periods = [p for p in periods_of(past, found.truth) if p.scored]
    if not periods:
        return []
    columns, actual = period_draws(answer, past, periods), np.array([p.truth for p in periods])
    scores = {name: m.score(columns, actual, np.full(len(actual), np.nan)) for name, m in metrics_by_name(METRICS).items()}
    bands = np.quantile(columns, list(SHOWN.values()), axis=0)
    rows = []
    for i, period in enumerate(periods):
        at = (period.first, period.last)
        first, latest, month = found.firsts.get(at), found.latest.get(at), months.period_label(*at)
        since = when_revised(first, latest, sightings.get((series, month), ()), day) if first and latest else {}
        rows.append(
            {
                "model": model, "series": series, "unit": question["unit"], "month": month,
                "figure": period.truth, "released": str(first.released) if first else "", "basis": first.basis if first else "",
                **{name: float(bands[k, i]) for k, name in enumerate(SHOWN)},
                **{name: float(values[i]) for name, values in scores.items()},
                **({"latest": latest.value, **since} if latest else {}),
            }
        )  # fmt: skip
    return rows


def _as_months_to_come(filed: FiledRun, series: str, draws: Floats, labels: list[str]) -> tuple[Forecast, BacktestQuestion]:
    """Filed draws as the answer to the question that was asked, for the code that scores any other."""
    task = Task(filed.info["as_of"], series, labels, draws=len(draws))
    return Forecast(task, draws[:, None, :], ()), BacktestQuestion(task, months.ordinal(labels[0]) - 1)


def _waiting(
    question: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], found: FiguresSince, day: dt.date, held_back: HeldBack
) -> list[dict[str, Any]]:
    """The months of a question without a score: when each is expected, as far as is known on the day.

    `held` says that the table read has a figure of the month, which counts as out only later.
    """
    covered = {m for row in rows for m in months.months(*_ends(row["month"]))}
    covered |= {months.label(m) for cell in found.before for m in range(cell.first, cell.last + 1)}
    out = []
    for one in question["months"]:
        if one["month"] not in covered:
            month = months.ordinal(one["month"])
            rule = held_back(question["series"], month)
            due, basis = (rule[0].isoformat(), rule[1]) if rule else _release_day(question["series"], one, day)
            held = {"held": any(cell.overlaps(month, month) for cell in found.ahead)} if rule else {}
            told = {"series": question["series"], "month": one["month"], "due": due, "basis": basis, "late": due <= str(day)}
            out.append(told | held)
    return out


def _release_day(series: str, one: Mapping[str, Any], day: dt.date) -> tuple[str, str]:
    """The expected day of a month and how it is known, by the release clock on a day; as it was filed where there is none."""
    try:
        due, basis = bundled_clock().expected_release_day(*source_of(series), months.ordinal(one["month"]), day)
    except DataError:
        return str(one["due"]), str(one["basis"])
    return due.isoformat(), basis


def _ends(period: str) -> tuple[str, str]:
    first, _, last = period.partition("/")
    return first, last or first


def _decide(claim: Mapping[str, Any], found: FiguresSince) -> dict[str, Any]:
    """A claim with its state, and the sum that decided it."""
    first, last = months.ordinal(claim["from"]), months.ordinal(claim["to"])
    if any(cell.first <= last and cell.last >= first for cell in found.before):
        return {"id": claim["id"], "state": VOID, "figure": None}
    series = claim["series"]
    total = window_total(found.truth.observed(series), first, last) if found.truth is not None else math.nan
    if not math.isfinite(total):
        return {"id": claim["id"], "state": OPEN, "figure": None}
    above, below = claim["above"], claim["below"]
    held = (above is None or total > above) and (below is None or total < below)
    brier = {model: (chance - held) ** 2 for model, chance in claim["probabilities"].items()}
    return {"id": claim["id"], "state": HELD if held else FAILED, "figure": total, "brier": brier}
