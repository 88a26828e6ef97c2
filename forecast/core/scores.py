"""Scores: one row per answer, month and metric; averaged only over questions that every model answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("job", "model", "series", "cutoff", "month", "horizon", "h_info", "metric", "value", "regime")


@dataclass(frozen=True)
class Scores:
    """The table of scores, with columns `COLUMNS`; `failures` counts by model the questions left unanswered."""

    table: pd.DataFrame
    failures: dict[str, int]

    def common(self) -> pd.DataFrame:
        """Rows of questions (series, cutoff, month, metric) that every model of the table answered."""
        models = self.table["model"].nunique()
        key = ["series", "cutoff", "month", "metric"]
        answered = self.table.dropna(subset=["value"]).drop_duplicates([*key, "model"])
        counts = answered.groupby(key)["model"].transform("nunique")
        return answered[counts == models]

    def summary(self, by: Sequence[str] = ("model", "metric")) -> pd.DataFrame:
        """Means on the common set, with the number of questions and of failures beside them."""
        common = self.common()
        table = common.groupby(list(by), as_index=False).agg(value=("value", "mean"), n=("value", "size"))
        if "model" in by:
            table["failures"] = table["model"].map(lambda model: self.failures.get(model, 0))
        return table
