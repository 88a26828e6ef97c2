"""Sample-size requirements: which models, horizons, interval levels and tests a history supports before a run."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forecast.core import schema
from forecast.core.archive import Archive
from forecast.core.contracts import Forecaster
from forecast.core.results import Failure
from forecast.core.vintage import Vintage
from forecast.study.data.real_time import RealTimeView, Regressor
from forecast.study.evaluate.backtest import answer_tasks, models_by_name
from forecast.study.evaluate.common_sample import MIN_CUTOFFS
from forecast.study.evaluate.cutoffs import cutoffs
from forecast.study.evaluate.past_questions import BacktestQuestion, backtest_questions, scorable_questions
from forecast.study.evaluate.policy_regimes import distinct_regimes, regime_of
from forecast.study.evaluate.score import periods_of

if TYPE_CHECKING:
    import pandas as pd

TRIAL_DRAWS = 50  # draws of a trial forecast


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """What the history of one series supports for one model, horizon and interval level.

    Parameters
    ----------
    series, model : str
        what is asked: `horizon` in months
    horizon : int
        what is asked: `horizon` in months
    level : float, default 0
        of the interval, in percent
    months : int
        number of figures known
    first_cutoff : str
        the first day on which the model answers
    windows : int
        cutoffs from `first_cutoff` on with a published figure at the horizon
    pooled : int, default 0
        the same summed over series
    reach, reach_pooled : float, default 0
        highest level that so many windows reach, in percent
    interval : str, optional
        "own" if the windows of the series reach the level by n / (n + 1), "pooled" if only those of all series together do,
        otherwise "no"
    test : str
        "yes", or why a test of predictive ability is not possible
    reason : str
        why the first cutoff is no earlier

    References
    ----------
    Vovk, V., Gammerman, A. and Shafer, G. (2005). Algorithmic Learning in a Random World. Springer, sec. 2.2.
    """

    series: str
    model: str
    horizon: int
    level: float = 0
    months: int
    first_cutoff: str
    windows: int
    pooled: int = 0
    reach: float = 0
    reach_pooled: float = 0
    interval: str = ""
    test: str
    reason: str


def errors_for_coverage(level: float) -> int:
    """Number of past errors that an interval of `level` per cent needs: with n errors, coverage is at most n / (n + 1).

    >>> [errors_for_coverage(level) for level in (50, 80, 90, 95)]
    [1, 4, 9, 19]
    """
    return math.ceil(level / (100 - level) - 1e-9)


def feasible(
    source: Archive | Vintage | RealTimeView,
    series: str | Iterable[str],
    models: Iterable[Forecaster | str | Mapping[str, object]],
    horizons: Iterable[int] = (1, 3, 6, 12),
    levels: Iterable[float] = (80, 95),
    *,
    first: str | None = None,
    days: Iterable[dt.date] | None = None,
    window: str = "expanding",
    window_months: int = 60,
    min_months: int = 24,
    gap: int = 0,
    step: int = 1,
    regressors: Iterable[Regressor] = (),
) -> pd.DataFrame:
    """What a history supports, one `Requirement` per series, model, horizon and interval level.

    Each model forecasts with few draws on the first and the last cutoff, and by bisection on others, to find the first cutoff
    that it can answer.

    Parameters
    ----------
    source : Archive, Vintage or RealTimeView
        the data and the series, as in `fc.backtest`
    series : str or sequence of str
        the data and the series, as in `fc.backtest`
    models : sequence of Forecaster, str or mapping
        models, their names, or mappings of name and options
    horizons : sequence of int, default (1, 3, 6, 12)
        in months
    levels : sequence of float, default (80, 95)
        of intervals, in percent
    first : str, optional
        the first month or day of the cutoffs
    days : sequence of date, optional
        the cutoffs themselves
    window : str, default "expanding"
        as in `fc.backtest`
    window_months : int, default 60
        as in `fc.backtest`
    min_months : int, default 24
        as in `fc.backtest`
    gap : int, default 0
        as in `fc.backtest`
    step : int, default 1
        as in `fc.backtest`
    regressors : sequence of Regressor, optional
        as in `fc.backtest`

    Returns
    -------
    DataFrame
        one row per series, model, horizon and level, with the columns of `Requirement`

    Raises
    ------
    ConfigError
        where an argument is of another kind, or two models have one name

    Examples
    --------
    >>> import forecast as fc
    >>> found = fc.feasible(fc.load_archive(), "CHN.export.WLD.re_magnets", ["seasonal_naive"], [1], [80], first="2024-10")
    >>> found[["horizon", "level", "interval"]].values.tolist()
    [[1, 80, 'own']]
    """
    view = source if isinstance(source, RealTimeView) else RealTimeView(source, {}, tuple(regressors))
    methods, steps = models_by_name(models), sorted(set(horizons))
    rows: list[Requirement] = []
    for name in [series] if isinstance(series, str) else list(series):
        when = list(days) if days is not None else _default_cutoffs(view, name, first, min_months)
        asked = backtest_questions(
            view, [name], when, steps[-1], window=window, window_months=window_months, min_months=min_months, draws=TRIAL_DRAWS,
            gap=gap, step=step,
        )  # fmt: skip
        pasts = scorable_questions(asked, view.latest)
        for label, method in methods.items():
            rows += _rows(view, name, label, method, pasts, steps, min_months)
    pooled: Counter[tuple[str, int]] = Counter()
    for row in rows:
        pooled[row.model, row.horizon] += row.windows
    full = [_at_level(row, pooled[row.model, row.horizon], level) for row in rows for level in sorted(set(levels))]
    return schema.frame(Requirement, full)


def support_lines(
    view: RealTimeView,
    pasts: Sequence[BacktestQuestion],
    horizons: Iterable[int],
    levels: Iterable[float] = (80, 95),
    truth: Vintage | None = None,
) -> list[str]:
    """What some questions would support if every model answered all of them, one line per horizon; no model is run.

    Number of questions with a published figure at the horizon; interval levels within reach of the past errors of one series
    ("own", the series with the most) or of all series together ("pooled"); and whether a test is possible.
    """
    lines = []
    known = truth or view.latest
    for horizon in sorted(set(horizons)):
        scored = _scored_at(horizon, pasts, known)
        own = Counter(past.series for past in scored)
        most, days = max(own.values(), default=0), sorted({past.task.day for past in scored})
        reached = [f"{level:g} % {_interval_source(most, len(scored), level)}" for level in sorted(set(levels))]
        left = scored if len(days) < 3 else [past for past in scored if past.task.day >= days[len(days) // 3]]
        why = _reason_untested(view, left, horizon)
        lines.append(
            f"horizon {horizon}: {len(scored)} questions on {len(days)} days, up to {most} a series; {', '.join(reached)}; "
            f"{f'no test, ratio only ({why})' if why else 'tests'}"
        )
    return lines


def _scored_at(horizon: int, pasts: Iterable[BacktestQuestion], known: Vintage) -> list[BacktestQuestion]:
    """The questions with a published figure at a horizon."""
    return [past for past in pasts if any(p.scored for p in periods_of(past, known, [horizon]))]


def _interval_source(own: int, pooled: int, level: float) -> str:
    """Which past errors reach a level by n / (n + 1): "own", "pooled" or "none"."""
    need = errors_for_coverage(level)
    if own >= need:
        return "own"
    return "pooled" if pooled >= need else f"none ({pooled} errors of {need})"


def _default_cutoffs(view: RealTimeView, series: str, first: str | None, min_months: int) -> Sequence[dt.date]:
    """A cutoff after every release, from the month in which `min_months` figures can be known."""
    if not view.latest.knows(series):
        return ()
    steps, observed = view.latest.steps, view.latest.observed(series)
    start = first or steps.label(observed.first + min_months - 1)
    stop = view.last_release + dt.timedelta(days=1)
    if start > f"{stop:%Y-%m}":
        return ()
    return cutoffs(start, stop, "month", series, view)


def _rows(
    view: RealTimeView,
    series: str,
    label: str,
    method: Forecaster,
    pasts: Sequence[BacktestQuestion],
    horizons: Sequence[int],
    min_months: int,
) -> list[Requirement]:
    """One row per horizon for one model: the cutoffs it can answer, and those that can be scored."""
    months = view.latest.observed(series).count if view.latest.knows(series) else 0
    start, why = _first_answered(view, method, pasts)
    if not pasts:
        why = f"{months} months known; a cutoff needs {min_months} and a later figure"
    kept = list(pasts[start:]) if start is not None else []
    out = []
    for horizon in horizons:
        scored = _scored_at(horizon, kept, view.latest)
        untested = _reason_untested(view, scored[len(scored) // 3 :], horizon)
        out.append(
            Requirement(
                series=series, model=label, horizon=horizon, months=months,
                first_cutoff=str(kept[0].task.day) if kept else "", windows=len(scored),
                test=f"no: {untested}" if untested else "yes", reason=why,
            )
        )  # fmt: skip
    return out


def _first_answered(view: RealTimeView, method: Forecaster, pasts: Sequence[BacktestQuestion]) -> tuple[int | None, str]:
    """Position of the first question the model answers, and why it does not answer those before it (or any)."""
    if not pasts:
        return None, ""
    tried: dict[int, str] = {}

    def failure_reason(i: int) -> str:
        if i not in tried:
            made = answer_tasks(method, [pasts[i].vintage(view)], [pasts[i].task])[0]
            tried[i] = made.reason if isinstance(made, Failure) else ""
        return tried[i]

    if not failure_reason(0):
        return 0, ""
    # bisection: a model that answers on one cutoff is taken to answer on all later ones, whose histories are longer
    low, high = 0, len(pasts) - 1
    if failure_reason(high):
        return None, failure_reason(high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if failure_reason(middle) else (low, middle)
    return high, f"before {pasts[high].task.day}: {tried[low]}"


def _reason_untested(view: RealTimeView, left: Sequence[BacktestQuestion], horizon: int) -> str:
    """Why no test is possible on the questions left after the choice of the benchmark; empty if one is."""
    days = len({past.task.day for past in left})
    if days < MIN_CUTOFFS:
        return f"{days} cutoffs after the benchmark's choice of {MIN_CUTOFFS} needed"
    found = distinct_regimes([regime_of(p.series, p.first + horizon - 1, view.events) for p in left])
    return "" if len(found) > 1 else f"one regime ({found[0]})"


def _at_level(row: Requirement, pooled: int, level: float) -> Requirement:
    """The row for one interval level."""
    own, need = row.windows, errors_for_coverage(level)
    interval = "own" if own >= need else "pooled" if pooled >= need else "no"
    lack = f"{level:g} % needs {need} past errors, the series has {own}, all series {pooled}" if interval != "own" else ""
    return replace(
        row, level=level, pooled=pooled, reach=100 * own / (own + 1), reach_pooled=100 * pooled / (pooled + 1),
        interval=interval, reason="; ".join(filter(None, [row.reason, lack])),
    )  # fmt: skip
