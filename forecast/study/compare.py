"""Compare: each model's score over that of the best naive forecast, on the same questions, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
COLUMNS = ("model", "benchmark", "metric", "group", "ratio", "lo90", "hi90", "n", "n_cutoffs", "note", "n_series")
NAIVE = ("seasonal_naive", "mean12", "drift")
BLOCK = 6  # months of cutoffs resampled together: their forecast errors overlap
FEWEST_CUTOFFS = 20
REPLICATES = 2000


def compare(scores: pd.DataFrame, group: str, metrics: Sequence[str] = ("crps", "mae"), seed: int = 0) -> list[dict[str, Any]]:
    """Rows of the comparisons table for one group of questions, all horizons together.

    The benchmark is the best of the naive models on the first third of the cutoffs, one for the whole group; ratios are taken
    over the other two thirds, on questions that every model answered. A ratio below 1 with its upper bound below 1 beats the
    benchmark. With fewer than 20 cutoffs, or scored months in one regime only, there is no test.
    """
    rows: list[dict[str, Any]] = []
    for metric in metrics:
        table = _common(scores[scores["metric"] == metric])
        naive = [model for model in NAIVE if model in set(table["model"])]
        days = np.array(sorted(table["cutoff"].unique()))
        if not naive or len(days) < 3:
            continue
        training, rest = days[: len(days) // 3], days[len(days) // 3 :]
        benchmark = _best(table[table["cutoff"].isin(training)], naive)
        chosen = f"benchmark chosen on the {len(training)} cutoffs before"
        head = {"group": group, "metric": metric, "benchmark": benchmark}
        rows += [{**head, **row} for row in _ratios(table[table["cutoff"].isin(rest)], benchmark, chosen, seed)]
    return rows


def _common(table: pd.DataFrame) -> pd.DataFrame:
    """Questions that every model answered."""
    key = ["series", "cutoff", "month"]
    table = table.dropna(subset=["value"]).drop_duplicates([*key, "model"])
    return table[table.groupby(key)["model"].transform("nunique") == table["model"].nunique()]


def _best(table: pd.DataFrame, naive: Sequence[str]) -> str:
    """The naive model with the lowest score, series weighted alike: each score over the series' mean of all naive ones."""
    part = table[table["model"].isin(naive)]
    size = part.groupby("series")["value"].transform("mean")
    relative = (part["value"] / size.where(size > 0)).groupby(part["model"]).mean()
    return str(min(naive, key=lambda model: (relative.get(model, np.inf), naive.index(model))))


def _ratios(table: pd.DataFrame, benchmark: str, chosen: str, seed: int) -> list[dict[str, Any]]:
    """One row per model: ratio of sums within a series, averaged over series by their number of questions."""
    if table.empty:
        return []
    sums = table.pivot_table(index=["series", "cutoff"], columns="model", values="value", aggfunc="sum")
    counts = table[table["model"] == benchmark].groupby(["series", "cutoff"])["value"].size().reindex(sums.index)
    days = sorted(table["cutoff"].unique())
    cube = _cube(sums, counts.to_numpy(float), list(days))
    regimes = sorted(table["regime"].unique())
    few = len(days) < FEWEST_CUTOFFS or len(regimes) < 2
    why = f"{len(days)} cutoffs" if len(days) < FEWEST_CUTOFFS else f"one regime ({regimes[0]})"
    note = f"no test, ratio only: {why}; {chosen}" if few else chosen
    picks = None if few else _blocks(len(days), np.random.default_rng(seed))
    out = []
    models = [str(m) for m in sums.columns]
    at = models.index(benchmark)
    for i, model in enumerate(models):
        ratio = _ratio(cube[i], cube[at], cube[-1])
        bounds = [np.nan, np.nan]
        if picks is not None and model != benchmark:
            drawn = np.array([_ratio(cube[i][:, p], cube[at][:, p], cube[-1][:, p]) for p in picks])
            bounds = list(np.nanquantile(drawn, [0.05, 0.95]))
        out.append(
            {
                "model": model,
                "ratio": ratio,
                "lo90": bounds[0],
                "hi90": bounds[1],
                "n": int(counts.sum()),
                "n_series": int(sums.index.get_level_values(0).nunique()),
                "n_cutoffs": len(days),
                "note": note,
            }
        )
    return out


def _cube(sums: pd.DataFrame, counts: Any, days: Sequence[str]) -> Floats:
    """Sums by (model, series, cutoff), and in the last layer the number of questions; zero where there is none."""
    series = sorted(sums.index.get_level_values(0).unique())
    cube = np.zeros((sums.shape[1] + 1, len(series), len(days)))
    where = {name: i for i, name in enumerate(series)}, {day: j for j, day in enumerate(days)}
    for k, (name, day) in enumerate(sums.index):
        cube[:-1, where[0][name], where[1][day]] = sums.iloc[k].to_numpy()
        cube[-1, where[0][name], where[1][day]] = counts[k]
    return cube


def _ratio(model: Floats, benchmark: Floats, counts: Floats) -> float:
    """Average over series of the ratio of sums, weighted by questions; series without any benchmark error are left out."""
    over, under, weight = model.sum(axis=1), benchmark.sum(axis=1), counts.sum(axis=1)
    usable = under > 0
    if not usable.any():
        return float("nan")
    return float(np.average(over[usable] / under[usable], weights=weight[usable]))


def _blocks(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Circular block bootstrap of `n` cutoffs, shape (replicates, n) (Politis and Romano 1992)."""
    starts = rng.integers(0, n, size=(REPLICATES, -(-n // BLOCK)))
    picks: NDArray[np.int64] = (starts[:, :, None] + np.arange(BLOCK)) % n
    return picks.reshape(REPLICATES, -1)[:, :n]
