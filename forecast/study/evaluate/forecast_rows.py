"""The answers of a backtest as rows of forecasts.parquet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecast.core.results import PROBABILITIES, Failure, Forecast, quantile_name
from forecast.core.schema import ForecastRow
from forecast.core.series import SeriesKey
from forecast.core.table_rows import TableRows
from forecast.core.vintage import Vintage
from forecast.study.evaluate.backtest import Backtest
from forecast.study.evaluate.past_questions import BacktestQuestion
from forecast.study.evaluate.score import ScoredPeriod, period_draws, periods_of, question_cells, repeat_cells
from forecast.study.evaluate.truth import ReleaseChoice, truth_of

if TYPE_CHECKING:
    import pandas as pd


def forecast_rows(
    label: str,
    pasts: Sequence[BacktestQuestion],
    answers: Sequence[Forecast | Failure],
    truth: Vintage | None,
    horizons: Iterable[int] | None = None,
) -> TableRows[ForecastRow]:
    """One row per month, published span and total of every forecast; failures have none."""
    wanted = None if horizons is None else list(horizons)
    answered: list[tuple[BacktestQuestion, Forecast, list[ScoredPeriod]]] = []
    for past, answer in zip(pasts, answers, strict=True):
        if isinstance(answer, Forecast):
            answered.append((past, answer, periods_of(past, truth, wanted)))
    if not answered:
        return TableRows(ForecastRow, 0, {})
    draws = np.column_stack([period_draws(answer, past, periods) for past, answer, periods in answered])
    quantiles = np.quantile(draws, PROBABILITIES, axis=0)
    columns = question_cells(label, [(past, answer.steps, periods) for past, answer, periods in answered])
    columns |= repeat_cells([_cells_of(past, answer) for past, answer, _ in answered], [len(p) for *_, p in answered])
    columns |= {"mean": draws.mean(axis=0), "truth": np.array([p.truth for *_, periods in answered for p in periods], float)}
    columns |= {quantile_name(p): values for p, values in zip(PROBABILITIES, quantiles, strict=True)}
    return TableRows(ForecastRow, draws.shape[1], columns)


def _cells_of(past: BacktestQuestion, answer: Forecast) -> dict[str, object]:
    """The cells that tell how an answer was made."""
    used, key = answer.used[0], SeriesKey.maybe(past.series)
    return dict(
        model_used=used.model,
        unit=key.unit if key else "",
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
    parts: list[TableRows[ForecastRow]] = []
    for model in dict.fromkeys(a.model for a in past.answered):
        own = [a for a in past.answered if a.model == model]
        parts.append(forecast_rows(model, [a.past for a in own], [a.answer for a in own], known))
    rows = TableRows.concat(ForecastRow, parts)
    return rows.frame().drop(columns="group") if rows else pd.DataFrame()
