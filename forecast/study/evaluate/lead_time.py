"""Nowcast accuracy by days to publication, relative to the best naive forecast, and the day from which a nowcast beats it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from forecast.arrays import Floats
from forecast.core import months as mm
from forecast.core.archive import Archive
from forecast.core.contracts import Forecaster
from forecast.core.errors import ConfigError, DataError
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast
from forecast.study import ask
from forecast.study.data.real_time import RealTimeView
from forecast.study.evaluate.backtest import Backtest, BacktestAnswer, models_by_name
from forecast.study.evaluate.compare import NAIVE_MODELS
from forecast.study.evaluate.cutoffs import released_together
from forecast.study.evaluate.forecast_rows import forecast_table
from forecast.study.evaluate.past_questions import BacktestQuestion
from forecast.study.evaluate.policy_regimes import in_first_quarter, regime_of
from forecast.study.evaluate.truth import truth_of, vintage_kind

if TYPE_CHECKING:
    import pandas as pd

BIN_WIDTH = 7  # days
DAYS = (1, 8, 15, 22, 29, 36, 43, 50, 57)  # before publication
TRAINING_DIVISOR = 3  # the first third of the months chooses the naive forecast
MIN_ANSWERED_SHARE = 0.5  # of the training questions, that a candidate for the benchmark must have answered
MIN_MONTHS = 8  # below which no break-even day is reported
CRITICAL_VALUE = 1.645  # one-sided 5 % of the normal distribution
ALL = "all"
SUM = "sum"  # value of `jan_mar` for January and February as one sum, whose errors are not those of single months


class ErrorBin(NamedTuple):
    """Errors of a model, and of the benchmark, in a block of months and a bin of days to publication.

    n_chosen : number of months that chose the benchmark; 0 if all naive models answered no training question together, so that
        the first of the list is taken
    rmse : in archive units; ratio : rmse over that of the benchmark
    gain : mean difference of squared errors over the benchmark's mean squared error, averaged over months
    gain_se : its standard error over months (Diebold and Mariano 1995, without a correction for dependence between months)
    """

    model: str
    series: str
    regime: str
    jan_mar: str
    days_from: int
    days_to: int
    benchmark: str
    n_chosen: int
    n: int
    rmse: float
    rmse_naive: float
    ratio: float
    gain: float
    gain_se: float


class BreakEven(NamedTuple):
    """The day from which a model beats the benchmark in a block of months.

    break_even : days before publication (the far end of the bin) from which the model beats the best naive one: the first bin
        whose gain exceeds `CRITICAL_VALUE` standard errors on at least `MIN_MONTHS` months, with no ratio above 1 in any later
        bin; null if there is none
    n, ratio, gain, gain_se : those of that bin, or of the one nearest to publication if there is none
    bins : number of bins searched; a day found among many is weaker evidence than its standard error suggests
    """

    model: str
    series: str
    regime: str
    jan_mar: str
    benchmark: str
    break_even: float
    n: int
    ratio: float
    gain: float
    gain_se: float
    bins: int
    text: str


@dataclass(frozen=True)
class Publication:
    """The publication on `day` of a month (`first == last`), or of two months as one sum."""

    first: int
    last: int
    day: dt.date


def nowcasts(
    archive: Archive | RealTimeView,
    models: Iterable[Forecaster | ask.Spec],
    series: str | Iterable[str],
    first: str,
    last: str,
    *,
    days: Sequence[int] = DAYS,
    min_months: int = 24,
    draws: int = 500,
    seed: int = 0,
) -> Backtest:
    """Every model's nowcasts of each month from `first` to `last`, made `days` before the month's figure was published.

    models : models, their names, or mappings of name and options. The day of publication is that of the month's first figure in
    the archive. January and February, if published as one sum, are one question about both months (`publications`). A day on
    which fewer than `min_months` figures were known is left out. Parameters are estimated on every day.
    """
    if not days or min(days) < 1:
        raise ConfigError("a nowcast is made at least a day before the figure", hint="days = (1, 8, 15)")
    pasts, vintages = [], []
    for name in [series] if isinstance(series, str) else list(series):
        for release in publications(archive, name):
            if release.first < mm.ordinal(first) or release.last > mm.ordinal(last):
                continue
            for before in sorted(set(days), reverse=True):
                vintage = archive.as_of(release.day - dt.timedelta(days=before))
                if not vintage.knows(name) or vintage.observed(name).count < min_months:
                    continue
                newest = vintage.last_month(name)
                if newest >= release.first:  # already known as part of a sum
                    continue
                labels = [vintage.steps.label(month) for month in range(release.first, release.last + 1)]
                task = Task.past(vintage.day, name, labels, None, draws)
                pasts.append(BacktestQuestion(task, newest, gap=release.first - newest - 1, known=vintage_kind(vintage, name)))
                vintages.append(vintage)
    if not pasts:
        raise DataError(
            "no month of these series could be nowcast", where=f"{first} to {last}", hint="earlier or longer series"
        )
    view = archive if isinstance(archive, RealTimeView) else RealTimeView(archive)
    memo: ask.Memo = {}
    out = []
    for label, method in models_by_name(models).items():
        asked = [(past.task, vintage) for past, vintage in zip(pasts, vintages, strict=True)]
        made = cast(list[Forecast | Failure], ask.answer_many(method, asked, seed, memo))
        out += [BacktestAnswer(label, past, answer) for past, answer in zip(pasts, made, strict=True)]
    return Backtest(tuple(out), view)


def publications(archive: Archive | RealTimeView, series: str) -> list[Publication]:
    """What can be nowcast of a series, in order: its months, and sums of two months with a common release day.

    Such a sum is included if neither month had a figure of its own by the day of the sum.
    """
    own = publication_days(archive, series)
    out = [Publication(month, month, day) for month, day in own.items()]
    together: dict[int, dt.date] = {}
    for cell in archive.states(series):
        if cell.last == cell.first + 1 and math.isfinite(cell.value) and released_together(series, cell.first):
            together[cell.first] = min(cell.released, together.get(cell.first, dt.date.max))
    for month, day in together.items():
        if min(own.get(month, dt.date.max), own.get(month + 1, dt.date.max)) > day:
            out.append(Publication(month, month + 1, day))
    return sorted(out, key=lambda release: (release.first, release.last))


def publication_days(archive: Archive | RealTimeView, series: str) -> dict[int, dt.date]:
    """The day on which the first figure of each single month was published.

    A figure derived from sums after a sum that contains the month was released does not count as published.
    """
    out: dict[int, dt.date] = {}
    cells = archive.states(series)
    sums = [cell for cell in cells if cell.is_span and math.isfinite(cell.value)]
    for cell in cells:
        if cell.is_span or not math.isfinite(cell.value):
            continue
        if cell.kind == "derived" and any(s.first <= cell.first <= s.last and s.released < cell.released for s in sums):
            continue
        out[cell.first] = min(cell.released, out.get(cell.first, dt.date.max))
    return out


def nowcast_table(made: Backtest, truth: str | int = "first") -> pd.DataFrame:
    """Nowcasts as rows of forecasts.parquet, with `published`, `days_to_publication`, `months`, `regime` and `jan_mar`.

    A question about a sum has one row, that of the sum (draws summed, `months` 2).
    truth : the release of each figure against which nowcasts are scored (`truth.truth_of`)
    """
    import pandas as pd

    known = truth_of(made.archive, truth)
    parts = []
    for size in (1, 2):
        own = tuple(a for a in made.answered if len(a.past.task.months) == size)
        table = forecast_table(replace(made, answered=own), known)
        if len(table):
            parts.append(table[table.month.str.contains("/") == (size > 1)].assign(months=size))
    if not parts:
        raise DataError("no model answered", hint="; ".join(f"{k}: {n} failures" for k, n in made.failures.items()))
    table = pd.concat(parts, ignore_index=True)
    events = made.archive.latest.events
    out = {name: {(r.first, r.last): r.day for r in publications(made.archive, name)} for name in table.series.unique()}
    when = [mm.parse_period(label) for label in table.month]
    days = [out[name][period] for name, period in zip(table.series, when, strict=True)]
    return table.assign(
        published=[str(day) for day in days],
        days_to_publication=[(day - mm.parse_day(cut)).days for day, cut in zip(days, table.cutoff, strict=True)],
        regime=[regime_of(name, last, events) for name, (_, last) in zip(table.series, when, strict=True)],
        jan_mar=[int(in_first_quarter(first, last)) for first, last in when],
    )


def error_bins(table: pd.DataFrame, naive: Sequence[str] = NAIVE_MODELS, width: int = BIN_WIDTH) -> pd.DataFrame:
    """One `ErrorBin` for each model, block (series, regime, January to March and the rest) and bin of days to publication.

    table : as `nowcast_table` makes it. The benchmark of a series is the naive model with the smallest mean squared error in
    the first third of the months. Everything is computed on the other two thirds, on questions that both the model and the
    benchmark answered. Sums of two months form a block of their own (`jan_mar` is `SUM`) and are in no other.

    Series are never pooled, because their units of error differ.
    """
    import pandas as pd

    table = table[table.truth.notna()]
    table = table.assign(loss=(table["mean"] - table.truth) ** 2, bin=(table.days_to_publication - 1) // width)
    rows = []
    for series in sorted(table.series.unique()):
        own = table[table.series == series]
        months = sorted(own.month.unique())
        simple = [name for name in naive if name in set(own.model)]
        if not simple or len(months) < TRAINING_DIVISOR:
            continue
        training = own.month.isin(months[: len(months) // TRAINING_DIVISOR])
        alone = training & (own.months == 1)
        benchmark, chosen = _choose_benchmark(own[alone if alone.any() else training], simple)
        test = own[~training]
        for model in sorted(test.model.unique()):
            for regime, jan_mar, part in _blocks(_paired_losses(test, model, benchmark)):
                rows += [
                    ErrorBin(
                        model, series, regime, jan_mar, place * width + 1, (place + 1) * width, benchmark, chosen,
                        *_error_statistics(part[part.bin == place]),
                    )
                    for place in sorted(part.bin.unique().tolist())
                ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(ErrorBin._fields))


def break_even_days(table: pd.DataFrame) -> pd.DataFrame:
    """The `BreakEven` of every model and block of a table of `error_bins`; the benchmark has none."""
    import pandas as pd

    bins = [ErrorBin._make(row) for row in table[list(ErrorBin._fields)].itertuples(index=False)]
    bins = sorted((b for b in bins if b.model != b.benchmark), key=lambda b: (_block_of(b), -b.days_to))
    rows = []
    for block, group in groupby(bins, _block_of):
        own = list(group)
        sure = [b.gain > CRITICAL_VALUE * b.gain_se and b.n >= MIN_MONTHS for b in own]
        good = [b for i, b in enumerate(own) if sure[i] and not any(later.ratio > 1.0 for later in own[i:])]
        told, day = (good[0], float(good[0].days_to)) if good else (own[-1], math.nan)
        text = _break_even_text(told, bool(good))
        rows.append(BreakEven(*block, told.benchmark, day, told.n, told.ratio, told.gain, told.gain_se, len(own), text))
    return pd.DataFrame(rows, columns=list(BreakEven._fields))


def _block_of(row: ErrorBin) -> tuple[str, str, str, str]:
    return row.model, row.series, row.regime, row.jan_mar


def _break_even_text(row: ErrorBin, found: bool) -> str:
    """The finding of a break-even row in words."""
    evidence = f"gain {row.gain:.2f}, standard error {row.gain_se:.2f}, {row.n} months"
    if found:
        return f"beats {row.benchmark} from {row.days_to} days before publication ({evidence})"
    if row.n < MIN_MONTHS:
        return f"none: months to tell by are too few ({row.n}): no test, ratio only"
    return f"none: no day from which it is shown to beat {row.benchmark} (nearest to publication: {evidence})"


def _choose_benchmark(training: pd.DataFrame, simple: Sequence[str]) -> tuple[str, int]:
    """The naive model with the smallest mean squared error on questions that all answered, and the number of their months.

    A model that answered fewer than half of the questions is no candidate, unless that would leave only one.
    """
    part = training[training.model.isin(simple)]
    table = part.loss.groupby([part.month, part.cutoff, part.model]).mean().unstack()
    often = table.columns[table.notna().mean() >= MIN_ANSWERED_SHARE]
    common = (table[often] if len(often) > 1 else table).dropna()
    loss = common.mean() if len(common) else dict.fromkeys(simple, 0.0)
    best = min(simple, key=lambda name: (loss.get(name, math.inf), simple.index(name)))
    return best, len(common.index.unique(0))


def _paired_losses(table: pd.DataFrame, model: str, benchmark: str) -> pd.DataFrame:
    """Losses of a model and the benchmark on the questions that both answered."""
    key = ["month", "cutoff"]
    other = table.loc[table.model == benchmark, [*key, "loss"]].rename(columns={"loss": "naive"})
    return table[table.model == model].merge(other, on=key)


def _blocks(pair: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """All months, each regime, January to March and the other months apart, and sums of two months."""
    sums, pair = pair[pair.months > 1], pair[pair.months == 1]
    blocks = [(ALL, SUM, sums), (ALL, ALL, pair)]
    blocks += [(regime, ALL, pair[pair.regime == regime]) for regime in sorted(pair.regime.unique())]
    blocks += [(ALL, word, pair[pair.jan_mar == inside]) for inside, word in ((1, "Jan-Mar"), (0, "Apr-Dec"))]
    return (block for block in blocks if len(block[2]))


def _error_statistics(block: pd.DataFrame) -> tuple[int, float, float, float, float, float]:
    """Number of months, root mean squared errors, their ratio, and the paired gain with its standard error over months."""
    per: Floats = block.groupby("month")[["loss", "naive"]].mean().to_numpy(float)
    mean, naive = per.mean(axis=0)
    gains = (per[:, 1] - per[:, 0]) / naive if naive > 0 else np.full(len(per), np.nan)
    se = float(gains.std(ddof=1) / math.sqrt(len(gains))) if len(gains) > 1 else math.nan
    ratio = math.sqrt(mean / naive) if naive > 0 else math.nan
    return len(per), math.sqrt(mean), math.sqrt(naive), ratio, float(gains.mean()), se
