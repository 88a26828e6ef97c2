"""The same comparison where the New Year is known to matter: China's total exports and imports, by length of history.

    python experiments/011_lunar/totals.py --data FOLDER [--out DIR]

FOLDER holds exp.csv, imp.csv (one column, 1983-07 to 2013-12) and cny.csv (first days of the lunar years), series of
the R package *seasonal*. Writes totals.csv: one row per length of history, part of the year and model.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from forecast.core import months as mm, registry
from forecast.core.errors import TooShortError
from forecast.core.questions import Task
from forecast.core.vintage import Cell, Vintage

SERIES = "CHN.export.WLD.nickel_ore"  # a name of Chinese trade; the figures are totals
FIRST, ASKED = mm.ordinal("1983-07"), range(mm.ordinal("2000-01"), mm.ordinal("2013-12") + 1)
LENGTHS, DRAWS = (24, 84), 200
MODELS = ("structural", "sarimax", "regression", "adl")
PARTS = {"all months": range(12), "January to March": range(3), "April to December": range(3, 12)}
COLUMNS = ("months_known", "part", "model", "n", "crps_without", "ratio", "se")


def read(path: Path) -> list[str]:
    """The lines that begin with a figure."""
    return [line for line in path.read_text("utf-8").split() if line[0].isdigit()]


def known(values: NDArray[np.float64], month: int, length: int) -> Vintage:
    """The `length` months before `month`."""
    cells = tuple(Cell(m, m, float(values[m - FIRST])) for m in range(month - length, month))
    return Vintage(mm.last_day(month), {SERIES: cells})


def crps(draws: NDArray[np.float64], truth: float) -> float:
    """Of the logarithm."""
    z = np.log(draws / truth)
    return float(np.abs(z).mean() - np.abs(z[:, None] - z[None]).mean() / 2)


def score(vintage: Vintage, month: int, truth: float, model: str, lunar: bool) -> float:
    """CRPS of one model on the month after the last one known; NaN where it has no answer."""
    task = Task(vintage.day, SERIES, [mm.label(month)], draws=DRAWS)
    method = registry.build("model", {"use": model, "lunar": lunar, "events": False})
    try:
        made = method.predict(vintage, task, np.random.default_rng([month, round(truth * 100)]))  # alike with and without
    except TooShortError:
        return np.nan
    return crps(made.draws[:, 0, 0], truth)


def table(flows: list[NDArray[np.float64]], length: int) -> dict[tuple[str, bool], NDArray[np.float64]]:
    """Scores of every model with the column and without, flows after one another."""
    asked = [(known(flow, m, length), m, float(flow[m - FIRST])) for flow in flows for m in ASKED]
    return {(model, on): np.array([score(*one, model, on) for one in asked]) for model in MODELS for on in (True, False)}


def main() -> None:
    """Every length of history, then the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    flows = [np.array(read(options.data / f"{name}.csv"), dtype=float) for name in ("exp", "imp")]
    days: Mapping[int, dt.date] = {int(d[:4]): dt.date.fromisoformat(d) for d in read(options.data / "cny.csv")}
    at = np.tile(np.array(ASKED) % 12, len(flows))
    with (
        (options.out / "totals.csv").open("w", encoding="utf-8", newline="") as lines,
        patch.object(mm, "lunar_new_year_days", lambda: days),  # the bundled table begins in 2010
    ):
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(COLUMNS)
        for length in LENGTHS:
            scores = table(flows, length)
            for part, inside in PARTS.items():
                for model in MODELS:
                    on, off = scores[model, True], scores[model, False]
                    use = np.isfinite(on) & np.isfinite(off) & np.isin(at, inside)
                    value = on[use].sum() / off[use].sum()
                    se = np.sqrt(((on - value * off)[use] ** 2).sum()) / off[use].sum()
                    row = [length, part, model, int(use.sum()), off[use].mean(), value, se]
                    writer.writerow([f"{x:.4g}" if isinstance(x, float) else x for x in row])
            lines.flush()


if __name__ == "__main__":
    main()
