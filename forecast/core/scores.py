"""Scores: one row per forecast, month and metric; averaged only over questions that every model answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.core import registry

if TYPE_CHECKING:
    import pandas as pd

SCORE_COLUMNS = (
    "job", "model", "series", "cutoff", "month", "horizon", "h_info", "metric", "value", "regime", "jan_mar", "vintage",
)  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """The table of scores with columns `SCORE_COLUMNS`; `failures` counts unanswered questions by model."""

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
        """Scores pooled over the common set, with the numbers of questions and failures.

        Questions are pooled by their mean, or by the root of the mean square where the metric says so.
        """
        common = self.common()
        rooted = common["metric"].map({m: pooling(m) == "root mean square" for m in common["metric"].unique()}).astype(bool)
        common = common.assign(value=np.where(rooted, common["value"] ** 2, common["value"]), rooted=rooted)
        table = common.groupby(list(by), as_index=False).agg(
            value=("value", "mean"), n=("value", "size"), rooted=("rooted", "all")
        )
        table["value"] = np.where(table.pop("rooted"), np.sqrt(table["value"]), table["value"])
        if "model" in by:
            table["failures"] = table["model"].map(lambda model: self.failures.get(model, 0))
        return table


def pooling(metric: str) -> str:
    """How a metric's scores are pooled over questions: `mean`, unless the metric declares otherwise."""
    if metric not in registry.names("metric"):
        return "mean"
    return str(getattr(registry.get("metric", metric), "pooled", "mean"))
