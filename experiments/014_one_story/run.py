"""One story: fan, law as written, ban back sooner and ban lifted side by side; what the shock of 2025 does to magnets' bands.

    python experiments/014_one_story/run.py [--out DIR]

Writes results.csv (a row per day, series, course and month), order.csv (draw by draw, how courses compare) and magnets.csv.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import forecast as fc
from forecast.core.vintage import Vintage

SEED, DRAWS, MONTHS = 20250709, 1000, 12
SERIES = {
    "antimony": "USA.import.CHN.antimony_unwrought",
    "germanium": "USA.import.CHN.germanium_unwrought",
    "gallium": "USA.import.CHN.gallium",
}
AS_WRITTEN = "as things stand"
DAYS = {
    "2026-09-08": {  # the ban is suspended until 27 November 2026
        AS_WRITTEN: {},
        "ban returns": {"us_ban_suspension_2025": "2026-09-20"},
        "ban lifted": {"us_ban_suspension_2025": "never"},
    },
    "2025-09-10": {AS_WRITTEN: {}, "ban lifted": {"us_ban_2024": "2025-10-01"}},  # the ban is in force, without an end
}
MAGNETS = "CHN.export.WLD.re_magnets"
MODELS = {"without knowledge of measures": {"use": "conformal"}, "measures": {"use": "measures"}}


def asked(vintage: Vintage, series: str) -> fc.Task:
    """The twelve months after the last known one."""
    last = vintage.last_month(series)
    return fc.Task(vintage.day, series, [vintage.steps.label(last + h) for h in range(1, MONTHS + 1)], draws=DRAWS)


def side_by_side(archive: fc.Archive) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Quantiles by course and month, and how the draws of the courses compare."""
    rows, order = [], []
    for day, courses in DAYS.items():
        vintage = archive.as_of(day)
        for good, series in SERIES.items():
            task = asked(vintage, series)
            draws = {"fan": fc.predict("measures", vintage, task, seed=SEED).of(series)}
            given = [fc.Scenario(name, ends) for name, ends in courses.items()]
            for made in fc.scenarios("measures", vintage, task, given, seed=SEED):
                if isinstance(made.answer, fc.Failure):
                    order.append(dict(day=day, good=good, course=made.scenario, note=made.answer.reason))
                else:
                    draws[made.scenario] = made.answer.of(series)
            for name, own in draws.items():
                low, middle, high = np.quantile(own, [0.1, 0.5, 0.9], axis=0)
                rows += [
                    dict(
                        day=day, good=good, course=name, month=m, mean=own[:, j].mean(), q10=low[j], q50=middle[j], q90=high[j]
                    )
                    for j, m in enumerate(task.months)
                ]
                fan = draws["fan"]
                parts = np.flatnonzero((own != fan).any(axis=0))
                order.append(
                    dict(
                        day=day, good=good, course=name,
                        parts_from=task.months[parts[0]] if len(parts) else "never",
                        draws_below=float((own < fan).mean()), draws_above=float((own > fan).mean()),
                        year=float(np.median(own.sum(axis=1))), note="",
                    )
                )  # fmt: skip
    return pd.DataFrame(rows), pd.DataFrame(order)


def magnets(archive: fc.Archive) -> pd.DataFrame:
    """The 80 % band of world magnets, by model and month, in tonnes."""
    vintage, rows = archive.as_of("2026-09-08"), []
    task = asked(vintage, MAGNETS)
    for name, spec in MODELS.items():
        made = fc.predict(spec, vintage, task, seed=SEED).of(MAGNETS) / 1000.0
        low, middle, high = np.quantile(made, [0.1, 0.5, 0.9], axis=0)
        rows += [dict(model=name, month=m, q10=low[j], q50=middle[j], q90=high[j]) for j, m in enumerate(task.months)]
    return pd.DataFrame(rows)


def main() -> None:
    """Write the three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    archive = fc.load_archive()
    quantiles, order = side_by_side(archive)
    for name, table in (("results", quantiles), ("order", order), ("magnets", magnets(archive))):
        table.to_csv(out / f"{name}.csv", index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
