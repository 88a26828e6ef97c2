"""The common sample: the questions that all ranked models answered, and their losses by model, series and cutoff."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.arrays import Floats
from forecast.core import months
from forecast.study.evaluate.policy_regimes import distinct_regimes

if TYPE_CHECKING:
    import pandas as pd

MIN_CUTOFFS = 20
KEY = ["series", "cutoff", "month"]


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
    value = table["value"].where(np.isfinite(table["value"].astype(float)))
    return table.assign(value=value).drop_duplicates([*KEY, "model"])


def questions_answered_by(table: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """The scores of some models on the questions that all of them answered."""
    table = table[table["model"].isin(models)].dropna(subset=["value"])
    return table[table.groupby(KEY)["model"].transform("nunique") == len(models)]


def common_sample(table: pd.DataFrame, benchmark: str, root: bool) -> CommonSample:
    """The common sample of the scores that did not choose the benchmark, summed by model, series and cutoff."""
    values = table["value"] ** 2 if root else table["value"]
    sums = table.assign(value=values).pivot_table(index=["series", "cutoff"], columns="model", values="value", aggfunc="sum")
    counts = table[table["model"] == benchmark].groupby(["series", "cutoff"])["value"].size().reindex(sums.index)
    days = sorted(table["cutoff"].unique())
    regimes = distinct_regimes(list(table["regime"].unique()))
    no_test = f"{len(days)} cutoffs" if len(days) < MIN_CUTOFFS else ""
    no_test = no_test or (f"one regime ({regimes[0]})" if len(regimes) < 2 else "")
    names = [str(m) for m in sums.columns]
    cube = _cube(sums, np.asarray(counts, dtype=float), days)
    return CommonSample(names, names.index(benchmark), cube, days, table, _overlap(table, days), no_test, root)


def _cube(sums: pd.DataFrame, counts: Floats, days: Sequence[str]) -> Floats:
    """Sums by (model, series, cutoff), and in the last layer the number of questions; zero where there are none."""
    series = sorted(sums.index.get_level_values(0).unique())
    cube = np.zeros((sums.shape[1] + 1, len(series), len(days)))
    where = {name: i for i, name in enumerate(series)}, {day: j for j, day in enumerate(days)}
    for k, (name, day) in enumerate(sums.index):
        cube[:-1, where[0][name], where[1][day]] = sums.iloc[k].to_numpy()
        cube[-1, where[0][name], where[1][day]] = counts[k]
    return cube


def _overlap(table: pd.DataFrame, days: Sequence[str]) -> int:
    """Number of cutoffs that the longest forecast spans: its horizon over the median distance between cutoffs."""
    steps = np.diff(sorted(months.ordinal(months.parse_day(day)) for day in days)) if len(days) > 1 else np.ones(1)
    apart = max(float(np.median(steps)), 1.0)
    return max(math.ceil(float(table["h_info"].max()) / apart), 1)
