"""The common sample: the questions that all ranked models answered, and their losses by model, series and cutoff."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.arrays import Floats
from forecast.core import months
from forecast.core.scores import QUESTION
from forecast.study.evaluate.policy_regimes import distinct_regimes

if TYPE_CHECKING:
    import pandas as pd

MIN_CUTOFFS = 20


@dataclass(frozen=True)
class CommonSample:
    """Losses of the ranked models on the questions that all of them answered, after the cutoffs that chose the benchmark.

    cube : (models + 1, series, cutoffs), sums of losses, and in the last layer the number of questions
    overlap : cutoffs that the longest forecast spans; no_test : why no test is possible, or empty
    root : whether losses are squared errors whose ratio is taken under the root
    """

    models: list[str]
    benchmark: int
    cube: Floats
    days: list[str]
    rows: pd.DataFrame
    overlap: int
    no_test: str
    root: bool

    @property
    def losses(self) -> Floats:
        """Mean loss by cutoff and model, shape (cutoffs, models), each series divided by the benchmark's mean loss on it."""
        counts = self.cube[-1]
        with np.errstate(invalid="ignore", divide="ignore"):
            size = self.cube[self.benchmark].sum(axis=1) / counts.sum(axis=1)
            scaled = np.where(size[None, :, None] > 0, self.cube[:-1] / size[None, :, None], 0.0)
            counted = np.where(size[:, None] > 0, counts, 0.0).sum(axis=0)
            made = (scaled.sum(axis=1) / counted).T
        kept: Floats = made[counted > 0]
        return kept

    def ratio(self, i: int) -> float:
        """Loss ratio to the benchmark within each series, averaged over series by their number of questions.

        Series on which the benchmark makes no error are left out.
        """
        return float(self.ratios(i, np.ones((1, len(self.days))))[0])

    def ratios(self, i: int, weights: Floats) -> Floats:
        """The ratio with cutoffs weighted by `weights` (replicates, cutoffs), shape (replicates,)."""
        own, benchmark, counts = (self.cube[k] @ weights.T for k in (i, self.benchmark, -1))  # (series, replicates) each
        usable = benchmark > 0
        parts = np.divide(own, benchmark, out=np.zeros_like(own), where=usable)
        counts = np.where(usable, counts, 0.0)
        with np.errstate(invalid="ignore"):
            made: Floats = ((np.sqrt(parts) if self.root else parts) * counts).sum(axis=0) / counts.sum(axis=0)
        return made


def drop_infinite(table: pd.DataFrame) -> pd.DataFrame:
    """The scores, infinite ones set to missing, one per question and model."""
    value = table.value.where(np.isfinite(table.value.astype(float)))
    return table.assign(value=value).drop_duplicates([*QUESTION, "model"])


def common_sample(table: pd.DataFrame, benchmark: str, root: bool) -> CommonSample:
    """The common sample of the scores that did not choose the benchmark, summed by model, series and cutoff."""
    values = table.value**2 if root else table.value
    cells = values.groupby([table.series, table.cutoff, table.model])
    sums, counts = (made.unstack(1, fill_value=0) for made in (cells.sum(), cells.size()))  # (series, model) by cutoff
    series, names, days = sums.index.unique(0), list(sums.index.unique(1)), list(sums.columns)
    cube = np.empty((len(names) + 1, len(series), len(days)))
    cube[:-1] = sums.to_numpy().reshape(len(series), len(names), -1).swapaxes(0, 1)
    cube[-1] = counts.to_numpy()[:: len(names)]  # the same of every model
    regimes = distinct_regimes(list(table.regime.unique()))
    no_test = f"{len(days)} cutoffs" if len(days) < MIN_CUTOFFS else f"one regime ({regimes[0]})" if len(regimes) < 2 else ""
    return CommonSample(names, names.index(benchmark), cube, days, table, _overlap(table, days), no_test, root)


def _overlap(table: pd.DataFrame, days: Sequence[str]) -> int:
    """Number of cutoffs that the longest forecast spans: its horizon over the median distance between cutoffs."""
    steps = np.diff(sorted(months.ordinal(months.parse_day(day)) for day in days)) if len(days) > 1 else np.ones(1)
    apart = max(float(np.median(steps)), 1.0)
    return max(math.ceil(float(table.h_info.max()) / apart), 1)
