"""Scores: one row per forecast, month and metric; averaged only over questions that every model answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.core import registry
from forecast.core.presentation import shown

if TYPE_CHECKING:
    import pandas as pd

QUESTION = ["series", "cutoff", "month"]  # columns that tell one question from another


@shown
@dataclass(frozen=True)
class Scores:
    """The table of scores.

    Parameters
    ----------
    table : DataFrame
        one row per answer, month and metric, with the columns of `ScoreRow` but the group
    failures : mapping of str to int
        unanswered questions by model
    """

    table: pd.DataFrame
    failures: dict[str, int]

    def common(self) -> pd.DataFrame:
        """Rows of questions and metrics that every model of the table answered.

        Returns
        -------
        DataFrame
            a part of `table`
        """
        return questions_answered_by(self.table, self.table.model.unique())

    def summary(self, by: Sequence[str] = ("model", "metric")) -> pd.DataFrame:
        """Scores pooled over the common set, with the numbers of questions and failures.

        Questions are pooled by their mean, or by the root of the mean square where the metric says so.

        Parameters
        ----------
        by : sequence of str, default ("model", "metric")
            columns that define groups

        Returns
        -------
        DataFrame
            one row per group: value, number of questions, failures
        """
        common = self.common()
        rooted = common.metric.isin([m for m in common.metric.unique() if pooling(m) == "root mean square"])
        common = common.assign(value=common.value.where(~rooted, common.value**2), rooted=rooted)
        table = common.groupby(list(by), as_index=False).agg(
            value=("value", "mean"), n=("value", "size"), rooted=("rooted", "all")
        )
        table["value"] = np.where(table.pop("rooted"), np.sqrt(table.value), table.value)
        if "model" in by:
            table["failures"] = table.model.map(lambda model: self.failures.get(model, 0))
        return table


def questions_answered_by(table: pd.DataFrame, models: Iterable[str]) -> pd.DataFrame:
    """The scores of some models on the questions that all of them answered, one per question, metric and model."""
    key, names = [*QUESTION, "metric"], list(models)
    table = table[table.model.isin(names) & table.value.notna()].drop_duplicates([*key, "model"])
    return table[table.groupby(key).model.transform("size") == len(names)]


def pooling(metric: str) -> str:
    """How a metric's scores are pooled over questions: `mean`, unless the metric declares otherwise."""
    if metric not in registry.names("metric"):
        return "mean"
    return str(getattr(registry.get("metric", metric), "pooled", "mean"))
