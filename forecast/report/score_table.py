"""Table of scores of one group of series: models by metric, best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecast.report.blocks import Column, TableBlock, TableCell
from forecast.report.number_cells import decimal_cell
from forecast.report.prose import note_sentence
from forecast.report.scored_metrics import MAIN_METRIC, ScoredMetric

if TYPE_CHECKING:
    import pandas as pd


def score_table(name: str, common: pd.DataFrame, scored: list[ScoredMetric], failures: dict[str, int], note: str) -> TableBlock:
    """One row per model, best first: the mean of each metric over the common questions, with counts."""
    metrics = [m for m in scored if (common.metric == m.name).any()]
    means = common.value.groupby([common.model, common.metric]).mean().unstack()
    values = {m.name: means[m.name] if m.unit_free else _relative_score(common, m).reindex(means.index) for m in metrics}
    counts = common.model[common.metric == common.metric.iloc[0]].value_counts()
    rows = []
    for model in _best_first(values, metrics):
        cells = [_score_cell(m, float(values[m.name][model])) for m in metrics]
        answered, lost = int(counts.get(model, 0)), failures.get(str(model), 0)
        rows.append((TableCell(str(model)), *cells, TableCell(str(answered)), TableCell(str(lost))))
    columns = (
        Column("Model"),
        *(Column(m.label if m.unit_free else f"{m.label} rel.", True) for m in metrics),
        Column("Questions", True), Column("Failures", True),
    )  # fmt: skip
    caption = f"{name}: {common.series.nunique()} series, {common.cutoff.nunique()} cutoffs, common set; best first."
    return TableBlock(caption, columns, tuple(rows), note_sentence(note).strip())


def _score_cell(metric: ScoredMetric, value: float) -> TableCell:
    if not metric.unit_free:
        return decimal_cell(value, 2)
    return TableCell(metric.text(value), tone=metric.tone(value))


def _best_first(values: dict[str, pd.Series], metrics: list[ScoredMetric]) -> list[str]:
    """Models ranked by the main metric, or by the first printed one if that was not scored."""
    ranked = sorted((m for m in metrics if values[m.name].notna().any()), key=lambda m: m.name != MAIN_METRIC)
    if not ranked:
        return [str(model) for model in values[metrics[0].name].index]
    return [str(model) for model in ranked[0].loss(values[ranked[0].name]).sort_values().index]


def _relative_score(common: pd.DataFrame, metric: ScoredMetric) -> pd.Series:
    """Unit-free ratio for scores with a unit: geometric mean over series of each model's mean over the median model's.

    For a metric with a target the ratio is of distances from it. Empty if no series has positive means of all models.
    """
    import numpy as np
    import pandas as pd

    part = common[common.metric == metric.name]
    means = part.value.groupby([part.series, part.model]).mean().unstack()
    means = means if isinstance(metric.better, str) else (means - metric.better).abs()
    means = means[(means > 0).all(axis=1)]
    if not len(means):
        return pd.Series(dtype=float)
    ratios: pd.Series = np.exp(np.log(means.div(means.median(axis=1), axis=0)).mean())
    return ratios
