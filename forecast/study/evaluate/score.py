"""Scores of forecasts against the figures published later, by the same rule for every model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecast.arrays import Floats
from forecast.core import registry, schema
from forecast.core.contracts import Metric
from forecast.core.errors import ConfigError
from forecast.core.results import Failure, Forecast
from forecast.core.schema import ScoreRow
from forecast.core.scores import Scores
from forecast.core.table_rows import TableRows, column_of
from forecast.core.time_axis import Steps
from forecast.core.vintage import Vintage
from forecast.prep.spans_and_gaps import window_total
from forecast.study.evaluate.backtest import Backtest
from forecast.study.evaluate.cutoffs import released_together
from forecast.study.evaluate.past_questions import BacktestQuestion
from forecast.study.evaluate.policy_regimes import RESTRICTING, in_first_quarter, regime_of
from forecast.study.evaluate.truth import ReleaseChoice, truth_of

MIN_PAIRS = 12


@dataclass(frozen=True)
class ErrorScale:
    """The error of the seasonal naive forecast before any control, by which scaled metrics divide; one per series.

    mean : mean |y_t - y_{t-12}|; root : root mean square; NaN where undefined
    pairs : number of differences; basis : over which months; frozen : taken from the first training window instead
    reason : why the scale is undefined
    """

    series: str
    mean: float
    root: float
    pairs: int
    basis: str
    frozen: bool = False
    reason: str = ""

    def of(self, metric: Metric) -> float:
        """The scale by which a metric divides."""
        return self.root if getattr(metric, "scale_power", 1) == 2 else self.mean


def error_scale(series: str, truth: Vintage, training: Vintage | None = None) -> ErrorScale:
    """The scale of a series, from the months before the first control that affects it.

    With fewer than 12 pairs of months a year apart there, from what was known on the first cutoff (`training`), frozen;
    undefined if that is zero or empty.
    """
    controls = [e.start for e in truth.events.touching(series, ("default",)) if e.in_force and e.instrument in RESTRICTING]
    until = min(controls) if controls else truth.last_month(series) + 1
    lag = truth.season or 1
    pairs = _differences(truth, series, until, lag)
    basis = f"months before {truth.steps.label(until)}, the first control" if controls else "all months, no control touches it"
    frozen = False
    if len(pairs) < MIN_PAIRS and training is not None and training.knows(series):
        pairs = _differences(training, series, training.last_month(series) + 1, lag)
        basis, frozen = f"months known on {training.day}, the first cutoff", True
    if not pairs.any():
        reason = "the seasonal naive error is zero" if len(pairs) else f"no two months {lag} apart are known"
        return ErrorScale(series, math.nan, math.nan, len(pairs), basis, frozen, reason)
    return ErrorScale(series, float(np.abs(pairs).mean()), float(np.sqrt((pairs**2).mean())), len(pairs), basis, frozen)


def _differences(vintage: Vintage, series: str, until: int, lag: int) -> Floats:
    observed = vintage.observed(series)
    values = observed.values[: max(until - observed.first, 0)]
    changes: Floats = values[lag:] - values[:-lag] if len(values) > lag else np.empty(0)
    return changes[np.isfinite(changes)]


@dataclass(frozen=True)
class ScoredPeriod:
    """A period of one question that has a row: a month, a published span, or the total of all asked months."""

    first: int
    last: int
    truth: float
    scored: bool


def periods_of(past: BacktestQuestion, truth: Vintage | None, horizons: Iterable[int] | None = None) -> list[ScoredPeriod]:
    """The periods of a question: every asked month, spans published for months without a figure of their own, and the total.

    A month known only as part of a span has no truth of its own. `scored` marks the asked horizons with a truth (`horizons`
    count from the first asked month, 1). The total repeats its months and is never scored. Without a `truth`, months that will
    be released together have a sum.
    """
    asked = [past.first + h for h in range(len(past.task.months))]
    first, last = asked[0], asked[-1]
    known = truth.observed(past.series).at(first, last) if truth and truth.knows(past.series) else np.full(len(asked), np.nan)
    wanted = set(range(1, len(asked) + 1) if horizons is None else horizons)
    scored = [bool(np.isfinite(v)) and m - first + 1 in wanted for m, v in zip(asked, known, strict=True)]
    rows = [ScoredPeriod(m, m, float(v), s) for m, v, s in zip(asked, known, scored, strict=True)]
    if truth is None or not truth.knows(past.series):
        joint = [ScoredPeriod(m, m + 1, math.nan, False) for m in asked[:-1] if released_together(past.series, m)]
        whole = [ScoredPeriod(first, last, math.nan, False)] if last > first else []
        return [*rows, *(p for p in joint if (p.first, p.last) != (first, last)), *whole]
    seen = truth.observed(past.series)
    for cell in seen.periods(first, last):
        if cell.is_span:
            inside = any(m - first + 1 in wanted for m in range(cell.first, cell.last + 1))
            rows.append(ScoredPeriod(cell.first, cell.last, cell.value, inside))
    if last > first and not any((p.first, p.last) == (first, last) for p in rows):
        total = window_total(seen, first, last) if last <= seen.last else math.nan
        rows.append(ScoredPeriod(first, last, total, False))
    return rows


def period_draws(answer: Forecast, past: BacktestQuestion, periods: Sequence[ScoredPeriod]) -> Floats:
    """Draws of the periods, shape (draws, periods); spans and totals are summed draw by draw."""
    draws = answer.of(past.series)
    columns = [draws[:, p.first - past.first : p.last - past.first + 1].sum(axis=1) for p in periods]
    return np.column_stack(columns)


def metrics_by_name(specs: Iterable[str | Mapping[str, object]]) -> dict[str, Metric]:
    """Metrics by name, from names or mappings (`{"use": "coverage", "level": 95, "name": "coverage_95"}`)."""
    out: dict[str, Metric] = {}
    for spec in specs:
        options: dict[str, object] = {"use": spec} if isinstance(spec, str) else dict(spec)
        label = str(options.pop("name", options.get("use", "")))
        if label in out:
            raise ConfigError(f"two metrics are called '{label}'", hint="give each its own name")
        out[label] = registry.build("metric", options)
    return out


def score_rows(
    model: str,
    pasts: Sequence[BacktestQuestion],
    answers: Sequence[Forecast | Failure],
    truth: Vintage,
    metrics: Mapping[str, Metric],
    scales: Mapping[str, ErrorScale],
    horizons: Iterable[int] | None = None,
) -> TableRows[ScoreRow]:
    """Score rows of one model; each metric is computed on all its scored periods at once."""
    blocks, scored = [], []
    wanted = None if horizons is None else list(horizons)
    for past, answer in zip(pasts, answers, strict=True):
        if isinstance(answer, Failure):
            continue
        periods = [p for p in periods_of(past, truth, wanted) if p.scored]
        if periods:
            blocks.append(period_draws(answer, past, periods))
            scored.append((past, truth.steps, periods))
    if not scored or not metrics:
        return TableRows(ScoreRow, 0, {})
    draws = np.column_stack(blocks)
    asked = [(past.series, period) for past, _, periods in scored for period in periods]
    actual = np.array([period.truth for _, period in asked])
    # a sum of months is not on the scale of one month
    single = np.array([period.first == period.last for _, period in asked])
    months = dict.fromkeys((series, period.last) for series, period in asked)
    regimes = {(series, month): regime_of(series, month, truth.events) for series, month in months}
    shared = question_cells(model, scored) | {
        "regime": column_of([regimes[series, period.last] for series, period in asked], "text", len(asked)),
        "jan_mar": column_of([int(in_first_quarter(p.first, p.last)) for _, p in asked], "whole", len(asked)),
    }
    values = []
    for metric in metrics.values():
        scale = np.where(single, [scales[series].of(metric) for series, _ in asked], np.nan)
        values.append(np.asarray(metric.score(draws, actual, scale), float))
    columns = {name: np.tile(cells, len(metrics)) for name, cells in shared.items()}
    labels = np.repeat(column_of(list(metrics), "text", len(metrics)), len(asked))
    return TableRows(ScoreRow, len(labels), columns | {"metric": labels, "value": np.concatenate(values)})


def job_of(model: str, past: BacktestQuestion) -> str:
    """The name of a job, one question to one model."""
    parts = [model, past.series, str(past.task.day)]
    parts += [f"since {past.since // 12:04d}-{past.since % 12 + 1:02d}"] if past.since is not None else []
    parts += [f"gap {past.gap}"] if past.gap else []
    parts += [f"fitted {past.task.fitted_on}"] if past.task.fitted_on else []
    parts += [past.about] if past.about else []
    return "|".join(parts)


def question_cells(
    model: str, asked: Sequence[tuple[BacktestQuestion, Steps, Sequence[ScoredPeriod]]]
) -> dict[str, NDArray[np.object_]]:
    """The columns that forecasts of the periods of some questions and their scores share, a row for each period in order."""
    counts = [len(periods) for *_, periods in asked]
    own: list[dict[str, object]] = [
        dict(job=job_of(model, past), model=model, series=past.series, cutoff=str(past.task.day), vintage=past.known)
        for past, *_ in asked
    ]
    ends = [(past, steps, period) for past, steps, periods in asked for period in periods]
    today = {past.task.day: 12 * past.task.day.year + past.task.day.month - 1 for past, *_ in asked}
    by_period = dict(
        month=[steps.period(period.first, period.last) for _, steps, period in ends],
        horizon=[period.last - today[past.task.day] for past, _, period in ends],
        h_info=[period.last - past.last for past, _, period in ends],
    )
    return repeat_cells(own, counts) | {name: column_of(cells, "text", len(ends)) for name, cells in by_period.items()}


def repeat_cells(rows: Sequence[Mapping[str, object]], counts: Sequence[int]) -> dict[str, NDArray[np.object_]]:
    """Columns in which the cells of each row stand as often as its count says."""
    return {name: np.repeat(column_of([row[name] for row in rows], "text", len(rows)), counts) for name in rows[0]}


def score(
    past: Backtest,
    truth: Vintage | ReleaseChoice = "latest",
    metrics: Iterable[str | Mapping[str, object]] = ("crps", "wis", "mae", "coverage"),
) -> Scores:
    """Scores of a backtest, with the number of unanswered questions by model.

    Parameters
    ----------
    past : Backtest
        the answers, from `fc.backtest`
    truth : Vintage or ReleaseChoice, default "latest"
        a later vintage, or the release of each figure to score against: "first", "latest" or a number from 1 on
    metrics : sequence of str or mapping, default ("crps", "wis", "mae", "coverage")
        names, or mappings of name and options (`{"use": "coverage", "level": 95, "name": "coverage_95"}`)

    Returns
    -------
    Scores
        one row per answer, month and metric; `summary()` pools them over the questions that every model answered

    Raises
    ------
    ConfigError
        where an argument is of another kind, there is no such metric, or two have one name

    Examples
    --------
    >>> import forecast as fc
    >>> archive, days = fc.load_archive(), fc.cutoffs("2024-10", "2025-03")
    >>> past = fc.backtest(archive, days, ["mean12", "drift"], "CHN.export.WLD.rare_earths_total", [1], draws=200)
    >>> fc.score(past, metrics=["mae"]).summary()[["model", "metric", "n"]].values.tolist()
    [['drift', 'mae', 5], ['mean12', 'mae', 5]]
    """
    made = metrics_by_name(metrics)
    truth = truth if isinstance(truth, Vintage) else truth_of(past.archive, truth)
    names = sorted({a.past.series for a in past.answered if truth.knows(a.past.series)})
    first = {s: min(a.past.task.day for a in past.answered if a.past.series == s) for s in names}
    scales = {s: error_scale(s, truth, past.archive.as_of(first[s])) for s in names}
    parts = []
    for model in dict.fromkeys(a.model for a in past.answered):
        own = [a for a in past.answered if a.model == model and a.past.series in scales]
        parts.append(score_rows(model, [a.past for a in own], [a.answer for a in own], truth, made, scales))
    table = TableRows.concat(ScoreRow, parts).frame().drop(columns="group")
    return Scores(table.sort_values(list(schema.COLUMNS["scores"])[:8], ignore_index=True), past.failures)
