"""The series for timing, the same for the package and its peers: simulated exports, and M3 monthly; numpy and pandas alone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20261201


def panel(series: int, months: int = 144, event: int = 120) -> tuple[pd.PeriodIndex, np.ndarray, np.ndarray]:
    """Months (T,), figures (series, T) in tonnes, and the step of the event (T,).

    Level, slope, season and noise on the logarithmic scale, a step at `event`; every tenth series is nearly empty after it.
    """
    rng = np.random.default_rng(SEED)
    at, step = np.arange(months), (np.arange(months) >= event).astype(float)
    out = np.empty((series, months))
    for i in range(series):
        season = 0.10 * np.sin(2 * np.pi * at / 12 + rng.uniform(0, 6)) + 0.05 * np.cos(4 * np.pi * at / 12)
        level = np.log(rng.uniform(50, 400)) + rng.normal(0, 0.003) * at + np.cumsum(rng.normal(0, 0.02, months))
        out[i] = np.exp(level + season + rng.uniform(-0.6, 0.1) * step + rng.normal(0, 0.05, months))
        if i % 10 == 9:
            out[i, event + 6 :] = rng.gamma(0.5, 0.5, months - event - 6)
    return pd.period_range("2012-01", periods=months, freq="M"), out, step


def long_table(series: int, months: int = 144, event: int = 120) -> pd.DataFrame:
    """The panel with a row for each series and month: unit, time, value, step."""
    index, values, step = panel(series, months, event)
    names = [f"s{i:05d}" for i in range(series)]
    return pd.DataFrame(
        {
            "unit": np.repeat(names, months),
            "time": np.tile(index.astype(str), series),
            "value": values.ravel(),
            "step": np.tile(step, series),
        }
    )


def m3(series: int) -> pd.DataFrame:
    """Evenly chosen series of M3 monthly, long, with months counted back from each one's last, 0: unit, time, value.

    The environment variable M3 names the folder that holds train.csv (unique_id, ds, y), as for `005_m3_monthly`.
    """
    if "M3" not in os.environ:
        raise SystemExit("no series of M3\n  try: M3=FOLDER, the folder that holds train.csv")
    table = pd.read_csv(Path(os.environ["M3"]) / "train.csv", dtype={"unique_id": str})
    names = sorted(table.unique_id.unique())
    table = table[table.unique_id.isin(names[:: max(1, len(names) // series)][:series])].sort_values(["unique_id", "ds"])
    back = table.groupby("unique_id").cumcount(ascending=False)
    return pd.DataFrame({"unit": table.unique_id, "time": -back, "value": table.y.astype(float)})


def factor_panel(count: int = 20, months: int = 180) -> tuple[pd.DataFrame, np.ndarray]:
    """Series on two factors with own parts that persist, a column each, and the months by which each is published late."""
    rng = np.random.default_rng(5)
    factors, own = np.zeros((months, 2)), np.zeros((months, count))
    for t in range(1, months):
        factors[t] = [0.7, 0.4] * factors[t - 1] + rng.normal(size=2)
    loadings = rng.normal(size=(2, count))
    for t in range(1, months):
        own[t] = 0.3 * own[t - 1] + rng.normal(0, 0.8, count)
    index = pd.period_range("2010-01", periods=months, freq="M")
    names = [f"v{i:02d}" for i in range(count)]
    return pd.DataFrame(factors @ loadings + own, index=index, columns=names), np.random.default_rng(6).integers(0, 4, count)
