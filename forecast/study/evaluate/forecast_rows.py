"""The answers of a backtest as rows of forecasts.parquet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecast.arrays import Floats
from forecast.core import schema
from forecast.core.results import PROBABILITIES, Failure, Forecast, quantile_cells
from forecast.core.schema import ForecastRow
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage
from forecast.study.evaluate.backtest import Backtest
from forecast.study.evaluate.past_questions import BacktestQuestion
from forecast.study.evaluate.score import ScoredPeriod, period_draws, periods_of, question_cells
from forecast.study.evaluate.truth import ReleaseChoice, truth_of

if TYPE_CHECKING:
    import pandas as pd


def forecast_rows(
    label: str,
    pasts: Sequence[BacktestQuestion],
    answers: Sequence[Forecast | Failure],
    truth: Vintage | None,
    horizons: Iterable[int] | None = None,
) -> list[ForecastRow]:
    """One row per month, published span and total of every forecast; failures have none."""
    wanted = None if horizons is None else list(horizons)
    scored: list[tuple[BacktestQuestion, Forecast, ScoredPeriod]] = []
    blocks = []
    for past, answer in zip(pasts, answers, strict=True):
        if isinstance(answer, Forecast):
            periods = periods_of(past, truth, wanted)
            blocks.append(period_draws(answer, past, periods))
            scored += [(past, answer, period) for period in periods]
    if not blocks:
        return []
    draws = np.column_stack(blocks)
    quantiles = np.quantile(draws, PROBABILITIES, axis=0)
    return [
        _row(label, past, answer, period, float(mean), quantiles[:, i])
        for i, ((past, answer, period), mean) in enumerate(zip(scored, draws.mean(axis=0), strict=True))
    ]


def _row(
    label: str, past: BacktestQuestion, answer: Forecast, period: ScoredPeriod, mean: float, quantiles: Floats
) -> ForecastRow:
    used = answer.used[0]
    key = SeriesKey.maybe(past.series)
    return ForecastRow(
        **question_cells(label, past, period, answer.steps),
        model_used=used.model,
        unit=key.unit if key else "",
        mean=mean,
        **quantile_cells(quantiles),
        truth=period.truth,
        regressors=", ".join(used.regressors),
        dropped=", ".join(used.dropped),
        scale=used.scale,
        n_split=used.split,
        n_filled=used.filled,
        notes="; ".join(used.notes),
        fitted_on=str(past.task.fitted_on or past.task.day),
    )


def forecast_table(past: Backtest, truth: Vintage | ReleaseChoice = "latest") -> pd.DataFrame:
    """All forecasts of a backtest as the table forecasts.parquet, with the figures published later in `truth`."""
    import pandas as pd

    known = truth if isinstance(truth, Vintage) else truth_of(past.archive, truth)
    rows: list[ForecastRow] = []
    for model in dict.fromkeys(a.model for a in past.answered):
        own = [a for a in past.answered if a.model == model]
        rows += forecast_rows(model, [a.past for a in own], [a.answer for a in own], known)
    return schema.frame(ForecastRow, rows).drop(columns="group") if rows else pd.DataFrame()
