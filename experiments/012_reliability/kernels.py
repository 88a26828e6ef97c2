"""Kernels: the shipped configs run with two kernels of OpenBLAS; the largest relative difference of every table.

python experiments/012_reliability/kernels.py [CONFIG ...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.core.run import Run
from forecast.core.schema import COLUMNS, TABLES

KERNELS = ("Haswell", "Nehalem")


def run(config: str, kernel: str, out: Path) -> Run:
    """A run of a config in a process whose OpenBLAS takes `kernel`, on one thread."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    words = [sys.executable, "-m", "forecast", "run", config, "--out", str(out / kernel), "--workers", "1"]
    said = subprocess.run(
        words, env={**os.environ, **threads, "OPENBLAS_CORETYPE": kernel}, check=True, capture_output=True, text=True
    )
    return Run(Path(said.stdout.strip().splitlines()[-1]))


def apart(name: str, one: pd.DataFrame, two: pd.DataFrame) -> tuple[float, int]:
    """Largest relative difference of a table's numbers, and how many of its other cells differ."""
    if len(one) != len(two):
        return float("inf"), abs(len(one) - len(two))
    numbers = [column for column, kind in COLUMNS[name].items() if kind == "real"]
    a, b = (table[numbers].to_numpy(float) for table in (one, two))
    size = np.maximum(np.abs(a), np.abs(b))
    gap = np.abs(a - b) / np.where(size > 0, size, 1.0)
    words = [column for column in COLUMNS[name] if column not in numbers]
    other = (one[words].astype(str).fillna("") != two[words].astype(str).fillna("")).to_numpy().sum()
    return float(np.nanmax(gap, initial=0.0)), int(other + (np.isnan(a) != np.isnan(b)).sum())


def main(configs: list[str]) -> None:
    """A line for every table that has rows."""
    with tempfile.TemporaryDirectory() as place:
        for config in configs:
            one, two = (run(config, kernel, Path(place)) for kernel in KERNELS)
            for name in TABLES:
                gap, other = apart(name, one.table(name), two.table(name))
                if len(one.table(name)):
                    print(f"{config:10}{name:14}{len(one.table(name)):8} rows  {gap:.1e}  {other} other cells")


if __name__ == "__main__":
    main(sys.argv[1:] or ["quick", "nowcast", "minerals"])
